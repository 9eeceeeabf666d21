"""What lies in the repository, and what must not."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", "sfbulk_pandas", "notebooks", "tests", "data"}
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")
PACKAGE_FILES = sorted((ROOT / "sfbulk_pandas").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def tracked_files() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing says which files belong to the repository")
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"git does not answer: {error}")
    return [name for name in done.stdout.split("\0") if name]


def test_the_top_level_holds_seven_entries_and_hidden_ones():
    entries = {name.partition("/")[0] for name in tracked_files()}
    assert {entry for entry in entries if not entry.startswith(".")} == TOP_LEVEL


def test_nothing_built_is_tracked():
    built = re.compile(r"(?:^|/)(?:__pycache__|\.venv|build|dist|\.ipynb_checkpoints|[^/]+\.egg-info)(?:/|$)")
    assert [name for name in tracked_files() if built.search(name)] == []


def test_samples_and_data_are_small():
    files = [path for path in (ROOT / "data").rglob("*") if path.is_file()]
    assert [path.name for path in files if path.stat().st_size > 500_000] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_stored_without_output(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []


def test_the_package_is_finished():
    unfinished = []
    for path in PACKAGE_FILES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if UNFINISHED.search(line):
                unfinished.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert unfinished == []


def test_the_package_is_typed():
    assert (ROOT / "sfbulk_pandas" / "py.typed").is_file()
