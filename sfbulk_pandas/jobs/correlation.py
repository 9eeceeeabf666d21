"""A key of its own for every row, carried through the job in a spare field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.wire.ingest import IngestJob

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfbulk_pandas.codec.encode import Part
    from sfbulk_pandas.codec.rows import Positions
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe
    from sfbulk_pandas.spool import Spool

_TEXT = pa.large_string()
_TEXTS = frozenset({FieldType.STRING, FieldType.TEXTAREA})
PREFIX_CHARS = 22  # as many as a load's id has
KEY_CHARS = PREFIX_CHARS + 10  # a hyphen, and nine digits


def correlation_field(frame: pd.DataFrame, describe: SObjectDescribe, name: str, operation: Operation) -> FieldDescribe:
    """Return the field that carries the keys, or say why it cannot.

    Raises
    ------
    UsageError
        Where the operation takes no such field, the object has none, it is no text long enough, this user may not write
        it, or the frame fills it already.
    """
    if operation.is_delete:
        raise UsageError(f"a {operation} sends Ids alone, and no correlation_field=", hint="leave it out")
    field = describe.get(name)
    if field is None:
        raise UsageError(f"{describe.name} has no field {name!r} to carry the keys", hint="name a spare text field")
    if field.type not in _TEXTS or field.length < KEY_CHARS:
        kind = f"{field.type}({field.length})" if field.length else field.type
        hint = f"name a text field of at least {KEY_CHARS} characters"
        raise UsageError(f"correlation_field={field.name!r} is of type {kind} and cannot carry the keys", hint=hint)
    if (operation is not Operation.UPDATE and not field.createable) or (
        operation is not Operation.INSERT and not field.updateable
    ):
        hint = "name another field, or ask for the permission"
        raise UsageError(f"this user may not write the correlation field {field.name!r} by {operation}", hint=hint)
    check_spare(field, frame.columns)
    return field


def job_with(keys: FieldDescribe | None, sobject: str, operation: Operation, key: str | None) -> IngestJob:
    """Return what jobs are created with: an insert with a key of its own for every row goes up as an upsert by it.

    Parameters
    ----------
    keys : FieldDescribe or None
        The field that carries the keys; None where rows have none of their own.
    sobject : str
    operation : Operation
    key : str or None
        The field by which rows are told apart; of an upsert alone jobs are told of it.
    """
    if operation is Operation.INSERT and keys is not None and keys.external_id:
        return IngestJob(sobject, Operation.UPSERT, keys.name)
    return IngestJob(sobject, operation, key if operation is Operation.UPSERT else None)


def prefix_of(parts: Iterable[Part], positions: Positions | None) -> str:
    """Return what the keys begin with of rows that have the same ones wherever, and however often, they are sent.

    The same key is then that of the same bytes in the same row; how the rows are divided into parts does not matter.

    Parameters
    ----------
    parts : iterable of Part
        What is sent beside the keys.
    positions : array of int or None
        Which rows of the frame these are; None for all, in its own order.
    """
    digest = xxhash.xxh3_128()
    for part in parts:
        for chunk in part.body.chunks[1 if part.start else 0 :]:  # one header line
            digest.update(chunk)
        del part, chunk  # before the next one is encoded
    if positions is not None:
        digest.update(positions.data)
    return digest.hexdigest()[:PREFIX_CHARS]


def check_spare(field: FieldDescribe, names: Iterable[object]) -> None:
    """See that none of the frame's columns, as they are labelled or as they travel, is the field of the keys.

    Raises
    ------
    UsageError
    """
    if field.name.lower() in {str(name).lower() for name in names}:
        hint = "drop the column, name a spare field, or upsert by it"
        raise UsageError(f"the frame fills the correlation field {field.name!r} itself", hint=hint)


def with_room_for_keys(frame: pd.DataFrame, header: str) -> pd.DataFrame:
    """Return the frame with one column more that takes as many characters as the keys do, to measure rows by."""
    code = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(frame), np.int8)), pa.array(["-" * KEY_CHARS], _TEXT))
    return _with_column(frame, header, code)


def with_keys(frame: pd.DataFrame, header: str, prefix: str, spool: Spool) -> pd.DataFrame:
    """Return the frame with one column more, mapped from disk: what all keys begin with, and each row's position."""
    numbers = pc.cast(pa.array(np.arange(len(frame))), _TEXT)
    keys = pc.binary_join_element_wise(pa.scalar(prefix, _TEXT), numbers, pa.scalar("-", _TEXT))
    return _with_column(frame, header, spool.mapped(pa.table({header: keys})).column(header))


def _with_column(frame: pd.DataFrame, header: str, column: pa.Array | pa.ChunkedArray) -> pd.DataFrame:
    wider = frame.copy(deep=False)
    wider[header] = pd.Series(pd.arrays.ArrowExtensionArray(column), index=frame.index)
    return wider
