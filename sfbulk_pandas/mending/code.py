"""The pandas code of fixes: a few lines that read the cells of a column as texts, choose some, and write them anew.

Texts are Python's, whatever the column's dtype: so a pattern means the same in every column. The cells keep their
dtype; only a category, and what cannot hold a missing value, is converted.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_PLAIN = ("string", "empty")
_NULLABLE = {"i": "Int64", "u": "UInt64", "b": "boolean"}


def label_code(label: Hashable, columns: pd.Index[Any]) -> str:
    """Write a column label as code: as a literal, or by its place where it has none."""
    text = literal(label)
    try:
        known = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        known = None
    if type(known) is type(label) and known == label:
        return text
    return f"fixed.columns[{columns.get_loc(label)}]"


def literal(value: Any) -> str:
    """Write a value as code; a text in the quotes that formatters prefer."""
    text = repr(value)
    return f'"{text[1:-1]}"' if isinstance(value, str) and text[0] == "'" and '"' not in text else text


def headed(where: str, what: str, code: str) -> str:
    """Put a line above code that says what it does."""
    return f"# {where}: {what}\n{code}"


def has_texts(series: pd.Series[Any]) -> bool:
    """Whether a column holds texts, among others perhaps."""
    held = series.dtype
    if isinstance(held, pd.CategoricalDtype):
        return pd.api.types.infer_dtype(held.categories, skipna=True) in _PLAIN
    if isinstance(held, pd.ArrowDtype):
        return _is_text(held.pyarrow_dtype)
    if isinstance(held, pd.StringDtype):
        return True
    return held == np.dtype(object) and bool(series.map(lambda cell: isinstance(cell, str)).any())


def _is_text(held: pa.DataType) -> bool:
    if pa.types.is_dictionary(held):
        return _is_text(held.value_type)
    return bool(pa.types.is_string(held) or pa.types.is_large_string(held) or pa.types.is_string_view(held))


def texts_of(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return the texts of a column as Python's; what is none is missing. Its lines of code do the same."""
    if _is_mixed(series):
        return series.map(lambda cell: cell if isinstance(cell, str) else None).astype(object)
    return series.astype(object)


def _is_mixed(series: pd.Series[Any]) -> bool:
    return series.dtype == np.dtype(object) and pd.api.types.infer_dtype(series, skipna=True) not in _PLAIN


def mend_code(series: pd.Series[Any], label: str, lines: Iterable[str], stripped: str = ".str.strip()") -> str:
    """Write the code that mends a column of texts.

    Parameters
    ----------
    series : pandas.Series
        The column, for its dtype.
    label : str
        Its label, as code.
    lines : iterable of str
        What is done with ``cells``, of which ``texts`` are the texts.
    stripped : str
        What is done to the texts beforehand.
    """
    held = f"fixed[{label}]"
    texts = "cells.astype(object)"
    if _is_mixed(series):
        texts = "cells.map(lambda cell: cell if isinstance(cell, str) else None).astype(object)"
    return "\n".join([f"cells = {held}{_own(series)}", f"texts = {texts}{stripped}", *lines, f"{held} = cells"])


def drop_code(series: pd.Series[Any], label: str, lines: Iterable[str]) -> str:
    """Write the code that leaves cells of a column without a value; the lines choose its ``rows``."""
    return "\n".join(
        [
            f"cells = fixed[{label}]{_own(series)}",
            *lines,
            "cells.loc[rows] = None",
            f"fixed[{label}] = cells",
        ]
    )


def texts_line(series: pd.Series[Any]) -> str:
    """Write the line that reads ``cells`` as texts."""
    if _is_mixed(series):
        return "texts = cells.map(lambda cell: cell if isinstance(cell, str) else None).astype(object)"
    return "texts = cells.astype(object)"


def _own(series: pd.Series[Any]) -> str:
    """Write how the cells become cells of their own, in a dtype that takes texts or a missing value."""
    held = series.dtype
    if isinstance(held, pd.CategoricalDtype):
        return ".astype(object)"
    if isinstance(held, pd.ArrowDtype) and not pa.types.is_large_string(held.pyarrow_dtype) and has_texts(series):
        return ".copy()" if pa.types.is_string(held.pyarrow_dtype) else ".astype(object)"
    if isinstance(held, np.dtype) and held.kind in _NULLABLE:
        return f'.astype("{_NULLABLE[held.kind]}")'
    return ".copy()"


def pattern_code(pattern: str) -> str:
    """Write a pattern as it is read: raw, where some quotes allow it."""
    written = (f"r{quote}{pattern}{quote}" for quote in ('"', "'", '"""', "'''"))
    return next((each for each in written if each.isprintable() and _is(each, pattern)), ascii(pattern))


def _is(written: str, text: str) -> bool:
    try:
        return bool(ast.literal_eval(written) == text)
    except (ValueError, SyntaxError):
        return False


def list_code(values: Iterable[Any]) -> str:
    """Write values as a list, over several lines where they are many."""
    written = [literal(each) for each in values]
    line = f"[{', '.join(written)}]"
    return line if len(line) <= _WIDE else _lines(written, "[", "]")


def dict_code(pairs: dict[str, Any]) -> str:
    """Write a mapping, over several lines where it is long."""
    written = [f"{literal(old)}: {literal(new)}" for old, new in pairs.items()]
    line = f"{{{', '.join(written)}}}"
    return line if len(line) <= _WIDE else _lines(written, "{", "}")


def _lines(written: Iterable[str], opened: str, closed: str) -> str:
    return "\n".join([opened, *(f"    {each}," for each in written), closed])


_WIDE = 90
