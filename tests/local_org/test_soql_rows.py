"""SOQL over REST: which rows a query finds, in which order, and how a record looks."""

from __future__ import annotations

from datetime import date, datetime

import pytest

USER = "005000000000001AAA"


@pytest.fixture
def people(put):
    """Three accounts and five contacts."""
    bank, shop, none = put(
        "Account",
        {
            "Name": 'Bank, "Big" & Sons',
            "Industry": "Banking",
            "AnnualRevenue": 5e6,
            "NumberOfEmployees": 100,
            "BillingCity": "Rome",
            "BillingCountry": "Italy",
            "OwnerId": USER,
            "CreatedById": USER,
        },
        {"Name": "shop", "AnnualRevenue": 1.5e7, "NumberOfEmployees": 5},
        {"Name": "None", "Industry": None},
    )
    put(
        "Contact",
        {"LastName": "O'Neil", "AccountId": bank, "Birthdate": date(1990, 2, 28), "Languages__c": "English;German"},
        {"LastName": "100%", "AccountId": bank, "Birthdate": date(2026, 3, 18), "Languages__c": "German"},
        {"LastName": "a_b", "AccountId": shop, "Last_Contacted__c": datetime(2026, 3, 17, 23, 59, 59)},  # noqa: DTZ001
        {"LastName": "Müller", "Last_Contacted__c": datetime(2026, 3, 18, 0, 0), "HasOptedOutOfEmail": True},  # noqa: DTZ001
        {"LastName": "gone", "IsDeleted": True},
    )
    return {"bank": bank, "shop": shop, "none": none}


def names(direct, where, path="query"):
    rows = direct.rows(f"SELECT LastName FROM Contact WHERE {where} ORDER BY LastName", path)
    return [row["LastName"] for row in rows]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("LastName = 'o\\'neil'", ["O'Neil"]),
        ("LastName = 'MÜLLER'", ["Müller"]),
        ("LastName != 'müller'", ["100%", "a_b", "O'Neil"]),
        ("LastName <> 'müller'", ["100%", "a_b", "O'Neil"]),
        ("LastName > 'm'", ["Müller", "O'Neil"]),
        ("LastName LIKE '%\\%'", ["100%"]),
        ("LastName LIKE 'A\\_b'", ["a_b"]),
        ("LastName LIKE '_ü%'", ["Müller"]),
        ("NOT LastName LIKE '%e%'", ["100%", "a_b"]),
        ("LastName IN ('A_B', 'nobody')", ["a_b"]),
        ("LastName NOT IN ('a_b')", ["100%", "Müller", "O'Neil"]),
        ("Account.Name LIKE 'BANK%'", ["100%", "O'Neil"]),
        ("Account.Name != 'shop'", ["100%", "Müller", "O'Neil"]),
        ("AccountId = null", ["Müller"]),
        ("AccountId != NULL", ["100%", "a_b", "O'Neil"]),
        ("FirstName = ''", ["100%", "a_b", "Müller", "O'Neil"]),
        ("Birthdate = 1990-02-28", ["O'Neil"]),
        ("Birthdate < 2000-01-01", ["O'Neil"]),
        ("Birthdate != 1990-02-28", ["100%", "a_b", "Müller"]),
        ("Birthdate = TODAY", ["100%"]),
        ("Birthdate = LAST_N_DAYS:1", ["100%"]),
        ("Birthdate > YESTERDAY", ["100%"]),
        ("Birthdate <= TODAY", ["100%", "O'Neil"]),
        ("Birthdate IN (TODAY, 1990-02-28)", ["100%", "O'Neil"]),
        ("Birthdate = THIS_MONTH", ["100%"]),
        ("Last_Contacted__c = YESTERDAY", ["a_b"]),
        ("Last_Contacted__c = TODAY", ["Müller"]),
        ("Last_Contacted__c < TODAY", ["a_b"]),
        ("Last_Contacted__c >= 2026-03-18T01:00:00+01:00", ["Müller"]),
        ("Last_Contacted__c < 2026-03-18T00:00:00Z", ["a_b"]),
        ("HasOptedOutOfEmail = TRUE", ["Müller"]),
        ("HasOptedOutOfEmail = false", ["100%", "a_b", "O'Neil"]),
        ("Languages__c INCLUDES ('german')", ["100%", "O'Neil"]),
        ("Languages__c INCLUDES ('English;German', 'French')", ["O'Neil"]),
        ("Languages__c EXCLUDES ('English')", ["100%", "a_b", "Müller"]),
        ("Languages__c = 'English;German'", ["O'Neil"]),
        ("(LastName = 'a_b' OR LastName = '100%') AND NOT (Birthdate = TODAY)", ["a_b"]),
        ("AccountId IN (SELECT Id FROM Account WHERE AnnualRevenue > 1e7)", ["a_b"]),
        ("AccountId NOT IN (SELECT Id FROM Account WHERE Industry = 'banking')", ["a_b", "Müller"]),
        ("Account.AnnualRevenue IN (5000000, USD15000000)", ["100%", "a_b", "O'Neil"]),
        ("Account.NumberOfEmployees >= 5 AND Account.NumberOfEmployees < 100", ["a_b"]),
        ("CALENDAR_YEAR(Birthdate) = 1990", ["O'Neil"]),
    ],
)
def test_where(direct, people, where, found):
    assert names(direct, where) == found


