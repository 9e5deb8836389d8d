"""Model folders whose hashes are right and whose content is not: one `ModelError`, in a line."""

from __future__ import annotations

import io
import json
import shutil
import tomllib

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from dedupe import ModelError, compare
from dedupe.embedding.encoders import embed, load_encoder
from dedupe.embedding.model_folder import (
    BUNDLED,
    ENCODER,
    FILES,
    FORMAT,
    HEAD,
    JUDGE,
    MANIFEST,
    READER,
    TOKENIZER,
    sha256,
)
from tests.support.command_line import ROOT, refused

TITLES = "Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo"
WIDTH = 384


def network(value, width, inputs):
    """A network that gives `value` for everything, (rows, width)."""
    ids = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"]) for name in inputs]
    nodes = [
        helper.make_node("Cast", [inputs[0]], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["numbers"], ["one"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["one", "zero"], ["none"]),
        helper.make_node("Add", ["none", "values"], ["rows"]),
    ]
    values = numpy_helper.from_array(np.full((1, width), value, np.float32), "values")
    zero = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", width])
    graph = helper.make_graph(nodes, "g", ids, [rows], [values, zero])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()


def array(values, **options):
    file = io.BytesIO()
    np.save(file, values, **options)
    return file.getvalue()


def judge(change, name=JUDGE):
    model = json.loads((BUNDLED / name).read_text())
    change(model)
    return json.dumps(model).encode()


def level(**values):
    return judge(lambda model: model["levels"]["story"].update(values))


def coefficient(value):
    return judge(lambda model: model["levels"]["story"]["pair"]["coefficients"].update(similarity=value))


def other_tokenizer():
    """One whose numbers are beyond what the network knows."""
    tokenizer = json.loads((BUNDLED / TOKENIZER).read_text())
    tokenizer["model"]["vocab"]["ferry"] = 2_000_000
    return json.dumps(tokenizer).encode()


ENCODES, READS = ("input_ids", "attention_mask"), ("input_ids", "token_type_ids")
BAD = {
    "an encoder of noise": (ENCODER, b"noise"),
    "an empty encoder": (ENCODER, b""),
    "an encoder of NaN": (ENCODER, network(np.nan, WIDTH, ENCODES)),
    "an encoder of infinity": (ENCODER, network(np.inf, WIDTH, ENCODES)),
    "a narrow encoder": (ENCODER, network(1, 12, ENCODES)),
    "an encoder of other inputs": (ENCODER, network(1, WIDTH, ("words",))),
    "an encoder of any width": (ENCODER, network(1, WIDTH, ENCODES).replace(b"\x08\x80\x03", b"\x12\x01n")),
    "a reader of noise": (READER, b"noise"),
    "a reader of NaN": (READER, network(np.nan, 2, READS)),
    "a reader of one level": (READER, network(1, 1, READS)),
    "a reader of other inputs": (READER, network(1, 2, ("words",))),
    "a tokenizer of noise": (TOKENIZER, b"noise"),
    "an empty tokenizer": (TOKENIZER, b"{}"),
    "a tokenizer of other words": (TOKENIZER, other_tokenizer()),
    "a head of NaN": (HEAD, array(np.full((WIDTH, WIDTH), np.nan, np.float32))),
    "a narrow head": (HEAD, array(np.eye(12, dtype=np.float32))),
    "a head of one row": (HEAD, array(np.ones(WIDTH, np.float32))),
    "a head of objects": (HEAD, array(np.array([{}]), allow_pickle=True)),
    "a head of text": (HEAD, array(np.full((2, 2), "a"))),
    "a head of noise": (HEAD, b"noise"),
    "an empty head": (HEAD, b""),
    "a head cut short": (HEAD, array(np.eye(WIDTH, dtype=np.float32))[:-100]),
    "an empty judge": (JUDGE, b""),
    "a judge of noise": (JUDGE, b"\xff\xfe"),
    "a judge that is a list": (JUDGE, b"[]"),
    "a judge without levels": (JUDGE, b"{}"),
    "a judge with a list of levels": (JUDGE, b'{"levels": [1]}'),
    "a deep judge": (JUDGE, b"[" * 100_000),
    "a coefficient of NaN": (JUDGE, coefficient(float("nan"))),
    "a coefficient of infinity": (JUDGE, coefficient(float("inf"))),
    "a coefficient too large": (JUDGE, coefficient(10**400)),
    "a coefficient of text": (JUDGE, coefficient("high")),
    "no coefficient": (JUDGE, coefficient(None)),
    "no regression": (JUDGE, level(context={})),
    "a threshold above one": (JUDGE, level(threshold=7)),
    "a threshold of NaN": (JUDGE, level(threshold=float("nan"))),
    "a threshold of text": (JUDGE, level(threshold="high")),
}


def folder_with(folder, name, content, **manifest):
    folder.mkdir()
    for file in FILES:
        (folder / file).symlink_to(BUNDLED / file)
    if name in FILES:
        (folder / name).unlink()
        (folder / name).write_bytes(content)
    hashes = {file: sha256(folder / file) for file in FILES}
    (folder / MANIFEST).write_text(json.dumps({"format": FORMAT, "sha256": hashes} | manifest))
    return folder


def test_the_folder_is_good_without_a_change(tmp_path):
    folder = folder_with(tmp_path / "model", None, b"")
    assert compare(*TITLES, encoder=folder).p_story == compare(*TITLES).p_story


@pytest.mark.parametrize(("name", "content"), BAD.values(), ids=BAD.keys())
def test_bad_content_with_the_right_hash_is_one_error(tmp_path, name, content):
    folder = folder_with(tmp_path / "model", name, content)
    with pytest.raises(ModelError) as raised:
        compare(*TITLES, encoder=folder)
    assert str(folder) in str(raised.value) or "numbers a row" in str(raised.value)


def test_on_the_command_line_it_is_one_line(tmp_path):
    folder = folder_with(tmp_path / "model", *BAD["an encoder of NaN"])
    assert "gives NaN, infinity" in refused("compare", *TITLES, "--model", folder)


MANIFESTS = {
    "a list of hashes": {"sha256": list(FILES)},
    "hashes that are numbers": {"sha256": dict.fromkeys(FILES, 1)},
    "no hashes": {"sha256": None},
}


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS.keys())
def test_a_bad_manifest(tmp_path, manifest):
    with pytest.raises(ModelError, match="model"):
        load_encoder(folder_with(tmp_path / "model", None, b"", **manifest))


