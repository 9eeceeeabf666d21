"""The result of a load: which rows succeeded, which failed and why, on the frame's own index."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.errors import SfBulkError, UsageError
from sfbulk_pandas.jobs.merge import match_rows, replaced_rows
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.reconcile import split_errors
from sfbulk_pandas.salesforce.status_codes import PASSING, advice_for

if TYPE_CHECKING:
    from numpy import intp
    from numpy.typing import NDArray

    from sfbulk_pandas.jobs.prepare import Target
    from sfbulk_pandas.salesforce.job import JobInfo

RESULT_COLUMNS = ("sf__Id", "sf__Created", "sf__Error", "error_code", "error_message", "error_fields")
_OUTSTANDING = (RowStatus.FAILED, RowStatus.UNPROCESSED)

Resend = Callable[[pd.DataFrame], "LoadResult"]


class LoadResult:
    """What became of every row of a load.

    Every row is in exactly one of ``successful``, ``failed`` and ``unprocessed``; their counts
    add up to the frame's. Each of the three is a copy of the frame's rows with its own index,
    columns (also those that were not sent) and dtypes, plus

    - ``sf__Id``: the record's Id, where Salesforce gave one;
    - ``sf__Created``: True where the row made a new record, False where it changed one;
    - ``sf__Error``: Salesforce's own words, as they came;
    - ``error_code``, ``error_message``, ``error_fields``: the same, taken apart. Decide by the code:
      the message is in the language of the Salesforce user.

    A column of the frame that has one of these names already, as in rows of an earlier result, is
    replaced by them.

    Attributes
    ----------
    sobject : str
    operation : Operation
    jobs : tuple of JobInfo
        The jobs of the load, in the order of the rows; those of retries follow.
    outcome : Outcome
        Status, Id and error of every row as arrays, in the frame's order.
    """

    def __init__(
        self,
        target: Target,
        frame: pd.DataFrame,
        outcome: Outcome,
        jobs: tuple[JobInfo, ...] = (),
        *,
        resend: Resend | None = None,
    ) -> None:
        self.sobject = target.sobject
        self.operation = target.operation
        self.jobs = jobs
        self.outcome = outcome
        self._target = target
        self._frame = frame
        self._resend = resend

    @property
    def successful(self) -> pd.DataFrame:
        """The rows that Salesforce stored, changed or deleted."""
        return self._rows(self.outcome.positions(RowStatus.SUCCESSFUL))

    @property
    def failed(self) -> pd.DataFrame:
        """The rows that Salesforce refused, each with its reason."""
        return self._rows(self.outcome.positions(RowStatus.FAILED))

    @property
    def unprocessed(self) -> pd.DataFrame:
        """The rows that Salesforce never came to, or that were never sent."""
        return self._rows(self.outcome.positions(RowStatus.UNPROCESSED))

    @property
    def unknown(self) -> pd.DataFrame:
        """The rows whose end is not known; empty but on a result that an error carries."""
        return self._rows(self.outcome.positions(RowStatus.UNKNOWN))

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were given, and how many ended how."""
        ends = {status.name.lower(): self.outcome.count(status) for status in RowStatus if status}
        unknown = self.outcome.count(RowStatus.UNKNOWN)
        return {"rows": len(self.outcome)} | ends | ({"unknown": unknown} if unknown else {})

    @property
    def errors(self) -> pd.DataFrame:
        """The causes of failure, the most frequent first: a row a cause.

        Columns: ``code``, ``fields``, ``count``, ``example`` (the message of the cause's first
        row), ``row`` (the index label of that row), ``advice`` (what usually mends it, in plain
        words) and ``retry_helps`` (whether the cause passes by itself).
        """
        failed = self.failed
        causes = failed.assign(row=failed.index.to_flat_index()).groupby(
            ["error_code", "error_fields"], sort=False, dropna=False
        )
        table = causes.agg(
            count=("sf__Error", "size"), example=("error_message", "first"), row=("row", "first")
        ).reset_index()
        table = table.rename(columns={"error_code": "code", "error_fields": "fields"})
        table["advice"] = [advice_for(str(code)) for code in table["code"]]
        table["retry_helps"] = table["code"].isin(PASSING)
        return table.sort_values("count", ascending=False, kind="stable", ignore_index=True)

    def retry(self, fixed: pd.DataFrame | None = None) -> LoadResult:
        """Send again what has not succeeded, and nothing else.

        Parameters
        ----------
        fixed : DataFrame, optional
            Rows of ``failed`` and ``unprocessed``, mended, under their own index labels; rows
            that it leaves out are not sent again. Without it, all of them go again as they are.
            Rows that have succeeded are left out, with a warning.

        Returns
        -------
        LoadResult
            Of the whole load: the rows sent now in their latest state, the others as they were.

        Raises
        ------
        UsageError
            For index labels the load does not have, or labels so repeated that it is not clear
            which row is meant.
        JobFailed, JobAborted, StillRunning
            As the load itself; ``.result`` is that of the whole load again.

        Notes
        -----
        Costs the API calls of a load of those rows. Options are those of the first call.
        """
        outstanding = self.outcome.positions(*_OUTSTANDING)
        mended = self._frame.iloc[outstanding] if fixed is None else fixed.drop(columns=_result_columns_of(fixed))
        positions, chosen = match_rows(self._frame.index, outstanding, mended.index)
        if len(chosen) < len(mended):
            skipped = len(mended) - len(chosen)
            warnings.warn(f"{skipped} row(s) have succeeded before and were not sent again", stacklevel=2)
        return self._sent_again(positions, mended.iloc[chosen]) if len(chosen) else self

    def _sent_again(self, positions: NDArray[intp], mended: pd.DataFrame) -> LoadResult:
        if self._resend is None:
            raise UsageError("this result was unpickled and knows no org", hint="load its failed rows with org.…")
        try:
            newer = self._resend(mended)
        except SfBulkError as error:
            if isinstance(error.result, LoadResult):
                error.result = self._with(positions, error.result)
            raise
        return self._with(positions, newer)

    def _with(self, positions: NDArray[intp], newer: LoadResult) -> LoadResult:
        return LoadResult(
            self._target,
            replaced_rows(self._frame, positions, newer._frame),
            self.outcome.placed(positions, newer.outcome),
            self.jobs + newer.jobs,
            resend=self._resend,
        )

    def _rows(self, positions: NDArray[intp]) -> pd.DataFrame:
        rows = self._frame.iloc[positions].copy()
        picked = pa.array(positions)
        error = pc.take(self.outcome.sf_error, picked)
        created = pc.equal(pc.utf8_lower(pc.take(self.outcome.sf_created, picked)), "true")
        code, message, fields = split_errors(error)
        columns = (pc.take(self.outcome.sf_id, picked), created, error, code, message, fields)
        for name, column in zip(RESULT_COLUMNS, columns, strict=True):
            rows[name] = _series(column, rows.index)
        return rows

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_resend": None}

    def __repr__(self) -> str:
        counts = self.counts
        total = counts.pop("rows")
        ends = " + ".join(f"{count:,} {name}" for name, count in counts.items())
        return f"<{self.operation} {self.sobject}: {total:,} rows = {ends}; jobs {', '.join(j.id for j in self.jobs)}>"


def _result_columns_of(frame: pd.DataFrame) -> list[str]:
    return [name for name in RESULT_COLUMNS if name in frame.columns]


def _series(column: pa.ChunkedArray, index: pd.Index[Any]) -> pd.Series[Any]:
    if pa.types.is_boolean(column.type):
        return pd.Series(pd.array(column.to_pylist(), dtype="boolean"), index=index)
    empty_as_null = pc.if_else(pc.equal(column, ""), None, column)
    return pd.Series(pd.array(empty_as_null.to_pandas(), dtype="string"), index=index)
