"""PK chunking: which queries and objects the server cuts, and into which ranges of Ids.

Source: Bulk API guide, "PK Chunking Header" and "Use PK Chunking to Extract Large Data Sets". Ranges are counted in
Ids, deleted records included, so a chunk may hold few rows or none.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sfbulk_pandas.local_org.record_ids import PREFIX, id_numbers
from sfbulk_pandas.local_org.soql.conditions import operands_of
from sfbulk_pandas.local_org.soql.parse import parse
from sfbulk_pandas.local_org.soql.tree import Path
from sfbulk_pandas.local_org.store import quoted, to_batches, to_table
from sfbulk_pandas.local_org.v1.faults import invalid_batch, invalid_job
from sfbulk_pandas.salesforce.ids import from_number, to_15

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sfbulk_pandas.local_org.store import Cursor, Described, Store

DEFAULT_CHUNK_ROWS, MAX_CHUNK_ROWS = 100_000, 250_000  # guide, "PK Chunking Header"
_READ_ROWS = 1_000_000
# The same page: every custom object, these (and about as many that this org never has), and their History and Share.
_STANDARD = frozenset({
    "account", "asset", "campaign", "campaignmember", "case", "casearticle", "casehistory",
    "contact", "contentversion", "contract", "emailmessage", "event", "eventrelation", "lead", "loginhistory",
    "opportunity", "opportunitylineitem", "order", "orderitem", "pricebookentry", "product2", "quote", "task", "user",
    "userrole", "workorder", "workorderlineitem",
})  # fmt: skip
_ID = re.compile(r"\w{15}(?:\w{3})?", re.ASCII)  # the guide's own example has check letters that do not fit
_OFFSHOOT = re.compile(r"(__|)(History|Share)$", re.IGNORECASE)


@dataclass(frozen=True)
class Chunking:
    """How a job's queries are cut.

    Attributes
    ----------
    size : int
        Ids of a chunk.
    parent : str or None
        The object by whose Ids a History or Share table is cut.
    start_row : str or None
        The Id at which the first chunk begins.
    """

    size: int = DEFAULT_CHUNK_ROWS
    parent: str | None = None
    start_row: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the values that a job keeps."""
        return asdict(self)


def read_chunking(header: str | None) -> Chunking | None:
    """Read ``Sforce-Enable-PKChunking``.

    Parameters
    ----------
    header : str or None
        ``TRUE``, ``FALSE``, or some of ``chunkSize=``, ``parent=`` and ``startRow=``, with semicolons between.

    Returns
    -------
    Chunking or None
        None where nothing is to be cut.

    Raises
    ------
    Fault
        400 InvalidJob for anything else; the text is printed nowhere.

    Examples
    --------
    >>> read_chunking("chunkSize=50000; startRow=00130000000xEftMGH")
    Chunking(size=50000, parent=None, start_row='00130000000xEft')
    """
    parts = [part.strip() for part in (header or "").split(";") if part.strip()]
    words = [part.lower() for part in parts if "=" not in part]
    if not parts or words == ["false"]:
        return None
    given = {name.strip().lower(): value.strip() for name, _, value in (part.partition("=") for part in parts)}
    named = {name: value for name, value in given.items() if name != "true"}
    size = named.pop("chunksize", str(DEFAULT_CHUNK_ROWS))
    parent, start_row = named.pop("parent", None), named.pop("startrow", None)
    fits = size.isdecimal() and 1 <= int(size) <= MAX_CHUNK_ROWS and (start_row is None or _ID.fullmatch(start_row))
    if named or not fits:
        raise invalid_job(f"Invalid value of the header Sforce-Enable-PKChunking: {header}")
    return Chunking(int(size), parent, to_15(start_row) if start_row else None)


