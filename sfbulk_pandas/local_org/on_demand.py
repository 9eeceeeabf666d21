"""Failures on demand: what goes wrong in a real org now and then, at a moment of the caller's choice."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfbulk_pandas.local_org.values import Mask

When = Literal["before", "after"]

QUERY_TIMEOUT = "QUERY_TIMEOUT: Your query request was running for too long."
LOCKED = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"


@dataclass
class RowFailure:
    """Rows that fail the first few times they come.

    Attributes
    ----------
    sobject, column : str
    error : str
        The whole ``sf__Error``.
    left : dict of str to int
        How often the row with this value in the column still fails.
    """

    sobject: str
    column: str
    error: str
    left: dict[str, int]

    def strike(self, sobject: str, names: Sequence[str], columns: Sequence[pa.StringArray]) -> Mask | None:
        """Return which rows of a slice fail now, and count them; None where it is about other rows."""
        places = [place for place, name in enumerate(names) if name.lower() == self.column.lower()]
        if sobject.lower() != self.sobject.lower() or not places:
            return None
        due = [value for value, times in self.left.items() if times > 0]
        struck = np.asarray(pc.is_in(columns[places[0]], pa.array(due, pa.string())))
        for value in columns[places[0]].filter(pa.array(struck)).to_pylist():
            self.left[value] -= 1
        return struck


@dataclass
class Breakage:
    """Requests whose connection breaks."""

    method: str
    path_part: str
    when: When
    times: int


@dataclass
class CannedAnswer:
    """Requests that are answered with an error before they take effect."""

    method: str
    path_part: str
    status: int
    body: str
    headers: dict[str, str]
    times: int

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is one of them."""
        return self.times > 0 and self.method == method and self.path_part.lower() in path.lower()


@dataclass
class ShortBody:
    """Bodies that hold less than they should.

    Attributes
    ----------
    path_part : str
    rows : int
        Lines that are missing at the end.
    to_bytes : int or None
        Where the connection breaks off.
    times : int
    """

    path_part: str
    rows: int
    to_bytes: int | None
    times: int

    def shortened(self, body: bytes | Iterable[bytes]) -> bytes:
        """Return a body without its last lines."""
        whole = body if isinstance(body, bytes) else b"".join(body)
        for _ in range(self.rows):
            whole = whole[: whole.rstrip(b"\r\n").rfind(b"\n") + 1]
        return whole


@dataclass
class QueryFailure:
    """Queries that fail while they run.

    Attributes
    ----------
    error : str
        Why.
    soql_part : str
        What their text holds, in any case; ranges of Ids are part of the text of a chunk.
    skip : int
        How many of them run well before.
    times : int
        How many of them fail.
    after_rows : int
        How many rows are written before.
    """

    error: str
    soql_part: str = ""
    skip: int = 0
    times: int = 1
    after_rows: int = 0

    def strike(self, soql: str) -> bool:
        """Whether a query fails, and count it."""
        if self.times <= 0 or self.soql_part.lower() not in soql.lower():
            return False
        self.skip -= 1
        if self.skip >= 0:
            return False
        self.times -= 1
        return True


@dataclass
class OnDemand:
    """What is to go wrong. Safe to use from several threads."""

    rows: list[RowFailure] = field(default_factory=list)
    breakages: list[Breakage] = field(default_factory=list)
    queries: list[QueryFailure] = field(default_factory=list)
    canned: list[CannedAnswer] = field(default_factory=list)
    short_bodies: list[ShortBody] = field(default_factory=list)
    lost_results: int = 0
    surplus_results: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strike(self, sobject: str, names: Sequence[str], columns: Sequence[pa.StringArray]) -> list[tuple[Mask, str]]:
        """Return the rows of a slice that fail now, each group with its error."""
        with self._lock:
            struck = [(each.strike(sobject, names, columns), each.error) for each in self.rows]
        return [(mask, error) for mask, error in struck if mask is not None]

    def breaks(self, method: str, path: str, when: When) -> bool:
        """Whether the connection of a request breaks now."""
        with self._lock:
            for each in self.breakages:
                fits = each.times > 0 and each.when == when and each.method == method
                if fits and each.path_part.lower() in path.lower():
                    each.times -= 1
                    return True
        return False

    def take_canned(self, method: str, path: str) -> CannedAnswer | None:
        """Return what a request is answered with in place of the org's own answer, or None."""
        with self._lock:
            for each in self.canned:
                if each.fits(method, path):
                    each.times -= 1
                    return each
        return None

    def take_short_body(self, path: str) -> ShortBody | None:
        """Return how the body of an answer falls short, or None."""
        with self._lock:
            for each in self.short_bodies:
                if each.times > 0 and each.path_part.lower() in path.lower():
                    each.times -= 1
                    return each
        return None

    def take_query_failure(self, soql: str) -> QueryFailure | None:
        """Return how a query that starts now fails; None where it runs well."""
        with self._lock:
            return next((each for each in self.queries if each.strike(soql)), None)

    def take_lost(self, rows: int) -> int:
        """Return how many of the successful rows of a slice are in no result file."""
        with self._lock:
            lost = min(self.lost_results, rows)
            self.lost_results -= lost
            return lost

    def take_surplus(self, rows: int) -> int:
        """Return how many of the successful rows of a slice are in their result file twice."""
        with self._lock:
            surplus = min(self.surplus_results, rows)
            self.surplus_results -= surplus
            return surplus
