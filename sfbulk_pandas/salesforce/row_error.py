"""Read the text of ``sf__Error``: ``STATUS_CODE:message:Field1 Field2 --``, once or several times over."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The ending " --" or ":--" counts only before the end or before another status code: messages may hold dashes.
_BETWEEN = re.compile(r"(?<=[: ])--\s*(?=\Z|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*:)")
_CODE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_FIELDS = re.compile(r"[\w.]+(?:[ ,]+[\w.]+)*\Z")


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
    return tuple(_read_one(each) for each in _BETWEEN.split(text) if each.strip())


def _read_one(text: str) -> RowError:
    code, colon, rest = text.partition(":")
    if not colon or not _CODE.match(code.strip()):
        return RowError("", text.strip())
    message, colon, tail = rest.rpartition(":")
    tail = tail.strip()
    if not colon or (tail and not _FIELDS.match(tail)):
        return RowError(code.strip(), rest.strip())
    return RowError(code.strip(), message.strip(), tuple(re.split(r"[ ,]+", tail)) if tail else ())


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
