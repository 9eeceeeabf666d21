"""Describes of an org, asked for once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import NotFound, UsageError
from sfbulk_pandas.preflight import nearest
from sfbulk_pandas.wire.describe import (
    build_describe,
    build_describe_global,
    read_describe,
    read_describe_global,
)

if TYPE_CHECKING:
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe
    from sfbulk_pandas.salesforce.sobject_list import SObjectSummary
    from sfbulk_pandas.transport.session import Session


class Describes:
    """The describes of one org. Each object costs one API call, once; safe from several threads."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, SObjectDescribe] = {}
        self._lock = threading.Lock()

    def get(self, sobject: str) -> SObjectDescribe:
        """Return the describe of an object, whose name may be in any case.

        Raises
        ------
        UsageError
            Where the org has no such object (or the user may not see it), with the nearest name.
        """
        with self._lock:
            known = self._known.get(sobject.lower())
            if known is None:
                known = self._known[sobject.lower()] = self._fetch(sobject)
            return known

    def known(self, sobject: str) -> SObjectDescribe | None:
        """Return the describe of an object where it has been asked for before; costs nothing."""
        with self._lock:
            return self._known.get(sobject.lower())

    def _fetch(self, sobject: str) -> SObjectDescribe:
        request = build_describe(self._session.api_version, sobject)
        try:
            return read_describe(self._session.send(request))
        except NotFound:
            raise self._unknown(sobject) from None

    def _unknown(self, sobject: str) -> UsageError:
        near = nearest(sobject, [each.name for each in self.sobjects()])
        hint = f"did you mean {near!r}?" if near else "check the API name, and that the user may see the object"
        return UsageError(f"the org has no object {sobject!r}", hint=hint)

    def sobjects(self) -> tuple[SObjectSummary, ...]:
        """Return the list of the org's objects, as it is now; one API call."""
        return read_describe_global(self._session.send(build_describe_global(self._session.api_version)))

    def field(self, sobject: str, path: str) -> FieldDescribe | None:
        """Return the field at the end of a path such as ``Account.Owner.Name``, or None.

        A polymorphic lookup is followed to the first of its objects that has the field.
        """
        head, _, rest = path.partition(".")
        describe = self.get(sobject)
        if not rest:
            return describe.get(head)
        lookup = describe.relationship(head)
        targets = lookup.reference_to if lookup else ()
        found = (self._of_target(target, rest) for target in targets)
        return next((each for each in found if each), None)

    def _of_target(self, target: str, path: str) -> FieldDescribe | None:
        try:
            return self.field(target, path)
        except UsageError:  # an object behind a polymorphic lookup that this user may not see
            return None