def test_where_by_id(direct, people):
    assert len(names(direct, f"AccountId = '{people['bank']}'")) == 2
    assert len(names(direct, f"AccountId = '{people['bank'][:15]}'")) == 2
    assert len(names(direct, f"AccountId IN ('{people['bank']}', '{people['shop']}')")) == 3
    assert len(names(direct, f"AccountId > '{people['bank']}'")) == 1


def test_deleted_rows(direct, people):
    assert "gone" not in names(direct, "Id != null")
    assert "gone" in names(direct, "Id != null", "queryAll")
    assert names(direct, "IsDeleted = true", "queryall/") == ["gone"]


def test_order(direct, people):
    def industries(order):
        return [row["Name"] for row in direct.rows(f"SELECT Name FROM Account ORDER BY {order}")]

    assert industries("AnnualRevenue, Name") == ["None", 'Bank, "Big" & Sons', "shop"]
    assert industries("AnnualRevenue DESC NULLS LAST") == ["shop", 'Bank, "Big" & Sons', "None"]
    assert industries("Name ASC LIMIT 1 OFFSET 1") == ["None"]
    assert industries("Industry NULLS LAST, Name DESC") == ['Bank, "Big" & Sons', "shop", "None"]


def test_record(direct, people):
    soql = (
        "select id, NAME, a.AnnualRevenue, Account.NumberOfEmployees, BillingAddress, Owner.Name from account a LIMIT 1"
    )
    (record,) = direct.soql(soql).json()["records"]
    bank = people["bank"]
    assert list(record) == ["attributes", "Id", "Name", "AnnualRevenue", "NumberOfEmployees", "BillingAddress", "Owner"]
    assert record["attributes"] == {"type": "Account", "url": f"/services/data/v66.0/sobjects/Account/{bank}"}
    assert (record["AnnualRevenue"], record["NumberOfEmployees"]) == (5e6, 100)
    assert (record["BillingAddress"]["city"], record["BillingAddress"]["postalCode"]) == ("Rome", None)
    assert record["Owner"]["Name"] == "Local Analyst"
    assert record["Owner"]["attributes"]["type"] == "User"


def test_parents(direct, people):
    soql = "SELECT LastName, Account.Owner.Name, Account.Name FROM Contact ORDER BY LastName"
    hundred, a_b, mueller, _ = direct.rows(soql)
    assert hundred["Account"]["Owner"]["Name"] == "Local Analyst"
    assert a_b["Account"]["Name"] == "shop"
    assert a_b["Account"]["Owner"] is None
    assert mueller["Account"] is None


def test_values(direct, people):
    soql = "SELECT Birthdate, Last_Contacted__c, HasOptedOutOfEmail FROM Contact WHERE LastName = 'müller'"
    expected = {
        "Birthdate": None,
        "Last_Contacted__c": "2026-03-18T00:00:00.000+0000",
        "HasOptedOutOfEmail": True,
    }
    assert direct.rows(soql) == [expected]
    assert direct.rows("SELECT Birthdate FROM Contact WHERE LastName = '100%'") == [{"Birthdate": "2026-03-18"}]


def test_children(direct, people):
    soql = "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName DESC) FROM Account ORDER BY Name"
    bank, none, shop = direct.rows(soql)
    assert [each["LastName"] for each in bank["Contacts"]["records"]] == ["O'Neil", "100%"]
    assert (bank["Contacts"]["totalSize"], bank["Contacts"]["done"]) == (2, True)
    assert none["Contacts"] is None
    assert shop["Contacts"]["totalSize"] == 1
    limited = direct.rows("SELECT Id, (SELECT Id FROM Account.Contacts LIMIT 1) FROM Account WHERE Name LIKE 'bank%'")
    assert limited[0]["Contacts"]["totalSize"] == 1


