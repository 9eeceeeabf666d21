"""A query is looked through before it is sent; what cannot be known to be wrong is left alone."""

import json
from pathlib import Path

import pytest

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight import check_query
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType, SObjectDescribe

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def field(name, kind="string", **options):
    return FieldDescribe(name, FieldType(kind), **options)


def lookup(name, relationship, *targets):
    return field(name, "reference", relationship_name=relationship, reference_to=targets)


def sobject(name, *fields, queryable=True):
    return SObjectDescribe(name, name, None, (field("Id", "id"), field("Name"), *fields), queryable=queryable)


OBJECTS = {
    each.name.lower(): each
    for each in (
        sobject(
            "Contact",
            field("FirstName"),
            field("LastName"),
            field("Email", "email"),
            field("Photo__c", "base64"),
            field("acme__Size__c", "double"),
            lookup("AccountId", "Account", "Account"),
            lookup("Boss__c", "Boss__r", "Contact"),
            lookup("OwnerId", "Owner", "User", "Group"),
            lookup("SecretId", "Secret", "Secret"),
        ),
        sobject(
            "Account",
            field("BillingAddress", "address"),
            field("BillingStreet", compound_field_name="BillingAddress"),
            field("BillingCity", compound_field_name="BillingAddress"),
            field("Place__c", "location"),
            lookup("ParentId", "Parent", "Account"),
        ),
        sobject("Hidden", queryable=False),
    )
}


def describes(name):
    if name.lower() not in OBJECTS:
        raise UsageError(f"the org has no object {name!r}", hint="did you mean 'Contact'?")
    return OBJECTS[name.lower()]


def found(soql, **options):
    """Return (place shown by what stands there, check, suggestion) of each problem."""
    checked = check_query(soql, describes, **options)
    return [(soql[each.position :][: len(each.value)], each.check, each.suggestion) for each in checked.problems]


def checks(soql, **options):
    return [each.check for each in check_query(soql, describes, **options).problems]


@pytest.mark.parametrize(
    ("soql", "place", "check", "suggestion"),
    [
        ("SELECT Id, Emial FROM Contact", "Emial", "Contact has no field Emial", "did you mean Email?"),
        ("SELECT c.Nmae FROM Contact c", "Nmae", "Contact has no field Nmae", "did you mean Name?"),
        (
            "SELECT FrstName FROM Contact",
            "FrstName",
            "Contact has no field FrstName",
            "did you mean FirstName or LastName",
        ),
        ("SELECT Contact.Emial FROM Contact", "Emial", "Contact has no field Emial", "Email"),
        ("SELECT Account.Nmae FROM Contact", "Nmae", "Account has no field Nmae", "Name"),
        ("SELECT Account.Parent.Xyzzy FROM Contact", "Xyzzy", "Account has no field Xyzzy", "check the API name"),
        ("SELECT Acount.Name FROM Contact", "Acount", "Contact has no relationship Acount", "did you mean Account?"),
        ("SELECT AccountId.Name FROM Contact", "AccountId", "Contact has no relationship AccountId", "write Account "),
        ("SELECT Boss__c.Name FROM Contact", "Boss__c", "Contact has no relationship Boss__c", "write Boss__r "),
        (
            "SELECT Account FROM Contact",
            "Account",
            "Contact has no field Account",
            "write AccountId, or a field behind",
        ),
        ("SELECT Id FROM Contact WHERE Emial = 'x'", "Emial", "Contact has no field Emial", "Email"),
        (
            "SELECT Id FROM Contact WHERE (NOT (Id = 'x' OR Emial = 'x'))",
            "Emial",
            "Contact has no field Emial",
            "Email",
        ),
        ("SELECT Id FROM Contact ORDER BY Id, Emial DESC", "Emial", "Contact has no field Emial", "Email"),
        ("SELECT toLabel(Emial) FROM Contact", "Emial", "Contact has no field Emial", "Email"),
        ("SELECT a.Nmae FROM Contact c, c.Account a", "Nmae", "Account has no field Nmae", "Name"),
        ("SELECT Id FROM Contct", "Contct", "the org has no object 'Contct'", "did you mean 'Contact'?"),
        ("SELECT Id FROM Account.Contacts", "Account.Contacts", "FROM takes an object", "write the object's name"),
        ("SELECT Id FROM Hidden", "Hidden", "Hidden cannot be queried", "permission"),
        (
            "SELECT Id FROM Contact WHERE AccountId IN (SELECT Id FROM Account WHERE Nmae = 'x')",
            "Nmae",
            "Account has no field Nmae",
            "Name",
        ),
        ("SELECT Id FROM Contact WHERE Id IN (SELECT Id FROM Acct)", "Acct", "the org has no object 'Acct'", "did"),
        ("SELECT Id FROM Contact WHERE Id = :ids", ":ids", "a value behind a colon is for Apex", "write {name}"),
        (
            "SELECT Id FROM Contact WHERE Id IN (SELECT Id FROM Account WHERE Name = :x)",
            ":x",
            "a value behind a colon is for Apex",
            "write {name}",
        ),
        ("SELECT Id FROM Contact LIMIT :n", "LIMIT :n", "a value behind a colon is for Apex", "write {name}"),
        ("SELECT Id FROM Contact ALL ROWS", "ALL ROWS", "ALL ROWS is for Apex", "query_all=True"),
        ("SELECT Id Email FROM Contact", "Id Email", "only grouped queries give names", "write Id, Email if both"),
        ("SELECT c FROM Contact", "c", "Contact has no field c", "check the API name"),
        ("SELECT Id FRM Contact", "FRM", "expected FROM, found 'FRM'", ""),
    ],
)
@pytest.mark.parametrize("bulk", [True, False])
def test_what_no_query_may_have(soql, place, check, suggestion, bulk):
    [(at, said, advice)] = found(soql, bulk=bulk)
    assert at.startswith(place)
    assert said.startswith(check)
    assert suggestion in advice


