"""One record at a time: ``sobjects/X`` POST, ``sobjects/X/{id}`` GET, PATCH and DELETE.

Source: REST API guide, "sObject Basic Information" and "sObject Rows".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.local_org import faults
from sfbulk_pandas.local_org.endpoints.rest import find_sobject
from sfbulk_pandas.local_org.faults import Fault
from sfbulk_pandas.local_org.http import Answer, json_answer
from sfbulk_pandas.local_org.records_json import RecordWriter
from sfbulk_pandas.local_org.rest_write import create_record, update_record
from sfbulk_pandas.local_org.rest_write import delete_record as remove_record
from sfbulk_pandas.local_org.soql.compiled import KEY, Column, Compiled
from sfbulk_pandas.local_org.soql.functions import sql_text
from sfbulk_pandas.local_org.store import COMPOUND, quoted, to_table
from sfbulk_pandas.salesforce.ids import is_id, to_18

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.store import Described
    from sfbulk_pandas.salesforce.sobject import FieldDescribe

    Json = dict[str, Any]


def get_record(org: OrgState, call: Call) -> Answer:
    """Answer a record: all of its fields, or those that ``fields`` names."""
    described = find_sobject(org, call.segments[1])
    compiled = _one_record(org, described, _asked(described, call), _record_id(call))
    with org.store.cursor() as cursor:
        table = to_table(cursor, compiled.sql)
    if not table.num_rows:
        raise faults.not_found()
    if table.column("#deleted")[0].as_py():
        raise Fault(404, "ENTITY_IS_DELETED", "entity is deleted", ())
    return json_answer(RecordWriter(org.store, call.version).records(compiled, table)[0])


def post_record(org: OrgState, call: Call) -> Answer:
    """Make a record."""
    sobject = find_sobject(org, call.segments[1]).name
    record_id = create_record(org, sobject, call.json_object())
    return json_answer({"id": record_id, "success": True, "errors": []}, 201)


def patch_record(org: OrgState, call: Call) -> Answer:
    """Change a record."""
    sobject, record_id = find_sobject(org, call.segments[1]).name, _record_id(call)
    update_record(org, sobject, record_id, call.json_object())
    return Answer(204)


def delete_record(org: OrgState, call: Call) -> Answer:
    """Put a record into the recycle bin."""
    remove_record(org, find_sobject(org, call.segments[1]).name, _record_id(call))
    return Answer(204)


def _asked(described: Described, call: Call) -> Sequence[FieldDescribe]:
    names = call.param("fields")
    if not names:
        return described.model.fields
    found = {name.strip(): described.model.get(name.strip()) for name in names.split(",")}
    for name, field in found.items():
        if field is None:
            raise Fault(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {described.name}")
    return [field for field in found.values() if field is not None]


def _record_id(call: Call) -> str:
    given = call.segments[2]
    if not is_id(given):
        message = f"Provided external ID field does not exist or is not accessible: {given}"
        raise faults.bulk_fault("NOT_FOUND", message, 404)
    return to_18(given)


def _one_record(org: OrgState, described: Described, asked: Sequence[FieldDescribe], record_id: str) -> Compiled:
    columns = [_column(described, field) for field in asked]
    stored = org.store.columns(described.name)
    names = ", ".join(quoted(name) for name in stored)
    table = org.store.table(described.name)
    keys = f'Id AS "{KEY}", IsDeleted AS "#deleted"'
    sql = f"SELECT {names}, {keys} FROM {table} WHERE Id = {sql_text(record_id)}"  # noqa: S608 - quoted names and value
    return Compiled(sql, described.name, tuple(columns))


def _column(described: Described, field: FieldDescribe) -> Column:
    if field.type not in COMPOUND:
        return Column(field.name, field.name, field.name, (field.name,), field.type)
    parts = [each.name for each in described.model.fields if each.compound_field_name == field.name]
    prefix = field.name.removesuffix("Address").removesuffix("__c")
    keys = [name.removeprefix(prefix).removesuffix("__s").strip("_") for name in parts]
    components = tuple((key[:1].lower() + key[1:], name) for key, name in zip(keys, parts, strict=True))
    return Column("", field.name, field.name, (field.name,), field.type, components)
