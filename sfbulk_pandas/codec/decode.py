"""Read the CSV of Salesforce's answers: streaming, typed, nothing guessed."""

from __future__ import annotations

import csv as stdlib_csv
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv

from sfbulk_pandas.codec.blocks import BLOCK_BYTES, Readable, row_blocks
from sfbulk_pandas.codec.typed import typed_column
from sfbulk_pandas.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STRIDE_BYTES = 1 << 20  # what one thread of Arrow's parser takes at a time
BOM = "\ufeff"
COMMA = ","


def read_batches(
    raw: Readable, types: Mapping[str, pa.DataType], *, block_bytes: int = BLOCK_BYTES
) -> Iterator[pa.RecordBatch]:
    """Read a query result page, a block of rows at a time.

    Parameters
    ----------
    raw : binary file-like
        Read to its end and not closed. A cut-off body must raise by itself: no CSV tells that it is short.
    types : mapping of str to pyarrow.DataType
        Type by header in lower case; a column that is not named is text.
    block_bytes : int
        How much is parsed at a time; a larger row makes a larger block.

    Yields
    ------
    pyarrow.RecordBatch
        Columns named as in the file; every batch has the same schema. An empty cell is null, quoted or not; ``NA``
        and ``null`` are text. A header without rows yields one batch of no rows, an empty body nothing.

    Raises
    ------
    DecodeError
        Where a value does not fit its type, with column and value, or the bytes are no CSV.
    """
    blocks = _split_header(raw, block_bytes)
    names = next(blocks, None)
    if not isinstance(names, list):
        return
    schema = pa.schema([(name, types.get(name.lower(), pa.string())) for name in names])
    for block in blocks:
        if isinstance(block, bytes):
            yield from _read_block(block, schema)


def read_result_table(raw: Readable, *, delimiter: str = COMMA, block_bytes: int = BLOCK_BYTES) -> pa.Table:
    """Read an ingest result file whole, every column as text and an empty cell as ``""``.

    Parameters
    ----------
    raw : binary file-like
        Read to its end and not closed.
    delimiter : str
        What separates the columns; that of the job.

    Returns
    -------
    pyarrow.Table
        Columns named as in the file; no columns where the body is empty.

    Raises
    ------
    DecodeError
        Where the bytes are no CSV.
    """
    blocks = _split_header(raw, block_bytes, delimiter)
    names = next(blocks, None)
    if not isinstance(names, list):
        return pa.table({})
    schema = pa.schema([(name, pa.string()) for name in names])
    parsed = (_parse(block, schema, nulls=False, delimiter=delimiter) for block in blocks if isinstance(block, bytes))
    return pa.Table.from_batches(chain.from_iterable(parsed), schema)


def _split_header(raw: Readable, block_bytes: int, delimiter: str = COMMA) -> Iterator[list[str] | bytes]:
    """Yield the header's names, then the rows; no rows come as one empty block."""
    blocks = row_blocks(raw, block_bytes)
    first = next(blocks, b"").lstrip(b"\r\n")
    if not first:
        return
    line, _, rows = first.partition(b"\n")
    yield _names(line, delimiter)
    rest = next(blocks, b"") if not rows else b""
    yield from (block for block in chain([rows or rest], blocks))


def _names(line: bytes, delimiter: str) -> list[str]:
    text = _utf8(line).removeprefix(BOM).rstrip("\r")
    return next(stdlib_csv.reader([text], delimiter=delimiter))


def _utf8(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(f"the header is not UTF-8: {error}") from error


def _read_block(block: bytes, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Let the parser type the columns; where a value does not fit, look at the block as text."""
    in_parser = pa.schema([(each.name, _parsed_as(each.type)) for each in schema])
    try:
        batches = _parse(block, in_parser, nulls=True)
    except DecodeError:
        batches = _parse(block, pa.schema([(each.name, pa.string()) for each in schema]), nulls=True)
    for batch in batches:
        columns = [typed_column(column, each) for column, each in zip(batch.columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _parsed_as(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_time(kind) else kind  # Arrow's time parser does not take the Z


def _parse(block: bytes, schema: pa.Schema, *, nulls: bool, delimiter: str = COMMA) -> list[pa.RecordBatch]:
    if not block:
        return [pa.RecordBatch.from_arrays([pa.array([], each.type) for each in schema], schema=schema)]
    convert = _convert(schema, nulls=nulls)
    form = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    try:
        return _parse_in(min(len(block), STRIDE_BYTES), block, schema.names, form, convert)
    except pa.ArrowInvalid:
        pass  # perhaps only because a row is longer than the stride: the whole block at once knows no such limit
    try:
        return _parse_in(len(block), block, schema.names, form, convert)
    except pa.ArrowInvalid as error:
        raise DecodeError(f"the answer's CSV cannot be read: {error}") from error


def _parse_in(
    stride: int, block: bytes, names: list[str], form: csv.ParseOptions, convert: csv.ConvertOptions
) -> list[pa.RecordBatch]:
    read = csv.ReadOptions(column_names=names, block_size=stride)
    table = csv.read_csv(pa.BufferReader(block), read, form, convert)
    batches: list[pa.RecordBatch] = table.to_batches()
    return batches


def _convert(schema: pa.Schema, *, nulls: bool) -> csv.ConvertOptions:
    return csv.ConvertOptions(
        column_types={each.name: each.type for each in schema},
        null_values=[""],
        strings_can_be_null=nulls,
        quoted_strings_can_be_null=nulls,
    )
