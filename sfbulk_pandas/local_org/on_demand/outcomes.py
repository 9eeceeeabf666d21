"""Rows and queries that fail on demand, as in a real org now and then; what requests meet is :mod:`.plan`'s."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.local_org.values import Mask

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
    """Which rows and queries are to fail. Safe to use from several threads."""

    rows: list[RowFailure] = field(default_factory=list)
    queries: list[QueryFailure] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strike(self, sobject: str, names: Sequence[str], columns: Sequence[pa.StringArray]) -> list[tuple[Mask, str]]:
        """Return the rows of a slice that fail now, each group with its error."""
        with self._lock:
            struck = [(each.strike(sobject, names, columns), each.error) for each in self.rows]
        return [(mask, error) for mask, error in struck if mask is not None]

    def take_query_failure(self, soql: str) -> QueryFailure | None:
        """Return how a query that starts now fails; None where it runs well."""
        with self._lock:
            return next((each for each in self.queries if each.strike(soql)), None)
