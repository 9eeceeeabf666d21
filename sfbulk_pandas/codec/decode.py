"""Read the CSV of Salesforce's answers: streaming, typed, nothing guessed."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sfbulk_pandas.codec.bad_cells import BadColumns
from sfbulk_pandas.codec.blocks import BLOCK_BYTES, COMMA
from sfbulk_pandas.codec.header import places_of, split_header
from sfbulk_pandas.codec.row_typer import ReadOptions, RowTyper
from sfbulk_pandas.codec.schema import parser_type
from sfbulk_pandas.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from sfbulk_pandas.codec.bad_cells import BadCells
    from sfbulk_pandas.codec.blocks import Readable

__all__ = ["PageReader", "ReadOptions", "read_result_batches", "read_result_table", "read_typed_table"]
STRIDE_BYTES = 1 << 20  # what one thread of Arrow's parser takes at a time
NO_ROWS = "Records not found for this query"  # all that Bulk API 1.0 answers then, with or without a line end


class PageReader:
    """Read a query result page into record batches, in one go and in memory that does not grow with it.

    Parameters
    ----------
    raw : binary file-like
        Read to its end and not closed. A cut-off body must raise by itself: no CSV tells that it is short.
    schema : pyarrow.Schema
        That of every batch: its names, order and types. The page may spell and order its columns otherwise.
    bad_cells : BadCells
        Takes the cells whose text is no value of their type, when their batch is handed out.
    options : ReadOptions

    Attributes
    ----------
    rows : int
        The rows read so far, skipped ones among them.

    Notes
    -----
    Iterating yields :class:`pyarrow.RecordBatch`, none of them empty. An empty cell is null, quoted or not; ``NA``
    and ``null`` are text. An empty body, a header alone and the sentence of Bulk API 1.0 are no rows.

    It raises DecodeError where the bytes are no CSV, where a column is missing or was not asked for, and for a bad
    value with ``on_bad_value="raise"``, with its ``column``, ``row`` from 0, ``Id``, ``text``, and ``page``: its name.
    """

    def __init__(
        self,
        raw: Readable,
        schema: pa.Schema,
        bad_cells: BadCells,
        options: ReadOptions = ReadOptions(),  # noqa: B008 - frozen
    ) -> None:
        self._raw = raw
        self._schema = schema
        self._options = options
        self._typer = RowTyper(schema, bad_cells, options)

    @property
    def rows(self) -> int:
        """The rows read so far."""
        return self._typer.rows

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        header, blocks = split_header(self._raw, self._options.block_bytes)
        if header is None or header == [NO_ROWS]:
            return
        order = [str(place) for place in places_of(self._schema.names, header)]
        names = [str(place) for place in range(len(header))]
        for block in blocks:
            parse = _Parse(names, order, self._options.use_threads())
            yield from _typed_rows(block, parse, self._schema, self._typer)


def _typed_rows(block: memoryview, parse: _Parse, schema: pa.Schema, typer: RowTyper) -> Iterator[pa.RecordBatch]:
    """Let the parser type the columns; where a value does not fit, take all of this block as text."""
    types = [parser_type(kind) for kind in schema.types]
    for place in typer.by_hand:
        types[place] = pa.string()
    try:
        parsed = [_narrowed(batch, schema) for batch in parse(block, types, STRIDE_BYTES)]
    except pa.ArrowInvalid:
        parsed = parse.as_text(block)
    for batch in parsed:
        yield from typer.handed_out(batch)


def _narrowed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Hold decimals to their precision, which Arrow's parser does not look at (seen in pyarrow 26)."""
    for place, field in enumerate(schema):
        if pa.types.is_decimal(batch.column(place).type):
            batch = batch.set_column(place, field.name, pc.cast(batch.column(place), field.type))
    return batch


