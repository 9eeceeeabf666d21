"""The side of an org that gives rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sfbulk_pandas.codec.schema import to_pandas
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.bound import bound
from sfbulk_pandas.jobs.explain import explained
from sfbulk_pandas.jobs.extract.bad import attrs_of
from sfbulk_pandas.jobs.extract.facts import facts_attrs
from sfbulk_pandas.jobs.extract.places import local_path
from sfbulk_pandas.jobs.extract.to_disk import check_target, to_csv, to_parquet
from sfbulk_pandas.jobs.query import prepare_query, read_table, stream_of
from sfbulk_pandas.jobs.query_options import QueryOptions
from sfbulk_pandas.org.base import Base
from sfbulk_pandas.sinks.buffer import ROWS_PER_FILE
from sfbulk_pandas.sinks.csv import check_file
from sfbulk_pandas.sinks.parquet import ParquetOptions

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from sfbulk_pandas.jobs.explain import Explanation
    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.sinks.folder import ParquetFolder
    from sfbulk_pandas.sinks.stream import BatchStream

DtypeBackend = Literal["numpy_nullable", "pyarrow"]


class Queries(Base):
    """Query, into pandas or Arrow, or to disk."""

    def query(self, soql: str, /, *, dtype_backend: DtypeBackend | None = None, **keywords: Any) -> pd.DataFrame:
        """Run a query and return its rows as a DataFrame, typed by the org's describe.

        Parameters
        ----------
        soql : str
            With ``{name}`` wherever a value goes, without quotes around it.
        dtype_backend : {"numpy_nullable", "pyarrow"}, optional
            As in pandas; see :func:`sfbulk_pandas.codec.schema.to_pandas` for the default.
        **keywords
            Options, see :class:`QueryOptions`, and the values to bind: str, numbers, dates, datetimes with a zone,
            bool, None, or lists for IN. Each value is quoted safely; what has the name of an option is one.

        Returns
        -------
        DataFrame, one row a record, one column a selected field
            In the order of the result. Typed also when it is empty. ``frame.attrs["sfbulk"]`` says how they were
            fetched: plan, reason, query, org_id, instance_url, job_ids, rows, pages, received_bytes, api_calls, seconds
            and started.

        Raises
        ------
        UsageError
            For a value that cannot be bound, before anything is sent.
        QueryRefused
            Where the query cannot be right, or a bulk query does not take it, with every place; no job is made.
        InvalidQuery
            Where Salesforce refuses the query.
        JobFailed, JobAborted, StillRunning, IncompleteResult, ApiError, TransportError
            Later; ``.partial`` holds the rows that came. A result with fewer rows than the job counted is never
            returned.

        Notes
        -----
        Costs, with ``plan="auto"``: one API call to count the object's records, unless the query says enough by itself;
        then one a page of up to 2,000 records for few rows, else one to create the job, one a poll, one a page of
        results and one for each five pages. Once an object, one for its describe. :meth:`explain` tells beforehand.

        A query of more than 100,000 characters, also one that has become so long by ``SELECT *``, is fetched in groups
        of columns, one after the other, by way of temporary files (or the spool), and their rows are joined by Id, in
        the order of the Ids. Records that change meanwhile are read again. It takes no ORDER BY, LIMIT or GROUP BY,
        and costs as much as so many queries.

        Source: Bulk API 2.0 guide, "Bulk API 2.0 Query"; REST API guide, "Query" and "Record Count"; App Limits cheat
        sheet, "SOQL and SOSL Limits for Search Queries".
        """
        table = self.query_arrow(soql, **keywords)
        frame = to_pandas(table, dtype_backend)
        frame.attrs.update(attrs_of(table) | facts_attrs(table.schema.metadata))
        return frame

    def query_arrow(self, soql: str, /, **keywords: Any) -> pa.Table:
        """Run a query and return its rows as a pyarrow Table.

        Errors and costs as for :meth:`query`.

        Parameters
        ----------
        soql : str
            With ``{name}`` wherever a value goes, without quotes around it.
        **keywords
            Options, see :class:`QueryOptions`, and the values to bind.

        Returns
        -------
        Table, one row a record, one column a selected field
            What :meth:`query` has in ``frame.attrs["sfbulk"]`` is JSON in its ``schema.metadata[b"sfbulk"]``.
        """
        return read_table(self._extract(soql, keywords))

    def query_batches(self, soql: str, /, **keywords: Any) -> BatchStream:
        """Run a query and return its rows as a stream of record batches; memory stays bounded whatever its size.

        Errors and costs as for :meth:`query`; nothing is sent before the first batch is asked for, and errors come from
        there.

        Parameters
        ----------
        soql : str
            With ``{name}`` wherever a value goes, without quotes around it.
        **keywords
            Options, see :class:`QueryOptions`, and the values to bind.

        Returns
        -------
        BatchStream, one row a record, one column a selected field
            Anything with ``__arrow_c_stream__`` support takes it. Rows come in the order of the result with
            ``keep_order=True`` or where the query has an ORDER BY, else as they come.
        """
        return stream_of(self._extract(soql, keywords))

    def query_parquet(
        self,
        soql: str,
        path: str | os.PathLike[str],
        /,
        *,
        partition_by: str | None = None,
        rows_per_file: int = ROWS_PER_FILE,
        overwrite: bool = False,
        **keywords: Any,
    ) -> ParquetFolder:
        """Run a bulk query and write its rows as a folder of Parquet files; memory stays bounded whatever its size.

        The files grow in a hidden folder beside (``.contacts.partial``), which is put in place when every row is in it:
        the folder is there as a whole or not at all. Stopped in between, by an error, Ctrl-C or the death of the
        process, the same call goes on with the same jobs, at the page and row that it was at, for as long as Salesforce
        keeps results: 7 days. What another query has left is refused, unless ``restart=True``.

        Errors and costs as for :meth:`query`; there is no ``.partial``, as the rows are on disk.

        Parameters
        ----------
        soql : str
            With ``{name}`` wherever a value goes, without quotes around it.
        path : path
            The folder; made with its parents.
        partition_by : str, optional
            A selected column of few values: the files of each value go into a folder of their own, such as
            ``Country=DE``, and leave the column out, as Hive does.
        rows_per_file : int
            The most rows of a file, which is one row group; it may be less where rows are wide.
        overwrite : bool
            Whether a folder that holds something is replaced once the new one is whole; else it is refused, before
            anything is sent.
        **keywords
            Options, see :class:`QueryOptions`, and the values to bind.

        Returns
        -------
        ParquetFolder, one row a record, one column a selected field
            Takes the place of a path; ``.dataset()``, ``.rows``, ``.details`` and :func:`sfbulk_pandas.bad_cells` say
            more.

        Raises
        ------
        JournalBusy
            Where this or another process writes the same folder.
        """
        target = local_path(path)
        check_target(target, overwrite=overwrite)
        files = ParquetOptions(partition_by, rows_per_file)
        extract = self._extract(soql, keywords)
        if extract.options.spool is not None:
            raise UsageError("query_parquet keeps its pages on disk by itself", hint="leave spool out")
        return to_parquet(extract, target, files, overwrite=overwrite)

    def query_csv(
        self, soql: str, path: str | os.PathLike[str], /, *, overwrite: bool = False, **keywords: Any
    ) -> Path:
        """Run a bulk query and write its rows as one CSV file, UTF-8; memory stays bounded whatever its size.

        Values are the texts that Salesforce sends, so that no digit is lost; moments end in ``Z`` whichever way it
        wrote them. A missing value and an empty text are both an empty cell, as Salesforce does not tell them apart.
        The file grows in a hidden folder beside and is put in place when it is whole; where that is stopped, nothing
        is left (``spool=`` keeps the pages that came).

        Errors and costs as for :meth:`query`; there is no ``.partial``.

        Parameters
        ----------
        soql : str
            With ``{name}`` wherever a value goes, without quotes around it.
        path : path
            The file.
        overwrite : bool
            Whether a file that is there is replaced once the new one is whole; else it is refused, before anything is
            sent.
        **keywords
            Options, see :class:`QueryOptions`, and the values to bind.

        Returns
        -------
        Path
            Of the file.

        Raises
        ------
        JournalBusy
            Where this or another process writes the same file.
        """
        target = local_path(path)
        check_file(target, overwrite=overwrite)
        return to_csv(self._extract(soql, keywords), target, overwrite=overwrite)

    def explain(self, soql: str, /, **keywords: Any) -> Explanation:
        """Say how a query would be fetched, why so, and about what it would cost, without running it.

        Parameters
        ----------
        soql : str
            With ``{name}`` wherever a value goes, without quotes around it.
        **keywords
            Options, see :class:`QueryOptions`, and the values to bind.

        Returns
        -------
        Explanation

        Raises
        ------
        QueryRefused, UsageError
            As :meth:`query`.

        Notes
        -----
        Costs one API call to count the object's records; once an object, one for its describe.
        """
        return explained(self._extract(soql, keywords))

    def _extract(self, soql: str, keywords: dict[str, Any]) -> Extract:
        options, params = QueryOptions.split(keywords)
        return prepare_query(self._loading, bound(soql, params), options)
