"""The pictures of the pages are those that their script makes."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def texts(path: Path) -> list[str]:
    """What is written in an SVG."""
    return re.findall(r"<text\b[^>]*>([^<]*)</text>", path.read_text("utf-8"))


@pytest.mark.slow
def test_the_pictures_say_what_the_model_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    spec = spec_from_file_location("pictures", IMAGES / "pictures.py")
    assert spec and spec.loader
    pictures = module_from_spec(spec)
    spec.loader.exec_module(pictures)
    pictures.main(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["hours.svg", "levels.svg", "tree.svg"]
    for name in names:
        written = texts(tmp_path / name)
        assert len(written) > 5 and written == texts(IMAGES / name), (
            f"{name} is out of date: run docs/images/pictures.py"
        )
    falling = pictures.probability_by_hours(*pictures.PAIRS["the same news in other words"])
    assert falling == sorted(falling, reverse=True) and falling[0] > 0.9 > 0.3 > falling[-1]