def test_polymorphic_owner(direct, put):
    put("Case", {"Status": "New", "OwnerId": USER}, {"Status": "Closed"})
    rows = direct.rows("SELECT Owner.Name FROM Case ORDER BY Status DESC")
    assert rows[0]["Owner"]["Name"] == "Local Analyst"
    assert rows[1] == {"Owner": None}


def test_counts_and_groups(direct, people):
    count = direct.soql("SELECT COUNT() FROM Contact WHERE Account.Industry = 'Banking'").json()
    assert count == {"totalSize": 2, "done": True, "records": []}
    rows = direct.soql("SELECT AccountId, COUNT(Id), MAX(LastName) most FROM Contact GROUP BY AccountId").json()
    assert rows["records"][0]["attributes"] == {"type": "AggregateResult"}
    assert {(row["AccountId"], row["expr0"]) for row in rows["records"]} == {
        (people["bank"], 2),
        (people["shop"], 1),
        (None, 1),
    }
    having = "SELECT Account.Name, COUNT(Id) n FROM Contact GROUP BY Account.Name HAVING COUNT(Id) > 1"
    assert direct.rows(having) == [{"Name": 'Bank, "Big" & Sons', "n": 2}]
    sums = "SELECT SUM(AnnualRevenue), AVG(NumberOfEmployees), COUNT_DISTINCT(Industry), MIN(Name) FROM Account"
    assert direct.rows(sums) == [{"expr0": 2e7, "expr1": 52.5, "expr2": 1, "expr3": 'Bank, "Big" & Sons'}]
    ordered = "SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry ORDER BY n DESC LIMIT 1"
    assert direct.rows(ordered) == [{"Industry": None, "n": 2}]


def test_groups_by_parts_of_dates_and_rollups(direct, people):
    soql = "SELECT CALENDAR_YEAR(Birthdate) y, COUNT(Id) n FROM Contact WHERE Birthdate != null GROUP BY {}"
    years = "CALENDAR_YEAR(Birthdate)"
    assert direct.rows(soql.format(years) + f" ORDER BY {years}") == [{"y": 1990, "n": 1}, {"y": 2026, "n": 1}]
    rolled = (
        "SELECT Industry, GROUPING(Industry) all, COUNT(Id) n FROM Account GROUP BY ROLLUP(Industry) ORDER BY COUNT(Id)"
    )
    assert [(row["all"], row["n"]) for row in direct.rows(rolled)] == [(0, 1), (0, 2), (1, 3)]


def test_fields_function(direct, people):
    (row,) = direct.rows("SELECT FIELDS(STANDARD) FROM Account LIMIT 1")
    assert {"Id", "Name", "BillingAddress"} <= set(row)
    assert not any(name.endswith("__c") for name in row)
    (row,) = direct.rows("SELECT Id, FIELDS(CUSTOM) FROM Account LIMIT 200 OFFSET 2")
    assert row.pop("Id") == people["none"]
    assert all(name.endswith("__c") for name in row)


def place(line, column, message, start=0):
    return f"\n{line}\n{' ' * (column - 1 - start)}^\nERROR at Row:1:Column:{column}\n{message}"


