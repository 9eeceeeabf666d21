"""SOQL as the client reads and writes it: text to tree and back, values quoted safely, changes by place.

Source: SOQL and SOSL Reference.
"""

from __future__ import annotations

from sfbulk_pandas.salesforce.soql.bind import bind
from sfbulk_pandas.salesforce.soql.changes import add_condition, replace_select, without_limit
from sfbulk_pandas.salesforce.soql.errors import SoqlError
from sfbulk_pandas.salesforce.soql.parse import parse, parse_condition
from sfbulk_pandas.salesforce.soql.select import Select, SelectItem, read_select, select_of
from sfbulk_pandas.salesforce.soql.tree import Query
from sfbulk_pandas.salesforce.soql.values import literal, quote

__all__ = [
    "Query",
    "Select",
    "SelectItem",
    "SoqlError",
    "add_condition",
    "bind",
    "literal",
    "parse",
    "parse_condition",
    "quote",
    "read_select",
    "replace_select",
    "select_of",
    "without_limit",
]
