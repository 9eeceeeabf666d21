"""What a query's columns hold, as a frame made to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from sfbulk_pandas.display.cells import shorten
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.explore.profile_view import plain_columns, shown_columns, typed
from sfbulk_pandas.jobs.explore.view import ViewedFrame
from sfbulk_pandas.preflight import nearest
from sfbulk_pandas.profiling import is_spread
from sfbulk_pandas.sinks.base import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfbulk_pandas.profiling import ColumnProfile

_TOP = 10
_QUERY_CHARS = 300
_NOTE = '`.top("Field")` has the most frequent values of one column, `.histogram("Field")` how it is spread'
_ESTIMATED = "≈ is an estimate: 19 of 20 lie within ±"


class Profile(ViewedFrame):
    """What the columns of a query hold, as a DataFrame, a row a column; its index has their names.

    Whatever is done with it gives a plain DataFrame. ``.attrs["sfbulk"]`` says how the rows were fetched, as for
    :meth:`Org.query`, and :func:`sfbulk_pandas.bad_cells` takes it too.

    Columns
    -------
    type : str
        As :class:`Description` writes it.
    rows, filled, bad : int
        All rows, those with a value, and those whose text is no value of the field's type, which are not filled.
    fill_rate : float
        ``filled`` as a share of ``rows``; missing where there are no rows.
    distinct : int
        How many different values there are.
    exact : bool
        Whether ``distinct`` and ``top`` are exact; else ``distinct`` is an estimate with a standard error of 0.8%.
    min, max, mean : object
        Of numbers, days, moments and times, of their own type; None for others.
    min_length, max_length : Int64
        Of texts, in characters.
    mean_length : float
    top : tuple of (value, int)
        Up to 10 of the most frequent values, each with how often it came at least. Where it is not exact only those
        that are certain to be more frequent than any other: there may be none.
    top_error : int
        How much more often these may have come; 0 where exact.

    Parameters
    ----------
    columns : sequence of ColumnProfile
    types : sequence of str
        Of each; empty where it is not known.
    bad : mapping of str to int
        How many bad cells each has, where there are any.
    query : str
    """

    _metadata: ClassVar[list[str]] = [*ViewedFrame._metadata, "profiles", "query_text"]  # noqa: SLF001 - pandas' way
    profiles: tuple[ColumnProfile, ...]
    query_text: str

    def __init__(
        self, columns: Sequence[ColumnProfile], types: Sequence[str], bad: Mapping[str, int], query: str
    ) -> None:
        rows = columns[0].rows if columns else 0
        is_exact = all(column.frequencies.is_exact for column in columns)
        note = _NOTE if is_exact else f"{_ESTIMATED}; {_NOTE}"
        title = f"{_counted(rows, 'row')}, {_counted(len(columns), 'column')}"
        super().__init__(_frame(columns, types, bad), title, note=note)
        self.profiles = tuple(columns)
        self.query_text = query

    def top(self, column: str) -> pd.DataFrame:
        """Return the most frequent values of a column.

        Parameters
        ----------
        column : str
            As the index has it.

        Returns
        -------
        DataFrame, a row a value, the most frequent first
            ``value``, ``count`` (at least), ``count_at_most`` and ``share`` of the filled cells. All values where they
            were counted exactly, up to 10,000 or 1 MB of text; else those that are certain to be more frequent than any
            other.

        Raises
        ------
        UsageError
            Where there is no such column, with the nearest name.
        """
        found = self._of(column)
        known = found.frequencies
        counts = pd.Series(known.counts, dtype="int64")
        return pd.DataFrame(
            {
                "value": pd.Series(known.ranked.to_pylist(), dtype="object"),
                "count": counts,
                "count_at_most": counts + known.error,
                "share": counts / max(found.filled, 1),
            }
        )

    def histogram(self, column: str) -> pd.DataFrame:
        """Return how a column of numbers, days, moments or times is spread.

        Parameters
        ----------
        column : str
            As the index has it.

        Returns
        -------
        DataFrame, a row a bin
            ``left`` (the first value of the bin), ``right`` (what the next begins with) and ``count``, which is exact.
            Up to 48 bins of one width, a power of two (of days, or milliseconds). No rows where nothing is filled.

        Raises
        ------
        UsageError
            Where there is no such column, or it holds texts.
        """
        found = self._of(column)
        if found.histogram is None and not is_spread(found.kind):
            raise UsageError(f"{column} is spread over no numbers", hint=f".top({column!r}) has its values")
        if found.histogram is None:
            return pd.DataFrame({"left": [], "right": [], "count": pd.Series([], dtype="int64")})
        edges = [typed(edge, found.kind) for edge in found.histogram.edges()]
        return pd.DataFrame({"left": edges[:-1], "right": edges[1:], "count": found.histogram.counts})

    def _of(self, column: str) -> ColumnProfile:
        found = next((each for each in self.profiles if each.name == column), None)
        if found is None:
            near = nearest(column, [each.name for each in self.profiles])
            hint = f"did you mean {near!r}?" if near else "the index has the names"
            raise UsageError(f"the profile has no column {column!r}", hint=hint)
        return found

    def _glance(self) -> dict[str, object]:
        return {"query": shorten(self.query_text, _QUERY_CHARS), "fetched": self._fetched()}

    def _fetched(self) -> str | None:
        how = self.attrs.get(METADATA_KEY)
        if how is None:
            return None
        calls, pages = _counted(how["api_calls"], "API call"), _counted(how["pages"], "page")
        return f"by {how['plan']} in {how['seconds']:,.1f} s, {calls}, {pages}"

    def _drawn(self, *, html: bool) -> pd.DataFrame:
        types, bad = list(self["type"]), list(self["bad"])
        return (shown_columns if html else plain_columns)(self.profiles, types, bad)


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _frame(columns: Sequence[ColumnProfile], types: Sequence[str], bad: Mapping[str, int]) -> pd.DataFrame:
    rows = [_row(column, kind, bad.get(column.name, 0)) for column, kind in zip(columns, types, strict=True)]
    names = pd.Index([column.name for column in columns], name="column", dtype="str")
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], names, dtype) for name, dtype in _DTYPES.items()}, names
    )


_DTYPES: dict[str, Any] = {
    "type": "str",
    **dict.fromkeys(("rows", "filled", "bad"), "int64"),
    "fill_rate": "float64",
    "distinct": "int64",
    "exact": "bool",
    **dict.fromkeys(("min", "max", "mean"), "object"),
    **dict.fromkeys(("min_length", "max_length"), "Int64"),
    "mean_length": "float64",
    "top": "object",
    "top_error": "int64",
}


def _row(column: ColumnProfile, kind: str, bad: int) -> dict[str, Any]:
    known, lengths = column.frequencies, column.lengths
    return {
        "type": kind,
        "rows": column.rows,
        "filled": column.filled,
        "bad": bad,
        "fill_rate": column.filled / column.rows if column.rows else None,
        "distinct": known.distinct,
        "exact": known.is_exact,
        "min": column.least,
        "max": column.most,
        "mean": None if column.mean is None else typed(column.mean, column.kind, is_mean=True),
        "min_length": None if lengths is None else lengths.least,
        "max_length": None if lengths is None else lengths.most,
        "mean_length": None if lengths is None else lengths.mean,
        "top": tuple(zip(known.ranked[:_TOP].to_pylist(), known.counts[:_TOP].tolist(), strict=True)),
        "top_error": known.error,
    }
