"""Run a query, and look at its rows while they pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.errors import StillRunning
from sfbulk_pandas.jobs.columns import column_types
from sfbulk_pandas.jobs.explore.profile_frame import Profile
from sfbulk_pandas.jobs.extract.bad import bad_attrs, warn_of_bad_cells
from sfbulk_pandas.jobs.extract.conveyor import Rows
from sfbulk_pandas.jobs.extract.fetched import fetched
from sfbulk_pandas.profiling import Profiler
from sfbulk_pandas.progress.events import QueryFinished
from sfbulk_pandas.sinks.base import METADATA_KEY

if TYPE_CHECKING:
    import pyarrow as pa

    from sfbulk_pandas.jobs.extract.facts import ExtractFacts
    from sfbulk_pandas.jobs.query import Extract


def profiled(extract: Extract) -> Profile:
    """Run a query and return what its columns hold.

    Raises
    ------
    SfBulkError
        As :func:`sfbulk_pandas.jobs.query.read_table`; without ``.partial``.
    """
    profiler, bad = Profiler(extract.schema), BadCells()
    with extract.listener() as notify:
        try:
            with fetched(extract, notify, is_streamed=True) as rows:
                for item in rows.items:
                    if isinstance(item, Rows):
                        if item.bad_cells is not None:
                            bad.add(item.bad_cells)
                        profiler.add(item.batch)
                facts = rows.facts()
        except StillRunning as error:
            error._resume = lambda seconds: profiled(extract.waiting(seconds))  # noqa: SLF001 - the way back
            raise
        notify(QueryFinished(profiler.rows))
    cells = bad.table()
    warn_of_bad_cells(cells)
    return _profile(extract, profiler, cells, facts)


def _profile(extract: Extract, profiler: Profiler, bad: pa.Table, facts: ExtractFacts) -> Profile:
    columns = profiler.finish()
    types = column_types(extract.query, extract.loading.describes)
    counted = pc.value_counts(bad.column("column"))
    counts = dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
    profile = Profile(columns, types, counts, facts.query)
    profile.attrs.update(bad_attrs(bad) | {METADATA_KEY: facts.as_dict()})
    return profile
