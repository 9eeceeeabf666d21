"""Put rows of one parent side by side, so that jobs that run at the same time do not wait for its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.preflight.blocks import blocks_of
from sfbulk_pandas.preflight.cells import Subject, as_text, read_block
from sfbulk_pandas.preflight.headers import field_set
from sfbulk_pandas.preflight.record_ids import SHORT
from sfbulk_pandas.preflight.repeats import hash_values
from sfbulk_pandas.salesforce.columns import Column
from sfbulk_pandas.writing.texts import lowered

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from sfbulk_pandas.preflight.call import LoadCall
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe

# Nearly every row names one of these, and writing rows does not lock them.
_NO_PARENTS = frozenset({"User", "Group", "RecordType", "Profile", "Organization"})


def sibling_order(
    frame: pd.DataFrame, describe: SObjectDescribe, call: LoadCall
) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """Return an order of the rows in which those of one parent stand side by side.

    Groups come in the order in which their parents first appear; rows without a parent come last, in their order.

    Parameters
    ----------
    frame : pandas.DataFrame
        All its columns are looked at, also those that are not sent.
    describe : SObjectDescribe
    call : LoadCall

    Returns
    -------
    tuple of numpy.ndarray, or None
        Positions of the rows, and where a group begins (bool, as long; a row without a parent is a group).
        None where no column names parents, or no two rows share one.
    """
    column = parent_column(frame, describe, call)
    if column is None:
        return None
    codes, parents = _parent_codes(frame[column.label], column)
    pa.default_memory_pool().release_unused()  # of what they were numbered in: Arrow would hold it beside the sorting
    if parents >= int(np.count_nonzero(codes < parents)):
        return None
    order = np.argsort(codes, kind="stable")
    held = codes[order]
    starts = np.ones(len(order), bool)
    starts[1:] = (held[1:] != held[:-1]) | (held[1:] == parents)
    return order, starts


def parent_column(frame: pd.DataFrame, describe: SObjectDescribe, call: LoadCall) -> Subject | None:
    """Return the column by whose parents rows are put together: a master before a required lookup before others."""
    found = [each for label in frame.columns for each in _lookups(label, describe, call)]
    usable = [each for each in found if isinstance(frame.columns.get_loc(each.label), int)]
    return min(usable, key=lambda each: _rank(each.field), default=None)


def _lookups(label: Hashable, describe: SObjectDescribe, call: LoadCall) -> Iterator[Subject]:
    for header in call.headers(label):
        field = field_set(header, describe)
        if field is not None and field.reference_to and not _NO_PARENTS & set(field.reference_to):
            key = None if "." in header else field
            yield Subject(0, Column(label, header, key), field)


def _rank(field: FieldDescribe) -> tuple[int, int]:
    if field.is_master:
        return 0, field.relationship_order or 0
    return (2, 0) if field.nillable else (1, 0)


def _parent_codes(series: pd.Series[Any], subject: Subject) -> tuple[NDArray[np.int32], int]:
    """Give each parent a number, by first appearance; rows without one have the number after the last.

    Parents are told apart by their hashes, which take a third of the memory: two that meet only stand side by side.
    """
    blocks = (_hashes(series.iloc[rows], subject) for rows in blocks_of([series]))
    coded = pa.chunked_array(blocks, pa.uint64()).dictionary_encode()
    if not coded.num_chunks:
        return np.empty(0, np.int32), 0
    parents = len(coded.chunk(coded.num_chunks - 1).dictionary)
    return np.concatenate([each.indices.fill_null(parents).to_numpy() for each in coded.chunks]), parents


def _hashes(series: pd.Series[Any], subject: Subject) -> pa.Array:
    texts = as_text(read_block(series, subject.field.type))
    texts = lowered(texts) if subject.is_path else pc.utf8_slice_codeunits(texts, 0, SHORT)
    blank = pc.fill_null(pc.equal(texts, ""), fill_value=True)
    return pa.array(hash_values(texts), mask=blank.to_numpy(zero_copy_only=False))
