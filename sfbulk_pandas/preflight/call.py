"""What a load is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

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
    """

    operation: Operation
    external_id_field: str | None = None
    columns: Sequence[Hashable] | None = None
    timezone: str | None = None
    parents: Callable[[str], SObjectDescribe] | None = None

    @property
    def key(self) -> str | None:
        """The field by which Salesforce finds the records; None for an insert."""
        if self.operation is Operation.UPSERT:
            return self.external_id_field
        return None if self.operation is Operation.INSERT else ID
