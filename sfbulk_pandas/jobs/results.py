"""The result of a load: which rows succeeded, which failed and why, on the frame's own index."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.errors import MissingExtra, SfBulkError, StillRunning, UsageError
from sfbulk_pandas.jobs.causes import causes_of
from sfbulk_pandas.jobs.facts import ATTEMPT_COLUMNS, LoadFacts
from sfbulk_pandas.jobs.mended import RESULT_COLUMNS, added_to, as_sent, given_rows
from sfbulk_pandas.jobs.merge import match_rows, replaced_rows
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.jobs.shown.frames import shown_errors, shown_fixes, shown_report
from sfbulk_pandas.jobs.shown.job import ShownJob
from sfbulk_pandas.jobs.shown.load_result import LOOKED_AT_ROWS, result_html, result_text
from sfbulk_pandas.mending import Failed, Terms, Tried, chosen, find_fixes, fixes_frame
from sfbulk_pandas.reconcile import split_errors
from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from numpy import intp
    from numpy.typing import NDArray

    from sfbulk_pandas.jobs.prepare import Target
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.triage.panel import TriagePanel

_COPIES_ON_WRITE = int(pd.__version__.partition(".")[0]) >= 3  # noqa: PLR2004 - pandas 3: a view is never written to
_OUTSTANDING = (RowStatus.FAILED, RowStatus.UNPROCESSED)

Resend = Callable[[pd.DataFrame, LoadFacts], "LoadResult"]
Recheck = Callable[[pd.DataFrame], pd.DataFrame]


class LoadResult:
    """What became of every row of a load.

    Every row is in exactly one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``; their
    counts add up to the frame's. Each is a copy of the frame's rows with its own index, columns (also
    those that were not sent) and dtypes, plus

    - ``sf__Id``: the record's Id, where Salesforce gave one;
    - ``sf__Created``: True where the row made a new record, False where it changed one;
    - ``sf__Error``: Salesforce's own words, as they came;
    - ``error_code``, ``error_message``, ``error_fields``: the same, taken apart. Decide by the code:
      the message is in the language of the Salesforce user;
    - ``sf__Attempts``: how often the row was sent.

    A column of the frame that has one of these names already, as in rows of an earlier result, is
    replaced by them; but for ``sf__Id`` where it was sent as the key.

    Attributes
    ----------
    sobject : str
    operation : Operation
    jobs : tuple of JobInfo
        The jobs of the load, in the order of the rows; those of retries follow.
    outcome : Outcome
        Status, Id and error of every row as arrays, in the frame's order.
    load_id : str
        What :func:`resume` and :func:`loads` know the load by; empty where it is none of ours.
    """

    def __init__(
        self,
        target: Target,
        frame: pd.DataFrame,
        outcome: Outcome,
        jobs: tuple[JobInfo, ...] = (),
        facts: LoadFacts = LoadFacts(),  # noqa: B008 - frozen
        *,
        resend: Resend | None = None,
        recheck: Recheck | None = None,
    ) -> None:
        self.sobject = target.sobject
        self.operation = target.operation
        self.jobs: tuple[JobInfo, ...] = tuple(map(ShownJob.of, jobs))
        self.outcome = outcome
        self.load_id = facts.load_id
        self._facts = facts
        self._target = target
        self._frame = frame
        self._resend = resend
        self._recheck = recheck
        self._fixes: list[Tried] | None = None
        self._later: LoadResult | None = None

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
    def outstanding(self) -> pd.DataFrame:
        """The rows that failed or were not processed, in the load's order: what :meth:`retry` sends again."""
        return self._rows(self.outcome.positions(*_OUTSTANDING))

    @property
    def unknown(self) -> pd.DataFrame:
        """The rows that were sent and whose end is not known.

        No answer is surely theirs, or none was read; look into ``unmatched``, and ask the org before
        an insert of them is repeated.
        """
        return self._rows(self.outcome.positions(RowStatus.UNKNOWN))

    @property
    def unmatched(self) -> pd.DataFrame:
        """The answers of Salesforce that belong to no row for certain, as texts.

        Columns: ``job``, ``file`` (which of the three result files), ``sf__Id``, ``sf__Created``,
        ``sf__Error``, and the columns that came back. Empty but where rows that differ look alike in
        everything that came back, or there are more answers than rows.
        """
        return self._facts.unmatched.copy()

    @property
    def report(self) -> pd.DataFrame:
        """What the check found before anything was sent; see :meth:`Org.check`."""
        return shown_report(self._facts.report.copy())

    @property
    def attempts(self) -> pd.DataFrame:
        """Each time that rows were sent, the first load included: a row a time.

        Columns: ``load_id``, ``attempt``, ``kind`` (``load``, ``automatic retry``, ``retry``), ``rows``,
        how many of them were ``successful``, ``failed``, ``unprocessed`` and ``unknown`` then, and ``jobs``.
        """
        return pd.DataFrame(list(self._facts.attempts), columns=list(ATTEMPT_COLUMNS))

    @property
    def manifest(self) -> dict[str, Any]:
        """Who loaded what, when, where and how, in which jobs, with which counts and digests: plain JSON values."""
        return dict(self._facts.manifest)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were given, and how many ended how."""
        return self.outcome.counts

    @property
    def errors(self) -> pd.DataFrame:
        """The causes of failure, the most frequent first: a row a cause.

        A row with several errors counts once for each cause. Columns: ``code``, ``fields``, ``count``,
        ``example`` (the message of the cause's first row), ``values`` (what the first rows hold in those
        fields), ``rows`` (the index labels of these rows), ``advice`` (what it means and what usually
        mends it, in plain words) and ``retry_helps`` (whether the cause passes by itself).
        """
        count = self.outcome.count(RowStatus.FAILED)
        return shown_errors(self._first_causes.copy() if count <= LOOKED_AT_ROWS else self._causes(count))

    @cached_property
    def _first_causes(self) -> pd.DataFrame:
        return self._causes(LOOKED_AT_ROWS)

    def _causes(self, rows: int) -> pd.DataFrame:
        failed = self.outcome.positions(RowStatus.FAILED)[:rows]
        errors = pc.take(self.outcome.sf_error, pa.array(failed))
        return causes_of(self._frame, failed, errors, self._facts.labels)

    @property
    def terms(self) -> Terms | None:
        """What the describe says of the columns, and the options: by it :meth:`suggest` judges, also without an org.

        None where nothing is known of how the rows were sent.
        """
        return self._facts.terms

    def suggest(self) -> pd.DataFrame:
        """Suggest what mends the rows that failed: a row a fix, by column.

        Each fix has been tried on :attr:`outstanding`, and is listed only where it helps. Costs no API call.

        Returns
        -------
        DataFrame
            ``column`` (None where whole rows are left out), ``field``, ``fix`` (a short fixed name) and ``what`` it
            does in words; ``rows``, how many it changes; ``refused_before`` and ``refused_after``, how many rows the
            check refuses for this column, or Salesforce has refused as they stand; ``example_before`` and
            ``example_after``; ``certain``, whether nobody would have to decide; and ``code``, pandas code that does
            the same to a frame named ``fixed``, as in ``fixed = result.failed``. Figures of a fix count on top of
            the fixes above it of the same column.

            In the order in which they are tried: ``trim``, ``no value`` (n/a and the like), ``picklist case``,
            ``yes and no``, ``number``, ``date``, ``datetime``, ``e-mail blanks``; and, not certain, ``e-mail signs``,
            ``nearest value``, ``cut to length``, ``drop cell``, ``drop named cell`` (named by Salesforce's answer, for
            the check sees nothing wrong) and ``leave out``. A cell that is dropped leaves its field alone, or
            empties it, as the load's ``nulls=`` says; keys and required fields are never dropped.
        """
        return shown_fixes(fixes_frame(self._found()))

    def apply(self, fixes: pd.DataFrame | None = None) -> pd.DataFrame:
        """Apply fixes to the rows that failed or were not processed.

        Parameters
        ----------
        fixes : DataFrame, optional
            Rows of :meth:`suggest`, any of them in any order; they are applied in the order of
            ``suggest``. Without it, the certain ones.

        Returns
        -------
        DataFrame
            The rows of :attr:`outstanding` under their own index, mended: ready for :meth:`retry`.

        Raises
        ------
        UsageError
            For a frame whose rows are not all from this result's own ``suggest``.
        """
        rows = self.outstanding
        for fix in chosen(self._found(), fixes):
            rows = fix.run(rows)
        return rows

    def check(self, fixed: pd.DataFrame) -> pd.DataFrame:
        """Check mended rows on the terms of the load, and send nothing; see :meth:`Org.check`.

        Parameters
        ----------
        fixed : DataFrame
            Such as :meth:`apply` returns; columns that a result adds are passed over.

        Returns
        -------
        DataFrame
            The report: a row a finding, then what sending them would do and cost.

        Raises
        ------
        UsageError
            Where this result was unpickled and knows no org.
        """
        if self._recheck is None:
            raise UsageError("this result was unpickled and knows no org", hint="check the rows with org.check(…)")
        rows = given_rows(fixed)
        return self._recheck(rows.drop(columns=added_to(rows, self._facts.labels.get("id"))))

    def triage(self) -> TriagePanel:
        """Show the rows that failed on a panel in the notebook, to mend and retry them by hand and eye.

        It lists the causes; of the one that is chosen it shows the rows in a grid that can be edited, what is wrong
        with each, what the describe says of the fields, and the fixes of :meth:`suggest` as buttons. All that is
        done is written out as code. What it costs is what :meth:`check` and :meth:`retry` cost, when they are clicked.

        Returns
        -------
        TriagePanel
            A widget that shows itself; ``.fixed``, ``.code`` and, after a retry, ``.result`` are what it has come to.

        Raises
        ------
        MissingExtra
            Where ipywidgets or ipydatagrid is not installed.
        """
        try:
            from sfbulk_pandas.triage.panel import TriagePanel  # noqa: PLC0415 - an optional package
        except ModuleNotFoundError as error:
            if error.name not in {"ipywidgets", "ipydatagrid"}:
                raise
            hint = "pip install 'sfbulk_pandas[notebook]'; without it: result.apply(result.suggest())"
            raise MissingExtra(f"the triage panel needs {error.name}", hint=hint) from None
        return TriagePanel(self)

    def _found(self) -> list[Tried]:
        if self._fixes is None:
            rows, terms = self.outstanding, self._facts.terms
            self._fixes = [] if terms is None else find_fixes(Failed(rows, rows, terms))
        return self._fixes

    def retry(self, fixed: pd.DataFrame | None = None) -> LoadResult:
        """Send again what has not succeeded, and nothing else.

        Parameters
        ----------
        fixed : DataFrame, optional
            Rows of ``failed`` and ``unprocessed``, mended, under their own index labels; rows
            that it leaves out are not sent again. Without it, all of them go again as they are.
            What an earlier retry of this result has done with its rows counts, also where its own
            result was not kept.
            Rows that have succeeded are left out, with a warning; so are rows of an insert whose
            end is not known. Updates, upserts and deletes may be repeated: there, they go again.

        Returns
        -------
        LoadResult
            Of the whole load: the rows sent now in their latest state, the others as they were.

        Raises
        ------
        UsageError
            For index labels the load does not have, or labels so repeated that it is not clear
            which row is meant.
        AlreadyLoaded
            Where another process has sent rows again since, or the load was resumed: this result does
            not know what came of it.
        JobFailed, JobAborted, StillRunning
            As the load itself; ``.result`` is that of the whole load again.

        Notes
        -----
        Costs the API calls of a load of those rows. Options are those of the first call.
        """
        return self._again(fixed) if self._later is None else self._later.retry(fixed)

    def _again(self, fixed: pd.DataFrame | None) -> LoadResult:
        again = _OUTSTANDING if self.operation is Operation.INSERT else (*_OUTSTANDING, RowStatus.UNKNOWN)
        outstanding = self.outcome.positions(*again)
        mended = self._frame.iloc[outstanding] if fixed is None else given_rows(fixed)
        is_own = fixed is None or bool(added_to(mended))
        positions, chosen = match_rows(self._frame.index, outstanding, mended.index, is_own=is_own)
        if len(chosen) < len(mended):
            skipped = len(mended) - len(chosen)
            text = f"{skipped} row(s) have succeeded before, or may have, and were not sent again"
            warnings.warn(text, stacklevel=3)
        if not len(chosen):
            return self
        rows = mended.iloc[chosen]
        if fixed is not None:
            rows = as_sent(rows, self._frame, positions, self._facts.labels)
        return self._sent_again(positions, rows)

    def _sent_again(self, positions: NDArray[intp], mended: pd.DataFrame) -> LoadResult:
        if self._resend is None:
            raise UsageError("this result was unpickled and knows no org", hint="load its failed rows with org.…")
        return self._whole(positions, partial(self._resend, mended, self._facts))

    def _whole(self, positions: NDArray[intp], send: Callable[[], LoadResult]) -> LoadResult:
        """Return the result of the whole load once some of its rows were sent; errors have it too."""
        try:
            self._later = self._with(positions, send())
        except SfBulkError as error:
            if isinstance(error.result, LoadResult):
                error.result = self._later = self._with(positions, error.result)
            if isinstance(error, StillRunning) and error._resume is not None:  # noqa: SLF001 - it leads to the rows alone
                error._resume = partial(self._resumed, positions, error._resume)  # noqa: SLF001
            raise
        return self._later

    def _resumed(
        self, positions: NDArray[intp], resume: Callable[[float | None], LoadResult], wait_seconds: float | None
    ) -> LoadResult:
        return self._whole(positions, partial(resume, wait_seconds))

    def _with(self, positions: NDArray[intp], newer: LoadResult) -> LoadResult:
        return LoadResult(
            self._target,
            replaced_rows(self._frame, positions, newer._frame),
            self.outcome.placed(positions, newer.outcome, newer._facts.keep),
            self.jobs + newer.jobs,
            self._facts.followed_by(newer._facts),
            resend=self._resend,
            recheck=self._recheck,
        )

    def _rows(self, positions: NDArray[intp]) -> pd.DataFrame:
        rows = _rows_at(self._frame, positions)
        texts = _texts_at(self.outcome.texts, positions)
        error = texts.column("sf_error")
        created = pc.equal(pc.utf8_lower(texts.column("sf_created")), "true")
        code, message, fields = split_errors(error)
        columns = (texts.column("sf_id"), created, error, code, message, fields)
        for name, column in zip(RESULT_COLUMNS, columns, strict=False):
            if name != self._facts.labels.get("id"):  # such as sf__Id of an earlier result
                rows[name] = _series(column, rows.index)
        rows[RESULT_COLUMNS[-1]] = self.outcome.sends[positions]
        return rows

    def __getstate__(self) -> dict[str, Any]:
        own = {"_resend": None, "_recheck": None, "_fixes": None, "_later": None}
        return {name: value for name, value in self.__dict__.items() if name != "_first_causes"} | own

    def __repr__(self) -> str:
        return result_text(self, self._first_causes)

    def _repr_html_(self) -> str:
        return result_html(self, self._first_causes)


def _rows_at(frame: pd.DataFrame, positions: NDArray[intp]) -> pd.DataFrame:
    """Return rows of a frame as a frame of their own.

    What is most of the frame, and lies side by side, is not copied before it is written to. A few rows are: a view
    of them would keep all the others in memory.
    """
    if _COPIES_ON_WRITE and 2 * len(positions) >= len(frame) and _side_by_side(positions):
        return frame.iloc[positions[0] : positions[-1] + 1] if len(positions) else frame.copy(deep=False)
    return frame.iloc[positions].copy(deep=False)  # it is new already: nothing is copied a second time


def _texts_at(texts: pa.Table, positions: NDArray[intp]) -> pa.Table:
    if len(positions) and _side_by_side(positions):
        return texts.slice(positions[0], len(positions))
    return texts.take(pa.array(positions))


def _side_by_side(positions: NDArray[intp]) -> bool:
    """Whether ascending positions leave none out."""
    return not len(positions) or bool(positions[-1] - positions[0] + 1 == len(positions))


def _series(column: pa.ChunkedArray, index: pd.Index[Any]) -> pd.Series[Any]:
    dtype: Any = pd.StringDtype()
    if pa.types.is_boolean(column.type):
        dtype = pd.BooleanDtype()
    else:
        column = pc.if_else(pc.equal(column, ""), None, column)
    series: pd.Series[Any] = column.to_pandas(types_mapper=lambda _: dtype)
    return series.set_axis(index)
