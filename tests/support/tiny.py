"""What trains in seconds: a BERT of two narrow layers with random weights, and labelled stories."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

WORDS = """ferry bakery mayor storm bridge school union dam court museum sinks closes resigns floods reopens strikes burns
wins in on with hurt monday place""".split()


def save_base(folder: Path) -> Path:
    """Write the BERT as a sentence-transformers folder and return it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    letters = [chr(code) for code in (*range(ord("a"), ord("z") + 1), *range(ord("0"), ord("9") + 1))]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *letters, *(f"##{letter}" for letter in letters)]
    (folder / "raw").mkdir(parents=True)
    (folder / "raw" / "vocab.txt").write_text("\n".join(pieces))
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(pieces), **shape)).save_pretrained(folder / "raw")
    BertTokenizerFast(vocab=str(folder / "raw" / "vocab.txt")).save_pretrained(folder / "raw")
    trunk = Transformer(str(folder / "raw"))
    SentenceTransformer(modules=[trunk, Pooling(32)], device="cpu").save(str(folder / "base"))
    return folder / "base"


def save_model(base: Path, folder: Path) -> Path:
    """Write a model folder without training: the network of `base`, and the judges of the bundled model."""
    import numpy as np

    from dedupe.embedding.model_folder import BUNDLED, FALLBACK, FILES, FORMAT, HEAD, JUDGE, MANIFEST, sha256
    from dedupe.training.network import Network
    from dedupe.training.onnx_export import write_encoder, write_reader
    from dedupe.training.reader_network import PairNetwork

    network = Network(base)
    folder.mkdir(parents=True)
    write_encoder(network, folder)
    write_reader(PairNetwork(base, 0), folder)
    np.save(folder / HEAD, np.eye(network.width, dtype=np.float32))
    for name in (JUDGE, FALLBACK):
        shutil.copyfile(BUNDLED / name, folder / name)
    manifest = {"format": FORMAT, "sha256": {name: sha256(folder / name) for name in FILES}}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


SUBJECTS = "ferry bakery mayor storm bridge school union dam court museum".split()
EVENTS = "sinks closes resigns floods reopens strikes burns wins".split()


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """Write rows as JSON Lines, packed where the name says so."""
    path.parent.mkdir(exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def labelled(slices: int = 9, stories: int = 8) -> Iterator[dict[str, Any]]:
    """Stories of three titles: one, the same words in another order, and one that adds a fact; two share each place.

    Slices of `stories` days, a month apart.
    """
    rng = random.Random(0)
    for s in range(slices):
        for k in range(stories):
            subject, event, place = rng.choice(SUBJECTS), rng.choice(EVENTS), f"place{s}x{k // 2}"
            published = f"{2025 + s // 12}-{1 + s % 12:02d}-{1 + k:02d}"
            story = {"story": f"{s}/{k}", "slice": f"t{s}", "published": published, "source": "A"}
            yield story | {"title": f"{subject} {event} in {place} on monday", "wording": f"{s}/{k}/a"}
            yield story | {"title": f"in {place} {subject} {event} monday", "wording": f"{s}/{k}/a"}
            yield story | {"title": f"{place} {subject} {event} with 14 hurt", "wording": f"{s}/{k}/b"}
