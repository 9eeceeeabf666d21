"""Write days, times and instants as text, whole columns at a time."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.writing.texts import TEXT, by_distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

DAY_MS = 86_400_000
MINUTE_MS = 60_000
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31: years of four digits
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # of a second
_DAY_S = 86_400
_MANY_DAYS = 100_000  # a table of a wider span of days costs more than it saves
_FEW_DAYS = 1_024  # tables begin and end at multiples of so many


def out_of_range(moments: pa.Array) -> pa.Array | None:
    """Return which days, instants or times no text can say: other years than 1 to 9999, or no time of a day.

    Other programs have them as infinity, or as 24:00. None: there are none, as two of the values say for all.
    """
    first, last = _range(moments.type)
    ticks = moments.view(pa.int32() if moments.type.bit_width == 32 else pa.int64())  # noqa: PLR2004 - bits
    edges = pc.min_max(ticks).as_py()
    if edges["min"] is None or (first <= edges["min"] and edges["max"] <= last):
        return None
    return pc.or_(pc.less(ticks, max(first, edges["min"])), pc.greater(ticks, min(last, edges["max"])))


def _range(kind: pa.DataType) -> tuple[int, int]:
    """Return the first and the last value of a type that text can say, in its own unit."""
    if pa.types.is_date32(kind):
        return _FIRST_DAY, _LAST_DAY
    day = _DAY_S * _TICKS["ms" if pa.types.is_date64(kind) else kind.unit]
    if pa.types.is_time(kind):
        return 0, day - 1
    return _FIRST_DAY * day, (_LAST_DAY + 1) * day - 1


def in_range(moments: pa.Array) -> pa.Array:
    """Return days, instants or times, null where no text can say them."""
    outside = out_of_range(moments)
    return moments if outside is None else pc.if_else(outside, pa.scalar(None, moments.type), moments)


def dates_text(days: pa.Array) -> pa.Array:
    """Write dates as ``2024-02-29``."""
    days = pc.cast(days, pa.date32())
    if days.null_count == len(days):
        return pa.nulls(len(days), TEXT)
    values = pc.fill_null(days, pc.min(days)).view(pa.int32()).to_numpy()
    span = _span(int(values.min()), int(values.max()))
    if span is None:
        return by_distinct(days, lambda each: pc.cast(each, TEXT))
    return _where_valid(_of_one_length(_day_texts(*span).take(values - span[0])), days)


def times_text(times: pa.Array) -> pa.Array:
    """Write times as ``03:04:05.678Z``."""
    text = pc.cast(pc.cast(times, pa.time32("ms"), safe=False), TEXT)
    return pc.binary_join_element_wise(text, pa.scalar("Z", TEXT), pa.scalar("", TEXT))


def instants_text(instants: pa.Array, timezone: str | None) -> pa.Array:
    """Write timestamps as ``2024-01-02T03:04:05.678Z``, null where a naive one has no place in its zone."""
    if instants.type.tz is None:
        instants = placed(instants, timezone)
    return _utc_text(_milliseconds(instants.view(pa.timestamp(instants.type.unit))))


def day_or_clock_text(moments: pa.Array) -> pa.Array:
    """Write timestamps for a date field: as a date where their own clock shows midnight.

    Any other is written as it is, which Salesforce refuses: to cut the hours off is not ours to decide.
    """
    clock = moments if moments.type.tz is None else pc.local_timestamp(moments)
    days = pc.cast(clock, pa.date32(), safe=False)
    is_day = pc.equal(pc.cast(days, clock.type), clock)
    text = dates_text(days)
    if pc.all(is_day).as_py() is not False:
        return text
    zone = "" if moments.type.tz is None else "Z"
    utc = _milliseconds(moments.view(pa.timestamp(moments.type.unit)))
    return pc.if_else(is_day, text, _cast_text(utc, zone))


def placed(naive: pa.Array, timezone: str | None) -> pa.Array:
    """Return naive datetimes in UTC; null where the change of clocks leaves them out or doubles them."""
    index = pd.DatetimeIndex(naive.to_pandas())
    if timezone is None:
        return pa.nulls(len(naive), naive.type)
    local = index.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT")
    return pa.array(local.tz_convert("UTC").tz_localize(None), from_pandas=True)


def _milliseconds(array: pa.Array) -> pa.Array:
    """Cut what is finer than Salesforce's milliseconds, downwards also before 1970."""
    try:
        return pc.cast(array, pa.timestamp("ms"))
    except pa.ArrowInvalid:
        return pc.cast(pc.floor_temporal(array, unit="millisecond"), pa.timestamp("ms"))


