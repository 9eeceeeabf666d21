"""The side of an org that takes rows in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.check import check
from sfbulk_pandas.jobs.load import load, resume
from sfbulk_pandas.jobs.loads import forget_loads, loads_frame
from sfbulk_pandas.jobs.options import LoadKeywords, LoadOptions, Progress
from sfbulk_pandas.jobs.prepare import Target
from sfbulk_pandas.org.base import Base
from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sfbulk_pandas.jobs.results import LoadResult


class Loads(Base):
    """Insert, update, upsert, delete; check before, go on after."""

    def insert(self, frame: pd.DataFrame, sobject: str, **options: Unpack[LoadKeywords]) -> LoadResult:
        """Insert each row of a frame as a new record.

        An insert is not repeatable: what has succeeded is in the org. Prefer :meth:`upsert` with an
        external id where the object has one, or name a spare one as ``correlation_field``. An insert whose bytes went
        up before is refused (``AlreadyLoaded``), unless ``repeat=True``.

        Parameters
        ----------
        frame : DataFrame, one row a record
            Its column labels are field API names, in any case. Also anything with
            ``__arrow_c_stream__`` (pyarrow, Polars, DuckDB), a pyarrow dataset, or the path of a Parquet
            file or folder: it is read once, to a temporary file, and never held in memory as a whole.
        sobject : str
            API name of the object, such as ``"Contact"``.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``.

        Raises
        ------
        UsageError, AlreadyLoaded, PreflightFailed, EncodeError
            Before anything is sent: what is wrong, where, and what to do.
        JobFailed, JobAborted, StillRunning, ReconcileError, ApiError, TransportError, JournalError
            Later; ``.result`` accounts for every row, and :meth:`resume` goes on where it broke off.

        Notes
        -----
        Costs, a part of up to 100 MB: six API calls and one a poll; as much again for rows that are sent again
        because they failed in passing; once an object, one for its describe.
        Source: Bulk API 2.0 guide, "Bulk API 2.0 Ingest".
        """
        return self._load(frame, Target(sobject, Operation.INSERT), options)

    def update(self, frame: pd.DataFrame, sobject: str, **options: Unpack[LoadKeywords]) -> LoadResult:
        """Update existing records, found by the ``Id`` column.

        Fields without a column, and missing cells under ``nulls="ignore"``, stay as they are.
        Costs, and errors beyond those named here, as for :meth:`insert`.

        Parameters
        ----------
        frame : DataFrame, one row a record
        sobject : str
            API name of the object, such as ``"Contact"``.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``.

        Raises
        ------
        PreflightFailed
            Where there is no ``Id`` column.
        """
        return self._load(frame, Target(sobject, Operation.UPDATE), options)

    def upsert(
        self, frame: pd.DataFrame, sobject: str, *, external_id_field: str, **options: Unpack[LoadKeywords]
    ) -> LoadResult:
        """Update the records whose external id is known, insert the others. It may be repeated freely.

        Costs, and errors beyond those named here, as for :meth:`insert`.

        Parameters
        ----------
        frame : DataFrame, one row a record
        sobject : str
            API name of the object, such as ``"Contact"``.
        external_id_field : str
            A field marked as external id (or ``Id``); the frame must have it.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``.

        Raises
        ------
        PreflightFailed
            Where the key column is missing, or is no external id.
        """
        return self._load(frame, Target(sobject, Operation.UPSERT, external_id_field), options)

    def delete(self, frame: pd.DataFrame, sobject: str, **options: Unpack[LoadKeywords]) -> LoadResult:
        """Delete the records of the ``Id`` column into the recycle bin; other columns are not sent.

        Costs, and errors beyond those named here, as for :meth:`insert`.

        Parameters
        ----------
        frame : DataFrame, one row a record
        sobject : str
            API name of the object, such as ``"Contact"``.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``.

        Raises
        ------
        PreflightFailed
            Where there is no ``Id`` column.
        """
        return self._load(frame, Target(sobject, Operation.DELETE), options)

    def hard_delete(self, frame: pd.DataFrame, sobject: str, **options: Unpack[LoadKeywords]) -> LoadResult:
        """Delete the records of the ``Id`` column for good; the user needs "Bulk API Hard Delete".

        Costs, and errors beyond those named here, as for :meth:`insert`.

        Parameters
        ----------
        frame : DataFrame, one row a record
        sobject : str
            API name of the object, such as ``"Contact"``.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``.

        Raises
        ------
        ApiError
            ``FEATURENOTENABLED`` where the user lacks the permission.
        """
        return self._load(frame, Target(sobject, Operation.HARD_DELETE), options)

    def check(
        self,
        frame: pd.DataFrame,
        sobject: str,
        operation: str,
        *,
        external_id_field: str | None = None,
        **options: Unpack[LoadKeywords],
    ) -> pd.DataFrame:
        """Say what is wrong with a frame, and what loading it would cost and do; nothing is sent.

        Parameters
        ----------
        frame : DataFrame, one row a record
        sobject : str
            API name of the object, such as ``"Contact"``.
        operation : {"insert", "update", "upsert", "delete", "hardDelete"}
        external_id_field : str, optional
            For an upsert.
        **options
            Those that the load will have; see :class:`LoadOptions`.

        Returns
        -------
        DataFrame, a row a finding
            Columns: ``index`` and ``column`` (where; missing where the whole column or call is meant), ``check``
            (what was looked at), ``value``, ``suggestion``, and ``severity``: ``"error"`` keeps the frame from being
            sent, or would fail the whole job; ``"row"``: Salesforce will refuse this row; ``"note"``: repaired, or
            worth knowing; ``"plan"``: what the load will do and cost.

        Raises
        ------
        UsageError
            Where there is no such object or operation, or an option cannot be right.

        Notes
        -----
        Costs one API call for the org's limits, and one for the describe of each object, once.
        """
        target = Target(sobject, _operation(operation), external_id_field)
        return check(self._loading, frame, target, LoadOptions.from_keywords(options))

    def resume(
        self,
        load_id: str,
        /,
        frame: pd.DataFrame,
        *,
        wait_seconds: float | None = None,
        progress: Progress = None,
    ) -> LoadResult:
        """Go on with a load that was cut short: by an error, Ctrl-C, or the death of its process.

        Salesforce is asked what has arrived before anything is sent again. A load that has ended sends nothing:
        its results are read again, for as long as Salesforce keeps them (7 days).

        Parameters
        ----------
        load_id : str
            As :meth:`loads` shows it; its beginning will do where it is clear.
        frame : DataFrame, one row a record
            The same rows again; compared with the digests of what was sent.
        wait_seconds : float, optional
            How long to wait for the jobs; without it, until they end.
        progress : bool, {"widget", "bar", "log"} or callable, optional
            As in :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Of the whole load.

        Raises
        ------
        UsageError
            Where the journal knows no such load, or it went to another org.
        JournalMismatch
            Where the frame is not the one that was sent: names the first part that differs.
        JournalBusy
            Where the load is under way, here or in another process.
        JobFailed, JobAborted, StillRunning, ReconcileError, ApiError, TransportError, JournalError
            As the load itself.

        Notes
        -----
        Costs what is left of the load: of a part's six API calls those that were not made yet, one a poll, and three
        for the results of each job, also where they were read before. Each job that is asked how it stands, or is
        aborted, is one more; creates whose answers were lost are looked for, with one for each 1,000 jobs of the org.
        """
        return resume(self._loading, load_id, frame, wait_seconds=wait_seconds, progress=progress)

    def loads(self, *, forget: str | Sequence[str] | None = None) -> pd.DataFrame:
        """List the loads that the journal knows, the newest first; no API call.

        Parameters
        ----------
        forget : str or sequence of str, optional
            Ids of loads to remove from the journal, with the result files kept for them; ``"ended"`` for all that
            have ended, ``"all"`` for all that are not under way. A forgotten load cannot be resumed, and no longer
            guards against running a cell twice.

        Returns
        -------
        DataFrame, a row a load
            Columns: ``load_id``, ``started``, ``ended``, ``state`` (``ended``, ``running``, or ``unfinished``:
            resume it), ``operation``, ``sobject``, ``rows``, ``successful``, ``failed``, ``unprocessed``,
            ``unknown``, ``jobs``, ``instance_url`` and ``retry_of``.

        Raises
        ------
        UsageError
            For an id that the journal does not know.
        JournalBusy
            For one that is under way.
        """
        if forget is not None:
            forget_loads(self._loading.journal, forget)
        return loads_frame(self._loading.journal)

    def _load(self, frame: Any, target: Target, options: LoadKeywords) -> LoadResult:
        return load(self._loading, frame, target, LoadOptions.from_keywords(options))


def _operation(name: str) -> Operation:
    try:
        operation = Operation.named(name)
    except ValueError:
        operation = Operation.QUERY
    if operation.is_query:
        choices = ", ".join(each.value for each in Operation if not each.is_query)
        raise UsageError(f"operation={name!r} loads no rows", hint=f"say one of {choices}")
    return operation
