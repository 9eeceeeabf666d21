"""A key of its own for every row, carried through the job in a spare field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe
    from sfbulk_pandas.spool import Spool

_TEXT = pa.large_string()
_TEXTS = frozenset({FieldType.STRING, FieldType.TEXTAREA})
KEY_CHARS = 30  # a load's id, a hyphen, and nine digits


def correlation_field(frame: pd.DataFrame, describe: SObjectDescribe, name: str) -> FieldDescribe:
    """Return the field that carries the keys, or say why it cannot.

    Raises
    ------
    UsageError
        Where the object has no such field, it is no text long enough, or the frame fills it already.
    """
    field = describe.get(name)
    if field is None:
        raise UsageError(f"{describe.name} has no field {name!r} to carry the keys", hint="name a spare text field")
    if field.type not in _TEXTS or field.length < KEY_CHARS:
        kind = f"{field.type}({field.length})" if field.length else field.type
        hint = f"name a text field of at least {KEY_CHARS} characters"
        raise UsageError(f"correlation_field={field.name!r} is of type {kind} and cannot carry the keys", hint=hint)
    if field.name.lower() in {str(label).lower() for label in frame.columns}:
        hint = "drop the column, name a spare field, or upsert by it"
        raise UsageError(f"the frame fills the correlation field {field.name!r} itself", hint=hint)
    return field


def with_keys(frame: pd.DataFrame, header: str, load_id: str, spool: Spool) -> pd.DataFrame:
    """Return the frame with one column more, mapped from disk: the load's id and each row's position."""
    numbers = pc.cast(pa.array(np.arange(len(frame))), _TEXT)
    keys = pc.binary_join_element_wise(pa.scalar(load_id, _TEXT), numbers, pa.scalar("-", _TEXT))
    mapped = spool.mapped(pa.table({header: keys})).column(header)
    keyed = frame.copy(deep=False)
    keyed[header] = pd.Series(pd.arrays.ArrowExtensionArray(mapped), index=frame.index)
    return keyed
