"""Check a frame against a describe, a block of rows at a time, and say which rows cannot go up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import pyarrow as pa

from sfbulk_pandas.errors import PreflightFailed
from sfbulk_pandas.preflight.blanks import (
    ABSENT_REQUIRED,
    absent_required,
    blank_rows,
    inserted_rows,
    key_problems,
    required_names,
    required_problems,
)
from sfbulk_pandas.preflight.blocks import blocks_of
from sfbulk_pandas.preflight.cells import Cells, Subject, read_block
from sfbulk_pandas.preflight.findings import failure_text
from sfbulk_pandas.preflight.headers import field_set
from sfbulk_pandas.preflight.notes import header_notes, tallies, tally_findings
from sfbulk_pandas.preflight.problems import (
    CANNOT_TRAVEL,
    TEXT,
    Problem,
    blocked_rows,
    error_texts,
    plain_values,
    report_frame,
    text_of,
)
from sfbulk_pandas.preflight.record_ids import id_prefixes, id_problems
from sfbulk_pandas.preflight.repeats import repeat_problems
from sfbulk_pandas.preflight.resolve import settle_columns
from sfbulk_pandas.preflight.texts import text_problems
from sfbulk_pandas.preflight.typed import type_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sfbulk_pandas.preflight.call import LoadCall
    from sfbulk_pandas.preflight.findings import Finding
    from sfbulk_pandas.preflight.notes import Tally
    from sfbulk_pandas.preflight.repeats import Mapper
    from sfbulk_pandas.salesforce.columns import Column
    from sfbulk_pandas.salesforce.sobject import SObjectDescribe

OnProblem = Literal["raise", "skip", "send"]


class Refused(Protocol):
    """Cells of one column that have no form in which they could travel."""

    @property
    def column(self) -> Column:
        """The column."""

    @property
    def positions(self) -> NDArray[np.int64]:
        """Their rows, counted from the start of the frame."""

    @property
    def reason(self) -> str:
        """Why, in words that fit each of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """What a check found.

    Attributes
    ----------
    columns : tuple of Column
        What would be sent: the columns that resolved.
    report : pandas.DataFrame
        index, column, check, value, suggestion, severity.
    blocked : numpy.ndarray of int64
        The rows, by position and ascending, that Salesforce will refuse or that cannot travel.
    errors : pyarrow.LargeStringArray
        The ``sf__Error`` of each blocked row.
    """

    columns: tuple[Column, ...]
    report: pd.DataFrame
    blocked: NDArray[np.int64]
    errors: pa.Array

    def grave(self, on_problem: OnProblem | None = None) -> pd.Series[bool]:
        """Return which lines of the report keep the frame from being sent.

        Parameters
        ----------
        on_problem : {"raise", "skip", "send"}, optional
            ``"raise"`` refuses also what Salesforce would refuse row by row; with ``"skip"`` and ``"send"``
            cells that cannot travel concern their rows alone; with ``"send"`` a required field may lack its
            column, for the org may fill it by itself.
        """
        severity, check = self.report["severity"], self.report["check"]
        grave = severity == "error"
        if on_problem == "raise":
            return grave | (severity == "row")
        if on_problem == "skip":
            return grave & (check != CANNOT_TRAVEL)
        return grave & ~check.isin([CANNOT_TRAVEL, ABSENT_REQUIRED]) if on_problem == "send" else grave

    def raise_if_errors(self, sobject: str, on_problem: OnProblem | None = None) -> None:
        """Refuse a frame that cannot be sent.

        Parameters
        ----------
        sobject : str
            For the message.
        on_problem : {"raise", "skip", "send"}, optional
            See :meth:`grave`.

        Raises
        ------
        PreflightFailed
            The message shows the first few problems, ``report`` has them all.
        """
        grave = self.grave(on_problem)
        if grave.any():
            text = failure_text(self.report[grave], sobject)
            raise PreflightFailed(text, hint="nothing was sent; .report has every problem", report=self.report)