@pytest.mark.parametrize(
    ("soql", "place", "check", "suggestion"),
    [
        ("SELECT COUNT() FROM Contact", "COUNT()", "bulk queries take no aggregate functions", 'plan="rest"'),
        ("SELECT FORMAT(MAX(Name)) FROM Contact", "MAX(Name)", "bulk queries take no aggregate", 'plan="rest"'),
        ("SELECT Name FROM Contact GROUP BY Name", "GROUP BY", "bulk queries take no GROUP BY", 'plan="rest"'),
        ("SELECT Id FROM Contact LIMIT 2 OFFSET 5", "OFFSET 5", "bulk queries take no OFFSET", 'plan="rest"'),
        (
            "SELECT Id, TYPEOF Owner WHEN User THEN Email END FROM Contact",
            "TYPEOF Owner",
            "bulk queries take no TYPEOF",
            'plan="rest"',
        ),
        (
            "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
            "(SELECT",
            "bulk queries take no queries of c",
            "Contacts",
        ),
        (
            "SELECT BillingAddress FROM Account",
            "BillingAddress",
            "bulk queries take no compound fields",
            "BillingStreet, BillingCity",
        ),
        (
            "SELECT Id, Account.Parent.billingaddress FROM Contact",
            "Account.Parent.billingaddress",
            "bulk queries take no compound fields",
            "Account.Parent.BillingStreet, Account.Parent.BillingCity",
        ),
        ("SELECT Place__c FROM Account", "Place__c", "bulk queries take no compound fields", 'plan="rest"'),
        ("SELECT Photo__c FROM Contact", "Photo__c", "bulk queries take no base64 fields", "leave it out"),
    ],
)
def test_what_bulk_queries_do_not_take(soql, place, check, suggestion):
    [(at, said, advice)] = found(soql)
    assert at.startswith(place)
    assert said.startswith(check)
    assert suggestion in advice
    assert found(soql, bulk=False) == []


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Owner.Xyzzy, Owner.Profile.Name FROM Contact WHERE Owner.Anything = 1",
        "SELECT Secret.Xyzzy FROM Contact",
        "SELECT UserRecordAccess.HasEditAccess FROM Contact",
        "SELECT Size__c FROM Contact WHERE Size__c > 1",
        "SELECT someFunction(Xyzzy) FROM Contact",
        "SELECT id, EMAIL, account.NAME FROM contact WHERE ACCOUNT.parentid = null",
        "SELECT toLabel(Name), convertCurrency(Name) n, FORMAT(Name) FROM Contact",
        "SELECT Id FROM Account WHERE DISTANCE(Place__c, GEOLOCATION(1, 2), 'km') < 20",
        "SELECT *, FIELDS(CUSTOM) FROM Contact",
        "SELECT Id FROM Contact ORDER BY Name LIMIT 5 FOR VIEW",
        "SELECT Id FROM Contact WHERE Name = 'a' AND Email = 'b' OR Email = 'c'",
        "SELECT Contact.Account.Name FROM Contact USING SCOPE mine WITH SECURITY_ENFORCED",
    ],
)
def test_what_may_be_right_is_not_refused(soql):
    assert found(soql) == []


