"""The four import contracts of pyproject.toml: they hold, and each can fail."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINT_IMPORTS, "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def broken_contracts(run: subprocess.CompletedProcess[str]) -> list[str]:
    return re.findall(r"^(\d) .* BROKEN", run.stdout, re.MULTILINE)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "sfbulk_pandas", tmp_path / "sfbulk_pandas", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_there_are_four_contracts():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [contract["name"] for contract in config["tool"]["importlinter"]["contracts"]]
    assert [name[0] for name in names] == ["1", "2", "3", "4"]


def test_all_contracts_hold():
    run = lint_imports(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [
        ("1", "errors.py", "import sfbulk_pandas.salesforce.job"),
        ("1", "room_without_a_layer.py", "import sfbulk_pandas.errors"),
        ("2", "salesforce/planted.py", "import socket"),
        ("2", "wire/planted.py", "import requests"),
        ("3", "local_org/planted.py", "import sfbulk_pandas.errors"),
        ("4", "org.py", "import sfbulk_pandas.local_org"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(copy, contract, module, line):
    with (copy / "sfbulk_pandas" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    run = lint_imports(copy)
    assert run.returncode != 0
    assert broken_contracts(run) == [contract], run.stdout + run.stderr
