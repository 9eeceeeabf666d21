"""Make a frame ready to go up: everything that can be wrong is found here, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sfbulk_pandas.codec.encode import Part, PartLimits, encode_parts
from sfbulk_pandas.codec.frame import Column, EncodeOptions, text_table
from sfbulk_pandas.codec.refusals import refused_cells
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight import LoadCall, check_frame, settle_columns
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.wire.ingest import IngestJob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.jobs.options import LoadOptions
    from sfbulk_pandas.salesforce.sobject import SObjectDescribe


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
    columns : tuple of Column
        The columns that travel, with the headers they travel under.
    key : str or None
        The header by which Salesforce finds records, where the operation has one.
    """

    job: IngestJob
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    encoding: EncodeOptions
    limits: PartLimits
    key: str | None

    def parts(self) -> Iterator[Part]:
        """Encode the frame, a part at a time."""
        return encode_parts(self.frame, self.columns, self.encoding, self.limits)

    def checked_parts(self) -> tuple[tuple[tuple[int, int], ...], Iterable[Part]]:
        """Encode everything once without sending it, and return the rows of each part, and the parts.

        A cell that cannot travel is found here, not after half of the frame is in Salesforce. Several
        parts are encoded again while they are sent, so that one at a time is in memory; one alone is kept.

        Raises
        ------
        EncodeError
            With the place of the first such cell.
        """
        ranges: list[tuple[int, int]] = []
        kept: list[Part] = []
        for part in self.parts():
            kept = [part] if not ranges else []
            ranges.append((part.start, part.stop))
        return tuple(ranges), kept or self.parts()

    def texts(self, start: int, stop: int) -> pa.Table:
        """Return the texts that rows travel as, to compare with what comes back."""
        return text_table(self.frame.iloc[start:stop], self.columns, self.encoding)


def prepare(frame: pd.DataFrame, target: Target, describes: Describes, options: LoadOptions) -> Prepared:
    """Check a frame against the org's describe and settle how it travels.

    Raises
    ------
    UsageError, PreflightFailed
        Where it cannot be sent; nothing was sent.
    """
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(
            f"a load takes a DataFrame, not {type(frame).__name__}",
            hint='the frame comes first, then the object: org.insert(frame, "Contact")',
        )
    describe = describes.get(target.sobject)
    call = LoadCall(
        operation=target.operation,
        external_id_field=target.external_id_field,
        columns=options.columns,
        timezone=options.timezone,
        parents=describes.get,
    )
    encoding = EncodeOptions(options.nulls, options.timezone, options.allow_na_text)
    columns, _ = settle_columns(frame, describe, call)
    checked = check_frame(frame, describe, call, refused_cells(frame, columns, encoding))
    checked.raise_if_errors(describe.name)
    key = _key(target, describe)
    return Prepared(
        job=IngestJob(describe.name, target.operation, key if target.operation is Operation.UPSERT else None),
        frame=_snapshot(frame),
        columns=checked.columns,
        encoding=encoding,
        limits=PartLimits(options.part_bytes, options.part_rows),
        key=key,
    )


def _key(target: Target, describe: SObjectDescribe) -> str | None:
    if target.operation is Operation.INSERT:
        return None
    named = describe.get(target.external_id_field or "Id")
    return named.name if named else None


def _snapshot(frame: pd.DataFrame) -> pd.DataFrame:
    # So that later changes of the caller do not reach the result. With Copy-on-Write this copies nothing.
    lazy = int(pd.__version__.split(".")[0]) >= 3 or pd.get_option("mode.copy_on_write") is True  # noqa: PLR2004
    return frame.copy(deep=not lazy)
