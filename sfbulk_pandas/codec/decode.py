"""Read the CSV of Salesforce's answers: streaming, typed, nothing guessed."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sfbulk_pandas.codec.bad_cells import BadColumns
from sfbulk_pandas.codec.blocks import COMMA, Buffers
from sfbulk_pandas.codec.header import places_of, split_header
from sfbulk_pandas.codec.row_typer import ReadOptions, RowTyper
from sfbulk_pandas.codec.schema import parser_type
from sfbulk_pandas.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from sfbulk_pandas.codec.bad_cells import BadCells
    from sfbulk_pandas.codec.blocks import Readable
    from sfbulk_pandas.codec.mapper import Mapper

__all__ = ["PageReader", "ReadOptions", "read_result_batches", "read_result_table", "read_typed_table"]
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
    mapper : callable
        Like ``map``: how blocks are parsed. Blocks are read, and rows handed out, in the thread that iterates.
    buffers : Buffers, optional
        What the blocks lie in, where pages share it.

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
        mapper: Mapper = map,
        buffers: Buffers | None = None,
    ) -> None:
        self._raw = raw
        self._schema = schema
        self._options = options
        self._mapper = mapper
        self._buffers = buffers or Buffers()
        self._typer = RowTyper(schema, bad_cells, options)

    @property
    def rows(self) -> int:
        """The rows read so far."""
        return self._typer.rows

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        header, blocks = split_header(self._raw, self._buffers)
        if header is None or header == [NO_ROWS]:
            return
        places = places_of(self._schema.names, header)
        parse = _Parse(len(header), places, self._schema.names, self._buffers)
        yield from _typed_rows(blocks, parse, self._schema, self._typer, self._mapper)


def _typed_rows(
    blocks: Iterator[memoryview], parse: _Parse, schema: pa.Schema, typer: RowTyper, mapper: Mapper
) -> Iterator[pa.RecordBatch]:
    """Let the parser type the columns, and give a type by hand to those that it refused or leaves as text."""
    kinds = [parser_type(kind) for kind in schema.types]

    def tasks() -> Iterator[tuple[memoryview, list[pa.DataType]]]:
        for block in blocks:
            yield block, [pa.string() if place in typer.by_hand else kind for place, kind in enumerate(kinds)]

    decimals = {place: kind for place, kind in enumerate(schema.types) if pa.types.is_decimal(kind)}
    batches = chain.from_iterable(mapper(lambda task: parse.typed(*task, decimals).to_batches(), tasks()))
    return chain.from_iterable(map(typer.handed_out, batches))  # which holds no rows, as a loop's variable would


def _narrowed(rows: pa.Table, decimals: Mapping[int, pa.DataType]) -> pa.Table:
    """Hold decimals to their precision, which Arrow's parser does not look at (seen in pyarrow 26)."""
    for place, kind in decimals.items():
        if pa.types.is_decimal(rows.column(place).type):
            rows = rows.set_column(place, rows.column_names[place], pc.cast(rows.column(place), kind))
    return rows


def read_typed_table(
    raw: Readable,
    kind_of: Callable[[str], pa.DataType],
    *,
    delimiter: str = COMMA,
    buffers: Buffers | None = None,
    mapper: Mapper = map,
) -> tuple[pa.Table, frozenset[str]]:
    """Read an ingest result file whole, its columns in their types and an empty cell as null.

    Parameters
    ----------
    raw : binary file-like
        Read to its end and not closed.
    kind_of : callable
        Name of a column, as the file spells it -> the type of its cells.
    delimiter, buffers
        As for :func:`read_result_table`.
    mapper : callable
        As for :class:`PageReader`.

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
    buffers = buffers or Buffers()
    header, blocks = split_header(raw, buffers, delimiter)
    header = header or []
    names = [str(place) for place in range(len(header))]  # names of their own: those of the file may come twice
    schema = pa.schema([(place, kind_of(name)) for place, name in zip(names, header, strict=True)])
    parse, bad = _Parse(len(header), range(len(header)), names, buffers, delimiter), BadColumns()
    batches = _typed_rows(blocks, parse, schema, RowTyper(schema, bad, ReadOptions()), mapper)
    table = pa.Table.from_batches(batches, schema).rename_columns(header)
    return table, frozenset(header[int(place)] for place in bad.names)


def read_result_table(raw: Readable, *, delimiter: str = COMMA, buffers: Buffers | None = None) -> pa.Table:
    """Read an ingest result file whole, every column as text and an empty cell as ``""``.

    Parameters
    ----------
    raw : binary file-like
        Read to its end and not closed.
    delimiter : str
        What separates the columns; that of the job.
    buffers : Buffers, optional
        What the blocks lie in.

    Returns
    -------
    pyarrow.Table
        Columns named as in the file; no columns where the body is empty.

    Raises
    ------
    DecodeError
        Where the bytes are no CSV.
    """
    schema, batches = read_result_batches(raw, delimiter=delimiter, buffers=buffers)
    return pa.Table.from_batches(batches, schema)


def read_result_batches(
    raw: Readable,
    *,
    delimiter: str = COMMA,
    buffers: Buffers | None = None,
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
    buffers = buffers or Buffers()
    header, blocks = split_header(raw, buffers, delimiter)
    header = header or []
    places = [place for place, name in enumerate(header) if only is None or name in only]
    schema = pa.schema([(header[place], pa.string()) for place in places])
    parse = _Parse(len(header), places, schema.names, buffers, delimiter, has_nulls=False)
    # On this thread alone: what others have allocated is not given back by release_unused, here or there (pyarrow 26).
    return schema, chain.from_iterable(parse.texts(block).to_batches() for block in blocks)


class _Parse:
    """Arrow's parser, for blocks of one file; from any thread. A block is given back once it is parsed."""

    def __init__(
        self,
        width: int,
        places: Sequence[int],
        names: Sequence[str],
        buffers: Buffers,
        delimiter: str = COMMA,
        has_nulls: bool = True,
    ) -> None:
        self._columns = [str(place) for place in range(width)]
        self._wanted = [str(place) for place in places]
        self._names = names
        self._buffers = buffers
        self._form = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
        self._has_nulls = has_nulls

    def typed(self, block: memoryview, kinds: Sequence[pa.DataType], decimals: Mapping[int, pa.DataType]) -> pa.Table:
        """Return the rows typed; where a value does not fit, all of this block as text."""
        try:
            rows = _narrowed(self._rows(block, kinds), decimals)
        except pa.ArrowInvalid:
            return self.texts(block)
        self._buffers.give_back(block)
        return rows

    def texts(self, block: memoryview) -> pa.Table:
        """Return the rows as text."""
        try:
            rows = self._rows(block, [pa.string()] * len(self._wanted))
        except pa.ArrowInvalid as error:
            raise DecodeError(f"the answer's CSV cannot be read: {error}") from error
        self._buffers.give_back(block)
        return rows

    def _rows(self, block: memoryview, kinds: Sequence[pa.DataType]) -> pa.Table:
        read = csv.ReadOptions(column_names=self._columns, block_size=len(block), use_threads=False)
        convert = csv.ConvertOptions(
            column_types=dict(zip(self._wanted, kinds, strict=True)),
            include_columns=self._wanted,
            null_values=[""],
            strings_can_be_null=self._has_nulls,
            quoted_strings_can_be_null=self._has_nulls,
        )
        rows = csv.read_csv(pa.BufferReader(block), read, self._form, convert)
        return rows.rename_columns(self._names)
