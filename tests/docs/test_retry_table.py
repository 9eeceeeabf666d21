"""The table of what is sent again is that of the code."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from sfbulk_pandas.transport.retry import RetryPolicy


@pytest.fixture(scope="module")
def table():
    spec = importlib.util.spec_from_file_location("retry_table", Path(__file__).with_name("retry_table.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_in_the_readme_is_fresh(table):
    text = table.README.read_text(encoding="utf-8")
    assert table.BLOCK.search(text), "the marks of the table are gone"
    assert table.with_table(text) == text, "run: python tests/docs/retry_table.py"


def test_the_table_follows_the_policy(table):
    assert ", 503, 504 | 4 more times | 4 more times | asked first |" in table.retry_table(RetryPolicy())
    assert ", 503, 504 | 1 more times | 1 more times | asked first |" in table.retry_table(RetryPolicy(attempts=2))
