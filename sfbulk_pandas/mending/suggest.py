"""Find the fixes of rows that failed: each is tried, and counts on top of those above it in the same column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.mending.bad import BadCells
from sfbulk_pandas.mending.drops import drop, drop_named, leave_out
from sfbulk_pandas.mending.fix import Fix, Tried
from sfbulk_pandas.mending.numbers import number
from sfbulk_pandas.mending.picklists import nearest_value, picklist_case
from sfbulk_pandas.mending.refusals import CODE, FIELDS, Answers, differing, look, mask_of
from sfbulk_pandas.mending.texts import cut, mail_blanks, mail_signs, trim
from sfbulk_pandas.mending.typed import boolean, date, moment, no_value

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from sfbulk_pandas.mending.terms import Terms
    from sfbulk_pandas.salesforce.columns import Column

    Mask = NDArray[np.bool_]

COLUMNS = (
    "column",
    "field",
    "fix",
    "what",
    "rows",
    "refused_before",
    "refused_after",
    "example_before",
    "example_after",
    "certain",
    "code",
)
_DTYPES = {"rows": "int64", "refused_before": "int64", "refused_after": "int64", "certain": "bool"}
Maker = Callable[[BadCells], Fix | None]
_MAKERS: tuple[Maker, ...] = (
    trim,
    no_value,
    picklist_case,
    boolean,
    number,
    date,
    moment,
    mail_blanks,
    mail_signs,
    nearest_value,
    cut,
    drop,
)


@dataclass(frozen=True)
class Failed:
    """Rows that failed, and what is known of them.

    Attributes
    ----------
    frame : DataFrame
        As they are now, with ``sf__Error``, ``error_code`` and ``error_fields``.
    sent : DataFrame
        The same rows as they were sent.
    terms : Terms
    """

    frame: pd.DataFrame
    sent: pd.DataFrame
    terms: Terms

    @cached_property
    def answers(self) -> Answers:
        """What Salesforce answered to these rows."""
        return Answers.of(self.frame)

    @property
    def labels(self) -> list[Hashable]:
        """The labels of the columns that travel, in their order."""
        return list(dict.fromkeys(each.label for each in self.terms.columns if each.label in self.frame.columns))


def find_fixes(failed: Failed, labels: Sequence[Hashable] | None = None) -> list[Tried]:
    """Return the fixes that help, by column; those that lose something come after those that do not.

    Each is tried on top of those before it in the same column, and counts what it does there.

    Parameters
    ----------
    failed : Failed
    labels : sequence of column labels, optional
        Those that are looked at; all that travel by default, and then also which rows can but be left out.
    """
    answers = failed.answers
    found: list[Tried] = []
    mended = np.zeros(len(answers.rows), bool)
    for label in failed.labels if labels is None else labels:
        named = naming(label, answers, failed)
        ladder = list(_Ladder(failed, label, answers, named).climb())
        if ladder:
            mended |= named
        found += ladder
    return found + (list(_left_out(failed.frame, answers, mended)) if labels is None else [])


def naming(label: Hashable, answers: Answers, failed: Failed) -> Mask:
    """Return which of the answers name a column of the frame."""
    columns = [column for column in failed.terms.columns if column.label == label]
    found: Mask = np.any([answers.naming(column, failed.terms, failed.sent[label]) for column in columns], axis=0)
    return found


class _Ladder:
    """The fixes of one column, one on top of the other."""

    def __init__(self, failed: Failed, label: Hashable, answers: Answers, named: Mask) -> None:
        self._failed, self._label = failed, label
        self._frame = failed.frame
        self._named = np.zeros(len(failed.frame), bool)
        self._named[answers.rows[named]] = True
        self._codes = answers.codes[named]
        self._rows = answers.rows[named]
        self._known, self._refused = self._judged(self._frame)

    def climb(self) -> Iterator[Tried]:
        """Try the fixes in turn, and keep those that help."""
        for column in (each for each in self._failed.terms.columns if each.label == self._label):
            if self._failed.terms.field_set(column) is None:
                continue
            for make in (*_MAKERS, self._by_answer):
                if not self._refused.any():
                    return
                fix = make(self._cells(column, self._known if make is drop else self._refused))
                tried = None if fix is None else self._try(fix)
                if tried is not None:
                    yield tried

    def _cells(self, column: Column, bad: Mask) -> BadCells:
        series, field = self._frame[self._label], self._failed.terms.field_set(column)
        if field is None:
            raise UsageError(f"{column.header} sets no field that is known")
        return BadCells(series, bad, self._frame.columns, column, field, self._failed.terms)

    def _by_answer(self, cells: BadCells) -> Fix | None:
        """Make the fix of what the answer alone tells: a cell that is as it was sent, and right to the check."""
        unseen = (self._refused & ~self._known)[self._rows]
        return drop_named(cells, sorted({str(each) for each in self._codes[unseen] if each}))

    def _judged(self, frame: pd.DataFrame) -> tuple[Mask, Mask]:
        """Return which rows the check refuses, and which are refused by it or stand as Salesforce refused them."""
        known = mask_of(look(frame, self._label, self._failed.terms), len(frame))
        if not self._named.any():
            return known, known
        untouched = ~differing(self._failed.sent[self._label], frame[self._label])
        return known, known | (self._named & untouched)

    def _try(self, fix: Fix) -> Tried | None:
        frame = fix.run(self._frame)
        changed = np.flatnonzero(differing(self._frame[self._label], frame[self._label]))
        known, refused = self._judged(frame) if len(changed) else (self._known, self._refused)
        before, after = int(self._refused.sum()), int(refused.sum())
        if after >= before:
            return None
        examples = (each[self._label].iloc[changed[0]] for each in (self._frame, frame))
        self._frame, self._known, self._refused = frame, known, refused
        return Tried(fix, len(changed), before, after, *examples)


def _left_out(frame: pd.DataFrame, answers: Answers, mended: Mask) -> Iterator[Tried]:
    """Offer to leave rows out whose cause nothing above mends."""
    alone = answers.rows[~mended]
    causes = frame[[CODE, FIELDS]].iloc[alone].astype(object).groupby([CODE, FIELDS], dropna=False, sort=False)
    for (code, names), _ in causes:
        if not isinstance(code, str):
            continue
        yield leaving_out(frame, code, names if isinstance(names, str) else "")


def leaving_out(frame: pd.DataFrame, code: str, names: str) -> Tried:
    """Return the fix that leaves the rows of a cause out."""
    fix = leave_out(code, names)
    count = len(frame) - len(fix.run(frame))
    return Tried(fix, count, count, 0)


def fixes_frame(found: Sequence[Tried]) -> pd.DataFrame:
    """Return fixes as a frame, a row a fix; see :meth:`LoadResult.suggest`."""
    own = {each.name for each in fields(Fix)}
    names = {"refused_before": "before", "refused_after": "after", "example_before": "old", "example_after": "new"}
    data = {
        name: [getattr(each.fix, name) if name in own else getattr(each, names.get(name, name)) for each in found]
        for name in COLUMNS
    }
    return pd.DataFrame({name: _column(values) for name, values in data.items()}).astype(_DTYPES)


def _column(values: list[Any]) -> pd.Series[Any]:
    held = np.empty(len(values), object)
    for at, value in enumerate(values):  # a label may be a tuple
        held[at] = value
    return pd.Series(held, dtype=object)


def chosen(found: Sequence[Tried], fixes: pd.DataFrame | None) -> list[Fix]:
    """Return the fixes that a frame names, in the order in which they were found; the certain ones where there is none.

    Raises
    ------
    UsageError
        For a frame that is not part of the one that was suggested.
    """
    if fixes is None:
        return [each.fix for each in found if each.fix.certain]
    if not isinstance(fixes, pd.DataFrame) or "code" not in fixes.columns:
        held = type(fixes).__name__ if not isinstance(fixes, pd.DataFrame) else "frame without a column code"
        raise UsageError(f"apply takes rows of suggest(), not a {held}", hint="fixes = result.suggest()")
    known = {each.fix.code for each in found}
    strange = fixes[~fixes["code"].isin(known)]
    if len(strange):
        hint = "take rows of this result's own suggest(); a fix of your own is code: run it on .failed"
        raise UsageError(f"{len(strange)} of {len(fixes)} fixes are none of this result: {_shown(strange)}", hint=hint)
    return [each.fix for each in found if each.fix.code in set(fixes["code"])]


def _shown(strange: pd.DataFrame) -> str:
    names = [each for each in ("fix", "column") if each in strange.columns]
    return " of ".join(repr(strange[name].iloc[0]) for name in names) or repr(strange["code"].iloc[0])
