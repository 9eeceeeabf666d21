"""Profiles of columns as tables that are made to be read, with small charts where these can be drawn."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from sfbulk_pandas.display.cells import MISSING, cell_of, shorten
from sfbulk_pandas.display.charts import Bar, filled, histogram, ranking
from sfbulk_pandas.display.html import Html, join, tag
from sfbulk_pandas.profiling import STANDARD_ERROR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfbulk_pandas.profiling import ColumnProfile

_SHOWN_VALUES = 5
_BARS = 24
_BLANK = "␣"
_PLAIN_CHARS = 20  # of a value, in a terminal
_TYPE_CHARS = 18
_ALMOST = 1 - 2 * STANDARD_ERROR
_FEW_DAYS = dt.timedelta(days=3)
# What Python has dates and times for, in ticks: days, and milliseconds.
_DAYS = (dt.date.min.toordinal() - dt.date(1970, 1, 1).toordinal(), dt.date.max.toordinal() - 719_163)
_MOMENTS = (_DAYS[0] * 86_400_000, _DAYS[1] * 86_400_000)
_DAY_TICKS = (0, 86_399_999)


def typed(value: float, kind: pa.DataType, *, is_mean: bool = False) -> Any:
    """Return a number of ticks as the day, moment or time that it is; whole numbers whole, but for means."""
    if pa.types.is_date(kind):
        return _of_ticks(value, _DAYS, kind, pa.int32())
    if pa.types.is_time(kind):
        return _of_ticks(value, _DAY_TICKS, kind, pa.int32())
    if pa.types.is_timestamp(kind):
        return _of_ticks(value, _MOMENTS, kind, pa.int64())
    return int(value) if pa.types.is_integer(kind) and not is_mean else float(value)


def _of_ticks(value: float, within: tuple[int, int], kind: pa.DataType, ticks: pa.DataType) -> Any:
    return pa.scalar(min(max(round(value), within[0]), within[1]), ticks).cast(kind).as_py()


def plain_columns(columns: Sequence[ColumnProfile], types: Sequence[str], bad: Sequence[int]) -> pd.DataFrame:
    """Return a row a column for a terminal; the index has the names."""
    rows = {
        "type": [shorten(kind, _TYPE_CHARS) for kind in types],
        "filled": [
            _percent(column.filled, column.rows) + _bad_text(cells) for column, cells in zip(columns, bad, strict=True)
        ],
        "different": [_different(column).partition(", ")[0] for column in columns],
        "values": [_plain_values(column) for column in columns],
    }
    return pd.DataFrame(rows, pd.Index([column.name for column in columns], name="column"), dtype="object")


def shown_columns(columns: Sequence[ColumnProfile], types: Sequence[str], bad: Sequence[int]) -> pd.DataFrame:
    """Return a row a column for HTML: name and type, how full, how many different values, and a chart of them."""
    rows = {
        "column": [_name(column.name, kind) for column, kind in zip(columns, types, strict=True)],
        "filled": [_fullness(column, cells) for column, cells in zip(columns, bad, strict=True)],
        "different": [_difference(column) for column in columns],
        "values": [_chart(column) for column in columns],
    }
    return pd.DataFrame(rows, dtype="object")


def _name(name: str, kind: str) -> Html:
    return join(tag("b", name), tag("div", kind, class_="sf-dim"))


def _fullness(column: ColumnProfile, bad: int) -> Html:
    missing = column.rows - column.filled
    parts = [filled(column.filled / max(column.rows, 1), _percent(column.filled, column.rows))]
    parts += [tag("div", f"{missing:,} missing", class_="sf-dim")] if missing else []
    parts += [tag("div", tag("b", "✗"), f" {bad:,} of them bad cells", class_="sf-s sf-bad")] if bad else []
    return join(*parts)


def _bad_text(bad: int) -> str:
    return f" ({bad:,} bad)" if bad else ""


def _difference(column: ColumnProfile) -> Html:
    known = column.frequencies
    error = "" if known.is_exact else tag("div", f"± {2 * STANDARD_ERROR:.1%}", class_="sf-dim")
    return join(tag("span", _different(column), class_="sf-one"), error)


def _different(column: ColumnProfile) -> str:
    known = column.frequencies
    if not known.is_exact:
        about = float(f"{known.distinct:.3g}")
        return f"≈ {about:,.0f}" if known.distinct < _ALMOST * column.filled else f"≈ {about:,.0f}, nearly all"
    if known.distinct == column.filled > 1:
        return f"{known.distinct:,}, all of them"
    return f"{known.distinct:,}"


def _chart(column: ColumnProfile) -> Html:
    if not column.filled:
        return tag("span", MISSING, class_="sf-dim")
    if column.histogram is not None:
        return histogram(_bins(column), _ends(column), f"mean {_mean(column)}")
    known = column.frequencies
    shown = min(len(known.ranked), _SHOWN_VALUES) if _stands_out(column) else 0
    values = known.ranked[:shown].to_pylist()
    bars = [
        Bar(_label(value), float(count), f"{_at_least(column)}{count:,} · {_percent(int(count), column.filled)}")
        for value, count in zip(values, known.counts[:shown], strict=True)
    ]
    return ranking(bars, "; ".join(part for part in (_others(column, shown), _lengths(column)) if part))


def _label(value: Any) -> str:
    """Write a value; blanks at its ends are seen."""
    text = cell_of(value).text
    inner = text.strip(" ")
    at = text.index(inner) if inner else len(text)
    return f"{_BLANK * at}{inner}{_BLANK * (len(text) - at - len(inner))}"


def _stands_out(column: ColumnProfile) -> bool:
    """Whether some values come more often than others: of a key, none is worth showing."""
    counts = column.frequencies.counts
    return len(counts) > 0 and (counts[0] > 1 or len(counts) <= _SHOWN_VALUES)


def _others(column: ColumnProfile, shown: int) -> str:
    known = column.frequencies
    if known.is_exact:
        more = known.distinct - shown
        return f"{more:,} {'others' if shown else 'values, each once'}" if more else ""
    return f"counts may be up to {known.error:,} higher" if shown else "no value stands out"


def _lengths(column: ColumnProfile) -> str:
    lengths = column.lengths
    if lengths is None:
        return ""
    if lengths.least == lengths.most:
        return f"{lengths.most:,} characters each"
    return f"{lengths.least:,} to {lengths.most:,} characters, mean {_short(lengths.mean)}"


def _at_least(column: ColumnProfile) -> str:
    return "" if column.frequencies.is_exact else "≥ "


def _bins(column: ColumnProfile) -> list[Bar]:
    if column.histogram is None:
        return []
    edges, counts = column.histogram.edges(), column.histogram.counts
    step = -(-len(counts) // _BARS)
    merged = _merged(counts, step)
    starts = [*edges[:-1:step], edges[-1]]
    labels = [_text(typed(edge, column.kind), column) for edge in starts]
    return [
        Bar(f"{left} to {right}", float(count), f"{count:,}")
        for left, right, count in zip(labels[:-1], labels[1:], merged, strict=True)
    ]


def _merged(counts: NDArray[Any], step: int) -> list[int]:
    return [int(counts[at : at + step].sum()) for at in range(0, len(counts), step)]


def _ends(column: ColumnProfile) -> tuple[str, str]:
    return _text(column.least, column), _text(column.most, column)


def _mean(column: ColumnProfile) -> str:
    if column.mean is None:
        return MISSING
    value = typed(column.mean, column.kind, is_mean=True)
    return _short(value) if isinstance(value, float) else _text(value, column)


def _text(value: Any, column: ColumnProfile) -> str:
    """Write a value: moments to the day where they are spread over many, to the minute where they are not."""
    if isinstance(value, dt.datetime):
        is_wide = isinstance(column.least, dt.datetime) and column.most - column.least > _FEW_DAYS
        return f"{value:%Y-%m-%d}" if is_wide else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    return cell_of(value).text


def _short(value: float) -> str:
    size = abs(value)
    return f"{value:,.0f}" if size >= 1_000 else f"{value:,.2f}" if size >= 1 or value == 0 else f"{value:.3g}"  # noqa: PLR2004


def _plain_values(column: ColumnProfile) -> str:
    if not column.filled:
        return MISSING
    if column.histogram is not None:
        least, most = _ends(column)
        return f"{least} to {most}, mean {_mean(column)}"
    known = column.frequencies
    if not _stands_out(column):
        return _lengths(column)
    shown = zip(known.ranked[:_SHOWN_VALUES].to_pylist(), known.counts[:_SHOWN_VALUES], strict=True)
    said = (
        f"{shorten(_label(value), _PLAIN_CHARS)} {_at_least(column)}{_percent(int(count), column.filled)}"
        for value, count in shown
    )
    return ", ".join(said)


def _percent(count: int, total: int) -> str:
    """Write a share so that only what is all is 100%, and only what is none is 0%."""
    if not total:
        return MISSING
    if count in {0, total}:
        return "100%" if count else "0%"
    return f"{min(max(100 * count / total, 0.1), 99.9):.1f}%"
