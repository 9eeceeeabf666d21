"""What every way of an extract's rows to their sink has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.jobs.extract.conveyor import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from sfbulk_pandas.sinks.base import PageEnd, Sink
    from sfbulk_pandas.sinks.partial import Partial

    Items: TypeAlias = Iterable[Rows | PageEnd]


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