APPEND = "If you are attempting to use a custom {}, be sure to append the '{}' after the {}. "
REFERENCE = "Please reference your WSDL or the describe call for the appropriate names."
NO_COLUMN = APPEND.format("field", "__c", "custom field name") + REFERENCE
NO_RELATIONSHIP = APPEND.format("relationship", "__r", "custom relationship name") + REFERENCE


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        (
            "SELECT Id, Bad FROM Account",
            "INVALID_FIELD",
            place("SELECT Id, Bad FROM Account", 12, f"No such column 'Bad' on entity 'Account'. {NO_COLUMN}"),
        ),
        (
            "SELECT Account.Bad FROM Contact",
            "INVALID_FIELD",
            place("SELECT Account.Bad FROM Contact", 8, f"No such column 'Bad' on entity 'Account'. {NO_COLUMN}"),
        ),
        (
            "SELECT Acc.Name FROM Contact",
            "INVALID_FIELD",
            place(
                "SELECT Acc.Name FROM Contact",
                8,
                f"Didn't understand relationship 'Acc' in field path. {NO_RELATIONSHIP}",
            ),
        ),
        (
            "SELECT Id FROM Nope",
            "INVALID_TYPE",
            place(
                "SELECT Id FROM Nope",
                16,
                "sObject type 'Nope' is not supported. " + APPEND.format("object", "__c", "entity name") + REFERENCE,
            ),
        ),
        (
            "SELECT (SELECT Id FROM Nopes) FROM Account",
            "INVALID_TYPE",
            place(
                "SELECT (SELECT Id FROM Nopes) FROM Account",
                24,
                f"Didn't understand relationship 'Nopes' in FROM part of query call. {NO_RELATIONSHIP}",
            ),
        ),
        (
            "SELECT Id FROM Contact WHERE Birthdate = '1990-01-01'",
            "INVALID_FIELD",
            place(
                "ELECT Id FROM Contact WHERE Birthdate = '1990-01-01'",
                42,
                "value of filter criterion for field 'Birthdate' must be of type date and should not be enclosed in "
                "quotes",
                start=1,
            ),
        ),
        (
            "SELECT Id FROM Contact WHERE LastName = 5",
            "INVALID_FIELD",
            place(
                "SELECT Id FROM Contact WHERE LastName = 5",
                41,
                "value of filter criterion for field 'LastName' must be of type string and "
                "should be enclosed in quotes",
            ),
        ),
        (
            "SELECT Id FROM Account WHERE Id = 'x'",
            "INVALID_QUERY_FILTER_OPERATOR",
            place("SELECT Id FROM Account WHERE Id = 'x'", 35, "invalid ID field: x"),
        ),
        (
            "SELECT Id FROM Account WHERE Id LIKE '001%'",
            "INVALID_QUERY_FILTER_OPERATOR",
            place("SELECT Id FROM Account WHERE Id LIKE '001%'", 38, "invalid operator on id field"),
        ),
        (
            "SELECT Id FROM Contact WHERE Description = 'x'",
            "INVALID_FIELD",
            place(
                "SELECT Id FROM Contact WHERE Description = 'x'",
                30,
                "field 'Description' can not be filtered in a query call",
            ),
        ),
        (
            "SELECT Id FROM Contact ORDER BY Description",
            "MALFORMED_QUERY",
            place(
                "SELECT Id FROM Contact ORDER BY Description",
                33,
                "field 'Description' can not be sorted in a query call",
            ),
        ),
        (
            "SELECT Name n FROM Account",
            "MALFORMED_QUERY",
            place("SELECT Name n FROM Account", 8, "only aggregate expressions use field aliasing"),
        ),
        (
            "SELECT Name, COUNT(Id) FROM Account",
            "MALFORMED_QUERY",
            place("SELECT Name, COUNT(Id) FROM Account", 8, "Field must be grouped or aggregated: Name"),
        ),
        (
            "SELECT COUNT(Id) FROM Account ORDER BY Name",
            "MALFORMED_QUERY",
            place(
                "SELECT COUNT(Id) FROM Account ORDER BY Name", 40, "Ordered field must be grouped or aggregated: Name"
            ),
        ),
        (
            "SELECT Id, id FROM Account",
            "INVALID_FIELD",
            place("SELECT Id, id FROM Account", 12, "duplicate field selected: Id"),
        ),
        (
            "SELECT Id FROM Contact WHERE Birthdate = SOMEDAY",
            "MALFORMED_QUERY",
            place("ELECT Id FROM Contact WHERE Birthdate = SOMEDAY", 42, "unexpected token: 'SOMEDAY'", start=1),
        ),
        (
            "SELECT Id FROM Contact WHERE Birthdate = 2023-02-30",
            "MALFORMED_QUERY",
            place("ELECT Id FROM Contact WHERE Birthdate = 2023-02-30", 42, "invalid date: 2023-02-30", start=1),
        ),
        (
            "SELECT FIELDS(ALL) FROM Account LIMIT 201",
            "MALFORMED_QUERY",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        ("SELECT Id FROM Account WHERE Name = :name", "MALFORMED_QUERY", "Bind variables only allowed in Apex code"),
        (
            "SELECT TYPEOF Owner WHEN User THEN Name END FROM Case",
            "FUNCTIONALITY_NOT_ENABLED",
            "TYPEOF is not supported by the local org",
        ),
    ],
)
def test_refusals(direct, soql, code, message):
    assert direct.fault(soql) == (400, code, message)


