"""Org: what a user holds; the one place where the adapters are chosen."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from sfbulk_pandas.codec.schema import to_pandas
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.control import abort_job, delete_job, job_info
from sfbulk_pandas.jobs.describes import Describes
from sfbulk_pandas.jobs.load import Loading, load
from sfbulk_pandas.jobs.options import LoadKeywords, LoadOptions, Polling, Progress
from sfbulk_pandas.jobs.prepare import Target
from sfbulk_pandas.jobs.query import QueryOptions, bound, run_query
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.limits import DEFAULT_API_VERSION
from sfbulk_pandas.transport.session import Session

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from sfbulk_pandas.auth.base import Credentials
    from sfbulk_pandas.jobs.results import LoadResult
    from sfbulk_pandas.salesforce.job import JobInfo
    from sfbulk_pandas.salesforce.sobject import SObjectDescribe

DtypeBackend = Literal["numpy_nullable", "pyarrow"]


class Org:
    """A Salesforce org to load into and query from.

    Made by :func:`connect`. Safe to use from several threads.

    Parameters
    ----------
    session : Session
        Signed in, or able to sign in.
    polling : Polling
        How often jobs are asked for their state.
    """

    def __init__(self, session: Session, polling: Polling | None = None) -> None:
        self._session = session
        self._loading = Loading(session, Describes(session), polling or Polling())

    @property
    def instance_url(self) -> str:
        """Where the org is, such as ``https://acme.my.salesforce.com``."""
        return self._session.instance_url

    @property
    def api_version(self) -> str:
        """The API version in use, such as ``"66.0"``."""
        return self._session.api_version

    def sign_in(self) -> None:
        """Fetch a token now rather than with the first request.

        Raises
        ------
        TokenRefused
            Where Salesforce does not let this user in: why, and what to do.
        """
        _ = self._session.instance_url

    def insert(self, frame: pd.DataFrame, sobject: str, **options: Unpack[LoadKeywords]) -> LoadResult:
        """Insert each row of a frame as a new record.

        An insert is not repeatable: what has succeeded is in the org. Prefer :meth:`upsert` with an
        external id where the object has one.

        Parameters
        ----------
        frame : DataFrame, one row a record
            Its column labels are field API names, in any case.
        sobject : str
            API name of the object, such as ``"Contact"``.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed`` and ``unprocessed``.

        Raises
        ------
        UsageError, PreflightFailed, EncodeError
            Before anything is sent: what is wrong, where, and what to do.
        JobFailed, JobAborted, StillRunning, ReconcileError, ApiError, TransportError
            Later; ``.result`` accounts for every row.

        Notes
        -----
        Costs, a part of up to 100 MB: six API calls and one a poll; once an object, one for its describe.
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
            Every row is in one of ``successful``, ``failed`` and ``unprocessed``.

        Raises
        ------
        PreflightFailed
            Where there is no ``Id`` column, or it has blanks.
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
            A field marked as external id (or ``Id``); the frame must have it, without blanks.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed`` and ``unprocessed``.

        Raises
        ------
        PreflightFailed
            Where the key column is missing, is no external id, or has blanks.
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
            Every row is in one of ``successful``, ``failed`` and ``unprocessed``.

        Raises
        ------
        PreflightFailed
            Where there is no ``Id`` column, or it has blanks.
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
            Every row is in one of ``successful``, ``failed`` and ``unprocessed``.

        Raises
        ------
        ApiError
            ``FEATURENOTENABLED`` where the user lacks the permission.
        """
        return self._load(frame, Target(sobject, Operation.HARD_DELETE), options)

    def query(
        self,
        soql: str,
        /,
        *,
        dtype_backend: DtypeBackend | None = None,
        wait_seconds: float | None = None,
        progress: Progress = None,
        **params: Any,
    ) -> pd.DataFrame:
        """Run a bulk query and return its rows as a DataFrame, typed by the org's describe.

        Parameters
        ----------
        soql : str
            With ``{name}`` wherever a value of ``params`` goes, without quotes around it.
        dtype_backend : {"numpy_nullable", "pyarrow"}, optional
            As in pandas; see :func:`sfbulk_pandas.codec.schema.to_pandas` for the default.
        wait_seconds : float, optional
            How long to wait for the job; without it, until it ends.
        progress : bool or callable, optional
            As in :class:`LoadOptions`.
        **params
            Values to bind: str, numbers, dates, datetimes with a zone, bool, None, or lists for IN.
            Each is quoted safely.

        Returns
        -------
        DataFrame, one row a record, one column a selected field
            Typed also when it is empty.

        Raises
        ------
        UsageError
            For a value or a query that cannot be right, before anything is sent.
        InvalidQuery
            Where Salesforce refuses the query.
        JobFailed, JobAborted, StillRunning, IncompleteResult, ApiError, TransportError
            Later. A result with fewer rows than the job counted is never returned.

        Notes
        -----
        Costs one API call to create the job, one a poll, one a page of results; once an object, one
        for its describe. Source: Bulk API 2.0 guide, "Bulk API 2.0 Query".
        """
        table = self.query_arrow(soql, wait_seconds=wait_seconds, progress=progress, **params)
        return to_pandas(table, dtype_backend)

    def query_arrow(
        self,
        soql: str,
        /,
        *,
        wait_seconds: float | None = None,
        progress: Progress = None,
        **params: Any,
    ) -> pa.Table:
        """Run a bulk query and return its rows as a pyarrow Table.

        Errors and costs as for :meth:`query`.

        Parameters
        ----------
        soql : str
            With ``{name}`` wherever a value of ``params`` goes, without quotes around it.
        wait_seconds : float, optional
            How long to wait for the job; without it, until it ends.
        progress : bool or callable, optional
            As in :class:`LoadOptions`.
        **params
            Values to bind, quoted safely.

        Returns
        -------
        Table, one row a record, one column a selected field
        """
        return run_query(self._loading, bound(soql, params), QueryOptions(wait_seconds, progress))

    def describe(self, sobject: str) -> SObjectDescribe:
        """Return what Salesforce says of an object and its fields; one API call, once.

        Parameters
        ----------
        sobject : str
            API name, in any case.

        Returns
        -------
        SObjectDescribe

        Raises
        ------
        UsageError
            Where the org has no such object, with the nearest name.
        """
        return self._loading.describes.get(sobject)

    def job(self, job_id: str) -> JobInfo:
        """Return how a job stands; one API call, two for a query job.

        Parameters
        ----------
        job_id : str
            15 or 18 characters.

        Returns
        -------
        JobInfo

        Raises
        ------
        NotFound
            Where there is no such job, or it ended more than 7 days ago.
        """
        return job_info(self._session, job_id)

    def abort(self, job_id: str) -> JobInfo:
        """Abort a job; rows already written stay written. Two or three API calls.

        Parameters
        ----------
        job_id : str
            15 or 18 characters.

        Returns
        -------
        JobInfo

        Raises
        ------
        ImpossibleTransition
            Where the job has ended.
        NotFound
            Where there is no such job.
        """
        return abort_job(self._session, job_id)

    def delete_job(self, job_id: str) -> None:
        """Delete an ended job with its results (never the records). Two or three API calls.

        Parameters
        ----------
        job_id : str
            15 or 18 characters.

        Raises
        ------
        ImpossibleTransition
            Where the job has not ended: abort it first.
        NotFound
            Where there is no such job.
        """
        delete_job(self._session, job_id)

    def close(self) -> None:
        """Close the connections; the org can be used again, and then opens new ones."""
        self._session.close()

    def _load(self, frame: pd.DataFrame, target: Target, options: LoadKeywords) -> LoadResult:
        return load(self._loading, frame, target, LoadOptions.from_keywords(options))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Org {self.instance_url}, API {self.api_version}>"


