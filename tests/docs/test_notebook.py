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


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_it_is_valid_and_stored_with_its_outputs(stored: nbformat.NotebookNode) -> None:
    nbformat.validate(stored)
    cells = code(stored)
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    assert all(cell.outputs for cell in cells[1:])  # the first only computes
    assert not {"error", "stderr"} & {getattr(o, "name", o.output_type) for cell in cells for o in cell.outputs}


def test_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = nbformat.read(NOTEBOOK, as_version=4)  # running it changes it
    shown = [printed(cell) for cell in code(stored)]
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
    assert "similar in meaning" in outputs[4]
    assert [printed(cell) for cell in cells][:4] == shown[:4], (
        "the stored outputs are out of date: run the notebook and store it"
    )
    assert "Oslo ferry sinks, three dead" in outputs[5]
    assert "11 headlines" in outputs[6]
