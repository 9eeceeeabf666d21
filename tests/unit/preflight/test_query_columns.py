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


def shared_out(soql, **options):
    return [each.soql for each in column_groups(parse(soql), **options)]


def test_a_query_that_fits_stays_one():
    query = parse("SELECT Name, Type FROM Account ORDER BY Name LIMIT 5")
    assert column_groups(query) == (query,)
    assert column_groups(query, max_chars=len(query.soql), spare_chars=50) == (query,)


def test_each_group_has_the_id_as_the_query_writes_it():
    soql = "SELECT Name, a.Id, Type, Site FROM Account a WHERE Name != null"
    assert shared_out(soql, max_chars=len("SELECT a.Id, Name FROM Account a WHERE Name != null")) == [
        f"SELECT a.Id, {name} FROM Account a WHERE Name != null" for name in ("Name", "Type", "Site")
    ]


def test_keys_that_the_query_does_not_select_are_added():
    soql = "SELECT Name, Site, systemmodstamp FROM Account"
    assert shared_out(soql, keys=("Id", "SystemModstamp"), max_chars=len(soql) - 1) == [
        "SELECT Id, systemmodstamp, Name FROM Account",
        "SELECT Id, systemmodstamp, Site FROM Account",
    ]


def test_groups_are_filled_up_to_the_length_less_what_is_kept_free():
    soql = "SELECT Id, Aaaa, Bbbb, Cccc FROM Account"
    assert shared_out(soql, max_chars=len(soql) - 1) == [
        "SELECT Id, Aaaa, Bbbb FROM Account",
        "SELECT Id, Cccc FROM Account",
    ]
    assert len(shared_out(soql, max_chars=len(soql) - 1, spare_chars=5)) == 2
    assert len(shared_out(soql, max_chars=len(soql) - 1, spare_chars=6)) == 3


def test_the_widest_object_is_shared_out():
    names = [f"A_field_with_a_name_of_forty_characters_{number:04}__c" for number in range(5_000)]
    groups = column_groups(parse(f"SELECT {', '.join(names)} FROM Account"))
    assert [len(each.soql) <= MAX_SOQL_CHARS for each in groups] == [True] * 3
    assert [each.text(entry) for each in groups for entry in each.select[1:]] == names


@pytest.mark.parametrize(
    ("tail", "clause"),
    [("LIMIT 5", "LIMIT"), ("OFFSET 5", "OFFSET"), ("GROUP BY Name", "GROUP BY"), ("ORDER BY Name", "ORDER BY")],
)
def test_groups_of_columns_give_the_same_records_or_are_refused(tail, clause):
    query = parse(f"SELECT Id, Name, Type FROM Account {tail}")
    with pytest.raises(UsageError, match=rf"too long for one: \d\d characters, .* with {clause}"):
        column_groups(query, max_chars=len(query.soql) - 1)


@pytest.mark.parametrize(
    ("soql", "said"),
    [
        ("SELECT Id, Name FROM Account WHERE Name = 'a long one'", "Name"),
        ("SELECT Id FROM Account WHERE Name = 'a long one, so that not even this fits'", "even Id"),
        ("SELECT Id, A, ANameThatIsMuchTooLongForThis FROM Account", "ANameThatIs"),
    ],
)
def test_a_query_that_no_group_makes_short_enough_is_an_error(soql, said):
    with pytest.raises(UsageError, match=f"no query within the limits holds {said}"):
        column_groups(parse(soql), max_chars=49)


NAMES = st.lists(st.from_regex(r"[A-Z][a-z]{1,20}__c", fullmatch=True), min_size=1, max_size=60, unique=True)


@given(NAMES, st.booleans(), st.integers(60, 300), st.integers(0, 10))
def test_groups_hold_every_field_once_within_the_limits(names, with_id, max_chars, spare_chars):
    fields = ["Id", *names] if with_id else names
    groups = column_groups(
        parse(f"SELECT {', '.join(fields)} FROM Account"), max_chars=max_chars, spare_chars=spare_chars
    )
    assert len(groups) == 1 or all(len(each.soql) <= max_chars - spare_chars for each in groups)
    held = [each.text(entry) for each in groups for entry in each.select]
    assert [name for name in held if name != "Id"] == names
    assert len(groups) == 1 or held.count("Id") == len(groups)
