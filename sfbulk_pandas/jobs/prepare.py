"""Make a frame ready to go up: everything that can be wrong is found here, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sfbulk_pandas.codec.encode import PartLimits
from sfbulk_pandas.codec.refusals import refused_cells
from sfbulk_pandas.codec.rows import RowOrder, short
from sfbulk_pandas.errors import PreflightFailed
from sfbulk_pandas.jobs.cargo import Cargo, on_disk
from sfbulk_pandas.jobs.correlation import (
    check_spare,
    correlation_field,
    job_with,
    prefix_of,
    with_keys,
    with_room_for_keys,
)
from sfbulk_pandas.jobs.mapping import with_mapping
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.jobs.shown.frames import shown_report
from sfbulk_pandas.mending import Terms
from sfbulk_pandas.preflight import Checked, LoadCall, check_frame, settle_columns, sibling_order
from sfbulk_pandas.salesforce.columns import Column, EncodeOptions
from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from numpy import bool_, int64
    from numpy.typing import NDArray

    from sfbulk_pandas.codec.mapper import Mapper
    from sfbulk_pandas.codec.refusals import RefusedCells
    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.jobs.options import LoadOptions, OnProblem
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe
    from sfbulk_pandas.spool import Spool
    from sfbulk_pandas.wire.ingest import IngestJob


@dataclass(frozen=True, slots=True)
class Target:
    """What a load does to which object, as the caller named it."""

    sobject: str
    operation: Operation
    external_id_field: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A frame that can go up as it is. Nothing in it talks to Salesforce.

    Attributes
    ----------
    job : IngestJob
        What each part's job is created with.
    key : str or None
        The header by which rows are told apart, where there is one.
    checked : Checked
        What was found, and the columns that travel.
    held_back : array of int64
        The positions of rows that are not sent, and fail with the reason that the check found.
    order : RowOrder or None
        Which rows go up, in which order; None for all, in the frame's own.
    correlation : FieldDescribe or None
        The field that carries each row's own key.
    terms : Terms
        By which rows that fail can be judged later, without the org.
    """

    target: Target
    job: IngestJob
    frame: pd.DataFrame
    checked: Checked
    encoding: EncodeOptions
    held_back: NDArray[int64]
    order: RowOrder | None
    key: str | None
    correlation: FieldDescribe | None
    mapper: Mapper
    terms: Terms

    @property
    def headers(self) -> tuple[str, ...]:
        """The CSV's header."""
        own = () if self.correlation is None else (self.correlation.name,)
        return (*(column.header for column in self.checked.columns), *own)

    @property
    def is_repeatable(self) -> bool:
        """Whether it is an insert that goes up as an upsert by keys of its own."""
        return self.target.operation is Operation.INSERT and self.job.operation is Operation.UPSERT

    def key_prefix(self, load_id: str, options: LoadOptions) -> str | None:
        """Return what the rows' own keys begin with in the load of this id; None where they have none.

        Rows that may be repeated are all encoded for it, and thrown away.
        """
        if self.correlation is None:
            return None
        if not self.is_repeatable or options.repeat:
            return load_id
        cargo = self._without_keys()
        parts = cargo.parts(0, len(cargo), 1, PartLimits(options.part_bytes, options.part_rows))
        return prefix_of(parts, None if self.order is None else self.order.positions)

    def cargo(self, key_prefix: str, spool: Spool) -> Cargo:
        """Return what goes up; rows that have keys of their own, with keys that begin so."""
        cargo = self._without_keys()
        if self.correlation is None:
            return cargo
        header = self.correlation.name
        keyed = with_keys(self.frame, header, key_prefix, spool)
        return replace(cargo, frame=keyed, columns=(*cargo.columns, Column(header, header, self.correlation)))

    def _without_keys(self) -> Cargo:
        return Cargo(self.frame, self.checked.columns, self.encoding, self.order, self.mapper)

    def untouched(self) -> Outcome:
        """Return the outcome before anything is sent: rows that are not to be sent have failed."""
        rows = len(self.frame)
        if not len(self.held_back):
            return Outcome.of(rows, RowStatus.UNPROCESSED)
        at = np.searchsorted(self.checked.blocked, self.held_back)
        return Outcome.refused(rows, self.held_back, self.checked.errors.take(pa.array(at)))


def prepare(
    frame: pd.DataFrame, target: Target, describes: Describes, options: LoadOptions, spool: Spool, mapper: Mapper = map
) -> Prepared:
    """Check a frame against the org's describe and settle how it travels.

    Raises
    ------
    UsageError, PreflightFailed
        Where it cannot be sent, or the caller wants problems raised; nothing was sent.
    """
    prepared = examine(frame, target, describes, options, spool, mapper)
    refuse_problems(prepared, options)
    return prepared