def test_parents_go_up_five_levels(direct, put):
    first, second = put("Contact", {"LastName": "top"}, {"LastName": "next"})
    (third,) = put("Contact", {"LastName": "bottom", "ReportsToId": second})
    with direct.org.state.store.cursor() as cursor:
        cursor.execute('UPDATE "Contact" SET ReportsToId = ? WHERE Id = ?', [first, second])
    (row,) = direct.rows(f"SELECT ReportsTo.ReportsTo.LastName FROM Contact WHERE Id = '{third}'")
    assert row["ReportsTo"]["ReportsTo"]["LastName"] == "top"
    five = "ReportsTo." * 5
    assert direct.rows(f"SELECT {five}LastName FROM Contact WHERE Id = '{third}'")[0]["ReportsTo"] is not None
    status, code, message = direct.fault(f"SELECT ReportsTo.{five}LastName FROM Contact")
    assert (status, code) == (400, "MALFORMED_QUERY")
    assert message == f"SOQL relationships may go up to 5 levels: ReportsTo.{five}LastName"


def test_case_sensitive_keys_are_compared_as_they_are(other_org):
    fields = [
        {"name": "Id", "type": "id"},
        {"name": "Key__c", "type": "string", "length": 20, "externalId": True, "caseSensitive": True},
    ]
    call = other_org(describes=[{"name": "Account", "keyPrefix": "001", "fields": fields}])
    call.put("Account", {"Key__c": "a"}, {"Key__c": "A"})
    for where in ("Key__c = 'A'", "Key__c LIKE 'A%'", "Key__c IN ('A', 'b')"):
        assert call.rows(f"SELECT Key__c FROM Account WHERE {where}") == [{"Key__c": "A"}]


def test_an_object_that_cannot_be_queried(other_org):
    fields = [{"name": "Id", "type": "id"}]
    describe = {"name": "Hidden__c", "keyPrefix": "a09", "fields": fields, "queryable": False}
    call = other_org(describes=[describe])
    message = place("SELECT Id FROM Hidden__c", 16, "entity type Hidden__c does not support query")
    assert call.fault("SELECT Id FROM Hidden__c") == (400, "INVALID_TYPE_FOR_OPERATION", message)
    reply = call.bulk("SELECT Id FROM Hidden__c")
    expected = [{"errorCode": "INVALIDENTITY", "message": "Entity 'Hidden__c' does not support query"}]
    assert (reply.status, reply.json()) == (400, expected)


def test_labels_and_functions_that_change_nothing(direct, people):
    soql = "SELECT toLabel(Industry), convertCurrency(AnnualRevenue) r FROM Account WHERE Industry = 'Banking'"
    assert direct.rows(soql) == [{"Industry": "Banking", "r": 5e6}]
    status, code, message = direct.fault("SELECT FORMAT(AnnualRevenue) FROM Account")
    assert (status, code, message) == (400, "FUNCTIONALITY_NOT_ENABLED", "FORMAT() is not supported by the local org")


def test_scopes_and_modes(direct, people):
    assert direct.rows("SELECT Name FROM Account USING SCOPE mine") == [{"Name": 'Bank, "Big" & Sons'}]
    assert len(direct.rows("SELECT Id FROM Account USING SCOPE everything WITH SECURITY_ENFORCED")) == 3
    assert len(direct.rows("SELECT Id FROM Account WITH USER_MODE LIMIT 2")) == 2
    team = (400, "FUNCTIONALITY_NOT_ENABLED", "USING SCOPE team is not supported by the local org")
    assert direct.fault("SELECT Id FROM Account USING SCOPE team") == team
    assert direct.fault("SELECT Id FROM Account WITH MAGIC") == (400, "MALFORMED_QUERY", "unexpected token: 'MAGIC'")


@pytest.mark.parametrize("chars", [15, 18])
@pytest.mark.parametrize(
    ("operator", "found"), [("<", ["a"]), ("<=", ["a", "b"]), (">", ["c"]), (">=", ["b", "c"]), ("=", ["b"])]
)
def test_ids_on_both_sides_of_another(direct, chars, operator, found):
    ids = direct.put("Contact", *({"LastName": name} for name in "abc"))
    assert names(direct, f"Id {operator} '{ids[1][:chars]}'") == found
    first, *_ = (row["Id"] for row in direct.rows("SELECT Id FROM Contact"))
    assert names(direct, f"Id >= '{first[:3]}' AND NOT Id < '{first[:3]}'") == ["a", "b", "c"]
