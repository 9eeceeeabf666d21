"""Write a frame as Salesforce CSV: UTF-8, LF, commas, no BOM, in parts under the upload limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv

from sfbulk_pandas.codec.frame import label_at, text_table
from sfbulk_pandas.codec.split import Piece, pack
from sfbulk_pandas.errors import EncodeError
from sfbulk_pandas.salesforce.limits import MAX_HEADER_CHARS, PART_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from sfbulk_pandas.salesforce.columns import Column, EncodeOptions

CONVERT_ROWS = 65_536  # rows turned into text at a time: the measured optimum for Arrow's conversion
PIECE_ROWS = 8_192  # rows encoded at a time: pieces of this size fill a part of 100 MB to 98.8 MB


@dataclass(frozen=True, slots=True)
class PartLimits:
    """How large one upload may be: encoded bytes with the header, and rows (None: no limit of ours)."""

    bytes: int = PART_BYTES
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class CsvBody:
    """The encoded bytes of one part: its length is known, and it can be sent again.

    Attributes
    ----------
    chunks : tuple of pyarrow.Buffer
        Header line first.
    """

    chunks: tuple[pa.Buffer, ...]

    def __len__(self) -> int:
        return sum(chunk.size for chunk in self.chunks)

    def __iter__(self) -> Iterator[memoryview]:
        return (memoryview(chunk).cast("B") for chunk in self.chunks)


@dataclass(frozen=True, slots=True)
class Part:
    """One upload: rows ``start`` to ``stop`` (not included) of the frame, by position.

    Attributes
    ----------
    number : int
        From 1, in the frame's order.
    """

    number: int
    start: int
    stop: int
    body: CsvBody

    @property
    def rows(self) -> int:
        """How many rows it carries."""
        return self.stop - self.start


def encode_parts(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    options: EncodeOptions | None = None,
    limits: PartLimits | None = None,
) -> Iterator[Part]:
    """Encode a frame as one part after the other; about one part is held in memory.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows by columns.
    columns : sequence of Column
        What to send, in the order of the CSV.
    options : EncodeOptions, optional
        How cells are written.
    limits : PartLimits, optional
        How large a part may be.

    Yields
    ------
    Part
        Together they carry every row once, in order.

    Raises
    ------
    EncodeError
        Where a cell cannot be written, or one row alone is larger than a part may be.
    """
    limits = limits or PartLimits()
    header = pa.py_buffer(header_line(columns))
    row_bytes = limits.bytes - header.size
    if row_bytes < 1:
        text = f"the header alone is {header.size:,} bytes of CSV, and a part may hold {limits.bytes:,}"
        raise EncodeError(text, hint="give a larger part_bytes=")
    pieces = _pieces(frame, columns, options)
    for number, packed in enumerate(pack(pieces, encode_rows, row_bytes, limits.rows, _too_large(frame, row_bytes)), 1):
        body = CsvBody((header, *(piece.data for piece in packed)))
        yield Part(number, packed[0].start, packed[-1].stop, body)


def header_line(columns: Sequence[Column]) -> bytes:
    """Write the header; a name is quoted only where it must be.

    Raises
    ------
    EncodeError
        Where it is longer than Salesforce takes (guide, "Prepare CSV Files": 32,000 characters).
    """
    line = ",".join(_quoted(column.header) for column in columns)
    if len(line) > MAX_HEADER_CHARS:
        raise EncodeError(f"the header has {len(line)} characters, and Salesforce takes {MAX_HEADER_CHARS}")
    return f"{line}\n".encode()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(mark in name for mark in ',"\n\r') else name


def encode_rows(table: pa.Table) -> pa.Buffer:
    """Encode a table of texts as CSV lines without a header.

    A missing value is an empty cell; in a table of one column it is ``""``, because readers skip an empty line.
    """
    if table.num_columns == 1:
        table = pa.table([table.column(0).fill_null("")], names=table.column_names)
    out = pa.BufferOutputStream()
    csv.write_csv(table, out, _WRITE)
    return pa.py_buffer(out.getvalue().to_pybytes())  # a copy of the exact size: the stream keeps half as much again


_WRITE = csv.WriteOptions(include_header=False, batch_size=16_384, quoting_style="needed")


def _pieces(frame: pd.DataFrame, columns: Sequence[Column], options: EncodeOptions | None) -> Iterator[Piece]:
    for start in range(0, len(frame), CONVERT_ROWS):
        table = text_table(frame.iloc[start : start + CONVERT_ROWS], columns, options, start=start)
        for offset in range(0, table.num_rows, PIECE_ROWS):
            rows = table.slice(offset, PIECE_ROWS)
            yield Piece(start + offset, rows, encode_rows(rows))


class _too_large:  # noqa: N801 - used as a function
    """Make the error for a row that is larger than a part may be."""

    def __init__(self, frame: pd.DataFrame, row_bytes: int) -> None:
        self.index = frame.index
        self.row_bytes = row_bytes

    def __call__(self, piece: Piece) -> EncodeError:
        row = label_at(self.index, piece.start)
        sizes = {name: len((piece.rows.column(name)[0].as_py() or "").encode()) for name in piece.rows.column_names}
        widest = max(sizes, key=lambda name: sizes[name])
        text = (
            f"row {row!r} (position {piece.start}) is {piece.data.size:,} bytes of CSV, and a part may hold "
            f"{self.row_bytes:,}; its largest cell is in {widest!r}"
        )
        return EncodeError(text, column=widest, row=row, position=piece.start)
