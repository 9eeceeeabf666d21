"""README.md: its blocks run, its two commands are there, and it names everything public."""

from __future__ import annotations

import contextlib
import doctest
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import sfbulk_pandas as sfbulk

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_BLOCK = re.compile(
    r"(?:^<!-- (?P<comment>[^\n]*?) -->\n+)?^```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    comment: str
    language: str
    code: str
    line: int

    @property
    def is_excluded(self) -> bool:
        return self.comment.startswith("not run: ")


def blocks() -> list[Block]:
    return [
        Block(match["comment"] or "", match["language"], match["code"], README.count("\n", 0, match.start("code")))
        for match in _BLOCK.finditer(README)
    ]


def run(block: Block, names: dict) -> None:
    """Run a block where an error names README's line; a block with prompts is held to what it prints.

    A block with a magic in it is a cell of a notebook.
    """
    if re.search(r"^%|= %", block.code, re.MULTILINE):
        InteractiveShell.instance(user_ns=names, colors="nocolor").run_cell(block.code).raise_error()
        return
    if block.code.lstrip().startswith(">>>"):
        test = doctest.DocTestParser().get_doctest(block.code, names, "README.md", "README.md", block.line)
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
        said: list[str] = []
        runner.run(test, out=said.append, clear_globs=False)
        assert not said, "".join(said)
        names.update(test.globs)
        return
    exec(compile("\n" * block.line + block.code, "README.md", "exec"), names)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as the reader has it: with the sample data, and free to be written to."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shell_folder(tmp_path, monkeypatch):
    """Keep what a shell writes in a folder of the test's own, and leave no shell behind."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setattr("IPython.core.history.HistoryManager.enabled", False)
    yield
    InteractiveShell.clear_instance()


def test_python_blocks_run_in_order_against_a_local_org(folder, shell_folder):
    local_org = pytest.importorskip("sfbulk_pandas.local_org")
    found = [block for block in blocks() if block.language == "python" and not block.is_excluded]
    assert found, "README.md shows no Python at all"
    with contextlib.ExitStack() as stack:
        local = stack.enter_context(local_org.LocalOrg())
        org = stack.enter_context(sfbulk.connect(sfbulk.JwtBearer(**local.credentials())))
        names = {"__name__": "readme", "sfbulk": sfbulk, "pd": pd, "local": local, "org": org}
        for block in found:
            run(block, names)
        names["org"].close()


def test_blocks_that_do_not_run_say_why():
    excluded = [block for block in blocks() if block.is_excluded]
    assert all(len(block.comment.removeprefix("not run: ").split()) >= 2 for block in excluded)
    assert README.count("<!-- not run: ") == len(excluded), "a reason stands right above its block"


@pytest.mark.parametrize("which", ["demo", "test"])
def test_command_is_one_line(which):
    found = [block for block in blocks() if block.comment == f"{which} command"]
    assert len(found) == 1
    assert len(found[0].code.strip().splitlines()) == 1


def test_command_for_the_tests_runs_pytest():
    (block,) = [block for block in blocks() if block.comment == "test command"]
    assert "pytest" in block.code


@pytest.mark.parametrize("name", sfbulk.__all__)
def test_every_public_name_is_told_of(name):
    assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", README), f"README.md does not mention {name}"


def test_links_inside_the_repository_lead_somewhere():
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", README)
    assert [target for target in targets if not (ROOT / target).exists()] == []
