"""An extract whose query is too long for one: its groups of columns one after the other, then their rows joined."""

from __future__ import annotations

import logging
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.jobs.extract.conveyor import Rows
from sfbulk_pandas.jobs.extract.facts import Beginning, ExtractFacts, origin_alone
from sfbulk_pandas.jobs.extract.handing import hand_over
from sfbulk_pandas.jobs.extract.resumable import ResumableRun, head_of
from sfbulk_pandas.jobs.extract.run import stopped_as_asked
from sfbulk_pandas.jobs.wide.again import MOST_RECORDS, read_again
from sfbulk_pandas.jobs.wide.groups import extract_of_group, in_groups
from sfbulk_pandas.jobs.wide.join import bad_cells_among, join_columns
from sfbulk_pandas.sinks.base import PageEnd, Place, page_key
from sfbulk_pandas.sinks.buffer import read_bad_cells
from sfbulk_pandas.sinks.partial import opened
from sfbulk_pandas.sinks.sorted import SortedRows, SortedSink, id_spans

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.jobs.wide.again import ReadAgain
    from sfbulk_pandas.jobs.wide.join import Joined
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.sinks.partial import Partial

log = logging.getLogger("sfbulk_pandas")
# Of the rows, all groups together, that are joined at a time. Memory of two groups of 12 columns (2026-11): 125 MB for
# 4 million rows; with 64 MB 212 MB for 1 million and 225 MB for 4 million.
_SPAN_BYTES = 24 << 20


class WideRun:
    """Fetch groups of columns to disk, each sorted by Id, and hand the rows over range by range of Ids.

    On disk, for no two results of Salesforce come in the same order, and a join needs both; ranges that Salesforce is
    asked for (a job a range and group) would have to be of a few thousand rows for memory to stay bounded, and an org
    runs 10,000 query jobs a day. So memory holds one range, whatever the size, and each group goes on by itself after
    it was stopped; the join begins anew then.

    Groups are fetched one after the other, and records change meanwhile. Those that are not in every group, with the
    same time of their last change, are read again by their Ids, so that no row is put together of two states; what is
    gone by then is not in the result, as if the query had been run later. Salesforce tells that time by the second, and
    values of parents do not change it: so much may still be of two states.

    Parameters
    ----------
    extract : Extract
        With groups.
    partial : Partial
        The folder of the whole, begun; rows of an earlier join in it are thrown away.
    notify : Dispatcher
    """

    def __init__(self, extract: Extract, partial: Partial, notify: Dispatcher) -> None:
        self._extract = extract
        self._partial = partial
        self._notify = notify
        self._began = Beginning.now(extract.loading.session)
        self._fetched: list[ExtractFacts] = []
        self._rows = 0
        if partial.checkpoint.steps:
            head = partial.checkpoint.head
            partial.restart(keeps_groups=True)
            partial.begin(head)

    def origin(self) -> Mapping[str, Any]:
        """Return what is known of the query, the org, the plan and its jobs; once the groups are there."""
        return origin_alone(self.facts()).as_dict()

    def facts(self) -> ExtractFacts:
        """Return how the rows were fetched; calls and time are those of this run."""
        first = self._fetched[0]
        return replace(
            first,
            reason=in_groups(first.reason, len(self._extract.groups)),
            query=self._extract.query.soql,
            job_ids=tuple(job_id for each in self._fetched for job_id in each.job_ids),
            rows=self._rows,
            pages=sum(each.pages for each in self._fetched),
            received_bytes=sum(each.received_bytes for each in self._fetched),
            **self._began.cost(),
        )

    def items(self) -> Generator[Rows | PageEnd, None, None]:
        """Yield the rows, and the end of each range after its rows; close it to stop early.

        Raises
        ------
        IncompleteResult
            Where a group's pages do not add up, or more records change than can be read again.
        SfBulkError
            As :meth:`ExtractRun.items`.
        """
        groups = [self._group(number) for number in range(len(self._extract.groups))]
        sources = [rows for rows, _ in groups]
        bad = pa.concat_tables(cells for _, cells in groups)
        spans = id_spans(sources, _SPAN_BYTES)
        differing: list[str] = []
        for number, (start, stop) in enumerate(spans):
            self._heed()
            joined = join_columns([each.between(start, stop) for each in sources], self._extract.schema)
            differing += joined.differing.to_pylist()
            yield from self._page(number, joined, bad)
            if len(differing) > MOST_RECORDS:  # which is an error, told below
                break
        if differing:
            again = self._read_again(differing)
            yield from self._page(len(spans), again.joined, again.bad)

    def _heed(self) -> None:
        """End the join where somebody asked for it: nothing runs in Salesforce any more."""
        wish = self._notify.control.wish
        if wish is not None:
            job_ids = [job_id for each in self._fetched for job_id in each.job_ids]
            raise stopped_as_asked(wish, f"{self._rows:,} row(s) were joined", job_ids)

    def _page(self, number: int, joined: Joined, bad: pa.Table) -> Iterator[Rows | PageEnd]:
        """Yield joined rows as one page of one batch: bad cells go with the batch that has their rows."""
        place, rows = Place(0, number, f"joined/{number}"), joined.table.num_rows
        if rows:
            (batch,) = joined.table.combine_chunks().to_batches()
            yield Rows(place, batch, bad_cells_among(joined.ids, bad, page_key(0, number)))
        self._rows += rows
        yield PageEnd(place, rows, None)

    def _group(self, number: int) -> tuple[SortedRows, pa.Table]:
        """Return the rows of a group, and its bad cells; they are fetched where an earlier run has not done so."""
        extract = extract_of_group(self._extract, number, self._fetched[0] if self._fetched else None)
        with opened(self._partial.groups_folder / f"{number:02}") as folder:
            folder.begin(head_of(extract))
            if not folder.checkpoint.closing:
                self._fetch(extract, folder)
            facts = folder.checkpoint.closing["facts"]
            self._fetched.append(ExtractFacts(**facts | {"job_ids": tuple(facts["job_ids"])}))
            return SortedRows.of(folder, extract.schema), read_bad_cells(folder)

    def _fetch(self, extract: Extract, folder: Partial) -> None:
        checkpoint = folder.checkpoint
        if extract.memory and not checkpoint.memory:
            checkpoint.remember(extract.memory)
        run, sink = ResumableRun(extract, folder, self._notify), SortedSink(folder)
        sink.open(extract.schema)
        try:
            with closing(run.items()) as items:
                hand_over(items, sink)
            sink.close({"facts": run.facts().as_dict()})
        except BaseException:
            extract.memory.update(checkpoint.memory)  # whoever waits on goes on with these jobs
            with suppress(SfBulkError):  # what ended the extract is what the caller must hear of
                sink.abort()
            raise

    def _read_again(self, ids: Sequence[str]) -> ReadAgain:
        groups = [extract_of_group(self._extract, number, None) for number in range(len(self._extract.groups))]
        again = read_again(groups, self._extract.schema, ids, self._notify)
        self._fetched += again.facts
        log.warning(
            "%d record(s) were changed, made or deleted while their columns were fetched: they were read again, and %d "
            "of them are there",
            len(ids),
            again.joined.table.num_rows,
        )
        return again
