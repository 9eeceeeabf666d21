"""Pages that are read side by side leave Arrow's threads only the cores that are over."""

import io
from dataclasses import replace
from types import SimpleNamespace

import pyarrow as pa
import pytest
from pyarrow import csv

from sfbulk_pandas.codec import decode
from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.errors import DecodeError
from sfbulk_pandas.jobs.plans.base import Cores, CsvPage, Question

QUESTION = Question(None, None, None, None, "SELECT Id FROM Contact", pa.schema([("Id", pa.string())]))


@pytest.fixture
def parsed(monkeypatch):
    """Return whether Arrow's threads were allowed, block by block."""
    seen = []

    def read_csv(source, read, *options):
        seen.append(read.use_threads)
        return csv.read_csv(source, read, *options)

    monkeypatch.setattr(decode, "csv", SimpleNamespace(**vars(csv) | {"read_csv": read_csv}))
    return seen


def batches_of(question, key):
    rows = 'Id\n"003"\n' + '"003"\n' * 3_000_000  # more than two blocks
    answer = SimpleNamespace(headers={}, raw=io.BytesIO(rows.encode()))
    return CsvPage(answer, question, SimpleNamespace(key=key, name="a page"), None).batches(0, BadCells())


def test_a_page_alone_uses_them_and_two_on_two_cores_do_not_until_one_is_over(parsed):
    question = replace(QUESTION, cores=Cores(2))
    one, two = batches_of(question, 1), batches_of(question, 2)
    next(one)
    next(two)
    assert parsed == [True, False]
    two.close()
    assert sum(batch.num_rows for batch in one) > 0
    assert parsed[2:] == [True] * len(parsed[2:])
    assert len(parsed) > 2


def test_where_there_are_more_cores_than_pages_both_use_them(parsed):
    question = replace(QUESTION, cores=Cores(3))
    one, two = batches_of(question, 1), batches_of(question, 2)
    next(one)
    next(two)
    assert parsed == [True, True]


def test_a_page_that_is_not_utf_8_gives_its_core_back():
    question = replace(QUESTION, cores=Cores(1))
    answer = SimpleNamespace(headers={}, raw=io.BytesIO(b"Id\n\xff\n"))
    page = CsvPage(answer, question, SimpleNamespace(key=1, name="a page"), None)
    with pytest.raises(DecodeError):
        list(page.batches(0, BadCells()))
    assert question.cores.are_spare()