def _utc_text(utc: pa.Array) -> pa.Array:
    """Write naive UTC timestamps.

    A text has 24 bytes, which are three machine words, and each word is looked up in a table. That is a quarter of
    the time of Arrow's cast and the two replacements after it (35 + 23 + 23 ns a value, measured 2026-11).
    """
    if utc.null_count == len(utc):
        return pa.nulls(len(utc), TEXT)
    values = pc.fill_null(utc, pc.min(utc)).cast(pa.int64()).to_numpy()
    days, in_day = np.divmod(values, DAY_MS)
    span = _span(int(days.min()), int(days.max()))
    if span is None:
        return _cast_text(utc, "Z")
    return _where_valid(_of_one_length(_words(days - span[0], in_day, _day_texts(*span))), utc)


def _where_valid(text: pa.Array, moments: pa.Array) -> pa.Array:
    """Return the texts, null where there is no moment."""
    return pc.if_else(moments.is_valid(), text, pa.scalar(None, TEXT)) if moments.null_count else text


def _cast_text(utc: pa.Array, zone: str) -> pa.Array:
    text = pc.replace_substring(pc.cast(utc, TEXT), pattern=" ", replacement="T", max_replacements=1)
    return pc.binary_join_element_wise(text, pa.scalar(zone, TEXT), pa.scalar("", TEXT))


def _span(first: int, last: int) -> tuple[int, int] | None:
    """Return the days of which a table is to be made, so that rows of about the same time share it; None: too many."""
    if first < _FIRST_DAY or last > _LAST_DAY or last - first > _MANY_DAYS:
        return None
    return first // _FEW_DAYS * _FEW_DAYS, last // _FEW_DAYS * _FEW_DAYS + _FEW_DAYS - 1


@lru_cache(maxsize=8)
def _day_texts(first: int, last: int) -> NDArray[np.bytes_]:
    """Write each day of a span: 0.8 microseconds each, more than a row takes (2026-11)."""
    days = np.arange(first, last + 1).astype("datetime64[D]")
    return np.datetime_as_string(days).astype("S10")


def _words(days: NDArray[np.int64], in_day: NDArray[np.int64], day_texts: NDArray[np.bytes_]) -> Words:
    minutes, in_minute = np.divmod(in_day, MINUTE_MS)
    characters = day_texts.view(np.uint8).reshape(-1, 10)
    words = np.empty((len(days), 3), np.uint64)
    words[:, 0] = _packed(characters[:, :8], 0)[days]  # 2024-01-
    words[:, 1] = _packed(characters[:, 8:], 0)[days] | _minute_words()[minutes]  # 02T03:04
    words[:, 2] = _second_words()[in_minute]  # :05.678Z
    return words


def _packed(characters: NDArray[np.uint8], at: int) -> Words:
    """Put characters at a place in otherwise empty words."""
    whole = np.zeros((len(characters), 8), np.uint8)
    whole[:, at : at + characters.shape[1]] = characters
    return whole.view(np.uint64).ravel()


@cache
def _minute_words() -> Words:
    return _table([f"T{minute // 60:02}:{minute % 60:02}" for minute in range(24 * 60)], 2)


@cache
def _second_words() -> Words:
    return _table([f":{each // 1000:02}.{each % 1000:03}Z" for each in range(MINUTE_MS)], 0)


def _table(texts: list[str], at: int) -> Words:
    return _packed(np.array(texts, "S").view(np.uint8).reshape(len(texts), -1), at)


def _of_one_length(texts: Words | NDArray[np.bytes_]) -> pa.Array:
    offsets = np.arange(0, texts.nbytes + 1, texts.nbytes // len(texts), dtype=np.int64)
    return pa.Array.from_buffers(TEXT, len(texts), [None, pa.py_buffer(offsets), pa.py_buffer(texts)])