def check_supported(described: Described, chunking: Chunking) -> None:
    """Refuse an object that the server does not cut.

    Raises
    ------
    Fault
        400 InvalidBatch.
    """
    name = described.name
    offshoot = _OFFSHOOT.search(name)
    if chunking.parent is None:
        good = supports_chunking(name)
    else:
        good = bool(offshoot) and name.lower().startswith(chunking.parent.removesuffix("__c").lower())
        good = good and supports_chunking(chunking.parent) and _parent_field(described, chunking.parent) is not None
    if not good:
        raise invalid_batch(f"Entity '{name}' is not supported to use PKChunking.")


def supports_chunking(name: str) -> bool:
    """Whether the server cuts queries of an object by its own Ids.

    Examples
    --------
    >>> supports_chunking("Project__c"), supports_chunking("Group"), supports_chunking("Project__History")
    (True, False, False)
    """
    return name.lower().endswith("__c") or name.lower() in _STANDARD


def _parent_field(described: Described, parent: str) -> str | None:
    fields = (each for each in described.model.fields if parent.lower() in {to.lower() for to in each.reference_to})
    return next((each.name for each in fields), None)


def can_cut(soql: str) -> bool:
    """Whether a query that can be parsed is plain enough: no ORDER BY, no LIMIT, no condition on Id.

    Examples
    --------
    >>> can_cut("SELECT Name FROM Account WHERE Owner.Id != null"), can_cut("SELECT Name FROM Account ORDER BY Name")
    (True, False)
    """
    query = parse(soql)
    own = {query.sobject.parts[-1].lower(), (query.alias or "").lower()}
    conditions = [] if query.where is None else list(operands_of(query.where))
    on_id = any(isinstance(each, Path) and _is_own_id(each, own) for each in conditions)
    return not (query.order or query.limit is not None or query.offset is not None or on_id)


def _is_own_id(path: Path, own: set[str]) -> bool:
    *parents, name = (part.lower() for part in path.parts)
    return name == "id" and (not parents or (len(parents) == 1 and parents[0] in own))


def chunk_conditions(store: Store, described: Described, chunking: Chunking) -> Generator[str, None, None]:
    """Yield the condition of each chunk: half-open ranges that cover every record, in ascending order.

    Parameters
    ----------
    store : Store
    described : Described
    chunking : Chunking

    Notes
    -----
    Ids of one 6-character prefix make one span. A stretch without a single record is one empty chunk, however long:
    Ids of an org that was moved lie astronomically far apart.
    """
    name = "Id" if chunking.parent is None else _parent_field(described, chunking.parent) or ""
    table, column = store.table(described.name), quoted(name)
    since = f"AND {column} >= '{chunking.start_row}'" if chunking.start_row else ""
    rows = f"SELECT {column} AS id FROM {table} WHERE {column} IS NOT NULL {since}"  # noqa: S608 - quoted names
    with store.cursor() as cursor:
        ends = f"SELECT left(id, {PREFIX}) AS prefix, min(left(id, 15)) AS low FROM ({rows}) GROUP BY 1 ORDER BY 1"  # noqa: S608 - the same
        for prefix, low in zip(*(each.to_pylist() for each in to_table(cursor, ends).columns), strict=True):
            mine = f"{rows} AND left({column}, {PREFIX}) = '{prefix}'"
            for first, after in _ranges(cursor, mine, int(id_numbers(pa.array([low]))[0]), chunking.size):
                start, end = (to_15(from_number(prefix, number)) for number in (first, after))
                yield f"{name} >= '{start}' AND {name} < '{end}'"


def _ranges(cursor: Cursor, sql: str, low: int, size: int) -> Iterator[tuple[int, int]]:
    held: np.ndarray = np.zeros(0, np.int64)
    for batch in to_batches(cursor, sql, rows=_READ_ROWS):
        held = np.union1d(held, (id_numbers(batch.column(0)) - low) // size)
    reached = 0
    for place in held.tolist():
        if place > reached:
            yield low + reached * size, low + place * size
        reached = place + 1
        yield low + place * size, low + reached * size
