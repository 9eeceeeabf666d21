"""What a triage knows and does, without a widget: causes and their rows, edits, fixes, check, retry, the code of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sfbulk_pandas.errors import SfBulkError, UsageError
from sfbulk_pandas.mending import Failed, edit, find_fixes, judge, leaving_out
from sfbulk_pandas.triage.causes import causes_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from sfbulk_pandas.mending import Fix, Terms, Tried, Verdict
    from sfbulk_pandas.triage.causes import Cause

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_LOOKED_AT = 10_000  # rows of a cause in which the columns that it is about are looked for


class Loaded(Protocol):
    """The result of a load, as far as a triage needs it."""

    sobject: str
    operation: Any

    @property
    def terms(self) -> Terms | None:
        """By what its rows are judged."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows ended how."""

    @property
    def outstanding(self) -> pd.DataFrame:
        """The rows that are open."""

    def check(self, fixed: pd.DataFrame) -> pd.DataFrame:
        """Check mended rows."""

    def retry(self, fixed: pd.DataFrame) -> Loaded:
        """Send mended rows."""


@dataclass(frozen=True)
class State:
    """The rows after a step.

    Attributes
    ----------
    fixed : DataFrame
        Under their own index.
    kept : array of int
        Which of the result's open rows these are.
    code : str
        What the last step did.
    """

    fixed: pd.DataFrame
    kept: Ints
    code: str