def read_typed_table(
    raw: Readable,
    kind_of: Callable[[str], pa.DataType],
    *,
    delimiter: str = COMMA,
    block_bytes: int = BLOCK_BYTES,
) -> tuple[pa.Table, frozenset[str]]:
    """Read an ingest result file whole, its columns in their types and an empty cell as null.

    Parameters
    ----------
    raw : binary file-like
        Read to its end and not closed.
    kind_of : callable
        Name of a column, as the file spells it -> the type of its cells.
    delimiter, block_bytes
        As for :func:`read_result_table`.

    Returns
    -------
    pyarrow.Table, frozenset of str
        Columns named as in the file, and those of them in which a text is no value of the type: read these again as
        texts, for their cells are null here.

    Raises
    ------
    DecodeError
        Where the bytes are no CSV.
    """
    header, blocks = split_header(raw, block_bytes, delimiter)
    header = header or []
    places = [str(place) for place in range(len(header))]  # names of their own: those of the file may come twice
    schema = pa.schema([(place, kind_of(name)) for place, name in zip(places, header, strict=True)])
    parse, bad = _Parse(places, places, use_threads=True, delimiter=delimiter), BadColumns()
    typer = RowTyper(schema, bad, ReadOptions())
    batches = chain.from_iterable(_typed_rows(block, parse, schema, typer) for block in blocks)
    table = pa.Table.from_batches(batches, schema).rename_columns(header)
    return table, frozenset(header[int(place)] for place in bad.names)


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
    schema, batches = read_result_batches(raw, delimiter=delimiter, block_bytes=block_bytes)
    return pa.Table.from_batches(batches, schema)


def read_result_batches(
    raw: Readable,
    *,
    delimiter: str = COMMA,
    block_bytes: int = BLOCK_BYTES,
    only: Container[str] | None = None,
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Read an ingest result file block by block; parameters and errors as for :func:`read_result_table`.

    Parameters
    ----------
    only : container of str, optional
        The columns that are wanted, by their names in the file.

    Returns
    -------
    tuple of (pyarrow.Schema, iterator of pyarrow.RecordBatch)
    """
    header, blocks = split_header(raw, block_bytes, delimiter)
    header = header or []
    names = [str(place) for place in range(len(header))]
    order = [place for place, name in zip(names, header, strict=True) if only is None or name in only]
    # On this thread alone: what others have allocated is not given back by release_unused, here or there (pyarrow 26).
    parse = _Parse(names, order, use_threads=False, delimiter=delimiter, has_nulls=False)
    schema = pa.schema([(header[int(place)], pa.string()) for place in order])
    parsed = chain.from_iterable(parse.as_text(block) for block in blocks)
    return schema, (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in parsed)


class _Parse:
    """Arrow's parser, for blocks of one file."""

    def __init__(
        self, names: list[str], order: list[str], use_threads: bool, delimiter: str = COMMA, has_nulls: bool = True
    ) -> None:
        self._names = names
        self._order = order
        self._use_threads = use_threads
        self._form = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
        self._has_nulls = has_nulls

    def __call__(self, block: memoryview, types: Sequence[pa.DataType], stride: int) -> list[pa.RecordBatch]:
        read = csv.ReadOptions(column_names=self._names, block_size=stride, use_threads=self._use_threads)
        convert = csv.ConvertOptions(
            column_types=dict(zip(self._order, types, strict=True)),
            include_columns=self._order,
            null_values=[""],
            strings_can_be_null=self._has_nulls,
            quoted_strings_can_be_null=self._has_nulls,
        )
        table = csv.read_csv(pa.BufferReader(block), read, self._form, convert)
        return [batch for batch in table.to_batches() if batch.num_rows]

    def as_text(self, block: memoryview) -> list[pa.RecordBatch]:
        types = [pa.string()] * len(self._order)
        try:
            return self(block, types, STRIDE_BYTES)
        except pa.ArrowInvalid:
            pass  # perhaps only because a row is longer than the stride: the whole block at once knows no such limit
        try:
            return self(block, types, len(block))
        except pa.ArrowInvalid as error:
            raise DecodeError(f"the answer's CSV cannot be read: {error}") from error
