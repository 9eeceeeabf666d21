"""What is worth knowing of a column that will travel: repaired headers, and cells that Salesforce keeps otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sfbulk_pandas.preflight.findings import Finding
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.writing.texts import stretch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sfbulk_pandas.preflight.call import LoadCall
    from sfbulk_pandas.preflight.cells import Cells, Subject

_BLANK = np.isin(np.arange(256), np.frombuffer(b" \t\n\r\x0b\x0c", np.uint8))
_RETURN = 13
_SPACE = 32  # the last of the blanks
_WHOLE = {FieldType.INT, FieldType.LONG}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many cells of a block are of a kind that a note tells of."""

    place: int
    check: str
    count: int
    suggestion: str


TRIMMED = ("blanks stand at the ends of texts", "Salesforce drops them, and takes blanks alone for an empty cell")
NORMALISED = ("line breaks are written \\r\\n", "they are sent as \\n")
WRITTEN_WHOLE = ("whole numbers are held as floats", "they are sent without a fraction, as the field wants them")


def header_notes(subjects: Sequence[Subject], call: LoadCall) -> list[Finding]:
    """Tell which columns travel under another name than their own, and which name parents by a key."""
    return [note for subject in subjects for note in _header_notes(subject, call)] + _same_lookups(subjects)


def _same_lookups(subjects: Sequence[Subject]) -> list[Finding]:
    """Tell of columns that set the lookup of an earlier one: a row may fill one of them only."""
    first: dict[str, Subject] = {}
    later = [each for each in subjects if first.setdefault(each.field.name, each) is not each]
    return [
        Finding(
            None,
            each.label,
            f"{first[each.field.name].label!r} sets the same lookup",
            each.column.header,
            "Salesforce refuses rows that fill both",
            "note",
        )
        for each in later
    ]


def _header_notes(subject: Subject, call: LoadCall) -> Iterator[Finding]:
    header, label = subject.column.header, subject.label
    asked = next((each for each in call.headers(label) if each.lower() == header.lower()), None)
    if label in (call.rename or {}):
        yield Finding(None, label, "the column is renamed", header, f"sent as {header}", "note")
    elif header != label:
        check = "the spelling of the header is repaired" if asked else "the header is repaired"
        yield Finding(None, label, check, header, f"sent as {header}", "note")
    if call.operation is Operation.UPSERT and subject.field.createable != subject.field.updateable:
        takers, others = ("new", "existing") if subject.field.createable else ("existing", "new")
        check = f"only {takers} records take this field"
        yield Finding(None, label, check, header, f"rows that mean {others} ones fail where the cell is filled", "note")
    if subject.is_path:
        suggestion = f"each row finds its parent by {header.rpartition('.')[2]}; a blank cell names none"
        yield Finding(None, label, "a lookup is given by a key of the parent", header, suggestion, "note")


def tallies(cells: Cells) -> list[Tally]:
    """Count the cells of a block that Salesforce will keep in another form."""
    place = cells.subject.place
    if cells.is_text:
        counts = [(TRIMMED, _edges(cells)), (NORMALISED, _returns(cells))]
    else:
        counts = [(WRITTEN_WHOLE, _floats(cells))]
    return [Tally(place, check, count, suggestion) for (check, suggestion), count in counts if count]


def _edges(cells: Cells) -> int:
    offsets, data = stretch(cells.values)
    if not data.size:
        return 0
    # Of an empty text these are its neighbours' characters: it is left out below.
    first = data.take(offsets[:-1], mode="clip")
    last = data.take(offsets[1:] - 1, mode="clip")
    if min(first.min(initial=255), last.min(initial=255)) > _SPACE:
        return 0
    return int(np.count_nonzero((_BLANK[first] | _BLANK[last]) & cells.given & (cells.lengths > 0)))


def _returns(cells: Cells) -> int:
    """Count the cells with a carriage return."""
    offsets, data = stretch(cells.values)
    if not data.size or data.min() > _RETURN:
        return 0
    which = np.searchsorted(offsets, np.flatnonzero(data == _RETURN), side="right") - 1
    return int(np.count_nonzero(cells.given[np.unique(which)]))


def _floats(cells: Cells) -> int:
    """Count the whole numbers of an int field's column of floats."""
    if cells.subject.cell_field.type not in _WHOLE or not pa.types.is_floating(cells.values.type):
        return 0
    numbers = cells.values.to_numpy(zero_copy_only=False)
    return int(np.count_nonzero(cells.given & np.isfinite(numbers) & (np.trunc(numbers) == numbers)))


def tally_findings(found: Iterable[Tally], subjects: Sequence[Subject]) -> list[Finding]:
    """Add the blocks up: a note a column and kind, its value the number of cells."""
    counts: dict[tuple[int, str, str], int] = {}
    for each in found:
        key = (each.place, each.check, each.suggestion)
        counts[key] = counts.get(key, 0) + each.count
    return [
        Finding(None, subjects[place].label, check, count, suggestion, "note")
        for (place, check, suggestion), count in sorted(counts.items())
    ]
