"""The side of an org that keeps copies of its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.extract.places import local_path
from sfbulk_pandas.jobs.query_options import QueryOptions
from sfbulk_pandas.jobs.sync.run import Sync
from sfbulk_pandas.jobs.sync.settle import OVERLAP_SECONDS, SyncOptions
from sfbulk_pandas.org.base import Base

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from sfbulk_pandas.jobs.sync.result import SyncResult

_DECIDED = {"spool": "its pages are kept on disk anyway", "query_all": "deleted records are asked for anyway"}
_DECIDED |= {"keep_order": "the rows of a copy have no order"}


class Copies(Base):
    """Incremental copies."""

    def sync(
        self,
        sobject: str,
        path: str | os.PathLike[str],
        /,
        *,
        columns: Sequence[str] | None = None,
        sweep: bool = False,
        full: bool = False,
        overlap_seconds: float = OVERLAP_SECONDS,
        **keywords: Any,
    ) -> SyncResult:
        """Bring a copy of an object, a folder of Parquet files, up to date: fetch what has changed since the last time.

        The first call fetches everything. Each later one fetches the records whose SystemModstamp lies behind the
        beginning of the last run, by Salesforce's clock, and a while before it, since what a long transaction commits
        late has an older stamp. Of each record the copy holds the last state, once. Deleted records stay, with
        ``IsDeleted`` true. The folder is replaced as a whole when everything is in it; what a call that was stopped has
        fetched is gone on with by the next one, as in :meth:`query_parquet`.

        Errors as for :meth:`query_parquet`.

        Parameters
        ----------
        sobject : str
            API name, in any case.
        path : path
            The folder; made with its parents.
        columns : sequence of str, optional
            Fields; Id, SystemModstamp and IsDeleted are always among them. Without it all fields, but formulas, whose
            values change without their record, and compound and base64 ones. A copy keeps its columns: others need
            ``full=True``.
        sweep : bool
            Whether the Ids of all records are fetched as well, to mark those that are gone from the recycle bin too (a
            hard delete leaves no trace that a window could find), unmark those that are back, and count those that the
            copy misses. Not for the first run, which has nothing to compare.
        full : bool
            Whether everything is fetched anew; marked records are left out then.
        overlap_seconds : float
            How long before the beginning of the last run the window begins.
        **keywords
            Options, see :class:`QueryOptions`.

        Returns
        -------
        SyncResult
            Takes the place of a path; ``.rows``, ``.tally`` and ``.dataset()`` say more.

        Raises
        ------
        UsageError
            For an object without SystemModstamp, an option that cannot be right, and where the folder holds something
            else, or a copy of another object, org or columns.
        DataError
            Where somebody has changed the copy's files, or the disk refuses: the last state stands.
        JournalBusy
            Where this or another process brings the same copy up to date.

        Notes
        -----
        Costs as for :meth:`query_parquet`, twice with ``sweep``, and one call for Salesforce's clock. Memory: that of
        :meth:`query_parquet`; or, after the first run, 70 bytes a changed record, and 35 a record of the object with
        ``sweep``, where that is more. Source: Object Reference, "System Fields".
        """
        options, others = QueryOptions.split(keywords)
        if others:
            raise UsageError(f"sync has no option {min(others)}")
        for name, why in _DECIDED.items():
            if getattr(options, name):
                raise UsageError(f"{name} is nothing for sync: {why}", hint=f"leave {name} out")
        asked = SyncOptions(columns, sweep, full, overlap_seconds)
        return Sync(self._loading, sobject, local_path(path), asked, options).run()
