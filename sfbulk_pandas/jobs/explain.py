"""Say how a query would be fetched and about what that costs, without running it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.display.blocks import card, facts
from sfbulk_pandas.display.cells import visible
from sfbulk_pandas.display.html import code
from sfbulk_pandas.jobs.plans.base import ASKED_FOR
from sfbulk_pandas.jobs.plans.choice import Choice, Facts, at_most, choose
from sfbulk_pandas.jobs.plans.counted import record_count
from sfbulk_pandas.jobs.plans.divisible import check_divisible
from sfbulk_pandas.jobs.wide.groups import in_groups
from sfbulk_pandas.salesforce.limits import MAX_PK_CHUNK_ROWS, REST_PAGE_ROWS

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.jobs.query_options import QueryOptions
    from sfbulk_pandas.salesforce.soql import Query

_PAGE_ROWS = 100_000  # what a page of a bulk job is taken to hold; the guide leaves it to Salesforce
_JOB_CALLS = 2  # made, and asked for once
_PAGES_A_LIST = 5  # Bulk API 2.0 guide, "Get Parallel Results for a Query Job"
_SEGMENT_CALLS = 5  # where the Ids lie, of an object whose Ids share six characters
_CHUNKED_CALLS = 6  # job and batch made, batches listed three times, job closed
_CUT = frozenset({"id_ranges", "pk_chunks"})


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """How a query would be fetched.

    Attributes
    ----------
    query : str
        As it would be sent.
    plan, reason : str
        How, and why so, in plain words.
    sobject : str
    records : int or None
        About how many records the object has, deleted ones not among them; None where Salesforce does not say.
    rows : int or None
        How many rows the query has at most: a condition may leave fewer.
    pages : int or None
        How many pages these fill, about.
    api_calls : int or None
        How many calls they cost, about; each further question whether a job has ended is one more.
    query_jobs, batches : int or None
        How many of the org's daily query jobs, and of its batches (of ``"pk_chunks"``), they take, about.
    """

    query: str
    plan: str
    reason: str
    sobject: str
    records: int | None
    rows: int | None
    pages: int | None
    api_calls: int | None
    query_jobs: int | None
    batches: int | None

    def __repr__(self) -> str:
        return "\n".join(
            [visible(self.query, lines=True), *(f"{name:<10}{value}" for name, value in self._lines().items())]
        )

    def _repr_html_(self) -> str:
        note = "Nothing has been fetched; counts are about right, and a condition may leave fewer rows."
        return str(card("How the query would be fetched", code(self.query), facts(self._lines()), note=note))

    def _lines(self) -> dict[str, str]:
        lines = {
            "plan": self.plan,
            "why": self.reason,
            "records": f"{_shown(self.records, 'about')} of {self.sobject}",
            "rows": _shown(self.rows, "at most"),
            "pages": _shown(self.pages, "about"),
            "API calls": _shown(self.api_calls, "about"),
        }
        lines |= {"jobs": _shown(self.query_jobs, "about")} if self.query_jobs else {}
        lines |= {"batches": _shown(self.batches, "about")} if self.batches else {}
        return lines


def explained(extract: Extract) -> Explanation:
    """Explain a query. Costs one API call.

    Raises
    ------
    UsageError
        Where the plan that was asked for cannot take it.
    """
    query, options = extract.query, extract.options
    records = record_count(extract.loading.session, query.sobject)
    choice = _choice(extract, records)
    rows = _rows(query, records)
    pages = None if rows is None else _pages(choice.plan, rows, options)
    calls = None if rows is None or pages is None else _calls(choice.plan, rows, pages, options)
    jobs, batches = (None, None) if rows is None else _jobs(choice.plan, _ranges(choice.plan, rows, options))
    reason, times = choice.reason, max(1, len(extract.groups))
    if extract.groups:
        reason = in_groups(reason, times)
    costs = (None if number is None else number * times for number in (pages, calls, jobs, batches))
    return Explanation(query.soql, choice.plan, reason, query.sobject, records, rows, *costs)


def _choice(extract: Extract, records: int | None) -> Choice:
    query, options = extract.query, extract.options
    if options.plan == "auto":
        # As for a frame or table; what is streamed counts as large earlier.
        return choose(query, Facts(extract.refused, options.query_all), lambda: records)
    if options.plan in _CUT:
        check_divisible(query.soql)
    return Choice(options.plan, ASKED_FOR)


def _rows(query: Query, records: int | None) -> int | None:
    if query.is_grouped and not query.group:
        return 1
    limit = at_most(query)
    known = [each for each in (records, None if limit is None else limit[0]) if each is not None]
    if query.is_grouped:
        known.append(REST_PAGE_ROWS)  # SOQL reference, "GROUP BY": more groups are an error, not a second page
    return min(known, default=None)


def _pages(plan: str, rows: int, options: QueryOptions) -> int:
    if plan == "rest":
        return _parts(rows, REST_PAGE_ROWS)
    if plan == "pk_chunks":
        return _ranges(plan, rows, options)
    ranges = _ranges(plan, rows, options)
    page_rows = _PAGE_ROWS if plan == "result_pages" else options.page_rows or _PAGE_ROWS
    return ranges * _parts(-(-rows // ranges), page_rows)


def _calls(plan: str, rows: int, pages: int, options: QueryOptions) -> int:
    ranges = _ranges(plan, rows, options)
    beside = {
        "rest": 0,
        "locator": _JOB_CALLS,
        "result_pages": _JOB_CALLS + _parts(pages, _PAGES_A_LIST),
        "id_ranges": _SEGMENT_CALLS + ranges * _JOB_CALLS,
        "pk_chunks": _CHUNKED_CALLS + ranges,
    }
    return beside[plan] + pages


def _jobs(plan: str, ranges: int) -> tuple[int, int]:
    """Return how many query jobs and batches a plan takes: one job for the whole, or one a range."""
    if plan == "pk_chunks":
        return 0, ranges + 1  # and the one that was cut
    return (0, 0) if plan == "rest" else (ranges, 0)


def _ranges(plan: str, rows: int, options: QueryOptions) -> int:
    if plan not in _CUT:
        return 1
    return _parts(rows, min(options.chunk_rows, MAX_PK_CHUNK_ROWS) if plan == "pk_chunks" else options.chunk_rows)


def _parts(rows: int, of_rows: int) -> int:
    return max(1, -(-rows // of_rows))


def _shown(number: int | None, how: str) -> str:
    return "unknown" if number is None else f"{how} {number:,}"
