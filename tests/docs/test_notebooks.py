"""The lessons in notebooks/: each runs from top to bottom in a fresh kernel of this very Python."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def kernel(tmp_path, monkeypatch) -> str:
    """Describe a kernel for this Python in a folder that only this test knows."""
    spec = tmp_path / "jupyter" / "kernels" / "lesson"
    spec.mkdir(parents=True)
    command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    described = {"argv": command, "display_name": "lesson", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(described), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return "lesson"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Copy the lessons and their data, so that what a lesson writes stays out of the repository."""
    for name in ("notebooks", "data"):
        shutil.copytree(ROOT / name, tmp_path / "lessons" / name)
    return tmp_path / "lessons" / "notebooks"


def test_there_is_a_first_lesson():
    assert NOTEBOOKS[0].name.startswith("01_")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_lesson_runs(notebook, folder, kernel):
    lesson = nbformat.read(notebook, as_version=4)
    nbformat.validate(lesson)
    resources = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(lesson, kernel_name=kernel, timeout=300, resources=resources).execute()
    code = [cell for cell in lesson.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code if cell.source.strip())


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_lesson_is_stored_without_output(notebook):
    code = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.source for cell in code if cell.outputs or cell.execution_count is not None] == []
