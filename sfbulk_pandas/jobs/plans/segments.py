"""Find out where an object's Ids lie: first and last of each six characters, and how many there are between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.errors import ApiError, TransportError
from sfbulk_pandas.jobs.plans.counted import record_count
from sfbulk_pandas.ranges import Segment, id_number, last_of_segment
from sfbulk_pandas.wire.rest_query import build_rest_query, read_rest_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfbulk_pandas.jobs.plans.base import Question
    from sfbulk_pandas.wire.rest_query import RestPage


def find_segments(question: Question, sobject: str) -> list[Segment]:
    """Return the segments of an object's Ids, in their order.

    Costs three API calls a segment, and two more; orgs have one segment or a few. Deleted records are among them
    where the question asks for these.
    """
    spans = list(_spans(question, sobject))
    counts = [_count(question, sobject, first, last) for first, last in spans]
    if None in counts:
        counts = _shares(question, sobject, spans)
    return [Segment(first, last, rows or 0) for (first, last), rows in zip(spans, counts, strict=True)]


def _spans(question: Question, sobject: str) -> Iterator[tuple[str, str]]:
    first = _one(question, f"SELECT Id FROM {sobject} ORDER BY Id LIMIT 1")  # noqa: S608 - names and Ids alone, as below
    while first is not None:
        end = last_of_segment(first)
        last = _one(question, f"SELECT Id FROM {sobject} WHERE Id <= '{end}' ORDER BY Id DESC LIMIT 1")  # noqa: S608
        yield first, last or first
        first = _one(question, f"SELECT Id FROM {sobject} WHERE Id > '{end}' ORDER BY Id LIMIT 1")  # noqa: S608


def _count(question: Question, sobject: str, first: str, last: str) -> int | None:
    """Count a segment; None where that takes Salesforce too long, as it may with a hundred million records."""
    try:
        return _page(question, f"SELECT COUNT() FROM {sobject} WHERE Id >= '{first}' AND Id <= '{last}'").total_size  # noqa: S608
    except (ApiError, TransportError):
        return None


def _shares(question: Question, sobject: str, spans: list[tuple[str, str]]) -> list[int | None]:
    """Share the object's approximate count out among its segments, by the Ids that they span."""
    total = record_count(question.session, sobject) or 0
    widths = [id_number(last) - id_number(first) + 1 for first, last in spans]
    return [total * width // sum(widths) for width in widths]


def _one(question: Question, soql: str) -> str | None:
    records = _page(question, soql).records
    return str(records[0]["Id"]) if records else None


def _page(question: Question, soql: str) -> RestPage:
    session = question.session
    return read_rest_page(session.send(build_rest_query(session.api_version, soql, question.query_all)))
