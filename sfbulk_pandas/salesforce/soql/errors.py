"""What is wrong with a query, and where."""

from __future__ import annotations

_MARGIN_CHARS = 60  # of a long line, shown on either side of the place
_CUT = "…"


class SoqlError(ValueError):
    """The query, or a value bound into it, cannot be right.

    Parameters
    ----------
    message : str
        What is wrong, such as ``expected FROM, found 'FRM'``.
    position : int, optional
        Character of the query where it is wrong, from 0.
    soql : str
        The query; the place is shown in it.

    Attributes
    ----------
    message : str
    position : int or None
    soql : str

    Examples
    --------
    >>> error = SoqlError("expected FROM, found 'FRM'", 10, "SELECT Id FRM Account")
    >>> str(error)
    "expected FROM, found 'FRM' (line 1, column 11)"
    >>> print(error.show())
    SELECT Id FRM Account
              ^
    """

    def __init__(self, message: str, position: int | None = None, soql: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.soql = soql

    def __str__(self) -> str:
        """Return the message and the place."""
        return self.message if self.position is None else f"{self.message} (line {self.line}, column {self.column})"

    @property
    def line(self) -> int | None:
        """Line of the place, from 1."""
        return None if self.position is None else line_of(self.soql, self.position)

    @property
    def column(self) -> int | None:
        """Character within that line, from 1."""
        return None if self.position is None else column_of(self.soql, self.position)

    def show(self) -> str:
        """Return the line with a caret under the place; empty where no place is known."""
        return "" if self.position is None else show_place(self.soql, self.position)


def line_of(soql: str, position: int) -> int:
    """Return the line of a character, from 1."""
    return soql.count("\n", 0, position) + 1


def column_of(soql: str, position: int) -> int:
    """Return the place of a character within its line, from 1."""
    return position - soql.rfind("\n", 0, position)


def show_place(soql: str, position: int) -> str:
    """Return the line of a character, a long one cut on both sides, with a caret under it."""
    column = column_of(soql, position) - 1
    end = soql.find("\n", position)
    line = soql[position - column : len(soql) if end < 0 else end].rstrip("\r")
    start = max(0, column - _MARGIN_CHARS)
    head = (_CUT if start else "") + line[start:column]
    tail = line[column : column + _MARGIN_CHARS] + (_CUT if len(line) > column + _MARGIN_CHARS else "")
    indent = "".join("\t" if char == "\t" else " " for char in head)
    return f"{head}{tail}\n{indent}^"
