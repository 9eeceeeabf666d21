"""The terms on which rows went up: what the describe says of their columns, and the options that decide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight.headers import field_set

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from sfbulk_pandas.preflight.call import LoadCall
    from sfbulk_pandas.salesforce.columns import Column
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe

_ALWAYS = ("ispersonaccount",)  # decides which fields a new record needs


@dataclass(frozen=True, slots=True)
class Parents:
    """Describes of the objects that lookups point at, as far as they are known; no org is asked."""

    known: Mapping[str, SObjectDescribe]

    def __call__(self, sobject: str) -> SObjectDescribe:
        """Return the describe of an object.

        Raises
        ------
        UsageError
            Where it is not known.
        """
        found = self.known.get(sobject.lower())
        if found is None:
            raise UsageError(f"the describe of {sobject!r} is not known here")
        return found


@dataclass(frozen=True, slots=True)
class Terms:
    """What is needed to judge rows without an org. It can be pickled.

    Attributes
    ----------
    describe : SObjectDescribe
        With the fields that the columns set, and no others.
    call : LoadCall
        Operation and options.
    columns : tuple of Column
        What travels.
    """

    describe: SObjectDescribe
    call: LoadCall
    columns: tuple[Column, ...]

    @classmethod
    def of(
        cls,
        describe: SObjectDescribe,
        call: LoadCall,
        columns: Iterable[Column],
        known: Callable[[str], SObjectDescribe | None],
    ) -> Terms:
        """Take from describes what these columns need.

        Parameters
        ----------
        describe : SObjectDescribe
            Of the object loaded into.
        call : LoadCall
        columns : iterable of Column
        known : callable
            Returns the describe of another object where it has been fetched already, else None.
        """
        columns = tuple(columns)
        set_fields = [each for each in (field_set(column.header, describe) for column in columns) if each is not None]
        names = {each.name.lower() for each in set_fields} | {(call.key or "").lower(), *_ALWAYS}
        fields = tuple(each for each in describe.fields if each.name.lower() in names)
        targets = {name for each in set_fields for name in each.reference_to}
        found = {name.lower(): known(name) for name in targets}
        parents = {name: _keys_of(each) for name, each in found.items() if each is not None}
        return cls(replace(describe, fields=fields), replace(call, parents=Parents(parents)), columns)

    def joined(self, newer: Terms | None) -> Terms:
        """Return the terms of a load and of the load that retried some of its rows."""
        if newer is None:
            return self
        fields = {each.name: each for each in (*self.describe.fields, *newer.describe.fields)}
        columns = {each.header.lower(): each for each in (*self.columns, *newer.columns)}
        parents = Parents({**_known(self.call), **_known(newer.call)})
        describe = replace(newer.describe, fields=tuple(fields.values()))
        return Terms(describe, replace(newer.call, parents=parents), tuple(columns.values()))

    def field_set(self, column: Column) -> FieldDescribe | None:
        """Return the field that a column sets: behind ``Account.Key__c`` the lookup."""
        return field_set(column.header, self.describe)

    def column_of(self, label: Hashable) -> Column | None:
        """Return what travels of a column of the frame; the first where it fills several fields."""
        return next((each for each in self.columns if each.label == label), None)

    def names_of(self, column: Column) -> frozenset[str]:
        """Return the names, in lower case, by which Salesforce may mean a column in an error."""
        fields = (self.field_set(column), column.field)
        names = (column.header, *(each.name for each in fields if each is not None))
        return frozenset(name.lower() for name in names)


def _known(call: LoadCall) -> Mapping[str, SObjectDescribe]:
    return call.parents.known if isinstance(call.parents, Parents) else {}


def _keys_of(describe: SObjectDescribe) -> SObjectDescribe:
    return replace(describe, fields=tuple(each for each in describe.fields if each.can_be_key))