def test_conditions_on_groups_and_in_queries_of_children_are_looked_at():
    soql = "SELECT Name FROM Contact GROUP BY Name HAVING COUNT(Emial) > 1"
    assert checks(soql, bulk=False) == ["Contact has no field Emial"]
    soql = "SELECT Id, (SELECT Id FROM Contacts WHERE Id = :x) FROM Account"
    assert checks(soql, bulk=False) == ["a value behind a colon is for Apex"]


def test_names_given_in_a_grouped_query_may_be_used():
    soql = "SELECT Name n, COUNT(Id) c FROM Contact GROUP BY Name HAVING COUNT(Id) > 1 ORDER BY c"
    assert found(soql, bulk=False) == []


def test_every_problem_is_told_of_in_the_order_of_the_text():
    soql = "SELECT Emial,\n COUNT(Id), (SELECT Id FROM Contacts)\nFROM Account WHERE X__c = :x\nGROUP BY Y__c OFFSET 1"
    checked = check_query(soql, describes)
    frame = checked.report
    assert list(zip(frame["line"], frame["column"], strict=True)) == [
        *((1, 8), (2, 2), (2, 13), (3, 20), (3, 27), (4, 1), (4, 10), (4, 15))
    ]
    assert list(frame.columns) == ["line", "column", "check", "value", "suggestion"]
    assert frame["value"].tolist()[0] == "Emial"
    assert checked.failure_text.startswith(
        "this query cannot be run, 8 problems:\n  - line 1, column 8: Account has no"
    )
    assert checked.failure_text.endswith("\n  - and 3 more")


def test_the_text_shows_the_place():
    text = check_query("SELECT Id,\n  Emial\nFROM Contact", describes).failure_text
    assert text == (
        "this query cannot be run, 1 problem:\n"
        "  - line 2, column 3: Contact has no field Emial; did you mean Email?\n"
        "        Emial\n"
        "        ^"
    )


def test_a_query_without_problems_has_an_empty_report():
    checked = check_query("SELECT Id FROM Contact", describes)
    assert (len(checked.report), checked.query.sobject) == (0, "Contact")


@pytest.mark.parametrize(
    "soql",
    ["SELECT Id, (SELECT * FROM Contacts) FROM Account", "SELECT Id FROM Account WHERE Id IN (SELECT * FROM Contact)"],
)
def test_a_star_stands_in_the_outer_select_list_alone(soql):
    assert checks(soql, bulk=False) == ["* stands for the fields of the outer object alone"]


def test_only_the_objects_that_a_query_names_are_asked_for():
    asked = []

    def watched(name):
        asked.append(name)
        return describes(name)

    check_query("SELECT Owner.Name, Account.Name FROM Contact WHERE Id IN (SELECT Id FROM Account)", watched)
    assert asked == ["Contact", "Account", "Account"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded describes and queries of others are not here")
def test_queries_that_people_wrote_are_refused_for_what_the_recorded_objects_lack_alone():
    recorded = {}
    for path in (SHARED / "describe").glob("*.json"):
        describe = SObjectDescribe.from_json(json.loads(path.read_text(encoding="utf-8")))
        recorded[describe.name.lower()] = describe

    def known(name):
        if name.lower() not in recorded:
            raise UsageError("not recorded")
        return recorded[name.lower()]

    said = set()
    for soql in json.loads((SHARED / "soql" / "valid.json").read_text(encoding="utf-8")):
        said |= {each.check for each in check_query(soql, known, bulk=False).problems}
    lacking = {"Account": {"FOO", "Foo", "Bar", "Baz", "Bam", "bar", "Invoice_Type__c"}}
    lacking |= {"Contact": {"State_Abbr_c", "Location", "Location__c"}, "Opportunity": {"SBQQ__StandardTerm__c"}}
    fields = {f"{name} has no field {each}" for name, names in lacking.items() for each in names}
    assert said == fields | {"not recorded", "a value behind a colon is for Apex"}
