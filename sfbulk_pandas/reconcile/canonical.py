"""Values as they compare: numbers by value, datetimes by instant, Ids by 15 characters, text as it is."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.salesforce.ids import CHECK_ALPHABET
from sfbulk_pandas.salesforce.limits import NULL_MARK
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sfbulk_pandas.salesforce.sobject import FieldDescribe

TEXT = pa.large_string()
_ID = "^[0-9A-Za-z]{18}$"
_DAY = r"((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|[12]\d))"
_CLOCK = r"([01]\d|2[0-3])(:[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)?"
_ZONE = r"(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)"
_INSTANT = rf"^\d{{4}}-{_DAY}[T ]{_CLOCK}{_ZONE}$"  # what Arrow reads
_SECOND = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_READ_ZONE = r"(Z|[+-](0\d|1[0-3]):?[0-5]\d|[+-]14:?00)"
_READ_INSTANT = rf"^\d{{4}}-{_DAY}T{_SECOND}(\.\d{{1,6}})?{_READ_ZONE}$"
_FINER = r"(\.\d{6})\d+"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_PLAIN_INT = r"^(0|-?[1-9]\d*)$"
_INT = r"^[+-]?\d{1,18}$"
_INT_LIMIT = 2**31
_DATE_TAIL = r"(Z|T00:00:00(\.0+)?(Z|[+-]00:?00))$"
_EXACT_DIGITS = 28  # what Python's decimals hold by default
_DOUBLE_DIGITS = 15  # numbers of so many digits are never two to one double
_TINY = 1e-300  # below it doubles lose digits, down to 0
_HALF_UP = 1 + 2**-52  # a double that stands for a half, such as 1.005, may lie a hair below it


def canonical(texts: pa.Array, field: FieldDescribe | None, *, loose: bool = False) -> pa.Array:
    """Return a column in the form in which equal values are equal.

    What is equal strictly is equal loosely too. Strictly, what Salesforce reads as different values is never equal, and
    what it cannot read as the field's type is equal to nothing but the same text: ``1.0`` is no whole number,
    ``2024-01-02T00:00:00Z`` no date, and an Id whose check letters are wrong none of that record.

    Parameters
    ----------
    texts : pyarrow.LargeStringArray
        Cells as they were sent or came back; null and ``""`` are one and the same.
    field : FieldDescribe or None
        The field behind the column; None compares as text.
    loose : bool
        Also forgive what a server may do to a value: blanks cut off at the ends, line ends written in another way,
        ``#N/A`` echoed as nothing, numbers read as doubles and rounded to the field's scale, whole numbers written as
        doubles, dates as datetimes, milliseconds dropped, check letters corrected.

    Returns
    -------
    pyarrow.Array
        Texts; numbers, dates or timestamps where every cell is one.
    """
    kind = field.type if field else FieldType.STRING
    if kind.is_double and field is not None:
        return _doubles(texts, field.scale if loose else None, loose=loose)
    if kind is FieldType.DATETIME:
        return _instants(texts, loose=loose)
    texts = _cleaned(texts, loose=loose)
    if kind.is_id:
        return ids(texts) if loose else _sound_ids(texts)
    if not loose:
        return _as_read(texts, *_READ[kind]) if kind in _READ else texts
    form = _FORMS.get(kind)
    return form(texts) if form else texts


def as_sent(came: pa.Array, sent: pa.Array, field: FieldDescribe | None) -> pa.Array:
    r"""Return cells that came back as they must have been sent, where only one spelling can be meant.

    Salesforce echoes what it cannot read. A spelling that no row was sent with is none of those: it was given to a
    value, as ``1.5E7`` to the whole number 15000000, and so it is with line ends where no row has ``\r``.

    Parameters
    ----------
    came : pyarrow.LargeStringArray
        Cells of answers.
    sent : pyarrow.LargeStringArray
        The cells of all rows that these answers can be to.
    field : FieldDescribe or None
        The field behind the column.
    """
    if not pc.any(pc.match_substring(sent, "\r")).as_py():
        came = _newlines(came)
    form = _RESPELLED.get(field.type) if field else None
    if form is None:
        return came
    return pc.if_else(pc.is_in(came, pc.unique(sent)), came, form(came))


def exact(texts: pa.Array, field: FieldDescribe | None) -> pa.Array:
    """Return a column in the strict form, in which numbers that one double stands for differ all the same.

    For what was sent alone: Salesforce answers with doubles, which tell such numbers apart no more.
    """
    return _doubles(texts, None, exactly=True) if field and field.type.is_double else canonical(texts, field)


def canonical_key(texts: pa.Array, field: FieldDescribe | None) -> pa.Array:
    """Return keys as Salesforce compares them: loosely, and in any case unless the field tells cases apart."""
    keys = canonical(texts, field, loose=True)
    is_text = pa.types.is_large_string(keys.type)
    folds = is_text and field is not None and not field.case_sensitive and not field.type.is_id
    return pc.utf8_lower(keys) if folds else keys


def _cleaned(texts: pa.Array, *, loose: bool) -> pa.Array:
    """Make empty cells null; loosely, also forgive blanks, line ends and ``#N/A``."""
    if not loose:
        return _without(texts, "")
    texts = _newlines(_trimmed(texts))
    return _without(_without(texts, ""), NULL_MARK)


