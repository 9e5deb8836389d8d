"""The example notebook runs from top to bottom."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "headlines.ipynb"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stored() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_valid_and_stored_without_outputs(stored: nbformat.NotebookNode) -> None:
    nbformat.validate(stored)
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code(stored))


def test_it_runs(stored: nbformat.NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # the kernel starts elsewhere, and must test the package of this folder
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    run = NotebookClient(stored, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    cells = code(run.execute())
    assert all(cell.execution_count for cell in cells)
    outputs = ["".join(str(output) for output in cell.outputs) for cell in cells]
    assert "stderr" not in "".join(outputs)
    assert "★ Ferry sinks off Oslo, 3 dead" in outputs[1]
    assert "dedupe_story" in outputs[2]
    assert "similarity of meaning" in outputs[4]
    assert "Oslo ferry sinks, three dead" in outputs[5]
    assert "11 headlines" in outputs[6]
