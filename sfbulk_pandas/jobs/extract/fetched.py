"""The rows of an extract on their way, kept on disk meanwhile where that is asked for."""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.jobs.extract.conveyor import Rows
from sfbulk_pandas.jobs.extract.facts import Beginning
from sfbulk_pandas.jobs.extract.places import local_path
from sfbulk_pandas.jobs.extract.resumable import ResumableRun, head_of
from sfbulk_pandas.sinks.kept import KeptPages
from sfbulk_pandas.sinks.partial import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from typing import TypeAlias

    from sfbulk_pandas.jobs.extract.facts import ExtractFacts
    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.sinks.base import PageEnd, Sink
    from sfbulk_pandas.sinks.partial import Partial

    Items: TypeAlias = Iterable[Rows | PageEnd]


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
    SfBulkError
        From the rows, as :meth:`ExtractRun.items`.
    UsageError
        Where the spool belongs to another query.
    JournalBusy
        Where another process is at it.
    """
    options = extract.options
    if options.spool is None:
        began = Beginning.now(extract.loading.session)
        whole = extract.run(notify, is_streamed=is_streamed, leaves_jobs=options.on_stop == "leave")
        with closing(whole.items()) as items:
            yield Fetched(items, lambda: began.facts(whole, extract.query.soql))
        return
    with opened(local_path(options.spool), restart=options.restart) as partial:
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


def _keeping(run: ResumableRun, pages: KeptPages) -> Generator[Rows | PageEnd, None, None]:
    with closing(run.items(pages.kept)) as items:
        for item in items:
            if not isinstance(item, Rows):
                pages.end_page(item)
            elif not item.is_kept:
                pages.write(item.batch, item.place, item.bad_cells)
            yield item


def hand_over(items: Items, sink: Sink[Any]) -> int:
    """Hand rows to a sink that is open, and return how many they were."""
    rows = 0
    for item in items:
        if isinstance(item, Rows):
            sink.write(item.batch, item.place, item.bad_cells)
            rows += item.batch.num_rows
        else:
            sink.end_page(item)
    return rows


def tell_where_it_goes_on(error: BaseException, partial: Partial) -> None:
    """Note on what stopped an extract that nothing is lost, where there is something."""
    if partial.is_worth_keeping and not partial.is_removed:
        error.add_note(f"what came is in {partial.folder}: the same call goes on from there")
