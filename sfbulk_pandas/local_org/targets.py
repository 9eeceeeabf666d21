"""A file's header, read: which field each column sets, and by which key of a parent.

Source: Bulk API 2.0 guide, "Relationship Fields in a Header Row"; the texts as live orgs answered them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.engine import JobFailure
from sfbulk_pandas.local_org.store import COMPOUND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.local_org.store import Described, Store
    from sfbulk_pandas.salesforce.job import Operation
    from sfbulk_pandas.salesforce.sobject import FieldDescribe


@dataclass(frozen=True)
class Target:
    """What one column of a file sets.

    Attributes
    ----------
    place : int
        The column's number from 0, as error texts count.
    header : str
        As sent.
    field : FieldDescribe
        The field that is set.
    key : FieldDescribe or None
        The parent's field that the values name; None where the values are the field's own.
    parent : Described or None
        The object in which the key is looked up.
    """

    place: int
    header: str
    field: FieldDescribe
    key: FieldDescribe | None = None
    parent: Described | None = None

    @property
    def cell_field(self) -> FieldDescribe:
        """The field whose type the cells have: the parent's key, or the field itself."""
        return self.key or self.field


def read_targets(
    names: Sequence[str], described: Described, store: Store, operation: Operation, *, duplicates_fail: bool = True
) -> tuple[Target, ...]:
    """Read a header.

    Parameters
    ----------
    names : sequence of str
        As sent, in any case.
    described : Described
        The job's object.
    store : Store
        Where parents' objects are looked up.
    operation : Operation
    duplicates_fail : bool
        Whether a column that comes twice fails the job; otherwise the last one counts.

    Returns
    -------
    tuple of Target
        In the file's order.

    Raises
    ------
    JobFailure
        For the first column that does not fit.
    """
    if operation.is_delete and [name.lower() for name in names] != ["id"]:
        raise JobFailure(f"InvalidBatch : InvalidBatch : The '{operation}' batch must contain only ids.")
    targets = [_read(place, name, described, store) for place, name in enumerate(names)]
    last = {target.header.lower(): target for target in targets}
    if duplicates_fail and len(last) < len(targets):
        repeated = next(target.header for target in targets if last[target.header.lower()] is not target)
        raise JobFailure(f"InvalidBatch : Duplicate field name found : {repeated}")
    return tuple(target for target in targets if last[target.header.lower()] is target)


def _read(place: int, name: str, described: Described, store: Store) -> Target:
    if "." in name:
        return _relationship(place, name, described, store)
    field = described.model.get(name)
    if field is None or field.type in COMPOUND:
        raise _not_found(name)
    return Target(place, name, field)


def _not_found(name: str) -> JobFailure:
    return JobFailure(f"InvalidBatch : Field name not found : {name}")


def _relationship(place: int, name: str, described: Described, store: Store) -> Target:
    path, _, key_name = name.rpartition(".")
    kind, colon, relationship = path.rpartition(":")
    lookup = described.model.relationship(relationship)
    if lookup is None:
        raise JobFailure(f"InvalidBatch : Unable to find relationship: {relationship}")
    if colon and not lookup.is_polymorphic:
        text = "type is not needed for non polymorphic foreign key references"
        raise JobFailure(f"InvalidBatch : {text}: {relationship}")
    if lookup.is_polymorphic and not colon:
        text = "type is needed for polymorphic foreign key references"
        raise JobFailure(f"InvalidBatch : {text}: {relationship}")
    parent = _parent(kind or lookup.reference_to[0], lookup, store)
    key = parent.model.get(key_name) if parent else None
    if parent is None or key is None or not key.can_be_key:
        raise _not_found(name)
    return Target(place, name, lookup, key, parent)


def _parent(name: str, lookup: FieldDescribe, store: Store) -> Described | None:
    if name.lower() not in {each.lower() for each in lookup.reference_to}:
        return None
    return store.describe(name)
