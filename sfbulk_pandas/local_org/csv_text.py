"""Values as Salesforce writes them in CSV, whole columns at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

# Java's Double.toString changes to exponents from here on, and below; results carry what it writes.
_LARGE, _SMALL = 1e7, 1e-3


def text_column(array: pa.Array, zone: str = "Z") -> pa.StringArray:
    """Write a column of stored values as text, nulls kept.

    Parameters
    ----------
    array : pyarrow.Array
        Text, int, float, bool, date32 or timestamp (UTC, without a zone).
    zone : str
        What a datetime ends with: ``"Z"`` or ``"+0000"``.

    Returns
    -------
    pyarrow.StringArray

    Examples
    --------
    >>> text_column(pa.array([1.5, 10.0, 912260031.0, None])).to_pylist()
    ['1.5', '10.0', '9.12260031E8', None]
    """
    kind = array.type
    if pa.types.is_floating(kind):
        return java_doubles(array)
    if pa.types.is_timestamp(kind):
        return _datetimes(array, zone)
    return array if pa.types.is_string(kind) else array.cast(pa.string())


def _datetimes(array: pa.Array, zone: str) -> pa.StringArray:
    # The zone-aware cast costs fifteen times as much; what is stored is UTC without a zone.
    text = array.cast(pa.timestamp("ms"), safe=False).cast(pa.string())
    text = pc.replace_substring(text, " ", "T", max_replacements=1)
    return pc.binary_join_element_wise(text, zone, "")


def java_doubles(array: pa.Array) -> pa.StringArray:
    """Write doubles as Java does: always a point, and an exponent from ten million on and below a thousandth.

    Parameters
    ----------
    array : pyarrow.Array
        Floats.

    Returns
    -------
    pyarrow.StringArray

    Examples
    --------
    >>> java_doubles(pa.array([0.0005, 9999999.0, -58284123.0, 1e20])).to_pylist()
    ['5.0E-4', '9999999.0', '-5.8284123E7', '1.0E20']
    """
    size = pc.fill_null(pc.abs(array), 0.0)
    text = array.cast(pa.string())
    plain = pc.if_else(pc.match_substring(text, "."), text, pc.binary_join_element_wise(text, ".0", ""))
    large = pc.greater_equal(size, _LARGE)
    rare = pc.or_(pc.and_(pc.less(size, _SMALL), pc.greater(size, 0.0)), pc.invert(pc.is_finite(size)))
    if pc.any(large).as_py():
        exponents = pc.if_else(pc.match_substring(text, "e"), _java_exponent(text), _with_exponent(text))
        plain = pc.if_else(large, exponents, plain)
    if pc.any(rare).as_py():
        plain = pc.if_else(rare, _one_by_one(array), plain)
    return plain


def _java_exponent(text: pa.Array) -> pa.Array:
    """Turn Arrow's ``1.5e+15`` into ``1.5E15``."""
    return pc.replace_substring_regex(pc.replace_substring_regex(text, r"e\+0*", "E"), r"^(-?\d)E", r"\1.0E")


def _with_exponent(text: pa.Array) -> pa.Array:
    """Turn ``58284123`` into ``5.8284123E7``; other texts come out as something that nobody uses."""
    bare = pc.utf8_ltrim(text, characters="-")
    point = pc.find_substring(bare, ".")
    whole = pc.if_else(pc.less(point, 0), pc.binary_length(bare), point)
    digits = pc.utf8_rtrim(pc.replace_substring(text, ".", ""), characters="0")
    mantissa = pc.replace_substring_regex(digits, r"^(-?\d)(\d*)$", r"\1.\2")
    mantissa = pc.if_else(pc.ends_with(mantissa, "."), pc.binary_join_element_wise(mantissa, "0", ""), mantissa)
    return pc.binary_join_element_wise(mantissa, pc.subtract(whole, 1).cast(pa.string()), "E")


def _one_by_one(array: pa.Array) -> pa.Array:
    codes = array.dictionary_encode()
    texts = pa.array([java_double(value) for value in codes.dictionary.to_pylist()], pa.string())
    return texts.take(codes.indices)


def java_double(value: float) -> str:
    """Write one double as Java does.

    Examples
    --------
    >>> java_double(1e-05), java_double(float("nan"))
    ('1.0E-5', 'NaN')
    """
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN alone differs from itself
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if value == 0 or _SMALL <= abs(value) < _LARGE:
        return str(value)
    sign, digits, exponent = _parts(value)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def _parts(value: float) -> tuple[str, str, int]:
    mantissa, _, power = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # How far the point stands behind the first digit that counts.
    lead = len(whole) - 1 if whole != "0" else -(len(fraction) - len(fraction.lstrip("0")) + 1)
    return "-" if value < 0 else "", digits.rstrip("0") or "0", lead + int(power or 0)


def csv_lines(columns: Sequence[pa.Array], delimiter: str, line_end: str) -> pa.LargeStringArray:
    r"""Join columns of text into CSV lines, every value quoted, nulls as ``""``.

    Parameters
    ----------
    columns : sequence of pyarrow.StringArray
        One length.
    delimiter, line_end : str

    Returns
    -------
    pyarrow.LargeStringArray
        One text a row, its line end included: the data buffer of the array is the CSV.

    Examples
    --------
    >>> csv_lines([pa.array(["a", None]), pa.array(['5" x 7" z', ""])], ",", "\n").to_pylist()
    ['"a","5"" x 7"" z"\n', '"",""\n']
    """
    cells = [_escaped(column).cast(pa.large_string()) for column in columns]
    between, first, last = (pa.scalar(text, pa.large_string()) for text in (f'"{delimiter}"', '"', f'"{line_end}'))
    joined = pc.binary_join_element_wise(*cells, between, null_handling="replace", null_replacement="")
    return pc.binary_join_element_wise(first, joined, last, pa.scalar("", pa.large_string()))


def _escaped(column: pa.Array) -> pa.Array:
    quoted: Any = pc.any(pc.match_substring(column, '"')).as_py()
    return pc.replace_substring(column, '"', '""') if quoted else column


def csv_header(names: Sequence[str], delimiter: str, line_end: str) -> str:
    r"""Write a header line, every name quoted.

    Examples
    --------
    >>> csv_header(["Id", "Account.Name"], ",", "\n")
    '"Id","Account.Name"\n'
    """
    cells = (name.replace('"', '""') for name in names)
    return '"' + f'"{delimiter}"'.join(cells) + f'"{line_end}'
