"""What travels in one CSV column, and how a load's cells are to be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from sfbulk_pandas.salesforce.sobject import FieldDescribe

Nulls = Literal["ignore", "clear"]
NULLS: tuple[Nulls, ...] = ("ignore", "clear")


@dataclass(frozen=True, slots=True)
class Column:
    """Pair one column of a frame with the CSV column that it becomes.

    Attributes
    ----------
    label : Hashable
        The frame's column.
    header : str
        The CSV header: a field name in canonical case, or ``Account.Key__c``, ``Lead:Who.Email``.
    field : FieldDescribe or None
        The field that receives the values; for a relationship header the parent's field. None: treat values as text.
    """

    label: Hashable
    header: str
    field: FieldDescribe | None = None


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """Say how missing values, naive datetimes and a literal ``#N/A`` are treated.

    Attributes
    ----------
    nulls : {"ignore", "clear"} or mapping of column label to one of them
        ``"ignore"``: a missing value is an empty cell, and Salesforce leaves the field alone.
        ``"clear"``: a missing value is ``#N/A``, and Salesforce empties the field. A column that a mapping leaves
        out is ignored. An empty string is an empty cell under both.
    timezone : str or None
        The zone of naive datetimes, such as ``"Europe/Berlin"``; None refuses them.
    allow_na_text : bool
        Whether a cell may literally hold ``#N/A``, which clears the field.

    Raises
    ------
    ValueError
        For any other null policy.
    """

    nulls: Nulls | Mapping[Hashable, Nulls] = "ignore"
    timezone: str | None = None
    allow_na_text: bool = False

    def __post_init__(self) -> None:
        policies = (self.nulls,) if isinstance(self.nulls, str) else self.nulls.values()
        for policy in policies:
            if policy not in NULLS:
                raise ValueError(f'nulls must be "ignore" or "clear", not {policy!r}')

    def clears(self, column: Column) -> bool:
        """Whether missing values of a column empty their field; a record's own Id never is."""
        policy = self.nulls if isinstance(self.nulls, str) else self.nulls.get(column.label, "ignore")
        is_own_id = column.field is not None and column.field.type is FieldType.ID and "." not in column.header
        return policy == "clear" and not is_own_id
