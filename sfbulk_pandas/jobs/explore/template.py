"""An empty frame to fill: the fields that an operation may write, of the dtypes that travel as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from sfbulk_pandas.codec.schema import arrow_type, to_pandas
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight import LoadCall, selectable_fields
from sfbulk_pandas.preflight.headers import resolve_header
from sfbulk_pandas.salesforce.columns import Column
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, SObjectDescribe

_FILLED = {each.value: each for each in (Operation.INSERT, Operation.UPDATE, Operation.UPSERT)}


def template_frame(describe: SObjectDescribe, operation: str, rows: int, external_id_field: str | None) -> pd.DataFrame:
    """Return such a frame; see :meth:`Description.template`."""
    call = _call(describe, operation, external_id_field)
    if rows < 0:
        raise UsageError(f"rows={rows} does not fit", hint="give 0 or more")
    fields = _written(describe, call)
    schema = pa.schema([(field.name, arrow_type(field)) for field in fields])
    frame = to_pandas(schema.empty_table()).reindex(range(rows))
    for field in fields:
        if field.restricted_picklist and field.type is FieldType.PICKLIST:
            frame[field.name] = frame[field.name].astype(_choices(field))
    return frame


def _call(describe: SObjectDescribe, operation: str, external_id_field: str | None) -> LoadCall:
    if operation not in _FILLED:
        raise UsageError(
            f"operation={operation!r} takes no template", hint=f"say one of {', '.join(map(repr, _FILLED))}"
        )
    is_upsert = _FILLED[operation] is Operation.UPSERT
    if not is_upsert and external_id_field is not None:
        raise UsageError(f"{operation} takes no external_id_field", hint="leave it out, or upsert")
    key = None if external_id_field is None else describe.get(external_id_field)
    if is_upsert and (key is None or not key.can_be_key):
        choices = ", ".join(each.name for each in describe.fields if each.can_be_key)
        raise UsageError(
            f"external_id_field={external_id_field!r} is no key to upsert by", hint=f"use one of {choices}"
        )
    return LoadCall(_FILLED[operation], external_id_field=None if key is None else key.name)


def _written(describe: SObjectDescribe, call: LoadCall) -> list[FieldDescribe]:
    """Return the fields to fill: the key first, then what an insert must carry, then the others."""
    written = [
        each
        for each in selectable_fields(describe)  # what no bulk query returns, no bulk load writes
        if isinstance(resolve_header(each.name, describe, call), Column)
    ]
    return sorted(written, key=lambda field: (field.name != call.key, not field.is_required))


def _choices(field: FieldDescribe) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(pd.Index(list(dict.fromkeys(field.picklist_values)), dtype="str"))
