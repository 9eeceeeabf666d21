"""Describes: what Salesforce says of an object and its fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class FieldType(StrEnum):
    """The types a describe gives its fields. Source: Apex reference, "DisplayType Enum"."""

    ID = "id"
    REFERENCE = "reference"
    STRING = "string"
    TEXTAREA = "textarea"
    PHONE = "phone"
    URL = "url"
    EMAIL = "email"
    PICKLIST = "picklist"
    MULTIPICKLIST = "multipicklist"
    COMBOBOX = "combobox"
    ENCRYPTEDSTRING = "encryptedstring"
    BOOLEAN = "boolean"
    INT = "int"
    LONG = "long"
    DOUBLE = "double"
    CURRENCY = "currency"
    PERCENT = "percent"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    BASE64 = "base64"
    ADDRESS = "address"
    LOCATION = "location"
    JUNCTION_ID_LIST = "junctionidlist"
    ANYTYPE = "anyType"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> FieldType:  # noqa: ARG003 - the signature is enum's
        """Read a type that is not listed here as unknown: such columns are text."""
        return cls.UNKNOWN

    @property
    def is_number(self) -> bool:
        """Whether values are numbers, which result files may spell in another way."""
        return self in _NUMBERS

    @property
    def is_double(self) -> bool:
        """Whether values are xsd:double: double, currency and percent."""
        return self in _DOUBLES

    @property
    def is_compound(self) -> bool:
        """Whether values are several fields in one: addresses and geolocations."""
        return self in {FieldType.ADDRESS, FieldType.LOCATION}

    @property
    def is_id(self) -> bool:
        """Whether values are Ids of 15 or 18 characters."""
        return self in {FieldType.ID, FieldType.REFERENCE}


_DOUBLES = frozenset({FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT})
_NUMBERS = _DOUBLES | {FieldType.INT, FieldType.LONG}
_SIZED = frozenset(
    {
        FieldType.STRING,
        FieldType.TEXTAREA,
        FieldType.PHONE,
        FieldType.URL,
        FieldType.EMAIL,
        FieldType.ENCRYPTEDSTRING,
    }
)  # whose length is one of free text: that of a picklist says nothing


@dataclass(frozen=True, slots=True)
class FieldDescribe:
    """What a describe says of one field, as far as the package uses it.

    Attributes
    ----------
    name : str
        API name, in its canonical case.
    type : FieldType
    length, precision, scale, digits : int
        Characters of a text; digits in all and after the point of a double; digits of an int.
    reference_to : tuple of str
        Objects a lookup may point at; more than one where it is polymorphic.
    relationship_name : str or None
        What stands before the dot in ``Account.Name``.
    relationship_order : int or None
        0 or 1 where the lookup is a master-detail one; None for any other field.
    calculated : bool
        Whether it is a formula, whose value may change without its record.
    picklist_values : tuple of str
        Active API values, not labels.
    default_value : str, bool, int, float or None
        What the field has where an insert leaves it out, as far as it is a plain value: of a picklist its default
        entry; None for a formula.
    auto_number : bool
        Whether Salesforce numbers the records by it.
    """

    name: str
    type: FieldType
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    external_id: bool = False
    id_lookup: bool = False
    unique: bool = False
    case_sensitive: bool = False
    restricted_picklist: bool = False
    picklist_values: tuple[str, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    compound_field_name: str | None = None
    relationship_order: int | None = None
    cascade_delete: bool = False
    calculated: bool = False
    default_value: str | bool | float | None = None
    auto_number: bool = False

    @property
    def type_text(self) -> str:
        """The type as people write it: ``string(80)``, ``currency(18,2)``, ``int(8)``, ``reference(User, Group)``.

        The numbers are those of the describe: characters of a text; digits in all and those after the point.
        """
        if self.type is FieldType.REFERENCE:
            return f"{self.type}({', '.join(self.reference_to)})" if self.reference_to else self.type.value
        if self.type.is_double:
            return f"{self.type}({self.precision},{self.scale})" if self.precision else self.type.value
        size = self.digits if self.type.is_number else self.length if self.type in _SIZED else 0
        return f"{self.type}({size})" if size else self.type.value

    @property
    def is_required(self) -> bool:
        """Whether an insert must carry it."""
        return self.createable and not self.nillable and not self.defaulted_on_create

    @property
    def is_master(self) -> bool:
        """Whether the lookup names the record that this one belongs to (SOAP API guide, "Field")."""
        return self.relationship_order is not None or self.cascade_delete

    @property
    def is_polymorphic(self) -> bool:
        """Whether the lookup may point at more than one object."""
        return len(self.reference_to) > 1

    @property
    def can_be_key(self) -> bool:
        """Whether an upsert or a lookup column may match by it."""
        return self.external_id or self.id_lookup

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FieldDescribe:
        """Read one entry of a describe's ``fields``; missing keys take Salesforce's usual value."""
        return cls(
            name=_text(data["name"]),
            type=FieldType(data["type"]),
            label=data.get("label") or "",
            length=int(data.get("length") or 0),
            precision=int(data.get("precision") or 0),
            scale=int(data.get("scale") or 0),
            digits=int(data.get("digits") or 0),
            nillable=bool(data.get("nillable", True)),
            createable=bool(data.get("createable", True)),
            updateable=bool(data.get("updateable", True)),
            defaulted_on_create=bool(data.get("defaultedOnCreate")),
            external_id=bool(data.get("externalId")),
            id_lookup=bool(data.get("idLookup")),
            unique=bool(data.get("unique")),
            case_sensitive=bool(data.get("caseSensitive")),
            restricted_picklist=bool(data.get("restrictedPicklist")),
            picklist_values=_active_values(data),
            reference_to=tuple(_text(each) for each in _listed(data.get("referenceTo"))),
            relationship_name=data.get("relationshipName"),
            compound_field_name=data.get("compoundFieldName"),
            relationship_order=data.get("relationshipOrder"),
            cascade_delete=bool(data.get("cascadeDelete")),
            calculated=bool(data.get("calculated")),
            default_value=_default(data),
            auto_number=bool(data.get("autoNumber")),
        )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("no text")
    return value


def _active_values(data: Mapping[str, Any]) -> tuple[str, ...]:
    values = _listed(data.get("picklistValues"))
    return tuple(str(value["value"]) for value in values if value.get("active", True))


def _default(data: Mapping[str, Any]) -> str | bool | float | None:
    """Return the plain default; a picklist marks its own (SOAP API guide, "PicklistEntry")."""
    marked = (each["value"] for each in _listed(data.get("picklistValues")) if each.get("defaultValue"))
    value = next(marked, data.get("defaultValue"))
    return value if isinstance(value, str | bool | int | float) else None


def _listed(value: Any) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise TypeError("no list")
    return value or []


@dataclass(frozen=True, slots=True)
class SObjectDescribe:
    """What a describe says of one object. Names are looked up in any case, as Salesforce does.

    Attributes
    ----------
    name : str
        API name, in its canonical case.
    key_prefix : str or None
        First three characters of its records' Ids.
    fields : tuple of FieldDescribe
        In the describe's order.
    """

    name: str
    label: str
    key_prefix: str | None
    fields: tuple[FieldDescribe, ...]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    queryable: bool = True
    _by_name: Mapping[str, FieldDescribe] = field(init=False, repr=False, compare=False)
    _by_relationship: Mapping[str, FieldDescribe] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {each.name.lower(): each for each in self.fields}
        by_relationship = {each.relationship_name.lower(): each for each in self.fields if each.relationship_name}
        object.__setattr__(self, "_by_name", by_name)
        object.__setattr__(self, "_by_relationship", by_relationship)

    def get(self, name: str) -> FieldDescribe | None:
        """Return the field of that name, in any case, or None."""
        return self._by_name.get(name.lower())

    def relationship(self, name: str) -> FieldDescribe | None:
        """Return the lookup field behind a relationship name such as ``Account``, or None."""
        return self._by_relationship.get(name.lower())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SObjectDescribe:
        """Read a describe answer; keys it does not know are ignored."""
        return cls(
            name=_text(data["name"]),
            label=data.get("label") or data["name"],
            key_prefix=data.get("keyPrefix"),
            fields=tuple(FieldDescribe.from_json(each) for each in _listed(data["fields"] or {})),
            createable=bool(data.get("createable", True)),
            updateable=bool(data.get("updateable", True)),
            deletable=bool(data.get("deletable", True)),
            queryable=bool(data.get("queryable", True)),
        )
