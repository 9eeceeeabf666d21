import json
from pathlib import Path

import pytest

from sfbulk_pandas.local_org.describes import BUILT_IN, builtin_describes, full_describe, read_describes
from sfbulk_pandas.salesforce.sobject import FieldType, SObjectDescribe

DESCRIBES = builtin_describes()
LOADED = [name for name in BUILT_IN if DESCRIBES[name]["createable"]]
MODELS = {name: SObjectDescribe.from_json(json) for name, json in DESCRIBES.items()}
RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "describe"


def types_of(name):
    return {field.type for field in MODELS[name].fields}


@pytest.mark.parametrize("name", LOADED)
def test_every_object_has_a_custom_external_id_and_a_restricted_picklist(name):
    fields = [field for field in MODELS[name].fields if field.name.endswith("__c")]
    assert [field.name for field in fields if field.external_id and field.unique]
    assert [field.picklist_values for field in fields if field.restricted_picklist and field.type is FieldType.PICKLIST]


@pytest.mark.parametrize("name", LOADED)
@pytest.mark.parametrize("kind", ["currency", "percent", "date", "datetime", "boolean", "multipicklist", "reference"])
def test_every_object_has_the_usual_types(name, kind):
    assert FieldType(kind) in types_of(name)


def test_the_rarer_types_are_somewhere():
    kinds = set().union(*map(types_of, BUILT_IN))
    assert {"int", "double", "time", "email", "phone", "url", "textarea", "address"} <= {str(kind) for kind in kinds}


def test_every_object_has_a_long_text():
    for name in LOADED:
        assert any(field.type is FieldType.TEXTAREA and field.length > 255 for field in MODELS[name].fields), name


def test_field_names_and_prefixes_are_not_used_twice():
    assert len({model.key_prefix for model in MODELS.values()}) == len(MODELS)
    for model in MODELS.values():
        assert len({field.name.lower() for field in model.fields}) == len(model.fields)


def test_children_are_listed_with_their_parent():
    children = {(each["childSObject"], each["field"]): each for each in DESCRIBES["Account"]["childRelationships"]}
    assert children["Contact", "AccountId"]["relationshipName"] == "Contacts"
    assert children["Contact", "AccountId"]["cascadeDelete"]
    assert not children["Case", "AccountId"]["cascadeDelete"]


def test_a_field_has_every_key():
    describe = full_describe({"name": "X__c", "fields": [{"name": "A__c", "type": "picklist", "values": ["a"]}]})
    field = next(each for each in describe["fields"] if each["name"] == "A__c")
    assert (len(field), field["custom"], field["length"], describe["custom"]) == (57, True, 255, True)
    assert field["picklistValues"] == [
        {"active": True, "defaultValue": False, "label": "a", "validFor": None, "value": "a"}
    ]
    assert [each["name"] for each in describe["fields"]][:3] == ["Id", "IsDeleted", "A__c"]


def test_describes_are_read_from_values_and_files(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(DESCRIBES["Case"]), encoding="utf-8")
    assert [each["name"] for each in read_describes([path, str(path), DESCRIBES["Lead"]])] == ["Case", "Case", "Lead"]
    with pytest.raises(ValueError, match="not a describe"):
        read_describes([{"name": "X"}])


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded describes are not here")
def test_the_shape_is_that_of_recorded_answers():
    recorded = json.loads((RECORDED / "Contact.json").read_text(encoding="utf-8"))
    ours = DESCRIBES["Contact"]
    assert set(recorded) == set(ours)
    assert set(recorded["fields"][0]) == set(ours["fields"][0])
    soap_types = {each["type"]: each["soapType"] for each in recorded["fields"]}
    assert {each["type"]: each["soapType"] for each in ours["fields"]} | soap_types == {
        **soap_types,
        **{each["type"]: each["soapType"] for each in ours["fields"]},
    }