_CURRENT: ContextVar[Org] = ContextVar("sfbulk_org")


def connect(credentials: Credentials, *, api_version: str = DEFAULT_API_VERSION, polling: Polling | None = None) -> Org:
    """Sign in, and make the org the one that module functions and ``df.sfbulk`` act on.

    Parameters
    ----------
    credentials : JwtBearer or AccessToken
        How to sign in.
    api_version : str
        Such as ``"66.0"``.
    polling : Polling, optional
        How often jobs are asked for their state.

    Returns
    -------
    Org

    Raises
    ------
    TokenRefused
        Where Salesforce does not let this user in: why, and what to do.
    UsageError
        Where the credentials or the version cannot be right.

    Notes
    -----
    Costs no API call; a token is not counted as one.
    """
    if not hasattr(credentials, "fetch"):
        raise UsageError(
            f"connect takes credentials, not {type(credentials).__name__}",
            hint="give sfbulk.JwtBearer(...) or sfbulk.AccessToken(token, instance_url)",
        )
    if not re.fullmatch(r"\d+\.0", str(api_version)):
        raise UsageError(f"api_version={api_version!r} is no version", hint=f"write it as {DEFAULT_API_VERSION!r}")
    org = Org(Session(credentials, api_version=api_version), polling)
    org.sign_in()
    _CURRENT.set(org)
    return org


def current_org(org: Org | None = None) -> Org:
    """Return the org to act on: the one given, else the one last connected in this context.

    Raises
    ------
    UsageError
        Where there is none.
    """
    found = org or _CURRENT.get(None)
    if found is None:
        raise UsageError("no org is connected", hint="call sfbulk.connect(...) first, or pass org=")
    return found


def query(soql: str, /, *, org: Org | None = None, **options: Any) -> pd.DataFrame:
    """Run a bulk query on the connected org; see :meth:`Org.query`.

    Parameters
    ----------
    soql : str
    org : Org, optional
        Instead of the one last connected.
    **options
        ``dtype_backend``, ``wait_seconds``, ``progress``, and the values to bind.

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
        ``wait_seconds``, ``progress``, and the values to bind.

    Returns
    -------
    Table, one row a record

    Raises
    ------
    UsageError
        Where no org is connected, or the query cannot be right.
    """
    return current_org(org).query_arrow(soql, **options)
