"""Ids in columns: length, characters, check letters and the object they are of, whole columns at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfbulk_pandas.errors import ApiError, UsageError
from sfbulk_pandas.preflight.call import ID
from sfbulk_pandas.preflight.cells import Cells, as_text
from sfbulk_pandas.salesforce.ids import ALPHABET, CHECK_ALPHABET
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.writing.texts import stretch

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from sfbulk_pandas.preflight.call import LoadCall
    from sfbulk_pandas.preflight.cells import Mask
    from sfbulk_pandas.preflight.problems import Problem
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe

SHORT, LONG = 15, 18
PREFIX = 3
_MOST_PARENTS = 3  # a describe costs a call: a lookup to dozens of objects is not followed
_KNOWN = np.isin(np.arange(256), np.frombuffer(ALPHABET.encode(), np.uint8))
_CHECK = np.frombuffer(CHECK_ALPHABET.encode(), np.uint8)
_WEIGHTS = np.array([1, 2, 4, 8, 16], np.uint8)
_UPPER = np.array([ord(chr(each).upper()) if each < 128 else each for each in range(256)], np.uint8)  # noqa: PLR2004 - ASCII


def id_prefixes(field: FieldDescribe, describe: SObjectDescribe, call: LoadCall) -> frozenset[str]:
    """Return the key prefixes that an Id column's values may have; empty where that is not known."""
    if field.name == ID:
        return frozenset({describe.key_prefix} if describe.key_prefix else ())
    if call.parents is None or len(field.reference_to) > _MOST_PARENTS:
        return frozenset()
    try:
        found = {call.parents(each).key_prefix for each in field.reference_to}
    except (UsageError, ApiError):  # an object that this user may not see: its prefix is not known, so none is
        return frozenset()
    return frozenset() if None in found else frozenset(each for each in found if each)


def id_problems(cells: Cells, prefixes: frozenset[str]) -> list[Problem]:
    """Name what is no Id, and Ids of other objects."""
    field = cells.subject.field
    if not field.type.is_id or cells.subject.is_path:
        return []
    if not cells.is_text:
        cells = Cells(as_text(cells.values, field.type), cells.subject, cells.start)
    malformed, foreign = _verdict(cells, prefixes)
    is_key = field.type is FieldType.ID
    text = f"{field.label.removesuffix(' ID')}{' ID' if is_key else ''}: id value of incorrect type: "
    after = f":{field.name} --"
    wrong_kind = "MALFORMED_ID" if is_key else "FIELD_INTEGRITY_EXCEPTION"
    problems = cells.problem(
        malformed,
        "this is no Salesforce Id",
        "15 or 18 letters and digits, whose case counts; look it up again",
        (f"MALFORMED_ID:{text}", after),
    )
    suggestion = f"this field takes Ids that begin with {' or '.join(sorted(prefixes))}"
    return problems + cells.problem(
        foreign, "this Id is of another object", suggestion, (f"{wrong_kind}:{text}", after)
    )


def _verdict(cells: Cells, prefixes: frozenset[str]) -> tuple[Mask, Mask]:
    lengths = cells.lengths
    malformed = (lengths != SHORT) & (lengths != LONG)
    foreign = np.zeros(len(lengths), bool)
    for length in (SHORT, LONG):
        at = np.flatnonzero((lengths == length) & cells.given)
        if len(at):
            matrix = byte_matrix(cells.values, at, length)
            fits = _well_formed(matrix)
            malformed[at] = ~fits
            foreign[at] = fits & ~_has_prefix(matrix, prefixes)
    return malformed, foreign


def byte_matrix(texts: pa.Array, at: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """Return the first bytes of some texts, a row a text; none of them is shorter."""
    offsets, data = stretch(texts)
    begins = offsets[:-1][at]
    if len(at) and (np.diff(begins) == width).all():
        return data[begins[0] : begins[0] + width * len(at)].reshape(-1, width)
    matrix: NDArray[np.uint8] = data[begins[:, None] + np.arange(width)]
    return matrix


def _well_formed(matrix: NDArray[np.uint8]) -> Mask:
    fits = _KNOWN[matrix].all(axis=1)
    return _checks_out(matrix) & fits if matrix.shape[1] == LONG else np.asarray(fits)


def _checks_out(matrix: NDArray[np.uint8]) -> Mask:
    """Return where the last three characters are those that belong to the first fifteen."""
    upper = (matrix[:, :SHORT] >= ord("A")) & (matrix[:, :SHORT] <= ord("Z"))
    letters = _CHECK[upper.astype(np.uint8).reshape(-1, 3, 5) @ _WEIGHTS]
    return np.asarray((letters == _UPPER[matrix[:, SHORT:]]).all(axis=1))


def _has_prefix(matrix: NDArray[np.uint8], prefixes: frozenset[str]) -> Mask:
    if not prefixes:
        return np.ones(len(matrix), bool)
    known = np.array([list(each.encode()) for each in prefixes], np.uint8)
    found: Mask = (matrix[:, None, :PREFIX] == known).all(axis=2).any(axis=1)
    return found
