"""Which queries can be cut into parts whose rows add up to the whole."""

from __future__ import annotations

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.soql import parse


def undividable(soql: str) -> str | None:
    """Return the clause for which a query is not the sum of its ranges of Ids; None where there is none."""
    query = parse(soql)
    clauses = {"ORDER BY": query.order, "LIMIT": query.limit, "OFFSET": query.offset, "GROUP BY": query.is_grouped}
    return next((name for name, clause in clauses.items() if clause), None)


def check_divisible(soql: str) -> None:
    """Refuse a query that cannot be cut.

    Raises
    ------
    UsageError
    """
    clause = undividable(soql)
    if clause is not None:
        raise UsageError(
            f"a query with {clause} cannot be cut into ranges of Ids: it is not the sum of its parts",
            hint=f'leave {clause} out, or say plan="locator"',
        )
