"""Read the text of ``sf__Error``: ``STATUS_CODE:message:Field1 Field2 --``, once or several times over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEXT = re.compile(r"--\s*(?=([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*):)")  # dashes before what may be a status code
_END = "--"
_CODE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_FIELDS = re.compile(r"[^\W\d_][\w.]*(?:[ ,]+[^\W\d_][\w.]*)*\Z")  # names begin with a letter


@dataclass(frozen=True, slots=True)
class RowError:
    """One reason why a row failed.

    Attributes
    ----------
    code : str
        Status code, such as ``REQUIRED_FIELD_MISSING``: the only part that is the same in every language.
    message : str
        Salesforce's sentence, in the language of the user who loads.
    fields : tuple of str
        API names of the fields concerned; often none.
    """

    code: str
    message: str
    fields: tuple[str, ...] = ()


def split_row_errors(text: str) -> tuple[RowError, ...]:
    """Split one ``sf__Error`` into its errors.

    The code ends at the first colon and the fields begin after the last one, because messages hold colons. A text
    of another form is one error without a code.

    Examples
    --------
    >>> split_row_errors("REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --")
    (RowError(code='REQUIRED_FIELD_MISSING', message='Required fields are missing: [Name]', fields=('Name',)),)
    """
    return tuple(_read_one(each) for each in _pieces(text) if each.strip())


def _pieces(text: str) -> Iterator[str]:
    start = 0
    for found in _NEXT.finditer(text):
        if _is_end(text, start, found.start(), found[1]):
            yield text[start : found.end()]
            start = found.end()
    yield text[start:]


def _is_end(text: str, start: int, at: int, code: str) -> bool:
    """Whether the dashes there end the error that starts there: messages may hold dashes, and words like codes too.

    They do behind a colon; where that is the one of the error's own code, before a code of several words alone.
    Elsewhere two of three signs are needed: a blank before them, a code of several words behind them, or that all
    since the last colon names fields.
    """
    first, colon = text.find(":", start), text.rfind(":", start, at)
    tail = text[colon + 1 : at]
    if not tail:
        return colon > first or (colon == first and "_" in code)
    names_fields = colon > first and _FIELDS.match(tail.rstrip()) is not None
    return tail[-1].isspace() + ("_" in code) + names_fields > 1


def _read_one(text: str) -> RowError:
    text = text.strip().removesuffix(_END)
    code, colon, rest = text.partition(":")
    if not colon or not _CODE.match(code.strip()):
        return RowError("", text.strip())
    message, colon, tail = rest.rpartition(":")
    tail = tail.strip()
    if not colon or (tail and not _FIELDS.match(tail)):
        return RowError(code.strip(), rest.strip())
    return RowError(code.strip(), message.strip(), tuple(dict.fromkeys(re.split(r"[ ,]+", tail))) if tail else ())


def summarise_row_errors(text: str) -> tuple[str, str, str]:
    """Return code, message and fields of an ``sf__Error``: the first code, every message, every field once.

    Examples
    --------
    >>> summarise_row_errors("INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--")
    ('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', '')
    """
    errors = split_row_errors(text)
    code = errors[0].code if errors else ""
    fields = dict.fromkeys(name for error in errors for name in error.fields)
    return code, "; ".join(error.message for error in errors), ", ".join(fields)
