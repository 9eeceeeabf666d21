"""The side of an org that shows its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.jobs.control import abort_job, delete_job, job_info
from sfbulk_pandas.jobs.foreign import results_of
from sfbulk_pandas.jobs.listing import list_jobs
from sfbulk_pandas.jobs.loads import clean_up
from sfbulk_pandas.jobs.shown.job import ShownJob
from sfbulk_pandas.org.base import Base

if TYPE_CHECKING:
    import pandas as pd

    from sfbulk_pandas.jobs.options import Rename
    from sfbulk_pandas.jobs.results import LoadResult
    from sfbulk_pandas.salesforce.job import JobInfo


class Jobs(Base):
    """Look at, abort and delete jobs; read the results of any."""

    def job(self, job_id: str | JobInfo) -> JobInfo:
        """Return how a job stands; one API call, two for a query job.

        Parameters
        ----------
        job_id : str or JobInfo
            15 or 18 characters, or the job itself.

        Returns
        -------
        JobInfo

        Raises
        ------
        UsageError
            For what is neither an id nor a job.
        NotFound
            Where there is no such job, or it ended more than 7 days ago.
        """
        return ShownJob.of(job_info(self._session, job_id))

    def abort(self, job_id: str | JobInfo) -> JobInfo:
        """Abort a job; rows already written stay written. Two or three API calls.

        Parameters
        ----------
        job_id : str or JobInfo
            15 or 18 characters, or the job itself.

        Returns
        -------
        JobInfo

        Raises
        ------
        UsageError
            For what is neither an id nor a job.
        ImpossibleTransition
            Where the job has ended.
        NotFound
            Where there is no such job.
        """
        return ShownJob.of(abort_job(self._session, job_id))

    def delete_job(self, job_id: str | JobInfo) -> None:
        """Delete an ended job with its results (never the records). Two or three API calls.

        Parameters
        ----------
        job_id : str or JobInfo
            15 or 18 characters, or the job itself.

        Raises
        ------
        UsageError
            For what is neither an id nor a job.
        ImpossibleTransition
            Where the job has not ended: abort it first.
        NotFound
            Where there is no such job.
        """
        delete_job(self._session, job_id)

    def jobs(self, *, sobject: str | None = None, state: str | None = None, counts: bool = True) -> pd.DataFrame:
        """List the org's bulk jobs that the user may see, the newest first.

        Parameters
        ----------
        sobject : str, optional
            Only jobs on this object, in any case.
        state : str, optional
            Only jobs in this state, such as ``"Open"``.
        counts : bool
            Whether each job is asked for its counters, which the list lacks.

        Returns
        -------
        DataFrame, a row a job
            Columns: ``id``, ``state``, ``object``, ``operation``, ``created``, ``age``, ``processed``, ``failed``,
            ``created_by``, and ``ours``: the id of our load that made it, missing for jobs of others, and for those
            that a load has aborted and made anew.

        Raises
        ------
        UsageError
            For a state that there is not.

        Notes
        -----
        Costs one API call a thousand jobs, and with ``counts`` one for each ingest job listed.
        Source: Bulk API 2.0 guide, "Get Information About All Jobs".
        """
        ours = self._loading.journal.jobs()
        return list_jobs(self._session, ours, sobject=sobject, state=state, counts=counts)

    def results(
        self,
        job_id: str | JobInfo,
        /,
        frame: pd.DataFrame | None = None,
        *,
        rename: Rename | None = None,
        timezone: str | None = None,
    ) -> LoadResult:
        """Read the results of an ingest job, whoever ran it.

        Parameters
        ----------
        job_id : str or JobInfo
            15 or 18 characters, or the job itself.
        frame : DataFrame, optional
            The rows that the job was given, or anything else that a load takes: the results are then joined to them
            as those of a load are. Without it, the rows are those of the result files, the columns typed by the
            describe.
        rename : mapping of column label to field name, or path, optional
            What the load was given, where the frame's columns are not labelled as their fields are.
        timezone : str, optional
            What the load was given: the zone that datetimes without one are in.

        Returns
        -------
        LoadResult
            Rows of the frame that have no answer for certain are ``unknown``, and answers that are no row's for
            certain are ``unmatched``; of either, a warning tells how many.

        Raises
        ------
        StillRunning
            Where the job has not ended.
        UsageError
            For a query job, for what is neither an id nor a job, or a frame that has none of the job's columns.
        EncodeError
            For a cell that cannot have been sent, such as a datetime without a zone where ``timezone`` is not given.
        NotFound
            Where there is no such job, or it ended more than 7 days ago.
        ReconcileError
            Where the files do not hold as many rows as the job says; ``.result`` has what they hold.

        Notes
        -----
        Costs four API calls; once an object, one for its describe.
        """
        return results_of(self._loading, job_id, frame, rename=rename, timezone=timezone)

    def clean_up(self) -> pd.DataFrame:
        """Abort the Open jobs that our own loads left behind and no process works on; other jobs are left alone.

        An Open job holds no processed rows. A load whose job is aborted can still be resumed. Where the answer to a
        create was lost, the job that it may have left is looked for, and aborted where it is surely the load's; a job
        that may be another program's is listed, and stays Open.

        Returns
        -------
        DataFrame, a row a job
            Columns: ``id``, ``load_id`` (the load that made it; of one that stays Open, that may have), ``state`` as it
            stands now (missing where the job is gone), ``object``, and ``aborted``: whether that was done now.

        Notes
        -----
        Costs one API call for each job that was never closed, and one for each that is aborted; for each load with a
        create whose answer was lost, one for each 1,000 jobs of the org, and one for each Open job that fits.
        """
        return clean_up(self._loading)
