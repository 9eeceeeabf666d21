"""The options of a query, one frozen dataclass."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from sfbulk_pandas.codec.schema import OnBadValue, TypeOptions
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.budget import Budget
from sfbulk_pandas.progress.choose import check_progress

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from sfbulk_pandas.jobs.options import Progress

PlanName = Literal["auto", "result_pages", "locator", "id_ranges", "pk_chunks", "rest"]
OnStop = Literal["abort", "leave"]
CHUNK_ROWS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOptions:
    """How a query is run.

    Parameters
    ----------
    plan : {"auto", "result_pages", "locator", "id_ranges", "pk_chunks", "rest"}
        How the rows are fetched. ``"auto"`` chooses by the query and by the object's size, says why, and cuts the
        object into ranges of Ids where one job takes Salesforce too long; a plan that is named is never changed.
        ``"result_pages"`` reads the pages of a Bulk API 2.0 job side by side,
        or by their locators where the org lists no pages; ``"locator"`` always does the latter. ``"id_ranges"`` cuts
        the object's Ids into ranges and runs a job for each, several at a time: for objects so large that one job
        takes too long. ``"pk_chunks"`` lets Salesforce do so, by Bulk API 1.0. Neither takes ORDER BY, LIMIT or OFFSET.
        ``"rest"`` reads pages of up to 2,000 records without a job: for small results, and for what bulk jobs refuse,
        such as GROUP BY, OFFSET and TYPEOF.
    query_all : bool
        Whether deleted and archived records come too.
    parallel_pages : int, optional
        How many pages are read at a time; by default as many as there are cores, from 2 to 4.
    page_rows : int, optional
        The most rows of a page; by default as Salesforce likes, which is always so for the pages that it lists.
    chunk_rows : int
        About how many records a range of Ids holds; at most 250,000 of ``"pk_chunks"``.
    chunk_parent : str, optional
        For ``"pk_chunks"`` of a Share or History object: the object by whose Ids it is cut.
    chunk_start : str, optional
        For ``"pk_chunks"``: the Id at which the first chunk begins.
    keep_order : bool
        Whether rows come in the order of the result also where they are not held in memory; they always do where the
        query has an ORDER BY.
    decimals, categories, lists, on_bad_value
        What values become; see :class:`TypeOptions`.
    budget : float or Budget, optional
        How much of the API calls, query jobs and batches that the org has left today this query may take, such as
        ``0.2``: where it takes more, nothing is fetched (``OverBudget``), or it waits (:class:`Budget`). What it takes
        is what :meth:`Org.explain` says, as if it began anew; polls come on top.
    wait_seconds : float, optional
        How long to wait for jobs; without it, until they end.
    spool : path, optional
        A folder of its own, in which pages are kept until the result is handed over, so that the same call goes on
        where it was after a broken connection, Ctrl-C or the death of its process, for as long as Salesforce keeps
        the results: 7 days. Not for ``query_parquet``, which does so by itself. With ``plan="rest"`` it begins anew.
    restart : bool
        Whether what an earlier call has left on disk, in the spool or on its way to Parquet, is thrown away.
    on_stop : {"abort", "leave"}, optional
        What becomes of jobs that still run in Salesforce when the query is stopped early; by default they are left
        running where the same call can go on with them, else aborted.
    progress : bool, {"widget", "bar", "log"} or callable, optional
        As in :class:`LoadOptions`; the control comes with each ``PlanChosen``, ``.abort()`` of it ends the query with
        ``JobAborted``, and ``.partial`` of that holds what came, where rows are in memory.
    """

    plan: PlanName = "auto"
    query_all: bool = False
    parallel_pages: int | None = None
    page_rows: int | None = None
    chunk_rows: int = CHUNK_ROWS
    chunk_parent: str | None = None
    chunk_start: str | None = None
    keep_order: bool = False
    decimals: bool = False
    categories: bool = False
    lists: bool = False
    on_bad_value: OnBadValue = "keep"
    budget: float | Budget | None = None
    wait_seconds: float | None = None
    spool: str | os.PathLike[str] | None = None
    restart: bool = False
    on_stop: OnStop | None = None
    progress: Progress = None

    def __post_init__(self) -> None:
        if self.plan not in get_args(PlanName):
            choices = ", ".join(map(repr, get_args(PlanName)))
            raise UsageError(f"plan={self.plan!r} is no plan", hint=f"say one of {choices}")
        for name in ("chunk_parent", "chunk_start"):
            if getattr(self, name) is not None and self.plan != "pk_chunks":
                raise UsageError(f'{name} is for plan="pk_chunks"', hint=f'say plan="pk_chunks", or leave {name} out')
        _ = self.types  # which checks its own
        check_progress(self.progress)
        if self.budget is not None:
            Budget.of(self.budget)  # the same
        if self.on_stop not in {None, *get_args(OnStop)}:
            raise UsageError(f'on_stop must be "abort" or "leave", not {self.on_stop!r}')
        for name in ("parallel_pages", "page_rows", "chunk_rows"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name}={value} does not fit", hint="give at least 1")

    @property
    def types(self) -> TypeOptions:
        """What values become."""
        return TypeOptions(self.decimals, self.categories, self.lists, self.on_bad_value)

    @classmethod
    def split(cls, keywords: Mapping[str, Any]) -> tuple[QueryOptions, dict[str, Any]]:
        """Tell options from the values to bind: what has the name of an option is one.

        Parameters
        ----------
        keywords : mapping
            Whatever the caller gave.

        Returns
        -------
        tuple of (QueryOptions, dict)

        Raises
        ------
        UsageError
            For an option whose value cannot be right.
        """
        names = {each.name for each in fields(cls)}
        options = {name: value for name, value in keywords.items() if name in names}
        return cls(**options), {name: value for name, value in keywords.items() if name not in names}
