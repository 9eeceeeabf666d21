"""An extract that goes on where an earlier run was: with its jobs, at the page and row that it was at."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import IncompleteResult, JobAborted, JobFailed, NotFound
from sfbulk_pandas.jobs.extract.facts import Beginning, origin_of
from sfbulk_pandas.jobs.extract.run import Done
from sfbulk_pandas.jobs.identity import identity_of
from sfbulk_pandas.sinks.base import PageEnd, Place

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sfbulk_pandas.jobs.extract.conveyor import Rows
    from sfbulk_pandas.jobs.extract.facts import ExtractFacts
    from sfbulk_pandas.jobs.extract.run import ExtractRun, Kept
    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.sinks.partial import Partial

log = logging.getLogger("sfbulk_pandas")
_PLAN = ("plan", "query_all", "page_rows", "chunk_rows", "chunk_parent", "chunk_start", "keep_order")
_DECISIVE = (*_PLAN, "decimals", "categories", "lists")
_GONE = "Salesforce keeps results for 7 days; restart=True throws away what is on disk and begins anew"


def head_of(extract: Extract, **more: Any) -> dict[str, Any]:
    """Return what an extract is: another one that says the same may go on with it.

    Parameters
    ----------
    extract : Extract
    **more
        What else decides about the files.
    """
    session = extract.loading.session
    return {
        "query": extract.query.soql,
        "org_id": identity_of(session).org_id,
        "api_version": session.api_version,  # results are read with the version that made the job
        "schema": [[each.name, str(each.type)] for each in extract.schema],
        "options": {name: getattr(extract.options, name) for name in _DECISIVE} | more,
    }


class ResumableRun:
    """Run an extract whose rows go to disk.

    Parameters
    ----------
    extract : Extract
    partial : Partial
        What an earlier run has left; begun.
    notify : Dispatcher
    is_streamed : bool
        As for :meth:`Extract.run`.
    """

    def __init__(self, extract: Extract, partial: Partial, notify: Dispatcher, *, is_streamed: bool = True) -> None:
        self._extract = extract
        self._partial = partial
        self._notify = notify
        self._is_streamed = is_streamed
        self._began = Beginning.now(extract.loading.session)
        self._run = self._new_run()
        if partial.checkpoint.steps and not self._run.plan.is_stable:
            log.warning("plan %r cannot go on in the middle: it begins anew", self._run.plan.name)
            self._begin_anew({})
        elif not partial.checkpoint.is_trusted:
            log.warning("a page of the earlier run was wrong: all pages are read anew")
            self._begin_anew(dict(partial.checkpoint.memory))

    def _begin_anew(self, memory: Mapping[str, Any]) -> None:
        head = self._partial.checkpoint.head
        self._partial.restart()
        self._partial.begin(head)
        self._partial.checkpoint.remember(memory)
        self._run = self._new_run()

    def origin(self) -> Mapping[str, Any]:
        """Return what is known so far of the query, the org, the plan and its jobs."""
        return origin_of(self._run, self._extract.query.soql).as_dict()

    def facts(self) -> ExtractFacts:
        """Return how the rows were fetched; calls, bytes and time are those of this run."""
        return self._began.facts(self._run, self._extract.query.soql)

    def items(self, kept: Kept | None = None) -> Generator[Rows | PageEnd, None, None]:
        """Yield the rows that are not on disk yet, and the end of every page; close it to stop early.

        Parameters
        ----------
        kept : callable, optional
            As ``Done.kept``: gives the rows that are on disk, where they are wanted once more.

        Raises
        ------
        SfBulkError
            As :meth:`ExtractRun.items`.
        """
        is_taken_up = bool(self._partial.checkpoint.memory)
        pages: set[str] = set()
        try:
            for item in self._items(kept):
                pages.add(item.place.path)
                yield item
        except (NotFound, JobFailed, JobAborted) as error:
            if self._notify.control.wish is not None:  # by whoever asked for it, and not by Salesforce
                raise
            is_forgotten = self._forget_jobs(error, pages)
            if pages or not (is_taken_up and is_forgotten):
                raise
            log.warning("the job of an earlier run is of no use any more (%s): it begins anew", error.args[0])
        else:
            return
        self._run = self._new_run()
        yield from self._items(kept)

    def _items(self, kept: Kept | None) -> Generator[Rows | PageEnd, None, None]:
        checkpoint = self._partial.checkpoint
        ends = {path: PageEnd(Place(0, 0, path), page.rows, page.following) for path, page in checkpoint.whole.items()}
        self._run.done = Done(ends, checkpoint.rows, kept)
        try:
            with closing(self._run.items()) as items:
                yield from items
        except IncompleteResult:  # which page it is nobody knows: one that ended early, or that named no next one
            checkpoint.distrust()
            raise

    def _forget_jobs(self, error: NotFound | JobFailed | JobAborted, pages: set[str]) -> bool:
        """Forget jobs that are of no use any more; return whether there were any.

        Not where rows of theirs are on disk, or on their way there: these would never become whole.
        """
        checkpoint = self._partial.checkpoint
        job_id = None if isinstance(error, NotFound) else error.job.id
        if any(job_id is None or job_id in path for path in {*checkpoint.rows, *pages}):
            error.hint = _GONE
            return False
        names = [name for name, value in checkpoint.memory.items() if job_id in {None, str(value)}]
        if "job_id" in names:  # the one job that everything else is about
            names = list(checkpoint.memory)
        if names:
            checkpoint.forget(names)
        return bool(names)

    def _new_run(self) -> ExtractRun:
        checkpoint = self._partial.checkpoint
        extract = replace(self._extract, memory=checkpoint.memory, remember=checkpoint.remember)
        return extract.run(self._notify, is_streamed=self._is_streamed, leaves_jobs=extract.options.on_stop != "abort")
