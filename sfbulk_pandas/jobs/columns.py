"""Which columns a query returns, and of which types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.codec.schema import arrow_type
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.soql import Select, SelectItem, SoqlError, read_select

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.describes import Describes


def result_schema(soql: str, describes: Describes) -> pa.Schema:
    """Read the select list of a query and give each column the type its describe says.

    What the describe does not know, such as an expression, is text: whether the query is right
    is for Salesforce to say.

    Raises
    ------
    UsageError
        Where the text is no query, or its object is not there.
    """
    try:
        select = read_select(soql)
    except SoqlError as error:
        raise UsageError(f"this is no query: {error}", hint="write SELECT field, ... FROM object ...") from None
    return pa.schema([_column(select, item, describes) for item in select.items])


def _column(select: Select, item: SelectItem, describes: Describes) -> pa.Field:
    field = describes.field(select.sobject, item.path) if item.path else None
    if field is None:
        return pa.field(item.name, pa.string())
    head, dot, _ = item.path.rpartition(".")
    return pa.field(f"{head}{dot}{field.name}", arrow_type(field))
