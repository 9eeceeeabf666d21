"""Give a column of texts its type; the slow way, for blocks with a value that Arrow's parser refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_DATE_TAIL = r"(Z|T00:00:00(\.0+)?(Z|[+-]00:?00))$"
_EXACT = pa.decimal128(38, 10)  # every int64, and enough digits behind the point to see that there are none
_SOME_DAY = "1970-01-01T"
_NONE = np.zeros(0, np.int64)
LIST_MARK = ";"  # Object Reference, "Field Types": the values of a multi-select picklist


class Typed(NamedTuple):
    """A column in its type.

    Attributes
    ----------
    array : pyarrow.Array
        Null where the text is no value of the type.
    is_plain : bool
        Whether Arrow takes the texts as they are.
    bad : numpy.ndarray of int64
        The rows whose text is no value of the type.
    """

    array: pa.Array
    is_plain: bool
    bad: NDArray[np.int64]


def typed_cells(texts: pa.Array, kind: pa.DataType) -> Typed:
    """Return texts in another type; what does not fit is null, and its row is told.

    Ints may come as ``5.0`` or ``1.5E7``, dates with a tail that says midnight, and anything within blanks or NUL
    bytes. A number that is not whole does not fit an int.

    Parameters
    ----------
    texts : pyarrow.StringArray
    kind : pyarrow.DataType
        One of those that ``arrow_type`` gives.
    """
    try:
        return Typed(_cast(texts, kind), is_plain=True, bad=_NONE)
    except pa.ArrowInvalid:
        coded = texts.dictionary_encode()
    distinct = pc.utf8_trim_whitespace(pc.replace_substring(coded.dictionary, "\0", ""))
    if pa.types.is_date(kind):
        distinct = pc.replace_substring_regex(distinct, _DATE_TAIL, "")
    array = _salvaged(distinct, lambda part: _lenient(part, kind)).take(coded.indices)
    bad = pc.and_(array.is_null(), texts.is_valid())
    return Typed(array, is_plain=False, bad=np.flatnonzero(bad).astype(np.int64))


def _cast(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    if texts.type == kind:
        return texts
    if pa.types.is_time(kind):
        moments = pc.binary_join_element_wise(_SOME_DAY, pc.utf8_rtrim(texts, "Z"), "")
        return pc.cast(pc.cast(moments, pa.timestamp("ms")), kind)
    if pa.types.is_list(kind):
        return pc.split_pattern(texts, LIST_MARK).cast(kind)
    if pa.types.is_decimal(kind):
        return pc.cast(pc.cast(texts, pa.decimal128(38, kind.scale)), kind)
    return texts.dictionary_encode() if pa.types.is_dictionary(kind) else pc.cast(texts, kind)


def _lenient(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    return pc.cast(pc.cast(texts, _EXACT), kind) if pa.types.is_integer(kind) else _cast(texts, kind)


def _salvaged(texts: pa.Array, cast: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Cast what can be cast: where a part does not fit, its halves are tried, down to the text that is to blame."""
    try:
        return cast(texts)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.nulls(1, cast(pa.array([], texts.type)).type)
        middle = len(texts) // 2
    return pa.concat_arrays([_salvaged(texts[:middle], cast), _salvaged(texts[middle:], cast)])
