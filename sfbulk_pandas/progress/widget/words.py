"""Figures as people read them."""

from __future__ import annotations

from datetime import timedelta

from sfbulk_pandas.display.cells import cell_of

_MINUTE, _HOUR = 60, 3_600
_LONG_MINUTES = 90  # from there on, hours say it better
_STEP = 1_000
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_TEN, _HUNDRED = 10, 100


def size(count: float) -> str:
    """Write a number of bytes, such as ``"12.3 MB"``."""
    unit = next((each for each in _UNITS if count < _STEP * _UNITS[each]), "TB")
    amount = count / _UNITS[unit]
    return f"{amount:,.0f} {unit}" if unit == "B" or amount >= _HUNDRED else f"{amount:.1f} {unit}"


def speed(per_second: float | None, what: str) -> str:
    """Write rows a second; nothing where there is no speed."""
    return "" if not per_second else f"{per_second:,.0f} {what}/s" if per_second >= 1 else f"under 1 {what[:-1]}/s"


def byte_speed(per_second: float | None) -> str:
    """Write bytes a second; nothing where there is no speed."""
    return f"{size(per_second)}/s" if per_second else ""


def duration(seconds: float) -> str:
    """Write a duration by its two largest units; a short one in tenths."""
    return f"{seconds:.1f} s" if seconds < _TEN else cell_of(timedelta(seconds=round(seconds))).text


def left(seconds: float | None) -> str:
    """Write an estimate as roughly as it is known; nothing where it is not."""
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return "less than a minute left"
    minutes = round(seconds / _MINUTE)
    return f"about {minutes} min left" if minutes < _LONG_MINUTES else f"about {seconds / _HOUR:.1f} h left"


def some(count: int, word: str) -> str:
    """Write a number with its word, such as ``"1 page"``."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
