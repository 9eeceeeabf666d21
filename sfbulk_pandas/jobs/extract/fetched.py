"""The rows of an extract on their way, kept on disk meanwhile where that is asked for."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.jobs.cost import keep_within_budget
from sfbulk_pandas.jobs.extract.conveyor import Rows
from sfbulk_pandas.jobs.extract.facts import Beginning
from sfbulk_pandas.jobs.extract.handing import tell_where_it_goes_on
from sfbulk_pandas.jobs.extract.places import local_path
from sfbulk_pandas.jobs.extract.resumable import ResumableRun, head_of
from sfbulk_pandas.jobs.wide.run import WideRun
from sfbulk_pandas.sinks.kept import KeptPages
from sfbulk_pandas.sinks.partial import opened
from sfbulk_pandas.spool.home import new_folder, remove

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sfbulk_pandas.jobs.extract.facts import ExtractFacts
    from sfbulk_pandas.jobs.extract.handing import Items
    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.jobs.query_options import QueryOptions
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.sinks.base import PageEnd
    from sfbulk_pandas.sinks.partial import Partial


@dataclass(frozen=True, slots=True)
class Fetched:
    """The rows of an extract.

    Attributes
    ----------
    items : iterable of Rows and PageEnd
        To be read once.
    facts : callable
        Returns how they were fetched, once they were.
    """

    items: Items
    facts: Callable[[], ExtractFacts]


@contextmanager
def fetched(extract: Extract, notify: Dispatcher, *, is_streamed: bool) -> Iterator[Fetched]:
    """Give rows and page ends; what is kept on disk goes when the context ends well, and stays where it does not.

    Raises
    ------
    OverBudget
        Where it would take more than its budget; nothing was begun.
    SfBulkError
        From the rows, as :meth:`ExtractRun.items`.
    UsageError
        Where the spool belongs to another query.
    JournalBusy
        Where another process is at it.
    """
    keep_within_budget(extract)
    options = extract.options
    if extract.groups:
        way = _joined(extract, notify)
    elif options.spool is None:
        way = _straight(extract, notify, is_streamed=is_streamed)
    else:
        way = _kept(extract, notify, is_streamed=is_streamed)
    with way as rows:
        yield rows


@contextmanager
def _straight(extract: Extract, notify: Dispatcher, *, is_streamed: bool) -> Iterator[Fetched]:
    began = Beginning.now(extract.loading.session)
    run = extract.run(notify, is_streamed=is_streamed, leaves_jobs=extract.options.on_stop == "leave")
    with closing(run.items()) as items:
        yield Fetched(items, lambda: began.facts(run, extract.query.soql))


@contextmanager
def _kept(extract: Extract, notify: Dispatcher, *, is_streamed: bool) -> Iterator[Fetched]:
    with _home(extract.options) as partial:
        partial.begin(head_of(extract))
        run = ResumableRun(extract, partial, notify, is_streamed=is_streamed)
        pages = KeptPages(partial, extract.schema)
        try:
            with closing(_keeping(run, pages)) as items:
                yield Fetched(items, run.facts)
        except BaseException as error:
            with suppress(SfBulkError):  # what ended the extract is what the caller must hear of
                pages.leave()
            tell_where_it_goes_on(error, partial)
            raise
        partial.remove()


@contextmanager
def _joined(extract: Extract, notify: Dispatcher) -> Iterator[Fetched]:
    options = extract.options
    if options.spool is None:  # nothing can go on with its jobs
        extract = replace(extract, options=replace(options, on_stop=options.on_stop or "abort"))
    with _home(options) as partial:
        partial.begin(head_of(extract))
        run = WideRun(extract, partial, notify)
        try:
            with closing(run.items()) as items:
                yield Fetched(items, run.facts)
        except BaseException as error:
            if options.spool is not None:
                tell_where_it_goes_on(error, partial)
            raise
        partial.remove()


@contextmanager
def _home(options: QueryOptions) -> Iterator[Partial]:
    """Give the spool; where there is none, a folder that goes with the context."""
    if options.spool is not None:
        with opened(local_path(options.spool), restart=options.restart) as partial:
            yield partial
        return
    folder = new_folder()
    try:
        with opened(folder / "columns") as partial:
            yield partial
    finally:
        remove(folder, os.getpid())


def _keeping(run: ResumableRun, pages: KeptPages) -> Generator[Rows | PageEnd, None, None]:
    with closing(run.items(pages.kept)) as items:
        for item in items:
            if not isinstance(item, Rows):
                pages.end_page(item)
            elif not item.is_kept:
                pages.write(item.batch, item.place, item.bad_cells)
            yield item
