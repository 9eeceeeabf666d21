"""REST queries whose rows do not fit one answer: kept until they are read, or pushed out by newer ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.ids import from_number

if TYPE_CHECKING:
    import pyarrow as pa

    from sfbulk_pandas.local_org.soql.compiled import Compiled

_KEPT = 10  # SOQL and SOSL Reference, "OFFSET" and limits of cursors: ten open cursors a user


@dataclass(frozen=True)
class Rows:
    """The rows of one query, all of them, as the database gave them."""

    compiled: Compiled
    table: pa.Table


class Cursors:
    """Keep the last ten unread query results; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._rows: OrderedDict[str, Rows] = OrderedDict()

    def keep(self, rows: Rows) -> str:
        """Keep a result, and return its cursor's Id (prefix ``01g``)."""
        cursor_id = from_number("01g5g0", next(self._numbers))
        with self._lock:
            self._rows[cursor_id] = rows
            while len(self._rows) > _KEPT:
                self._rows.popitem(last=False)
        return cursor_id

    def get(self, cursor_id: str) -> Rows | None:
        """Return a kept result, or None."""
        with self._lock:
            return self._rows.get(cursor_id)
