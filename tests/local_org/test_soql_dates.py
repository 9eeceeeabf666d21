"""Date literals: the days that each stands for, on Wednesday, 2026-03-18."""

from __future__ import annotations

from datetime import date

import pytest

from sfbulk_pandas.local_org.soql.dates import date_range, datetime_sql

TODAY = date(2026, 3, 18)


@pytest.mark.parametrize(
    ("word", "first", "after"),
    [
        ("YESTERDAY", "2026-03-17", "2026-03-18"),
        ("TODAY", "2026-03-18", "2026-03-19"),
        ("TOMORROW", "2026-03-19", "2026-03-20"),
        ("LAST_WEEK", "2026-03-08", "2026-03-15"),
        ("THIS_WEEK", "2026-03-15", "2026-03-22"),
        ("NEXT_WEEK", "2026-03-22", "2026-03-29"),
        ("LAST_MONTH", "2026-02-01", "2026-03-01"),
        ("THIS_MONTH", "2026-03-01", "2026-04-01"),
        ("NEXT_MONTH", "2026-04-01", "2026-05-01"),
        ("LAST_90_DAYS", "2025-12-18", "2026-03-19"),
        ("NEXT_90_DAYS", "2026-03-19", "2026-06-17"),
        ("LAST_N_DAYS:7", "2026-03-11", "2026-03-19"),
        ("NEXT_N_DAYS:7", "2026-03-19", "2026-03-26"),
        ("N_DAYS_AGO:3", "2026-03-15", "2026-03-16"),
        ("LAST_N_WEEKS:2", "2026-03-01", "2026-03-15"),
        ("NEXT_N_WEEKS:2", "2026-03-22", "2026-04-05"),
        ("N_WEEKS_AGO:1", "2026-03-08", "2026-03-15"),
        ("LAST_N_MONTHS:4", "2025-11-01", "2026-03-01"),
        ("NEXT_N_MONTHS:1", "2026-04-01", "2026-05-01"),
        ("N_MONTHS_AGO:3", "2025-12-01", "2026-01-01"),
        ("THIS_QUARTER", "2026-01-01", "2026-04-01"),
        ("LAST_QUARTER", "2025-10-01", "2026-01-01"),
        ("NEXT_QUARTER", "2026-04-01", "2026-07-01"),
        ("LAST_N_QUARTERS:2", "2025-07-01", "2026-01-01"),
        ("NEXT_N_QUARTERS:2", "2026-04-01", "2026-10-01"),
        ("N_QUARTERS_AGO:2", "2025-07-01", "2025-10-01"),
        ("THIS_YEAR", "2026-01-01", "2027-01-01"),
        ("LAST_YEAR", "2025-01-01", "2026-01-01"),
        ("NEXT_YEAR", "2027-01-01", "2028-01-01"),
        ("LAST_N_YEARS:5", "2021-01-01", "2026-01-01"),
        ("NEXT_N_YEARS:5", "2027-01-01", "2032-01-01"),
        ("N_YEARS_AGO:1", "2025-01-01", "2026-01-01"),
        ("THIS_FISCAL_QUARTER", "2026-01-01", "2026-04-01"),
        ("LAST_FISCAL_YEAR", "2025-01-01", "2026-01-01"),
        ("NEXT_FISCAL_YEAR", "2027-01-01", "2028-01-01"),
        ("LAST_N_FISCAL_QUARTERS:6", "2024-07-01", "2026-01-01"),
        ("NEXT_N_FISCAL_YEARS:3", "2027-01-01", "2030-01-01"),
        ("N_FISCAL_QUARTERS_AGO:1", "2025-10-01", "2026-01-01"),
        ("LAST_N_YEARS:99999", "0001-01-01", "2026-01-01"),
    ],
)
def test_range(word, first, after):
    assert date_range(word, TODAY) == (date.fromisoformat(first), date.fromisoformat(after))


def test_a_week_that_begins_today():
    sunday = date(2026, 3, 15)
    assert date_range("THIS_WEEK", sunday) == (sunday, date(2026, 3, 22))


@pytest.mark.parametrize("word", ["SOMEDAY", "LAST_DAY", "LAST_N_DAYS", "THIS_N_DAYS:3"])
def test_other_words(word):
    assert date_range(word, TODAY) is None


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("2024-05-01T10:11:12Z", "TIMESTAMP '2024-05-01 10:11:12.000'"),
        ("2024-05-01t10:11:12.1234567z", "TIMESTAMP '2024-05-01 10:11:12.123'"),
        ("2024-05-01T01:00:00.000+02:00", "TIMESTAMP '2024-04-30 23:00:00.000'"),
        ("2024-05-01T01:00:00.000-0730", "TIMESTAMP '2024-05-01 08:30:00.000'"),
    ],
)
def test_instants(text, sql):
    assert datetime_sql(text) == sql
