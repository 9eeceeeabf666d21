"""Up to 200 records in one call: ``composite/sobjects`` POST, PATCH and DELETE, and PATCH by an external id.

Source: REST API guide, "sObject Collections": an answer of 200 with a result a record, in the order of the call; with
``allOrNone``, one that fails undoes all. Upserts say of each whether it was created (recorded).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sfbulk_pandas.local_org.apply import transaction, write_within
from sfbulk_pandas.local_org.endpoints.rest import find_sobject
from sfbulk_pandas.local_org.faults import Fault, json_parser_error
from sfbulk_pandas.local_org.http import Answer, json_answer
from sfbulk_pandas.local_org.record_ids import USER_ID
from sfbulk_pandas.local_org.rest_write import flat_values, taken_apart, targets_of
from sfbulk_pandas.local_org.writing import Write
from sfbulk_pandas.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfbulk_pandas.local_org.http import Call, Endpoint
    from sfbulk_pandas.local_org.matching import Lookup
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.store import Described
    from sfbulk_pandas.salesforce.sobject import FieldDescribe

    Json = dict[str, Any]

_MOST = 200
_ROLLED_BACK = (
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class _Undone(Exception):  # noqa: N818 - no error: it makes the transaction end without its records
    """A record failed, and all were asked for or none."""


@dataclass
class _Collection:
    """The records of one call, and what became of each."""

    org: OrgState
    operation: Operation
    records: Sequence[Json]
    key: FieldDescribe | None = None
    results: list[Json] = field(default_factory=list)

    def write(self, kinds: Sequence[Described | None], *, all_or_none: bool) -> list[Json]:
        """Write the records, those of a kind with the same fields together, and return a result for each."""
        self.results = [_unknown(record) for record in self.records]
        groups: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        for place, (kind, record) in enumerate(zip(kinds, self.records, strict=True)):
            if kind is not None:
                groups.setdefault((kind.name, tuple(sorted(record))), []).append(place)
        with suppress(_Undone), transaction(self.org.store) as lookup:
            for (name, _), places in groups.items():
                described = self.org.store.describe(name)
                if described is not None:
                    self._write_alike(lookup, described, places)
            if all_or_none and not all(each["success"] for each in self.results):
                self.results = [_failure(*_ROLLED_BACK) if each["success"] else each for each in self.results]
                raise _Undone
        return self.results

    def _write_alike(self, lookup: Lookup, described: Described, places: Sequence[int]) -> None:
        cells = [dict(flat_values(self.records[place])) for place in places]
        names = tuple(cells[0])
        try:
            targets = targets_of(names, described, self.org.store, self.operation)
        except Fault as fault:
            for place in places:
                self.results[place] = _failure(fault.error_code, fault.message)
            return
        write = Write(described, self.operation, USER_ID, self.org.clock(), self.key)
        columns = [pa.array([each[name] for each in cells], pa.string()) for name in names]
        outcome = write_within(lookup, write, targets, columns or [pa.array([""] * len(places), pa.string())])
        errors = iter(outcome.errors.texts().to_pylist())
        for place, record_id, created, failed in zip(
            places, outcome.ids.to_pylist(), outcome.created, outcome.errors.failed, strict=True
        ):
            made = {"created": bool(created)} if self.operation is Operation.UPSERT else {}
            success = {"id": record_id, "success": True, "errors": [], **made}
            self.results[place] = _failure(*taken_apart(next(errors))) if failed else success


def _failure(code: str, message: str, fields: Sequence[str] = ()) -> Json:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}


def _unknown(record: Json) -> Json:
    if "Id" in record and len(record) == 1:
        return _failure("MALFORMED_ID", f"malformed id {record['Id']}")
    return _failure("INVALID_TYPE", "sObject type is not supported.")


def post_records(org: OrgState, call: Call) -> Answer:
    """Make records."""
    return _saved(org, call, Operation.INSERT)


def patch_records(org: OrgState, call: Call) -> Answer:
    """Change records, each named by its ``id``."""
    return _saved(org, call, Operation.UPDATE)


def upsert_records(org: OrgState, call: Call) -> Answer:
    """Change or make records of one object, each named by an external id."""
    described = find_sobject(org, call.segments[2])
    key = described.model.get(call.segments[3])
    if key is None or not key.can_be_key:
        message = f"Provided external ID field does not exist or is not accessible: {call.segments[3]}"
        raise Fault(404, "NOT_FOUND", message, code_first=True)
    return _saved(org, call, Operation.UPSERT, key)


def delete_records(org: OrgState, call: Call) -> Answer:
    """Put the records of ``ids`` into the recycle bin."""
    ids = [each.strip() for each in (call.param("ids") or "").split(",") if each.strip()]
    _check_count(len(ids))
    by_prefix = {each.model.key_prefix: each for each in org.store.describes.values()}
    kinds = [by_prefix.get(each[:3]) for each in ids]
    all_or_none = (call.param("allOrNone") or "").lower() == "true"
    deletion = _Collection(org, Operation.DELETE, [{"Id": each} for each in ids])
    return json_answer(deletion.write(kinds, all_or_none=all_or_none))


def _saved(org: OrgState, call: Call, operation: Operation, key: FieldDescribe | None = None) -> Answer:
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise json_parser_error("expected an array of records")
    _check_count(len(records))
    kinds = [org.store.describe(_type_of(each)) for each in records]
    collection = _Collection(org, operation, [_fields_of(each) for each in records], key)
    return json_answer(collection.write(kinds, all_or_none=body.get("allOrNone") is True))


def _type_of(record: Mapping[str, Any]) -> str:
    attributes = record.get("attributes")
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(kind, str):
        raise Fault(400, "INVALID_INPUT", "Every record of a collection names its type in attributes")
    return kind


def _fields_of(record: Mapping[str, Any]) -> Json:
    fields = {"Id" if name.lower() == "id" else name: value for name, value in record.items() if name != "attributes"}
    # An upsert by Id names no Id, or null, for a record that is to be made (recorded).
    return {name: value for name, value in fields.items() if not (name == "Id" and value is None)}


def _check_count(count: int) -> None:
    if not 0 < count <= _MOST:
        raise Fault(400, "INVALID_INPUT", f"A collection holds from 1 to {_MOST} records, this one {count}")


ROUTES: Mapping[str, Mapping[str, Endpoint]] = {
    "composite/sobjects": {"POST": post_records, "PATCH": patch_records, "DELETE": delete_records},
    "composite/sobjects/*/*": {"PATCH": upsert_records},
}
