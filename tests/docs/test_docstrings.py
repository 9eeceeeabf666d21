"""The examples in the package's docstrings: each is run, and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
NEEDS_AN_ORG = re.compile(r"\b(?:org|local)\b|\bsfbulk\.")
MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(sfbulk.__path__, "sfbulk_pandas.")
    if not found.name.endswith("__main__")
)


@pytest.fixture(scope="module")
def names():
    """What an example may use without importing it, among it an org to talk to."""
    local_org = importlib.import_module("sfbulk_pandas.local_org")
    with local_org.LocalOrg() as local, sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org:
        yield {"pd": pd, "sfbulk": sfbulk, "local": local, "org": org}


def examples(name: str) -> list[doctest.DocTest]:
    module = importlib.import_module(name)
    return [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]


@pytest.mark.parametrize("name", ["sfbulk_pandas", *MODULES])
def test_examples_print_what_they_say(name, request, tmp_path, monkeypatch):
    tests = examples(name)
    if not tests:
        return  # nothing to run; most modules tell with words alone
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    said: list[str] = []
    for test in tests:
        if any(NEEDS_AN_ORG.search(example.source) for example in test.examples):
            test.globs.update(request.getfixturevalue("names"))
        runner.run(test, out=said.append)
    assert not said, "".join(said)


def test_no_example_is_skipped():
    skipped = [
        test.name
        for name in MODULES
        for test in examples(name)
        if any(doctest.SKIP in example.options for example in test.examples)
    ]
    assert skipped == []
