"""Put values into a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.soql import SoqlError, bind, literal


def bound(soql: str, params: Mapping[str, Any]) -> str:
    """Put values into the ``{name}`` places of a query, quoted safely; missing values are null.

    Raises
    ------
    UsageError
        For a value SOQL cannot write, a name without a value, or a value without its place.
    """
    try:
        return bind(soql, {name: _plain(value) for name, value in params.items()})
    except SoqlError as error:
        raise UsageError(f"the query cannot be bound: {error}") from None


def bound_value(value: Any) -> str:
    """Write one value as :func:`bound` does.

    Raises
    ------
    SoqlError
        For a value SOQL cannot write.
    """
    return literal(_plain(value))


def _plain(value: Any) -> Any:
    """Return Python's own value for one of numpy's or pandas'."""
    if isinstance(value, pd.DataFrame):
        raise SoqlError("a DataFrame is no list of values; give one of its columns")
    if isinstance(value, Mapping):  # whose keys would be taken for a list
        return value
    if isinstance(value, str) or not pd.api.types.is_scalar(value):
        return [_plain(each) for each in value] if pd.api.types.is_list_like(value) else value
    if pd.isna(value):
        return None
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value)
    return value.item() if isinstance(value, np.generic) else value
