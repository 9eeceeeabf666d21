"""Pages are counted, read again where they are short, and put together by column name."""

import io
from contextlib import contextmanager
from types import SimpleNamespace

import pyarrow as pa
import pytest

from sfbulk_pandas.errors import IncompleteResult
from sfbulk_pandas.jobs.query import _Pages
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation
from sfbulk_pandas.wire.http import Headers

SCHEMA = pa.schema([("Id", pa.string()), ("Staff__c", pa.int64())])


class Body(io.BytesIO):
    received_bytes = 0


class PagingSession:
    """Serve prepared pages by their locator; the last answer of a locator is given again and again."""

    api_version = "66.0"

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    @contextmanager
    def stream(self, request):
        locator = request.path.partition("locator=")[2].partition("&")[0] or "first"
        self.asked.append(locator)
        held = self.answers[locator]
        body, rows, following = held.pop(0) if len(held) > 1 else held[0]
        headers = Headers({"Sforce-NumberOfRecords": str(rows), "Sforce-Locator": following})
        yield SimpleNamespace(headers=headers, raw=Body(body))


def page(*ids, announced=None, following="null", header=b'"Id","Staff__c"\n', form='"{0}","{1}"\n'):
    body = header + "".join(form.format(text, number) for number, text in enumerate(ids)).encode()
    return body, len(ids) if announced is None else announced, following


def read(session, rows):
    job = JobInfo(
        "750000000000001AAA", Operation.QUERY, "Account", JobState.JOB_COMPLETE, number_records_processed=rows
    )
    return _Pages(session, job, SCHEMA).read(lambda event: None)


def test_pages_follow_their_locators_to_the_last():
    session = PagingSession(first=[page("a", "b", following="two")], two=[page("c")])
    assert read(session, 3).column("Id").to_pylist() == ["a", "b", "c"]
    assert session.asked == ["first", "two"]


def test_a_later_page_in_another_column_order():
    swapped = page("c", header=b'"Staff__c","Id"\n', form='"{1}","{0}"\n')
    table = read(PagingSession(first=[page("a", following="two")], two=[swapped]), 2)
    assert table.to_pylist() == [{"Id": "a", "Staff__c": 0}, {"Id": "c", "Staff__c": 0}]


def test_a_short_page_is_read_again():
    session = PagingSession(first=[page("a", announced=2), page("a", "b")])
    assert read(session, 2).num_rows == 2
    assert session.asked == ["first", "first"]


def test_a_page_that_stays_short_is_an_error_that_names_it_and_keeps_what_came():
    session = PagingSession(first=[page("a", following="two")], two=[page("b", announced=2)])
    with pytest.raises(IncompleteResult, match="job 750000000000001AAA: page 2 has 1 rows instead of 2") as caught:
        read(session, 3)
    assert caught.value.partial.column("Id").to_pylist() == ["a"]
    assert session.asked.count("two") == 3


@pytest.mark.parametrize("rows", [1, 3])
def test_fewer_or_more_rows_than_the_job_counted_are_an_error(rows):
    with pytest.raises(IncompleteResult, match=f"2 rows came, the job says {rows}") as caught:
        read(PagingSession(first=[page("a", "b")]), rows)
    assert caught.value.partial.num_rows == 2


def test_no_rows_are_a_typed_table():
    assert read(PagingSession(first=[(b"", 0, "null")]), 0).schema == SCHEMA