def refuse_problems(prepared: Prepared, options: LoadOptions) -> None:
    """Refuse a frame that cannot be sent.

    Raises
    ------
    PreflightFailed
    """
    try:
        prepared.checked.raise_if_errors(prepared.job.object, options.on_problem)
    except PreflightFailed as error:
        error.report = shown_report(error.report)
        raise


def examine(
    frame: pd.DataFrame, target: Target, describes: Describes, options: LoadOptions, spool: Spool, mapper: Mapper = map
) -> Prepared:
    """Check a frame, and raise nothing but what is wrong with the call itself."""
    describe = describes.get(target.sobject)
    correlation = None
    if options.correlation_field is not None:
        correlation = correlation_field(frame, describe, options.correlation_field, target.operation)
    options = with_mapping(options)
    call = LoadCall(
        operation=target.operation,
        external_id_field=target.external_id_field,
        columns=options.columns,
        rename=options.renamed,
        timezone=options.timezone,
        parents=describes.get,
        nulls=options.nulls,
        own_field=None if correlation is None else correlation.name,
    )
    encoding = EncodeOptions(options.nulls, options.timezone, options.allow_na_text)
    named, _ = settle_columns(frame, describe, call)
    limits = PartLimits(options.part_bytes, options.part_rows)
    refused = _refused(frame, named, correlation, partial(refused_cells, options=encoding, limits=limits))
    checked = check_frame(frame, describe, call, refused, cells=options.check, mapper=mapper)
    if options.check:
        pa.default_memory_pool().release_unused()  # Arrow would hold it for a second, on top of what is encoded now
    held_back = _held_back(checked, refused, options.on_problem)
    order = _order(frame, describe, call, held_back, options) if len(checked.columns) else None
    key = _key(target, describe)
    return Prepared(
        target=target,
        job=job_with(correlation, describe.name, target.operation, key),
        frame=frame,
        checked=checked,
        encoding=encoding,
        held_back=held_back,
        order=None if order is None else on_disk(order, spool),
        key=correlation.name if correlation else key,
        correlation=correlation,
        mapper=mapper,
        terms=Terms.of(describe, call, checked.columns, describes.known),
    )


def _refused(
    frame: pd.DataFrame,
    named: Sequence[Column],
    correlation: FieldDescribe | None,
    look: Callable[[pd.DataFrame, Sequence[Column]], Iterable[RefusedCells]],
) -> list[RefusedCells]:
    """Return the cells that cannot travel; a row's key, where it has one, counts to its length."""
    if correlation is None or not named:
        return list(look(frame, named))
    check_spare(correlation, (column.header for column in named))
    key = Column(correlation.name, correlation.name, correlation)
    found = look(with_room_for_keys(frame, correlation.name), (*named, key))
    return [replace(each, column=named[0]) if each.column is key else each for each in found]


def _key(target: Target, describe: SObjectDescribe) -> str | None:
    if target.operation is Operation.INSERT:
        return None
    named = describe.get(target.external_id_field or "Id")
    return named.name if named else None


def _held_back(checked: Checked, refused: Sequence[RefusedCells], on_problem: OnProblem | None) -> NDArray[int64]:
    """Return the rows that stay behind: those with a problem, or those alone that have no form in which to travel."""
    if on_problem == "skip":
        return checked.blocked
    if on_problem == "send" and refused:
        return np.unique(np.concatenate([each.positions for each in refused]))
    return np.empty(0, np.int64)


def _order(
    frame: pd.DataFrame, describe: SObjectDescribe, call: LoadCall, held_back: NDArray[int64], options: LoadOptions
) -> RowOrder | None:
    """Return which rows go up, siblings side by side; None for all rows as they stand."""
    siblings = sibling_order(frame, describe, call) if options.sort_by_parent else None
    order = None if siblings is None else RowOrder(short(siblings[0]), siblings[1])
    if not len(held_back):
        return order
    is_sent = np.ones(len(frame), bool)
    is_sent[held_back] = False
    return _without(RowOrder(short(np.arange(len(frame)))) if order is None else order, is_sent)


def _without(order: RowOrder, is_kept: NDArray[bool_]) -> RowOrder:
    chosen = is_kept[order.positions]
    if order.starts is None:
        return RowOrder(order.positions[chosen])
    groups = np.cumsum(order.starts)[chosen]
    return RowOrder(order.positions[chosen], np.diff(groups, prepend=-1) > 0)
