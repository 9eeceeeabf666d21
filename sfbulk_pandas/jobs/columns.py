"""Which columns a query returns, and of which types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.codec.schema import arrow_type
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.soql import Select, SelectItem, SoqlError, read_select

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.describes import Describes


_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)


def has_order(soql: str) -> bool:
    """Whether a query says in which order its rows come."""
    return bool(_ORDER.search(_QUOTED.sub("''", soql)))


def selected(soql: str) -> Select:
    """Read the object and select list of a query.

    Raises
    ------
    UsageError
        Where the text is no query.
    """
    try:
        return read_select(soql)
    except SoqlError as error:
        raise UsageError(f"this is no query: {error}", hint="write SELECT field, ... FROM object ...") from None


def result_schema(select: Select, describes: Describes) -> pa.Schema:
    """Give each column of a query the type its describe says.

    What the describe does not know, such as an expression, is text: whether the query is right
    is for Salesforce to say.

    Raises
    ------
    UsageError
        Where the object is not there.
    """
    return pa.schema([_column(select, item, describes) for item in select.items])


def _column(select: Select, item: SelectItem, describes: Describes) -> pa.Field:
    field = describes.field(select.sobject, item.path) if item.path else None
    if field is None:
        return pa.field(item.name, pa.string())
    head, dot, _ = item.path.rpartition(".")
    return pa.field(f"{head}{dot}{field.name}", arrow_type(field))
