"""Numbers that are given as texts: the one text of each number, exact however many digits it has."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

_PLAIN = r"^(?:0|-?[1-9]\d*)$"
_DIGITS = r"^[+-]?(?:\d+\.?\d*|\.\d+)$"
_POWERS = r"^[+-]?(?:\d+\.?\d*|\.\d+)[eE][+-]?\d{1,3}$"


def plain_numbers(texts: pa.Array) -> pa.Array:
    """Write texts of one number alike: ``07``, ``+7.0`` and ``70e-1`` as ``7``; what is no number stays.

    Parameters
    ----------
    texts : pyarrow.LargeStringArray
    """
    odd = pc.fill_null(pc.invert(pc.match_substring_regex(texts, _PLAIN)), fill_value=False)
    if not pc.any(odd).as_py():
        return texts
    return pc.replace_with_mask(texts, odd, _rewritten(texts.filter(odd)))


def _rewritten(texts: pa.Array) -> pa.Array:
    digits = pc.match_substring_regex(texts, _DIGITS)
    return _without_powers(pc.if_else(digits, _without_zeros(texts), texts))


def _without_zeros(texts: pa.Array) -> pa.Array:
    """Leave out of digits what does not change the number."""
    nothing, zero, minus = (pa.scalar(each, texts.type) for each in ("", "0", "-"))
    body = pc.ascii_ltrim(texts, "+-0")
    short = pc.ascii_rtrim(pc.ascii_rtrim(body, "0"), ".")
    body = pc.if_else(pc.match_substring(texts, "."), short, body)
    sign = pc.if_else(pc.and_(pc.starts_with(texts, "-"), pc.not_equal(body, nothing)), minus, nothing)
    first = pc.if_else(pc.or_(pc.equal(body, nothing), pc.starts_with(body, ".")), zero, nothing)
    return pc.binary_join_element_wise(sign, first, body, nothing)


def _without_powers(texts: pa.Array) -> pa.Array:
    powers = pc.match_substring_regex(texts, _POWERS)
    if not pc.any(powers).as_py():
        return texts
    coded = texts.filter(powers).dictionary_encode()
    plain = [f"{Decimal(each):f}" for each in coded.dictionary.to_pylist()]
    return pc.replace_with_mask(texts, powers, _rewritten(pa.array(plain, texts.type)).take(coded.indices))
