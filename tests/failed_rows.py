"""Rows as a load hands them back: refused by the check's own rules, or by an answer that is made up."""

from __future__ import annotations

from copy import deepcopy

import pandas as pd
import pyarrow as pa

from sfbulk_pandas.local_org.describes import builtin_describes
from sfbulk_pandas.mending import Failed, Terms
from sfbulk_pandas.preflight import LoadCall, check_frame, settle_columns
from sfbulk_pandas.reconcile import split_errors
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import SObjectDescribe

DESCRIBES = builtin_describes()


def describe(name="Contact", **fields):
    """Return a describe of the local org, some of its fields changed: ``Phone={"length": 5}``."""
    data = deepcopy(DESCRIBES[name])
    for field in data["fields"]:
        field.update(fields.get(field["name"], {}))
    return SObjectDescribe.from_json(data)


def failed(frame, *, sobject="Contact", said=None, terms=None, **options):
    """Return the rows of a frame with what the check says of them, or what ``said`` has as the answer of each."""
    call = LoadCall(options.pop("operation", Operation.INSERT), parents=describe, **options)
    held = terms or describe(sobject)
    columns, problems = settle_columns(frame, held, call)
    assert [each for each in problems if each.severity == "error"] == []
    if said is None:
        checked = check_frame(frame, held, call)
        texts = dict(zip(checked.blocked.tolist(), checked.errors.to_pylist(), strict=True))
        said = [texts.get(row) for row in range(len(frame))]
    code, _, fields = split_errors(pa.array(said, pa.large_string()))
    rows = frame.copy()
    for name, values in (("sf__Error", said), ("error_code", code.to_pylist()), ("error_fields", fields.to_pylist())):
        rows[name] = pd.array([value or None for value in values], dtype="string")
    return Failed(rows, rows, Terms.of(held, call, columns, describe))
