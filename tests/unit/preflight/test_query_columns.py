"""``SELECT *`` stands for the fields of the describe; a list too long is shared out over several queries."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight import column_groups, expand_select
from sfbulk_pandas.salesforce.limits import MAX_SOQL_CHARS
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType, SObjectDescribe
from sfbulk_pandas.salesforce.soql import parse


def field(name, kind="string", **options):
    return FieldDescribe(name, FieldType(kind), **options)


ACCOUNT = SObjectDescribe(
    "Account",
    "Account",
    "001",
    (
        field("Id", "id"),
        field("Size__c", "double"),
        field("Name"),
        field("BillingAddress", "address"),
        field("BillingCity", compound_field_name="BillingAddress"),
        field("Logo", "base64"),
        field("WhoIds", "junctionidlist"),
        field("Place__c", "location"),
        field("Place__Latitude__s", "double", compound_field_name="Place__c"),
        field("Nick__pc"),
        field("New", "a type to come"),
    ),
)


def expanded(soql):
    return expand_select(parse(soql), ACCOUNT).soql


@pytest.mark.parametrize(
    ("select", "fields"),
    [
        ("*", "Id, Size__c, Name, BillingCity, Place__Latitude__s, Nick__pc, New"),
        ("FIELDS(ALL)", "Id, Size__c, Name, BillingCity, Place__Latitude__s, Nick__pc, New"),
        ("fields(standard)", "Id, Name, BillingCity, New"),
        ("FIELDS(CUSTOM)", "Size__c, Place__Latitude__s, Nick__pc"),
        ("FIELDS(CUSTOM), FIELDS(STANDARD)", "Size__c, Place__Latitude__s, Nick__pc, Id, Name, BillingCity, New"),
        ("*, Owner.Name", "Id, Size__c, Name, BillingCity, Place__Latitude__s, Nick__pc, New, Owner.Name"),
        ("a.name, FIELDS(STANDARD), *", "a.name, Id, BillingCity, New, Size__c, Place__Latitude__s, Nick__pc"),
        ("toLabel(Name), FIELDS(STANDARD)", "toLabel(Name), Id, Name, BillingCity, New"),
    ],
)
def test_every_field_that_can_be_selected_stands_in_the_describes_order(select, fields):
    assert expanded(f"SELECT {select} FROM Account a WHERE x = 1") == f"SELECT {fields} FROM Account a WHERE x = 1"


def test_a_list_of_fields_stays_as_it_is():
    query = parse("SELECT  Id ,Name FROM Account")
    assert expand_select(query, ACCOUNT) is query


def test_an_object_without_such_fields_is_an_error():
    bare = SObjectDescribe("Bare", "Bare", None, (field("Id", "id"),))
    with pytest.raises(UsageError, match=r"Bare has no field for FIELDS\(CUSTOM\)"):
        expand_select(parse("SELECT FIELDS(CUSTOM) FROM Bare"), bare)


def test_a_query_that_fits_stays_one():
    query = parse("SELECT Name, Type FROM Account LIMIT 5")
    groups = column_groups(query)
    assert (groups.queries, groups.id_was_added) == ((query,), False)


def test_each_group_has_the_id():
    query = parse("SELECT Name, a.Id, Type, Site FROM Account a WHERE Name != null")
    groups = column_groups(query, max_fields=2)
    assert [each.soql for each in groups.queries] == [
        f"SELECT a.Id, {name} FROM Account a WHERE Name != null" for name in ("Name", "Type", "Site")
    ]
    assert not groups.id_was_added


def test_an_id_not_asked_for_is_told_of():
    groups = column_groups(parse("SELECT Name, Type, Site FROM Account"), max_fields=3)
    assert [each.soql for each in groups.queries] == ["SELECT Name, Type, Site FROM Account"]
    assert not groups.id_was_added
    groups = column_groups(parse("SELECT Name, Type, Site FROM Account"), max_fields=2)
    assert [each.soql for each in groups.queries] == [
        f"SELECT Id, {name} FROM Account" for name in ("Name", "Type", "Site")
    ]
    assert groups.id_was_added


def test_groups_are_filled_up_to_the_length():
    query = parse("SELECT Id, Aaaa, Bbbb, Cccc FROM Account")
    assert [each.soql for each in column_groups(query, max_chars=len(query.soql) - 1).queries] == [
        "SELECT Id, Aaaa, Bbbb FROM Account",
        "SELECT Id, Cccc FROM Account",
    ]
    assert column_groups(query, max_chars=len(query.soql)).queries == (query,)


def test_the_widest_object_is_shared_out():
    names = [f"A_field_with_a_name_of_forty_characters_{number:04}__c" for number in range(5_000)]
    groups = column_groups(parse(f"SELECT {', '.join(names)} FROM Account"))
    assert [len(each.soql) <= MAX_SOQL_CHARS for each in groups.queries] == [True] * 3
    assert [each.text(entry) for each in groups.queries for entry in each.select[1:]] == names


@pytest.mark.parametrize("tail", ["LIMIT 5", "OFFSET 5", "GROUP BY Name"])
def test_groups_of_columns_select_the_same_records_or_are_refused(tail):
    with pytest.raises(UsageError, match="would not select the same records"):
        column_groups(parse(f"SELECT Id, Name, Type FROM Account {tail}"), max_fields=2)


@pytest.mark.parametrize(
    ("soql", "limits"),
    [
        ("SELECT Id, Name FROM Account WHERE Name = 'a long one'", {"max_chars": 50}),
        ("SELECT Id, Name FROM Account", {"max_fields": 1}),
    ],
)
def test_a_query_that_no_group_makes_short_enough_is_an_error(soql, limits):
    with pytest.raises(UsageError, match="no query within the limits holds Name and Id"):
        column_groups(parse(soql), **limits)


NAMES = st.lists(st.from_regex(r"[A-Z][a-z]{1,20}__c", fullmatch=True), min_size=1, max_size=60, unique=True)


@given(NAMES, st.booleans(), st.integers(60, 300), st.integers(2, 20))
def test_groups_hold_every_field_once_within_the_limits(names, with_id, max_chars, max_fields):
    fields = ["Id", *names] if with_id else names
    query = parse(f"SELECT {', '.join(fields)} FROM Account")
    groups = column_groups(query, max_chars=max_chars, max_fields=max_fields).queries
    assert all(len(each.soql) <= max_chars and len(each.select) <= max_fields for each in groups)
    held = [each.text(entry) for each in groups for entry in each.select]
    assert [name for name in held if name != "Id"] == names
    assert len(groups) == 1 or held.count("Id") == len(groups)
