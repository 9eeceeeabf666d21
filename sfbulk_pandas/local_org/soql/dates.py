"""Date literals: what days TODAY, LAST_N_DAYS:7 and their like stand for.

Source: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE". The week begins on Sunday, as in the
locale en_US; the fiscal year is the calendar year.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_NAMED = re.compile(r"(LAST|THIS|NEXT)_(?:FISCAL_)?(WEEK|MONTH|QUARTER|YEAR)")
_COUNTED = re.compile(r"(LAST|NEXT)_N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S:(\d+)")
_AGO = re.compile(r"N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO:(\d+)")
# Word: how many days from today the first one lies, and how many days they are.
_DAYS = {
    "YESTERDAY": (-1, 1),
    "TODAY": (0, 1),
    "TOMORROW": (1, 1),
    "LAST_90_DAYS": (-90, 91),
    "NEXT_90_DAYS": (1, 90),
}
_STEPS = {"LAST": -1, "THIS": 0, "NEXT": 1}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_MAX_YEAR = 9999
_INSTANT = re.compile(r"(.{19})(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE)


def date_range(word: str, today: date) -> tuple[date, date] | None:
    """Return the first day and the day after the last of a date literal, or None for a word that is none.

    Parameters
    ----------
    word : str
        In upper case.
    today : date
        The current day in the user's zone.

    Examples
    --------
    >>> first, after = date_range("LAST_N_DAYS:7", date(2024, 5, 15))
    >>> first.isoformat(), after.isoformat()
    ('2024-05-08', '2024-05-16')
    >>> date_range("SOMEDAY", date(2024, 5, 15)) is None
    True
    """
    if word in _DAYS:
        return _span("DAY", today, *_DAYS[word])
    if match := _NAMED.fullmatch(word):
        return _span(match[2], today, _STEPS[match[1]], 1)
    if match := _AGO.fullmatch(word):
        return _span(match[1], today, -int(match[2]), 1)
    if match := _COUNTED.fullmatch(word):
        return _counted(match[1], match[2], int(match[3]), today)
    return None


def _counted(side: str, unit: str, count: int, today: date) -> tuple[date, date]:
    if side == "NEXT":
        return _span(unit, today, 1, count)
    # Documented: the last n days include the current day; the last n weeks, months ... end before the current one.
    return _span(unit, today, -count, count + (unit == "DAY"))


def _span(unit: str, today: date, offset: int, count: int) -> tuple[date, date]:
    return _start(unit, today, offset), _start(unit, today, offset + count)


def _start(unit: str, today: date, offset: int) -> date:
    """Return the first day of the unit that lies ``offset`` units from today's."""
    if unit in ("DAY", "WEEK"):
        return _shift_days(unit, today, offset)
    months = _MONTHS[unit]
    first = today.year * 12 + today.month - 1
    place = (first // months + offset) * months
    year = min(max(place // 12, 1), _MAX_YEAR)
    return date(year, place % 12 + 1, 1)


def _shift_days(unit: str, today: date, offset: int) -> date:
    sunday = today - timedelta(days=today.isoweekday() % 7)
    try:
        return today + timedelta(days=offset) if unit == "DAY" else sunday + timedelta(weeks=offset)
    except OverflowError:
        return date.max if offset > 0 else date.min


def date_sql(text: str) -> str:
    """Write a date literal as SQL, or raise ValueError for a day that no calendar has."""
    return f"DATE '{date.fromisoformat(text).isoformat()}'"


def datetime_sql(text: str) -> str:
    """Write a datetime literal as a SQL timestamp, UTC.

    Raises
    ------
    ValueError, OverflowError
        For an instant that does not exist.

    Examples
    --------
    >>> datetime_sql("2024-05-01T02:00:00.5+02:00")
    "TIMESTAMP '2024-05-01 00:00:00.500'"
    """
    seconds, fraction, zone = _INSTANT.fullmatch(text).groups()  # type: ignore[union-attr]  # the grammar's DATETIME
    offset = "+00:00" if zone in "Zz" else zone
    instant = datetime.fromisoformat(seconds.upper() + offset).astimezone(UTC).replace(tzinfo=None)
    return f"TIMESTAMP '{instant.isoformat(sep=' ')}.{(fraction or '0')[:3]:0<3}'"
