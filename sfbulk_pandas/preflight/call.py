"""What a load is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from sfbulk_pandas.salesforce.columns import Nulls
    from sfbulk_pandas.salesforce.sobject import SObjectDescribe

ID = "Id"


@dataclass(frozen=True, slots=True)
class LoadCall:
    """The operation and options of one load, as far as they decide what may be sent.

    Attributes
    ----------
    operation : Operation
    external_id_field : str or None
        The upsert key; None for any other operation.
    columns : sequence of Hashable or None
        Which of the frame's columns to send; None sends all (for a delete: Id alone).
    timezone : str or None
        The zone of naive datetimes.
    parents : callable or None
        Sobject name -> describe, for headers such as ``Account.Key__c``.
    rename : mapping of Hashable to str, or None
        Label -> field or header, several with commas between; a label that is not in it keeps its own name.
    nulls : {"ignore", "clear"} or mapping of column label to one of them
        Whether a missing value leaves its field alone or empties it.
    own_field : str or None
        A field that the load itself fills, in its canonical case.
    """

    operation: Operation
    external_id_field: str | None = None
    columns: Sequence[Hashable] | None = None
    timezone: str | None = None
    parents: Callable[[str], SObjectDescribe] | None = None
    rename: Mapping[Hashable, str] | None = None
    nulls: Nulls | Mapping[Hashable, Nulls] = "ignore"
    own_field: str | None = None

    @property
    def key(self) -> str | None:
        """The field by which Salesforce finds the records; None for an insert."""
        if self.operation is Operation.UPSERT:
            return self.external_id_field
        return None if self.operation is Operation.INSERT else ID

    def clears(self, label: Hashable) -> bool:
        """Whether missing values of a column empty the field."""
        policy = self.nulls if isinstance(self.nulls, str) else self.nulls.get(label, "ignore")
        return policy == "clear"

    def headers(self, label: Hashable) -> list[str]:
        """Return the names under which a column of the frame is to travel; usually one, its own."""
        renamed = (self.rename or {}).get(label)
        return [str(label)] if renamed is None else [each.strip() for each in renamed.split(",")]

    def is_named(self, label: Hashable) -> bool:
        """Whether a label is the name of a field or was given one."""
        return isinstance(label, str) or label in (self.rename or {})
