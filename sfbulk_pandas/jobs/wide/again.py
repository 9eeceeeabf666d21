"""Records that changed while their columns were fetched: read again by their Ids, all groups within seconds."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.errors import IncompleteResult
from sfbulk_pandas.jobs.extract.conveyor import Rows
from sfbulk_pandas.jobs.extract.facts import Beginning
from sfbulk_pandas.jobs.wide.join import Joined, join_columns
from sfbulk_pandas.salesforce.soql import add_condition, quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.jobs.extract.facts import ExtractFacts
    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.progress.choose import Dispatcher

MOST_RECORDS = 10_000  # a job a group for each 400 of them
_IDS_A_QUERY = 400  # 22 characters each, less than SPARE_CHARS
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Records as they are now.

    Attributes
    ----------
    joined : Joined
        Without differing ones; records that are gone are not in it.
    bad : pyarrow.Table
        Bad cells, some of them perhaps of an earlier state.
    facts : tuple of ExtractFacts
        Of every job.
    """

    joined: Joined
    bad: pa.Table
    facts: tuple[ExtractFacts, ...]


def read_again(groups: Sequence[Extract], schema: pa.Schema, ids: Sequence[str], notify: Dispatcher) -> ReadAgain:
    """Read records by their Ids until each is the same in every group, or in none.

    Parameters
    ----------
    groups : sequence of Extract
    schema : pyarrow.Schema
        Of the rows.
    ids : sequence of str
    notify : Dispatcher

    Raises
    ------
    IncompleteResult
        Where they are too many, or some change each time.
    SfBulkError
        As :meth:`ExtractRun.items`.
    """
    reader, found, left = _Reader(groups, schema, notify), list[Joined](), list(ids)
    for _ in range(_ROUNDS):
        if len(left) > MOST_RECORDS:
            break
        parts = [reader.joined(left[start : start + _IDS_A_QUERY]) for start in range(0, len(left), _IDS_A_QUERY)]
        found += parts
        left = [text for part in parts for text in part.differing.to_pylist()]
        if not left:
            return ReadAgain(_stacked(found, schema), reader.bad.table(), tuple(reader.facts))
    count = f"{len(left):,}" if len(left) <= MOST_RECORDS else f"more than {MOST_RECORDS:,}"
    raise IncompleteResult(
        f"{count} record(s), such as {', '.join(left[:3])}, were changed, made or deleted while their columns were "
        f"fetched in {len(groups)} groups, as one query would be too long",
        hint="select fewer fields, or narrow the query to records that change less",
    )


def _stacked(parts: Sequence[Joined], schema: pa.Schema) -> Joined:
    table = pa.concat_tables([schema.empty_table(), *(part.table for part in parts)])
    ids = pa.chunked_array([part.ids for part in parts], pa.string()).combine_chunks()
    return Joined(table.unify_dictionaries(), ids, pa.array([], pa.string()))


class _Reader:
    """Read some records of every group, a job each."""

    def __init__(self, groups: Sequence[Extract], schema: pa.Schema, notify: Dispatcher) -> None:
        self.facts: list[ExtractFacts] = []
        self.bad = BadCells()
        self._groups = groups
        self._schema = schema
        self._notify = notify

    def joined(self, ids: Sequence[str]) -> Joined:
        condition = f"Id IN ({', '.join(map(quote, ids))})"
        return join_columns([self._table(each, condition) for each in self._groups], self._schema)

    def _table(self, group: Extract, condition: str) -> pa.Table:
        options = replace(group.options, plan="locator", chunk_parent=None, chunk_start=None)  # one small job
        query = add_condition(group.query, condition)
        extract = replace(group, query=query, options=options, memory={}, remember=None)
        began = Beginning.now(extract.loading.session)
        run = extract.run(self._notify, is_streamed=False, leaves_jobs=False)
        batches = []
        with closing(run.items()) as items:
            for item in items:
                if isinstance(item, Rows):
                    batches.append(item.batch)
                    if item.bad_cells is not None:
                        self.bad.add(item.bad_cells)
        self.facts.append(began.facts(run, query.soql))
        return pa.Table.from_batches(batches, extract.schema).unify_dictionaries()
