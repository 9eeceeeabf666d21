"""Write one record, as the REST API does: by the rules that bulk rows go by.

Source: REST API guide, "sObject Basic Information" and "sObject Rows"; "Status Codes and Error Responses".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sfbulk_pandas.local_org.apply import Outcome, write_rows
from sfbulk_pandas.local_org.engine import JobFailure
from sfbulk_pandas.local_org.faults import Fault
from sfbulk_pandas.local_org.record_ids import USER_ID
from sfbulk_pandas.local_org.targets import read_targets
from sfbulk_pandas.local_org.writing import Write
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.limits import NULL_MARK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.store import Described, Store
    from sfbulk_pandas.local_org.targets import Target

_NOT_FOUND_CODES = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})


def create_record(state: OrgState, sobject: str, values: Mapping[str, Any]) -> str:
    """Make a record.

    Parameters
    ----------
    state : OrgState
    sobject : str
    values : mapping of str to JSON value
        By field; a parent may be named by its key, ``{"Account": {"Account_Key__c": "A-1"}}``.

    Returns
    -------
    str
        The new Id, 18 characters.

    Raises
    ------
    Fault
        400 with the first thing that is wrong; 404 for an unknown object.
    """
    outcome = _write(state, sobject, Operation.INSERT, values)
    return str(outcome.ids[0].as_py())


def update_record(state: OrgState, sobject: str, record_id: str, values: Mapping[str, Any]) -> None:
    """Change a record.

    Parameters
    ----------
    state : OrgState
    sobject : str
    record_id : str
    values : mapping of str to JSON value
        By field; null clears it, and a field that is not named stays.

    Raises
    ------
    Fault
        400 with the first thing that is wrong; 404 for an unknown object, and an unknown or deleted record.
    """
    _write(state, sobject, Operation.UPDATE, {"Id": record_id, **values})


def delete_record(state: OrgState, sobject: str, record_id: str) -> None:
    """Put a record, and the children that go with it, into the recycle bin.

    Parameters
    ----------
    state : OrgState
    sobject : str
    record_id : str

    Raises
    ------
    Fault
        404 for an unknown object, and an unknown or deleted record.
    """
    _write(state, sobject, Operation.DELETE, {"Id": record_id})


def _write(state: OrgState, sobject: str, operation: Operation, values: Mapping[str, Any]) -> Outcome:
    described = state.store.describe(sobject)
    if described is None:
        raise Fault(404, "NOT_FOUND", "The requested resource does not exist", code_first=True)
    cells = dict(flat_values(values))
    targets = targets_of(tuple(cells), described, state.store, operation)
    write = Write(described, operation, USER_ID, state.clock())
    columns = [pa.array([text], pa.string()) for text in cells.values()] or [pa.array([""], pa.string())]
    outcome = write_rows(state.store, write, targets, columns)
    if outcome.errors.failed[0]:
        raise _fault(str(outcome.errors.texts()[0].as_py()))
    return outcome


def targets_of(names: Sequence[str], described: Described, store: Store, operation: Operation) -> Sequence[Target]:
    """Return what the fields of a record set.

    Raises
    ------
    Fault
        400 INVALID_FIELD for the first that does not fit.
    """
    for name in names:
        if "." not in name and described.model.get(name) is None:
            raise Fault(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {described.name}")
    try:
        return read_targets(names or ("Id",), described, store, operation)
    except JobFailure as failure:
        raise Fault(400, "INVALID_FIELD", str(failure).rpartition(" : ")[2]) from None


def flat_values(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a record sets, as bulk headers and cells: a parent's key as ``Account.Account_Key__c``."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", text) for key, text in flat_values(value) if key != "attributes")
        elif name != "attributes":
            yield name, _text(value)


def _text(value: Any) -> str:
    if value is None or value == "":
        return NULL_MARK  # REST has no cell to leave empty: what is named is set
    return str(value).lower() if isinstance(value, bool) else str(value)


def taken_apart(error: str) -> tuple[str, str, tuple[str, ...]]:
    """Take a row error of the bulk form apart: status code, message, names of fields."""
    code, _, rest = error.partition(":")
    message, _, fields = rest.rpartition(":")
    return code, message, tuple(fields.removesuffix("--").split())


def _fault(error: str) -> Fault:
    code, message, names = taken_apart(error)
    return Fault(404 if code in _NOT_FOUND_CODES and not names else 400, code, message, names)