def _trimmed(texts: pa.Array) -> pa.Array:
    """Cut blanks off; where there are none, the texts themselves are returned: a copy would take as much memory."""
    trimmed = pc.utf8_trim_whitespace(texts)
    return texts if _size(trimmed) == _size(texts) else trimmed


def _size(texts: pa.Array) -> int:
    size: int = pc.sum(pc.binary_length(texts)).as_py() or 0
    return size


def _without(texts: pa.Array, text: str) -> pa.Array:
    """Make the cells with this text null."""
    found = pc.equal(texts, text)
    return pc.if_else(found, pa.scalar(None, TEXT), texts) if pc.any(found).as_py() else texts


def _newlines(texts: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring(texts, "\r")).as_py():
        return texts
    return pc.replace_substring(pc.replace_substring(texts, "\r\n", "\n"), "\r", "\n")


def _doubles(texts: pa.Array, scale: int | None, *, loose: bool = False, exactly: bool = False) -> pa.Array:
    def read(each: pa.Array) -> pa.Array:
        numbers = pc.add(pc.cast(each, pa.float64()), 0.0)  # -0.0 becomes 0.0
        held = pc.and_(pc.is_finite(numbers), _is_held(each, numbers)) if exactly else pc.is_finite(numbers)
        if pc.all(held).as_py() is False:
            numbers = pc.if_else(held, numbers, pa.scalar(None, pa.float64()))
        return numbers if scale is None else _rounded(numbers, scale)

    return _by_value(texts, _NUMBER, read, partial(_cleaned, loose=loose))


def _rounded(numbers: pa.Array, scale: int) -> pa.Array:
    """Round as the decimal that was written is rounded: 1.005 to 1.01.

    Not by ``ndigits``: then Arrow hands a number that is a hair off back as it is, and 5.38692 and 5.39 differ.
    """
    unit = 10.0**scale
    whole = pc.round(pc.multiply(pc.multiply(numbers, _HALF_UP), unit), round_mode="half_towards_infinity")
    return pc.if_else(pc.is_inf(whole), numbers, pc.divide(whole, unit))


def _is_held(texts: pa.Array, numbers: pa.Array) -> pa.Array:
    """Tell where a double has all the digits of its text: beyond 15, or close to 0, it stands for several numbers."""
    is_odd = pc.or_(pc.greater(pc.utf8_length(texts), _DOUBLE_DIGITS), pc.less(pc.abs(numbers), _TINY))
    is_odd = pc.fill_null(is_odd, fill_value=False)
    if not pc.any(is_odd).as_py():
        return pc.is_valid(texts)
    same = pc.equal(_digits(texts.filter(is_odd)), _digits(pc.cast(numbers.filter(is_odd), TEXT)))
    return pc.replace_with_mask(pc.is_valid(texts), is_odd, same)


def _digits(texts: pa.Array) -> pa.Array:
    """Return the digits of numbers without sign, point, exponent, and zeros at the ends."""
    bare = pc.replace_substring_regex(texts, "[eE].*$|[+.-]", "")
    return pc.utf8_trim(bare, "0")


def _instants(texts: pa.Array, *, loose: bool) -> pa.Array:
    if not loose:
        return _as_read(_cleaned(texts, loose=False), _READ_INSTANT, _instant)

    def read(each: pa.Array) -> pa.Array:
        return pc.floor_temporal(_instant(each), unit="second")

    def cleaned(each: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(_cleaned(each, loose=True), _FINER, r"\1")

    return _by_value(texts, _INSTANT, read, cleaned)


def _instant(texts: pa.Array) -> pa.Array:
    return pc.cast(texts, pa.timestamp("us", "UTC"))


def _by_value(
    texts: pa.Array,
    pattern: str,
    read: Callable[[pa.Array], pa.Array],
    cleaned: Callable[[pa.Array], pa.Array],
) -> pa.Array:
    """Read the cells of a form by value, unless ``read`` leaves them null.

    All others stay as they are, for Salesforce echoes them as they were sent.
    """
    values = _read_all(texts, read)  # most often nothing has to be cleaned first
    if values is None:
        texts = cleaned(texts)
        values = _read_all(texts, read)
    return _as_read(texts, pattern, read) if values is None else values


def _as_read(texts: pa.Array, pattern: str, read: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Read the cells of a form by value; where some are none, mark these and those, so that they cannot meet."""
    fits = pc.match_substring_regex(texts, pattern)
    values = _read_each(pc.if_else(fits, texts, pa.scalar(None, TEXT)), read)
    if values.null_count == texts.null_count:
        return values
    return pc.if_else(pc.is_valid(values), _marked("=", pc.cast(values, TEXT)), _marked("?", texts))


def _read_all(texts: pa.Array, read: Callable[[pa.Array], pa.Array]) -> pa.Array | None:
    """Read cells where every one of them is a value."""
    try:
        values = read(texts)
    except pa.ArrowInvalid:
        return None
    return values if values.null_count == texts.null_count else None


def _read_each(texts: pa.Array, read: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Read cells; null where one is of the right form and no value, such as 29 February of most years."""
    try:
        return read(texts)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return read(pa.nulls(1, TEXT))
    half = len(texts) // 2
    return pa.concat_arrays([_read_each(texts.slice(0, half), read), _read_each(texts.slice(half), read)])


def _marked(mark: str, texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(mark, TEXT), texts, pa.scalar("", TEXT))


def _ints(texts: pa.Array) -> pa.Array:
    """Write whole numbers one way without passing through a float, which has 53 bits only."""
    plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN_INT), fill_value=True)
    if pc.all(plain).as_py():
        return texts
    other = pc.invert(plain)
    spelled = pc.dictionary_encode(pc.filter(texts, other))
    values = pa.array([_whole(text) for text in spelled.dictionary.to_pylist()], TEXT)
    return pc.replace_with_mask(texts, other, values.take(spelled.indices))


