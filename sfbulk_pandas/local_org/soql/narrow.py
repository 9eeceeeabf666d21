"""A further condition for a query, put into its text."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|[()]|[\w.]+", re.DOTALL)
_AFTER_WHERE = frozenset({"WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "UPDATE", "ALL"})


def narrowed(soql: str, condition: str) -> str:
    """Add a condition to a query of records.

    Parameters
    ----------
    soql : str
        A query that can be parsed.
    condition : str
        What must hold too.

    Returns
    -------
    str

    Examples
    --------
    >>> narrowed("SELECT Name FROM Account WHERE Name = 'a' OR Name = 'where' LIMIT 5", "Id >= '001'")
    "SELECT Name FROM Account WHERE (Id >= '001') AND (Name = 'a' OR Name = 'where') LIMIT 5"
    >>> narrowed("SELECT Name FROM Account", "Id >= '001'")
    "SELECT Name FROM Account WHERE (Id >= '001')"
    """
    where, end = _places(soql)
    head, tail = soql[:end].rstrip(), soql[end:]
    gap = " " if tail else ""
    if where is None:
        return f"{head} WHERE ({condition}){gap}{tail}"
    start = where + len("WHERE")
    return f"{soql[:start]} ({condition}) AND ({soql[start:end].strip()}){gap}{tail}"


def _places(soql: str) -> tuple[int | None, int]:
    """Return where WHERE stands, and where the conditions end, in the outermost query."""
    depth, where, before = 0, None, ""
    for match in _TOKEN.finditer(soql):
        word = match[0].upper()
        depth += {"(": 1, ")": -1}.get(word, 0)
        if not depth and word == "WHERE":
            where = match.start()
        elif not depth and word in _AFTER_WHERE and before != "FROM":  # Group and Order are objects, too
            return where, match.start()
        before = word
    return where, len(soql)