def check_frame(
    frame: pd.DataFrame,
    describe: SObjectDescribe,
    call: LoadCall,
    refused: Iterable[Refused] = (),
    *,
    cells: bool = True,
    mapper: Mapper = map,
) -> Checked:
    """Check a frame against the describe of the object it goes into.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows by columns.
    describe : SObjectDescribe
    call : LoadCall
        Operation and options.
    refused : iterable of Refused
        Cells that the encoder cannot write.
    cells : bool
        Whether the cells are looked at, or the columns alone.
    mapper : callable
        Maps over blocks of rows, in order; may do several at once.

    Returns
    -------
    Checked

    Raises
    ------
    UsageError
        For a query operation, or where ``columns`` is one text.
    """
    columns, findings = settle_columns(frame, describe, call)
    subjects = _subjects(columns, describe)
    problems = [_refusal(each, frame, columns) for each in refused if len(each.positions)]
    tallied: list[Finding] = []
    if cells:
        found, counted = _in_blocks(frame, subjects, (describe, call), mapper)
        problems += found
        rows, _ = blocked_rows(problems)
        problems += repeat_problems(frame, subjects, call, rows, mapper)
        findings += absent_required(describe, subjects, call)
        tallied = tally_findings(counted, subjects)
    findings += [*header_notes(subjects, call), *tallied]
    blocked, errors = blocked_rows(problems)
    return Checked(columns, report_frame(findings, problems, frame.index), blocked, errors)


def find_problems(
    frame: pd.DataFrame, columns: Sequence[Column], describe: SObjectDescribe, call: LoadCall
) -> list[Problem]:
    """Return what is wrong with the cells of some columns, without a report of it.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows by columns.
    columns : sequence of Column
        Those that are looked at.
    describe : SObjectDescribe
    call : LoadCall
    """
    subjects = _subjects(columns, describe)
    found, _ = _in_blocks(frame, subjects, (describe, call), map)
    return found + repeat_problems(frame, subjects, call, blocked_rows(found)[0])


def _subjects(columns: Sequence[Column], describe: SObjectDescribe) -> list[Subject]:
    fields = [field_set(column.header, describe) for column in columns]
    pairs = enumerate(zip(columns, fields, strict=True))
    return [Subject(place, column, field) for place, (column, field) in pairs if field is not None]


def _refusal(refused: Refused, frame: pd.DataFrame, columns: Sequence[Column]) -> Problem:
    place = next((at for at, each in enumerate(columns) if each == refused.column), 0)
    label = refused.column.label
    positions = np.asarray(refused.positions, np.int64)
    shown = pa.array([_shown(each) for each in _values(frame[label].iloc[positions])], TEXT)
    errors = error_texts("INVALID_FIELD:", pa.repeat(refused.reason, len(positions)), f":{refused.column.header} --")
    return Problem(place, label, CANNOT_TRAVEL, positions, shown, refused.reason, errors, "error")


def _values(series: pd.Series[Any]) -> list[Any]:
    try:
        return list(series)
    except (OverflowError, ValueError):
        return plain_values(pa.array(series.array))


def _shown(value: Any) -> str:
    return text_of(value).encode(errors="replace").decode()


def _in_blocks(
    frame: pd.DataFrame, subjects: Sequence[Subject], against: tuple[SObjectDescribe, LoadCall], mapper: Mapper
) -> tuple[list[Problem], list[Tally]]:
    describe, call = against
    prefixes = {
        each.place: id_prefixes(each.field, describe, call)
        for each in subjects
        if each.field.type.is_id and not each.is_path
    }

    needed = required_names(describe)

    def look(rows: slice) -> tuple[list[Problem], list[Tally]]:
        block = [_read(frame, each, rows) for each in subjects]
        inserted = inserted_rows(block, call, rows.stop - rows.start)
        blank = blank_rows(block, needed)
        problems = []
        for cells in block:
            problems += key_problems(cells, call)
            problems += required_problems(cells, call, inserted, blank.get(cells.subject.place))
            problems += [*type_problems(cells), *text_problems(cells)]
            problems += id_problems(cells, prefixes.get(cells.subject.place, frozenset()))
        return problems, [each for cells in block for each in tallies(cells)]

    done = list(mapper(look, blocks_of([frame[each.label] for each in subjects])))
    return [each for found, _ in done for each in found], [each for _, counted in done for each in counted]


def _read(frame: pd.DataFrame, subject: Subject, rows: slice) -> Cells:
    return Cells(read_block(frame[subject.label].iloc[rows], subject.cell_field.type), subject, rows.start)