def _whole(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or len(text) > _EXACT_DIGITS or abs(number.adjusted()) > _EXACT_DIGITS:
        return text
    return f"{number.normalize():f}" if number else "0"


def _read_longs(texts: pa.Array) -> pa.Array:
    return pc.cast(pc.utf8_ltrim(texts, "+"), pa.int64())


def _read_ints(texts: pa.Array) -> pa.Array:
    numbers = _read_longs(texts)
    fits = pc.and_(pc.greater_equal(numbers, -_INT_LIMIT), pc.less(numbers, _INT_LIMIT))
    return pc.if_else(fits, numbers, pa.scalar(None, pa.int64()))


def _booleans(texts: pa.Array) -> pa.Array:
    lower = pc.utf8_lower(texts)
    yes = pc.if_else(pc.equal(lower, "1"), pa.scalar("true", TEXT), lower)
    return pc.if_else(pc.equal(yes, "0"), pa.scalar("false", TEXT), yes)


def _dates(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, _DATE_TAIL, "")


def _read_dates(texts: pa.Array) -> pa.Array:
    return pc.cast(_dates(texts), pa.date32())


def _times(texts: pa.Array) -> pa.Array:
    """Cut zone and zeros off: 03:04:05.500Z is 03:04:05.5."""
    bare = pc.replace_substring_regex(texts, "Z$", "")
    return pc.replace_substring_regex(pc.replace_substring_regex(bare, r"(\.\d*?)0+$", r"\1"), r"\.$", "")


def ids(texts: pa.Array) -> pa.Array:
    """Cut 18-character Ids to the 15 that carry their meaning."""
    return pc.if_else(pc.match_substring_regex(texts, _ID), pc.utf8_slice_codeunits(texts, 0, 15), texts)


def _sound_ids(texts: pa.Array) -> pa.Array:
    """Cut Ids to 15 characters where their check letters are right; Salesforce refuses the others, and echoes them."""
    is_long = pc.fill_null(pc.match_substring_regex(texts, _ID), fill_value=False)
    if not pc.any(is_long).as_py():
        return texts
    long = texts.filter(is_long)
    cut = pc.if_else(pa.array(_checks_out(long)), pc.utf8_slice_codeunits(long, 0, 15), long)
    return pc.replace_with_mask(texts, is_long, cut)


def _checks_out(long_ids: pa.Array) -> NDArray[np.bool_]:
    """Tell where the last three characters are those that belong to the first fifteen, in any case."""
    letters = np.array(long_ids.to_numpy(zero_copy_only=False), "S18").view(np.uint8).reshape(-1, 18)
    groups = ((letters[:, :15] >= ord("A")) & (letters[:, :15] <= ord("Z"))).reshape(-1, 3, 5)
    wanted = np.frombuffer(CHECK_ALPHABET.encode(), np.uint8)[groups @ (1 << np.arange(5))]
    last = letters[:, 15:]
    return np.asarray((wanted == np.where(last >= ord("a"), last - 32, last)).all(axis=1))


_FORMS: dict[FieldType, Callable[[pa.Array], pa.Array]] = {
    FieldType.INT: _ints,
    FieldType.LONG: _ints,
    FieldType.BOOLEAN: _booleans,
    FieldType.DATE: _dates,
    FieldType.TIME: _times,
}

_RESPELLED = {kind: _FORMS[kind] for kind in (FieldType.INT, FieldType.LONG, FieldType.DATE)}

# What Salesforce reads, whichever form it has: Bulk API 2.0 guide, "Valid Date Format in Records"; XML Schema part 2.
_READ: dict[FieldType, tuple[str, Callable[[pa.Array], pa.Array]]] = {
    FieldType.INT: (_INT, _read_ints),
    FieldType.LONG: (_INT, _read_longs),
    FieldType.BOOLEAN: (r"^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|0|1)$", _booleans),
    FieldType.DATE: (rf"^\d{{4}}-{_DAY}Z?$", _read_dates),
    FieldType.TIME: (rf"^{_SECOND}(\.\d{{1,3}})?Z?$", _times),
}
