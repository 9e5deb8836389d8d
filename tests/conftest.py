from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import tiny
from tests.support.fake_encoder import FakeEncoder

# The same examples in every run, so that a change never fails for what another one did.
# None fails for the time it takes: machines are slow at times.
_ANY_TIME = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **_ANY_TIME)
settings.register_profile("search", derandomize=False, **_ANY_TIME)
settings.load_profile("same")

_LIMIT = 100  # seconds; what is not linear takes hours


@pytest.fixture(autouse=True)
def no_cache_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the command line away from the vectors of whoever runs the tests."""
    monkeypatch.setenv("HEADLINE_DEDUPE_CACHE", str(tmp_path / "vector-cache"))


@pytest.fixture
def an_end() -> Iterator[None]:
    """Fail where something takes very long, instead of hanging."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"not done after {_LIMIT} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(_LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def fake_encoder(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """Put the fake in the place of the bundled model, under the same calibration."""
    encoder = FakeEncoder()
    monkeypatch.setattr("dedupe.embedding.encoders.load_encoder", lambda name=None: encoder)
    return encoder


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model to train from, in seconds."""
    return tiny.save_base(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled stories to train on."""
    return tiny.write(tmp_path_factory.mktemp("labelled") / "stories.jsonl", tiny.labelled())


@pytest.fixture(scope="session")
def model(base: Path, stories: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder trained on them."""
    from dedupe.training import train

    out = tmp_path_factory.mktemp("trained") / "model"
    train(stories, out, base=base, epochs=1, reader_epochs=1)
    return out
