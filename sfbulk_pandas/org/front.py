"""The module's functions: those of an Org, on the org last connected or on ``org=``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.jobs.loads import forget_loads, loads_frame
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.org.current import connected_org, current_org

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from sfbulk_pandas.jobs.explain import Explanation
    from sfbulk_pandas.jobs.explore.described import Description
    from sfbulk_pandas.jobs.explore.profile_frame import Profile
    from sfbulk_pandas.jobs.explore.sobjects import SObjectList
    from sfbulk_pandas.jobs.options import Rename
    from sfbulk_pandas.jobs.results import LoadResult
    from sfbulk_pandas.jobs.sync.result import SyncResult
    from sfbulk_pandas.org.org import Org
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.sinks.folder import ParquetFolder
    from sfbulk_pandas.sinks.stream import BatchStream


def query(soql: str, /, *, org: Org | None = None, **options: Any) -> pd.DataFrame:
    """Run a bulk query on the connected org; see :meth:`Org.query`.

    Parameters
    ----------
    soql : str
    org : Org, optional
        Instead of the one last connected.
    **options
        ``dtype_backend``, those of :class:`QueryOptions`, and the values to bind.

    Returns
    -------
    DataFrame, one row a record

    Raises
    ------
    UsageError
        Where no org is connected, or the query cannot be right.
    """
    return current_org(org).query(soql, **options)


def query_arrow(soql: str, /, *, org: Org | None = None, **options: Any) -> pa.Table:
    """Run a bulk query on the connected org, into Arrow; see :meth:`Org.query_arrow`.

    Parameters
    ----------
    soql : str
    org : Org, optional
        Instead of the one last connected.
    **options
        Those of :class:`QueryOptions`, and the values to bind.

    Returns
    -------
    Table, one row a record

    Raises
    ------
    UsageError
        Where no org is connected, or the query cannot be right.
    """
    return current_org(org).query_arrow(soql, **options)


def query_batches(soql: str, /, *, org: Org | None = None, **options: Any) -> BatchStream:
    """Run a bulk query on the connected org, as a stream of record batches; see :meth:`Org.query_batches`.

    Parameters
    ----------
    soql : str
    org : Org, optional
        Instead of the one last connected.
    **options
        Those of :class:`QueryOptions`, and the values to bind.

    Returns
    -------
    BatchStream, one row a record

    Raises
    ------
    UsageError
        Where no org is connected, or the query cannot be right.
    """
    return current_org(org).query_batches(soql, **options)


def explain(soql: str, /, *, org: Org | None = None, **options: Any) -> Explanation:
    """Say how a query would be fetched from the connected org, and about what it would cost; see :meth:`Org.explain`.

    Parameters
    ----------
    soql : str
    org : Org, optional
        Instead of the one last connected.
    **options
        Those of :class:`QueryOptions`, and the values to bind.

    Returns
    -------
    Explanation

    Raises
    ------
    UsageError
        Where no org is connected, or the query cannot be right.
    """
    return current_org(org).explain(soql, **options)


def sobjects(*, org: Org | None = None) -> SObjectList:
    """List the objects of the connected org; see :meth:`Org.sobjects`. One API call.

    Parameters
    ----------
    org : Org, optional
        Instead of the one last connected.

    Returns
    -------
    SObjectList, a row an object

    Raises
    ------
    UsageError
        Where no org is connected.
    """
    return current_org(org).sobjects()


def describe(sobject: str, /, *, org: Org | None = None) -> Description:
    """Tell of the fields of one of the connected org's objects; see :meth:`Org.describe`. One API call, once.

    Parameters
    ----------
    sobject : str
        API name, in any case.
    org : Org, optional
        Instead of the one last connected.

    Returns
    -------
    Description, a row a field

    Raises
    ------
    UsageError
        Where no org is connected, or it has no such object, with the nearest name.
    """
    return current_org(org).describe(sobject)


def profile(soql: str, /, *, org: Org | None = None, **options: Any) -> Profile:
    """Run a query on the connected org and say what each of its columns holds; see :meth:`Org.profile`.

    Parameters
    ----------
    soql : str
    org : Org, optional
        Instead of the one last connected.
    **options
        Those of :class:`QueryOptions`, and the values to bind.

    Returns
    -------
    Profile, a row a column

    Raises
    ------
    UsageError
        Where no org is connected, or the query cannot be right.
    """
    return current_org(org).profile(soql, **options)


def query_parquet(
    soql: str, path: str | os.PathLike[str], /, *, org: Org | None = None, **options: Any
) -> ParquetFolder:
    """Run a bulk query on the connected org, into a folder of Parquet files; see :meth:`Org.query_parquet`.

    Parameters
    ----------
    soql : str
    path : path
        The folder.
    org : Org, optional
        Instead of the one last connected.
    **options
        ``partition_by``, ``rows_per_file``, ``overwrite``, those of :class:`QueryOptions`, and the values to bind.

    Returns
    -------
    ParquetFolder, one row a record

    Raises
    ------
    UsageError
        Where no org is connected, the folder holds something, or the query cannot be right.
    """
    return current_org(org).query_parquet(soql, path, **options)


def query_csv(soql: str, path: str | os.PathLike[str], /, *, org: Org | None = None, **options: Any) -> Path:
    """Run a bulk query on the connected org, into a CSV file; see :meth:`Org.query_csv`.

    Parameters
    ----------
    soql : str
    path : path
        The file.
    org : Org, optional
        Instead of the one last connected.
    **options
        ``overwrite``, those of :class:`QueryOptions`, and the values to bind.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    UsageError
        Where no org is connected, the file is there already, or the query cannot be right.
    """
    return current_org(org).query_csv(soql, path, **options)


def sync(sobject: str, path: str | os.PathLike[str], /, *, org: Org | None = None, **options: Any) -> SyncResult:
    """Bring a copy of one of the connected org's objects up to date, a folder of Parquet files; see :meth:`Org.sync`.

    Parameters
    ----------
    sobject : str
    path : path
        The folder.
    org : Org, optional
        Instead of the one last connected.
    **options
        ``columns``, ``sweep``, ``full``, ``overlap_seconds``, and those of :class:`QueryOptions`.

    Returns
    -------
    SyncResult

    Raises
    ------
    UsageError
        Where no org is connected, or the copy cannot be gone on with.
    """
    return current_org(org).sync(sobject, path, **options)


def resume(load_id: str, /, frame: pd.DataFrame, *, org: Org | None = None, **options: Any) -> LoadResult:
    """Go on with a load that was cut short; see :meth:`Org.resume`.

    Parameters
    ----------
    load_id : str
        As :func:`loads` shows it.
    frame : DataFrame, one row a record
        The same rows again.
    org : Org, optional
        Instead of the one last connected.
    **options
        ``wait_seconds`` and ``progress``.

    Returns
    -------
    LoadResult
        Of the whole load.

    Raises
    ------
    JournalMismatch
        Where the frame is not the one that was sent.
    """
    return current_org(org).resume(load_id, frame, **options)


def loads(*, forget: str | Sequence[str] | None = None, org: Org | None = None) -> pd.DataFrame:
    """List the loads that the journal knows, the newest first; see :meth:`Org.loads`. No API call.

    Parameters
    ----------
    forget : str or sequence of str, optional
        Loads to remove from the journal first: ids, ``"ended"`` or ``"all"``.
    org : Org, optional
        Whose journal; that of the org last connected, else the user's own.

    Returns
    -------
    DataFrame, a row a load

    Raises
    ------
    UsageError
        For an id that the journal does not know.
    JournalBusy
        For a load to forget that is under way.
    """
    chosen = org or connected_org()
    if chosen is not None:
        return chosen.loads(forget=forget)
    with Journal() as journal:
        if forget is not None:
            forget_loads(journal, forget)
        return loads_frame(journal)


def limits(*, org: Org | None = None) -> pd.DataFrame:
    """Return what the connected org may use and what it has left; see :meth:`Org.limits`. One API call.

    Parameters
    ----------
    org : Org, optional
        Instead of the one last connected.

    Returns
    -------
    DataFrame, a row a limit

    Raises
    ------
    UsageError
        Where no org is connected.
    """
    return current_org(org).limits()


def jobs(*, org: Org | None = None, **options: Any) -> pd.DataFrame:
    """List the org's bulk jobs, the newest first; see :meth:`Org.jobs`.

    Parameters
    ----------
    org : Org, optional
        Instead of the one last connected.
    **options
        ``sobject``, ``state`` and ``counts``.

    Returns
    -------
    DataFrame, a row a job

    Raises
    ------
    UsageError
        Where no org is connected, or for a state that there is not.
    """
    return current_org(org).jobs(**options)


def results(
    job_id: str | JobInfo,
    /,
    frame: pd.DataFrame | None = None,
    *,
    rename: Rename | None = None,
    timezone: str | None = None,
    org: Org | None = None,
) -> LoadResult:
    """Read the results of an ingest job, whoever ran it; see :meth:`Org.results`.

    Parameters
    ----------
    job_id : str or JobInfo
        15 or 18 characters, or the job itself.
    frame : DataFrame, optional
        The rows that the job was given.
    rename : mapping of column label to field name, or path, optional
        What the load was given.
    timezone : str, optional
        What the load was given.
    org : Org, optional
        Instead of the one last connected.

    Returns
    -------
    LoadResult

    Raises
    ------
    UsageError
        Where no org is connected, or for what is neither an id nor a job.
    StillRunning
        Where the job has not ended.
    """
    return current_org(org).results(job_id, frame, rename=rename, timezone=timezone)


def abort(job_id: str | JobInfo, /, *, org: Org | None = None) -> JobInfo:
    """Abort a job; rows already written stay written; see :meth:`Org.abort`.

    Parameters
    ----------
    job_id : str or JobInfo
        15 or 18 characters, or the job itself.
    org : Org, optional
        Instead of the one last connected.

    Returns
    -------
    JobInfo

    Raises
    ------
    UsageError
        Where no org is connected, or for what is neither an id nor a job.
    ImpossibleTransition
        Where the job has ended.
    """
    return current_org(org).abort(job_id)


def delete_job(job_id: str | JobInfo, /, *, org: Org | None = None) -> None:
    """Delete an ended job with its results, never the records; see :meth:`Org.delete_job`.

    Parameters
    ----------
    job_id : str or JobInfo
        15 or 18 characters, or the job itself.
    org : Org, optional
        Instead of the one last connected.

    Raises
    ------
    UsageError
        Where no org is connected, or for what is neither an id nor a job.
    ImpossibleTransition
        Where the job has not ended: abort it first.
    """
    current_org(org).delete_job(job_id)


def clean_up(*, org: Org | None = None) -> pd.DataFrame:
    """Abort the Open jobs that our own loads left behind; see :meth:`Org.clean_up`.

    Parameters
    ----------
    org : Org, optional
        Instead of the one last connected.

    Returns
    -------
    DataFrame, a row a job

    Raises
    ------
    UsageError
        Where no org is connected.
    """
    return current_org(org).clean_up()
