"""Which way to fetch the rows of a query, decided without asking Salesforce for more than one count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from sfbulk_pandas.jobs.plans.divisible import undividable
from sfbulk_pandas.salesforce.limits import MAX_URL_BYTES, REST_PAGE_ROWS
from sfbulk_pandas.salesforce.soql.tree import Path

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.salesforce.soql import Query
    from sfbulk_pandas.salesforce.soql.tree import Comparison

# A job costs four calls or more (made, asked for, its pages listed, a page read); the count and three pages the same.
SMALL_ROWS = 3 * REST_PAGE_ROWS
LARGE_ROWS = 10_000_000  # Bulk API guide, "PK Chunking": chunks are advised from there on
LARGE_STREAM_ROWS = LARGE_ROWS // 2  # the rows of the first ranges are handed on while the last ones still run
_URL_BYTES = MAX_URL_BYTES - 4_096  # what is left for headers, the token among them
_SWITCHES_OFF = frozenset({"ORDER BY", "LIMIT"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A plan and why.

    Attributes
    ----------
    plan : str
    reason : str
        In plain words.
    is_large : bool
        Whether one job is right only where Salesforce cuts it by itself.
    """

    plan: str
    reason: str
    is_large: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the choice depends on besides the query.

    Attributes
    ----------
    refused : str or None
        Why Bulk API does not take the query, in words.
    query_all : bool
        Whether deleted records come too, which are in no count.
    is_streamed : bool
        Whether rows are handed on while others come, rather than kept in memory.
    """

    refused: str | None = None
    query_all: bool = False
    is_streamed: bool = False


def choose(query: Query, facts: Facts, count: Callable[[], int | None]) -> Choice:
    """Return how to fetch the rows of a query.

    Parameters
    ----------
    query : Query
    facts : Facts
    count : callable
        Returns about how many records the object has, None where Salesforce does not say; asked only where the answer
        matters.
    """
    if facts.refused is not None:
        return Choice("rest", facts.refused)
    fits_url = len(quote(query.soql)) <= _URL_BYTES
    few = at_most(query)
    if few is not None and few[0] <= SMALL_ROWS and fits_url:
        return Choice("rest", f"{few[1]} allows at most {few[0]:,} rows, for which no job is needed")
    records = count()
    if records is not None and records <= SMALL_ROWS and fits_url and not facts.query_all:
        return Choice("rest", f"{_size(query, records)}, for which no job is needed")
    return _by_bulk(query, facts, records)


def _by_bulk(query: Query, facts: Facts, records: int | None) -> Choice:
    size = _size(query, records)
    clause = undividable(query.soql)
    if clause is not None:
        chunking = f"; {clause} switches Salesforce's own chunking off" if clause in _SWITCHES_OFF else ""
        return Choice("result_pages", f"{size}{chunking}; with {clause} it cannot be cut by Ids: one job")
    if records is None or records < (LARGE_STREAM_ROWS if facts.is_streamed else LARGE_ROWS):
        return Choice("result_pages", f"{size}: one job, its pages read side by side")
    return Choice("result_pages", f"{size}: one job, as long as Salesforce cuts it by itself", is_large=True)


def cut_by_ids(query: Query, why: str) -> Choice:
    """Return the choice of ranges of Ids."""
    return Choice("id_ranges", f"{why}: {query.sobject} is cut into ranges of Ids, a job each")


def at_most(query: Query) -> tuple[int, str] | None:
    """Return how many rows the text of a query allows at most, and what says so; None where nothing does."""
    found = []
    if query.limit is not None and query.limit.rows is not None:
        found.append((query.limit.rows, query.text(query.limit)))
    comparisons = query.where.comparisons if query.where else ()
    if len(comparisons) == 1 and _names_ids(query, comparisons[0]):
        found.append((len(comparisons[0].values), "the condition on Id"))
    return min(found, default=None)


def _names_ids(query: Query, only: Comparison) -> bool:
    is_plain = query.where is not None and query.text(query.where).strip("() ") == query.text(only).strip("() ")
    is_id = isinstance(only.operand, Path) and [name.lower() for name in query.local(only.operand)] == ["id"]
    return is_plain and is_id and only.operator in {"=", "IN"} and only.query is None


def _size(query: Query, records: int | None) -> str:
    if records is None:
        return f"Salesforce does not say how many records {query.sobject} has"
    return f"{query.sobject} has about {records:,} records"