@pytest.mark.parametrize("content", [b"[" * 100_000, b"null", b"\xff"])
def test_a_manifest_that_is_no_object(tmp_path, content):
    folder = folder_with(tmp_path / "model", None, b"")
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read"):
        load_encoder(folder)


def test_releases_of_sentence_transformers_that_run_code_of_a_folder_are_not_allowed():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (floor,) = (need.removeprefix("sentence-transformers>=") for need in needed if need.startswith("sentence-"))
    assert int(floor.split(".")[0]) >= 6


@pytest.fixture
def sentence_model(base, tmp_path):
    """A sentence-transformers folder with a module that leaves a trace when it is imported."""
    folder = tmp_path / "sentence"
    shutil.copytree(base, folder)
    (folder / "evil.py").write_text(
        f"from pathlib import Path\nPath({str(tmp_path / 'trace')!r}).touch()\n"
        "from sentence_transformers.models import Pooling as Evil\n"
        "from transformers import BertConfig as EvilConfig, BertModel as EvilModel\n"
    )
    return folder


@pytest.mark.slow
def test_code_in_a_folder_is_not_run_as_a_module(sentence_model, tmp_path):
    modules = json.loads((sentence_model / "modules.json").read_text())
    modules[1]["type"] = "evil.Evil"
    (sentence_model / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match="third-party code"):
        load_encoder(sentence_model)
    assert not (tmp_path / "trace").exists()


@pytest.mark.slow
def test_code_in_a_folder_is_not_run_as_a_network(sentence_model, tmp_path):
    config = next(path for path in sentence_model.rglob("config.json"))
    of_network = {"AutoConfig": "evil.EvilConfig", "AutoModel": "evil.EvilModel"}
    config.write_text(json.dumps(json.loads(config.read_text()) | {"auto_map": of_network, "model_type": "evil"}))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(sentence_model)
    assert not (tmp_path / "trace").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_sentence_model_of_nan(base, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "sentence"
    shutil.copytree(base, folder)
    weights = next(folder.rglob("*.safetensors"))
    save_file({name: np.full_like(value, np.nan) for name, value in load_file(weights).items()}, weights)
    with pytest.raises(ModelError, match="not finite"):
        embed(load_encoder(folder), [TITLES[0]])