class Triage:
    """The open rows of a load on their way to being mended.

    Parameters
    ----------
    result : LoadResult

    Attributes
    ----------
    result : LoadResult
        After each retry the newest one.
    """

    def __init__(self, result: Loaded) -> None:
        self._past: list[str] = []
        self._begin(result)

    def _begin(self, result: Loaded) -> None:
        self.result = result
        self._sent = result.outstanding
        rows = np.arange(len(self._sent))
        failed = not self._sent["sf__Error"].isna().any()
        line = "fixed = result.failed" if failed else "fixed = result.outstanding  # failed and unprocessed"
        self._states = [State(self._sent, rows, line)]
        self._verdicts: dict[Hashable, Verdict] = {}
        self.__dict__.pop("all_causes", None)

    @property
    def fixed(self) -> pd.DataFrame:
        """The open rows as they are now, under their own index: what a retry sends."""
        return self._states[-1].fixed

    @property
    def code(self) -> str:
        """All that was done, as code that does it again."""
        return "\n\n".join([*self._past, *(state.code for state in self._states)])

    @property
    def steps(self) -> int:
        """How many steps can be undone."""
        return len(self._states) - 1

    @cached_property
    def all_causes(self) -> tuple[Cause, ...]:
        """The causes of the result's open rows."""
        return causes_of(self._sent)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The causes, their rows counted as they stand in ``fixed``; those whose rows are all left out are gone."""
        place = np.full(len(self._sent), -1)
        place[self._states[-1].kept] = np.arange(len(self.fixed))
        now = [type(each)(each.code, each.fields, _known(place[each.rows]), each.message) for each in self.all_causes]
        return tuple(each for each in now if len(each.rows))

    @property
    def failed(self) -> Failed | None:
        """The rows for those who judge them; None where nothing is known of what was sent."""
        terms = self.result.terms
        return None if terms is None else Failed(self.fixed, self._sent.iloc[self._states[-1].kept], terms)

    @property
    def labels(self) -> list[Hashable]:
        """The columns that travel."""
        return [] if self.failed is None else self.failed.labels

    def verdict(self, label: Hashable) -> Verdict:
        """Return the state of one column."""
        if label not in self._verdicts:
            failed = self.failed
            if failed is None or label not in failed.labels:
                raise UsageError(f"no column {label!r} was sent")
            self._verdicts[label] = judge(failed, label)
        return self._verdicts[label]

    @property
    def refused(self) -> Mask:
        """Which rows would be refused again, as far as can be told: by a cell, or nothing of them has changed."""
        refused = np.zeros(len(self.fixed), bool)
        changed = np.zeros(len(self.fixed), bool)
        for label in self.labels:
            verdict = self.verdict(label)
            refused |= verdict.refused
            changed |= verdict.changed
        for cause in self.causes:
            if not cause.passes:
                refused[cause.rows] |= ~changed[cause.rows]
        return refused

    def named(self, cause: Cause) -> list[Hashable]:
        """Return the columns that a cause names."""
        failed = self.failed
        if failed is None:
            return []
        names = {name.strip().lower() for name in cause.fields.split(",") if name.strip()}
        labels = [each.label for each in failed.terms.columns if failed.terms.names_of(each) & names]
        return [label for label in dict.fromkeys(labels) if label in self.fixed.columns]

    def concerned(self, cause: Cause) -> list[Hashable]:
        """Return the columns that a cause is about: those it names, then those refused in its rows, the most first."""
        rows = cause.rows[:_LOOKED_AT]
        counts = {label: int(self.verdict(label).refused[rows].sum()) for label in self.labels}
        refused = sorted((label for label in counts if counts[label]), key=lambda label: -counts[label])
        return list(dict.fromkeys([*self.named(cause), *refused]))

    def fixes(self, cause: Cause) -> list[Tried]:
        """Return the fixes of the columns that a cause is about, and that of leaving its rows out."""
        failed, out = self.failed, []
        if cause.is_failure and not cause.passes:
            out = [leaving_out(self.fixed, cause.code, _as_told(self.fixed, cause))]
        return out if failed is None else [*find_fixes(failed, self.concerned(cause)), *out]

    def certain(self) -> list[Tried]:
        """Return the certain fixes of all columns."""
        failed = self.failed
        found = [] if failed is None else find_fixes(failed, failed.labels)
        return [each for each in found if each.fix.certain]

    def use(self, *fixes: Fix) -> None:
        """Apply fixes to the rows, as one step."""
        frame, kept = self.fixed, self._states[-1].kept
        for fix in fixes:
            frame, stayed = _run(fix, frame)
            kept = kept[stayed]
            if fix.column is None:
                self._verdicts.clear()
            self._verdicts.pop(fix.column, None)
        self._add(frame, kept, "\n\n".join(fix.code for fix in fixes))

    def edit(self, row: int, label: Hashable, text: str | None) -> None:
        """Set a cell by hand; its row by position in ``fixed``."""
        self.use(edit(self.fixed, row, label, text))

    def undo(self) -> None:
        """Take the last step back."""
        if self.steps:
            self._states.pop()
            self._verdicts.clear()

    def check(self) -> pd.DataFrame:
        """Return the org's report of the rows as they are now."""
        return self.result.check(self.fixed)

    def retry(self) -> None:
        """Send the rows as they are now, and go on with what is still open.

        Raises
        ------
        SfBulkError
            As the retry itself; where its ``.result`` accounts for the rows, the triage goes on with that.
        """
        code = f"{self.code}\n\nresult = result.retry(fixed)"
        try:
            result = self.result.retry(self.fixed)
        except SfBulkError as error:
            if error.result is not None:
                self._past = [code]
                self._begin(error.result)
            raise
        self._past = [code]
        self._begin(result)

    def _add(self, frame: pd.DataFrame, kept: Ints, code: str) -> None:
        self._states.append(State(frame, kept, code))


def _run(fix: Fix, frame: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """Run a fix, and tell which rows it has left: by their positions, for labels may repeat."""
    if fix.column is not None:
        return fix.run(frame), np.arange(len(frame))
    plain = fix.run(frame.reset_index(drop=True))
    stayed = plain.index.to_numpy(np.int64)
    return frame.iloc[stayed], stayed


def _known(places: Ints) -> Ints:
    return places[places >= 0]


def _as_told(frame: pd.DataFrame, cause: Cause) -> str:
    fields = frame["error_fields"].iloc[cause.rows[0]]
    return fields if isinstance(fields, str) else ""
