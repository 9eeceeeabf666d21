"""Arrow types without their packing: what pandas' ``ArrowDtype`` takes, and the encoder reads."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.errors import UsageError


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return a schema with plain types and without metadata (pandas' would bring an index back).

    Parameters
    ----------
    schema : pyarrow.Schema

    Returns
    -------
    pyarrow.Schema
        Dictionaries and run ends decoded, views as large types; of extension types UUIDs as text, Arrow's 8-bit
        booleans as booleans, any other as what stores it.

    Raises
    ------
    UsageError
        Where there are no columns, or one holds what no cell can: structs, maps, lists of lists, intervals.
    """
    if not schema.names:
        raise UsageError("the source has no columns")
    return pa.schema([pa.field(each.name, _of_column(each)) for each in schema])


def _of_column(field: pa.Field) -> pa.DataType:
    kind = _plain(field.type)
    if kind is None:
        raise UsageError(
            f"column {field.name!r} is of type {field.type}, which fits no cell",
            hint="take it apart into columns of its own, or turn it into text, before it is loaded",
        )
    return kind


def _plain(kind: pa.DataType) -> pa.DataType | None:
    if isinstance(kind, pa.BaseExtensionType):
        return _MEANT.get(kind.extension_name) or _plain(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _plain(kind.value_type)
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    if _is_flat_list(kind):
        return pa.large_list(_plain(kind.value_type))
    return None if pa.types.is_nested(kind) or pa.types.is_interval(kind) else kind


_MEANT = {"arrow.uuid": pa.string(), "arrow.bool8": pa.bool_()}  # what they are, and not the bytes that store them


def _is_flat_list(kind: pa.DataType) -> bool:
    # Not list views: pyarrow 26 casts them to lists that are empty.
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(is_list and not pa.types.is_nested(kind.value_type) and _plain(kind.value_type))


def plain_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a record batch with the types of :func:`plain_schema`; what has them already is not copied."""
    columns = [_unpacked(column, each.type) for column, each in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _unpacked(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if isinstance(array, pa.ExtensionArray):
        if array.type.extension_name == "arrow.uuid":
            return pa.array([None if each is None else str(each) for each in array.to_pylist()], kind)
        return _unpacked(array.storage, kind)
    if pa.types.is_run_end_encoded(array.type):
        return _unpacked(pc.run_end_decode(array), kind)
    if pa.types.is_dictionary(array.type):  # not cast as a whole: Arrow cannot decode a dictionary of views
        return _unpacked(array.dictionary, kind).take(array.indices)
    if _is_flat_list(array.type) and pa.types.is_dictionary(array.type.value_type):
        return _unpacked_list(array, kind)
    return array if array.type == kind else array.cast(kind)


def _unpacked_list(array: pa.Array, kind: pa.DataType) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy()
    ends = pa.array(np.append(0, np.cumsum(lengths)), pa.int64())
    return pa.LargeListArray.from_arrays(ends, _unpacked(array.flatten(), kind.value_type), mask=array.is_null())
