"""What Salesforce says of an object's fields, as a frame made to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from sfbulk_pandas.jobs.explore.fields import plain_fields, shown_fields
from sfbulk_pandas.jobs.explore.template import template_frame
from sfbulk_pandas.jobs.explore.view import ViewedFrame

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe

_SHOWN_NAMES = 12
_NOTE = '`.template()` gives an empty frame to fill; `.loc["Name"]` is all of one field'
_FLAGS = ("required", "key", "external_id", "unique", "createable", "updateable")


class Description(ViewedFrame):
    """An object's fields as a DataFrame, a row a field, its index the API names, in Salesforce's order.

    Whatever is done with it gives a plain DataFrame.

    Columns
    -------
    label, type : str
        The type as people write it: ``string(80)`` holds 80 characters, ``currency(18,2)`` 18 digits, 2 of them after
        the point, ``reference(User, Group)`` Ids of these objects.
    required : bool
        Whether an insert must carry it.
    key, external_id, unique : bool
        Whether an upsert can match by it, whether it is an external id, whether no two records share a value.
    createable, updateable : bool
        Whether this user may write it by an insert, and by an update.
    default : str, bool, number or None
        What it has where an insert leaves it out; None where that is nothing, or a formula.
    allowed_values : tuple of str
        Active API values of a picklist, in its order.
    restricted : bool
        Whether Salesforce takes no others.
    references : tuple of str
        Objects that a lookup may point at.
    relationship : str or None
        What stands before the dot in ``Account.Name``.
    calculated : bool
        Whether it is a formula.

    Parameters
    ----------
    described : SObjectDescribe

    Attributes
    ----------
    described : SObjectDescribe
        All that the package knows of the object.
    """

    _metadata: ClassVar[list[str]] = [*ViewedFrame._metadata, "described"]  # noqa: SLF001 - as pandas wants it
    described: SObjectDescribe

    def __init__(self, described: SObjectDescribe) -> None:
        super().__init__(_fields_frame(described.fields), _title(described), note=_NOTE)
        self.described = described

    def template(
        self, operation: str = "insert", *, rows: int = 0, external_id_field: str | None = None
    ) -> pd.DataFrame:
        """Return an empty frame to fill: a column a field that the operation may write, what an insert needs first.

        Filled, it passes the check of dtypes and travels as it is: text (also for Ids and picklists that take any
        value), ``Int64``, ``float64``, ``boolean``, ``datetime64[ms, UTC]``, and Arrow's dates and times. Restricted
        picklists are categories of their allowed values, so that pandas refuses any other at once. What stays empty is
        left alone, see ``nulls=``.

        Parameters
        ----------
        operation : {"insert", "update", "upsert"}
            An update begins with ``Id``, an upsert with its key.
        rows : int
            How many empty rows it has, under the labels 0, 1, 2 ...
        external_id_field : str, optional
            The key of an upsert, in any case.

        Returns
        -------
        DataFrame, rows by writable fields

        Raises
        ------
        UsageError
            For another operation, an upsert without a key, or fewer than no rows.

        Examples
        --------
        >>> frame = org.describe("Contact").template(rows=1)
        >>> frame.loc[0, ["LastName", "Email"]] = ["Curie", "marie@example.org"]
        >>> org.insert(frame, "Contact", progress=False).counts["successful"]
        1
        """
        return template_frame(self.described, operation, rows, external_id_field)

    def _glance(self) -> dict[str, object]:
        return _glance(self.described)

    def _drawn(self, *, html: bool) -> pd.DataFrame:
        return shown_fields(self.described.fields) if html else plain_fields(self.described.fields)


def _fields_frame(fields: Sequence[FieldDescribe]) -> pd.DataFrame:
    rows = [_row(field) for field in fields]
    names = pd.Index([field.name for field in fields], name="field", dtype="str")
    columns = {name: pd.Series([row[name] for row in rows], names, dtype) for name, dtype in _DTYPES.items()}
    return pd.DataFrame(columns, names)


_DTYPES: dict[str, Any] = {
    "label": "str",
    "type": "str",
    **dict.fromkeys(_FLAGS, "bool"),
    "default": "object",
    "allowed_values": "object",
    "restricted": "bool",
    "references": "object",
    "relationship": "object",
    "calculated": "bool",
}


def _row(field: FieldDescribe) -> dict[str, Any]:
    return {
        "label": field.label,
        "type": field.type_text,
        "required": field.is_required,
        "key": field.can_be_key,
        "external_id": field.external_id,
        "unique": field.unique,
        "createable": field.createable,
        "updateable": field.updateable,
        "default": field.default_value,
        "allowed_values": field.picklist_values,
        "restricted": field.restricted_picklist,
        "references": field.reference_to,
        "relationship": field.relationship_name,
        "calculated": field.calculated,
    }


def _title(described: SObjectDescribe) -> str:
    label = "" if described.label == described.name else f" ({described.label})"
    return f"{described.name}{label}: {len(described.fields):,} fields"


def _glance(described: SObjectDescribe) -> dict[str, Any]:
    """Return what one looks for first."""
    fields = described.fields
    rights = {"insert": described.createable, "update": described.updateable, "delete": described.deletable}
    picklists = [field.name for field in fields if field.picklist_values]
    written = [field for field in fields if field.reference_to and (field.createable or field.updateable)]
    lookups = [f"{field.name} → {', '.join(field.reference_to)}" for field in written]
    return {
        "you may": ", ".join(name for name, may in rights.items() if may) or "read only",
        "Ids begin with": described.key_prefix,
        "required": _names(field.name for field in fields if field.is_required),
        "keys": _names(field.name for field in fields if field.can_be_key),
        "lookups": _names(lookups) if lookups else None,
        "picklists": _names(picklists) if picklists else None,
    }


def _names(names: Iterable[str]) -> str:
    found = list(names)
    more = len(found) - _SHOWN_NAMES
    said = ", ".join(found[:_SHOWN_NAMES]) or "none"
    return f"{said} and {more:,} more" if more > 0 else said
