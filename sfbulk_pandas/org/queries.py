"""The side of an org that gives rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sfbulk_pandas.codec.schema import to_pandas
from sfbulk_pandas.jobs.query import QueryOptions, bound, run_query
from sfbulk_pandas.org.base import Base

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from sfbulk_pandas.jobs.options import Progress

DtypeBackend = Literal["numpy_nullable", "pyarrow"]


class Queries(Base):
    """Query, into pandas or Arrow."""

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
