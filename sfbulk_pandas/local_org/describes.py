"""Describes: the built-in objects, and Salesforce's full describe made of a short one.

The built-in objects stand in ``objects/*.json`` in a short form: only what differs from the usual. Recorded
describes of a user's own org, in Salesforce's full form, are taken as they are.
Source of the shape: REST API guide, "sObject Describe"; SOAP API guide, "DescribeSObjectResult".
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Json = dict[str, Any]

BUILT_IN = ("Account", "Contact", "Lead", "Opportunity", "Case", "User", "Organization", "Project__c")

_FIELD: Json = {
    "aggregatable": True, "aiPredictionField": False, "autoNumber": False, "byteLength": 0, "calculated": False,
    "calculatedFormula": None, "cascadeDelete": False, "caseSensitive": False, "compoundFieldName": None,
    "controllerName": None, "createable": True, "custom": False, "defaultValue": None, "defaultValueFormula": None,
    "defaultedOnCreate": False, "dependentPicklist": False, "deprecatedAndHidden": False, "digits": 0,
    "displayLocationInDecimal": False, "encrypted": False, "externalId": False, "extraTypeInfo": None,
    "filterable": True, "filteredLookupInfo": None, "formulaTreatNullNumberAsZero": False, "groupable": True,
    "highScaleNumber": False, "htmlFormatted": False, "idLookup": False, "inlineHelpText": None, "label": "",
    "length": 0, "mask": None, "maskType": None, "name": "", "nameField": False, "namePointing": False,
    "nillable": True, "permissionable": True, "picklistValues": [], "polymorphicForeignKey": False, "precision": 0,
    "queryByDistance": False, "referenceTargetField": None, "referenceTo": [], "relationshipName": None,
    "relationshipOrder": None, "restrictedDelete": False, "restrictedPicklist": False, "scale": 0,
    "searchPrefilterable": False, "soapType": "xsd:string", "sortable": True, "type": "string", "unique": False,
    "updateable": True, "writeRequiresMasterRead": False,
}  # fmt: skip

# What follows from a field's type; the soapType as in the SOAP API guide, "SOAPType".
_BY_TYPE: Mapping[str, Json] = {
    "id": {"soapType": "tns:ID", "length": 18},
    "reference": {"soapType": "tns:ID", "length": 18},
    "boolean": {"soapType": "xsd:boolean", "nillable": False, "defaultedOnCreate": True, "aggregatable": False},
    "int": {"soapType": "xsd:int"},
    "double": {"soapType": "xsd:double", "groupable": False},
    "currency": {"soapType": "xsd:double", "groupable": False},
    "percent": {"soapType": "xsd:double", "groupable": False},
    "date": {"soapType": "xsd:date"},
    "datetime": {"soapType": "xsd:dateTime", "groupable": False},
    "time": {"soapType": "xsd:time"},
    "address": {
        "soapType": "urn:address", "createable": False, "updateable": False, "queryByDistance": True,
        "aggregatable": False, "groupable": False, "sortable": False,
    },
    "email": {"length": 80},
    "phone": {"length": 40},
    "picklist": {"length": 255},
    "multipicklist": {"length": 4099, "aggregatable": False, "groupable": False, "sortable": False},
}  # fmt: skip

_OBJECT: Json = {
    "actionOverrides": [], "activateable": False, "associateEntityType": None, "associateParentEntity": None,
    "childRelationships": [], "compactLayoutable": True, "createable": True, "custom": False, "customSetting": False,
    "deepCloneable": False, "defaultImplementation": None, "deletable": True, "deprecatedAndHidden": False,
    "extendedBy": None, "extendsInterfaces": None, "feedEnabled": True, "fields": [], "hasSubtypes": False,
    "implementedBy": None, "implementsInterfaces": None, "isInterface": False, "isSubtype": False, "keyPrefix": None,
    "label": "", "labelPlural": "", "layoutable": True, "listviewable": None, "lookupLayoutable": None,
    "mergeable": False, "mruEnabled": True, "name": "", "namedLayoutInfos": [], "networkScopeFieldName": None,
    "queryable": True, "recordTypeInfos": [], "replicateable": True, "retrieveable": True, "searchLayoutable": True,
    "searchable": True, "sobjectDescribeOption": "FULL", "supportedScopes": [], "triggerable": True,
    "undeletable": True, "updateable": True, "urls": {},
}  # fmt: skip

_SYSTEM: Json = {"createable": False, "updateable": False, "permissionable": False}
_STAMP: Json = {**_SYSTEM, "nillable": False, "defaultedOnCreate": True}
_USER: Json = {"type": "reference", "referenceTo": ["User"]}
_FIRST: tuple[Json, ...] = (
    {"name": "Id", "type": "id", "idLookup": True, **_STAMP},
    {"name": "IsDeleted", "label": "Deleted", "type": "boolean", **_STAMP},
)
_LAST: tuple[Json, ...] = (
    {"name": "CreatedDate", "label": "Created Date", "type": "datetime", **_STAMP},
    {"name": "CreatedById", "label": "Created By ID", "relationshipName": "CreatedBy", **_USER, **_STAMP},
    {"name": "LastModifiedDate", "label": "Last Modified Date", "type": "datetime", **_STAMP},
    {"name": "LastModifiedById", "label": "Last Modified By ID", "relationshipName": "LastModifiedBy", **_USER,
     **_STAMP},
    {"name": "SystemModstamp", "label": "System Modstamp", "type": "datetime", **_STAMP},
)  # fmt: skip
_OWNER: Json = {
    "name": "OwnerId", "label": "Owner ID", "type": "reference", "relationshipName": "Owner", "nillable": False,
    "defaultedOnCreate": True, "permissionable": False,
}  # fmt: skip


def full_describe(compact: Mapping[str, Any]) -> Json:
    """Return Salesforce's full describe of an object given in the short form.

    Parameters
    ----------
    compact : mapping
        ``name``, ``keyPrefix``, ``labelPlural`` and ``fields``; each field only with what differs from the usual, and
        with ``values`` and ``default`` for a picklist. ``ownerless`` leaves out OwnerId, ``plain`` IsDeleted too.

    Returns
    -------
    dict
        With every key of a describe answer, and of its fields.

    Raises
    ------
    KeyError
        Where the object or a field has no name.
    """
    name = compact["name"]
    custom = name.endswith("__c")
    given = {key: value for key, value in compact.items() if key in _OBJECT}
    given |= {"name": name, "label": compact.get("label", name), "custom": custom}
    given["fields"] = [
        _full_field(each) for each in (*_system_first(compact), *compact["fields"], *_system_last(compact))
    ]
    given["supportedScopes"] = [{"label": f"All {compact.get('labelPlural', name).lower()}", "name": "everything"}]
    given["urls"] = _urls(name)
    return {**_OBJECT, **given}


def _system_first(compact: Mapping[str, Any]) -> tuple[Json, ...]:
    return _FIRST[:1] if compact.get("plain") else _FIRST


def _system_last(compact: Mapping[str, Any]) -> tuple[Json, ...]:
    if compact.get("plain") or compact.get("ownerless"):
        return _LAST
    owners = compact.get("owners", ["User"])
    return ({**_OWNER, "referenceTo": owners}, *_LAST)


def _full_field(compact: Mapping[str, Any]) -> Json:
    kind = compact.get("type", "string")
    full = {**_FIELD, **_BY_TYPE.get(kind, {})}
    full |= {key: value for key, value in compact.items() if key in _FIELD}
    full["label"] = compact.get("label", compact["name"])
    full["custom"] = compact["name"].endswith("__c")
    full["byteLength"] = full["length"] if kind in {"id", "reference"} else full["length"] * 3
    full["polymorphicForeignKey"] = len(full["referenceTo"]) > 1
    full["picklistValues"] = [_picklist_value(value, compact.get("default")) for value in compact.get("values", ())]
    if kind == "boolean":
        full["defaultValue"] = bool(compact.get("default", False))
    if kind == "textarea" and full["length"] > 255:  # noqa: PLR2004 - SOQL guide: long text is not filterable
        full |= {"filterable": False, "groupable": False, "sortable": False, "aggregatable": False}
    return full


def _picklist_value(value: str, default: str | None) -> Json:
    return {"active": True, "defaultValue": value == default, "label": value, "validFor": None, "value": value}


def _urls(name: str) -> Json:
    base = f"/services/data/v66.0/sobjects/{name}"
    return {
        "compactLayouts": f"{base}/describe/compactLayouts",
        "rowTemplate": f"{base}/{{ID}}",
        "approvalLayouts": f"{base}/describe/approvalLayouts",
        "defaultValues": f"{base}/defaultValues?recordTypeId&fields",
        "listviews": f"{base}/listviews",
        "describe": f"{base}/describe",
        "quickActions": f"{base}/quickActions",
        "layouts": f"{base}/describe/layouts",
        "sobject": base,
    }


def builtin_describes() -> dict[str, Json]:
    """Return the describes of the built-in objects by name, in their listed order.

    Returns
    -------
    dict of str to dict
        Account, Contact, Lead, Opportunity, Case, User, Organization and Project__c, with their child relationships.
    """
    folder = resources.files(__package__) / "objects"
    short = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in BUILT_IN}
    full = {name: full_describe(each) for name, each in short.items()}
    for name, each in short.items():
        _add_children(full, name, each["fields"])
    return full


def _add_children(full: Mapping[str, Json], child: str, fields: Iterable[Mapping[str, Any]]) -> None:
    for each in fields:
        for parent in each.get("referenceTo", ()):
            if parent in full:
                full[parent]["childRelationships"] = [*full[parent]["childRelationships"], _child(child, each)]


def _child(child: str, compact: Mapping[str, Any]) -> Json:
    return {
        "cascadeDelete": bool(compact.get("cascadeDelete") or compact.get("cascade")),
        "childSObject": child,
        "deprecatedAndHidden": False,
        "field": compact["name"],
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": compact.get("childRelationshipName"),
        "restrictedDelete": False,
    }


def read_describes(given: Iterable[Mapping[str, Any] | str | Path]) -> list[Json]:
    """Read describe answers: dicts as they are, paths as JSON files.

    Parameters
    ----------
    given : iterable of mapping, str or Path
        Each a describe answer, or the path of a file that holds one.

    Returns
    -------
    list of dict

    Raises
    ------
    ValueError
        For something that is not a describe: it has no ``name`` or no ``fields``.
    OSError
        For a file that cannot be read.
    """
    return [_read_one(each) for each in given]


def _read_one(given: Mapping[str, Any] | str | Path) -> Json:
    value = json.loads(Path(given).read_text(encoding="utf-8")) if isinstance(given, str | Path) else dict(given)
    if not isinstance(value, dict) or not value.get("name") or not isinstance(value.get("fields"), list):
        raise ValueError(f"not a describe answer: {given if isinstance(given, str | Path) else list(given)[:5]}")
    return value
