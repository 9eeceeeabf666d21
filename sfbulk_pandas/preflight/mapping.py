"""Read the mapping files of Salesforce's Data Loader (``.sdl``): Java properties, a column's name to a field's.

Source: forcedotcom/dataloader, ``ParentIdLookupFieldFormatter`` and the samples beside it; Java's ``Properties.load``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENTRY = re.compile(r"((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)\Z", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_LETTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_HEADER_PARTS = 3  # relationship, object, key


def read_sdl(text: str) -> dict[str, str]:
    r"""Return which column of the frame goes to which field, as ``rename=`` takes it.

    Entries without a field are left out: those columns are not sent. A column that goes to several fields has them
    with commas between.

    Parameters
    ----------
    text : str
        The whole file.

    Returns
    -------
    dict of str to str
        Column label -> header.

    Raises
    ------
    UsageError
        Where an entry sets a constant, which no column of the frame has.

    Examples
    --------
    >>> read_sdl("# mine\nCompany\\ Name=Name\nParent=Parent\\:Account-Key__c\nUnused=\n")
    {'Company Name': 'Name', 'Parent': 'Account:Parent.Key__c'}
    """
    entries = [_entry(line) for line in _logical_lines(text)]
    return {label: _headers(label, fields) for label, fields in entries if label and fields.strip(" ,")}


def _logical_lines(text: str) -> Iterator[str]:
    """Yield the lines that hold entries, those that a backslash continues in one piece."""
    held = ""
    for raw in re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff")):
        line = raw.lstrip(" \t\f")
        if not held and (not line or line[0] in "#!"):
            continue
        held += line
        if (len(held) - len(held.rstrip("\\"))) % 2:
            held = held[:-1]
            continue
        yield held
        held = ""
    if held:
        yield held


def _entry(line: str) -> tuple[str, str]:
    matched = _ENTRY.match(line)
    label, fields = matched.groups() if matched else (line, "")
    return _unescaped(label), _unescaped(fields)


def _unescaped(text: str) -> str:
    def meant(found: re.Match[str]) -> str:
        code, letter = found.groups()
        return chr(int(code, 16)) if code else _LETTERS.get(letter, letter)

    units = _ESCAPE.sub(meant, text)  # Java counts in halves: a letter beyond 16 bits is two escapes
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _headers(label: str, fields: str) -> str:
    if len(label) > 1 and label[0] == label[-1] == '"':
        hint = f"add a column with this value, and map it to {fields.strip()}"
        raise UsageError(f"the mapping sets {fields.strip()} to the constant {label}", hint=hint)
    return ",".join(_header(each.strip()) for each in fields.split(",") if each.strip())


def _header(field: str) -> str:
    """Write a target as a header: ``Owner:User-Username`` names object and key, ``Owner:Username`` the key alone."""
    path, _, key = field.partition("-")
    parts = [each for each in (*path.split(":"), key) if each]
    if len(parts) == _HEADER_PARTS:
        relationship, sobject, name = parts
        return f"{sobject}:{relationship}.{name}"
    return field if "." in field else ".".join(parts)
