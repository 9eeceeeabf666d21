"""What a query has in it that Bulk API does not take and REST does."""

from __future__ import annotations

from sfbulk_pandas.preflight import bulk_problems
from sfbulk_pandas.salesforce.soql import SoqlError, parse


def refused_in_bulk(soql: str) -> str | None:
    """Return why a query cannot run as a bulk query, in words; None where its text does not show any reason.

    Fields that bulk queries do not take, compound and base64 ones, are not among the reasons: REST answers them in
    forms that fit no column, so they are for the query check to refuse.
    """
    try:
        problem = next(bulk_problems(parse(soql)), None)
    except SoqlError:  # the query check says what is wrong, and where
        return None
    return None if problem is None else problem.check
