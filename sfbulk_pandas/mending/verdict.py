"""What is wrong with the cells of one column, as they are now: which are refused, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sfbulk_pandas.mending.refusals import CODE, differing, look, mask_of
from sfbulk_pandas.mending.suggest import naming

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from sfbulk_pandas.mending.suggest import Failed
    from sfbulk_pandas.preflight.problems import Problem

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of one column.

    Attributes
    ----------
    refused : array of bool, a row a cell
        What the check refuses, or what stands as Salesforce refused it.
    changed : array of bool
        What is not as it was sent.
    """

    refused: Mask
    changed: Mask
    _problems: tuple[Problem, ...]
    _codes: NDArray[np.object_]

    def told(self, row: int) -> str:
        """Say why a row's cell is refused; nothing where it is not."""
        if not self.refused[row]:
            return ""
        for problem in self._problems:
            at = int(np.searchsorted(problem.positions, row))
            if at < len(problem.positions) and problem.positions[at] == row:
                said = problem.suggestion if isinstance(problem.suggestion, str) else problem.suggestion[at]
                return f"{problem.check}; {said}"
        return f"Salesforce refused it: {self._codes[row]}"


def judge(failed: Failed, label: Hashable) -> Verdict:
    """Judge one column of rows that failed."""
    answers = failed.answers
    problems = tuple(look(failed.frame, label, failed.terms))
    changed = differing(failed.sent[label], failed.frame[label])
    named = np.zeros(len(failed.frame), bool)
    named[answers.rows[naming(label, answers, failed)]] = True
    refused = mask_of(list(problems), len(failed.frame)) | (named & ~changed)
    return Verdict(refused, changed, problems, failed.frame[CODE].to_numpy(object))
