"""A BERT of two narrow layers with random weights, saved as a sentence-transformers folder, to train in seconds."""

from __future__ import annotations

from pathlib import Path

WORDS = """ferry bakery mayor storm bridge school union dam court museum sinks closes resigns floods reopens strikes burns
wins in on with hurt monday place""".split()


def save_base(folder: Path) -> Path:
    """Write the model and return its folder."""
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
