"""REST: versions, describes, limits, counts, pages of queries, and records one at a time."""

from __future__ import annotations

import pytest

from sfbulk_pandas.local_org import LocalOrg

NOT_FOUND = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


def test_versions(call):
    versions = call.get("/services/data", headers={"Authorization": None}).json()
    assert versions[0] == {"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"}
    assert [each["label"] for each in versions[-4:]] == ["Spring '25", "Summer '25", "Winter '26", "Spring '26"]
    assert versions[-1] == {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"}
    assert len(versions) == 36


def test_resources(direct):
    resources = direct.get("/services/data/v60.0").json()
    assert resources["sobjects"] == "/services/data/v60.0/sobjects"
    assert {"query", "queryAll", "limits", "jobs", "identity"} <= set(resources)


def test_describe_global(direct):
    answer = direct.get("sobjects").json()
    assert (answer["encoding"], answer["maxBatchSize"]) == ("UTF-8", 200)
    names = [each["name"] for each in answer["sobjects"]]
    assert names == ["Account", "Case", "Contact", "Lead", "Opportunity", "Organization", "Project__c", "User"]
    first = answer["sobjects"][0]
    assert len(first) == 28
    assert first["urls"]["describe"] == "/services/data/v66.0/sobjects/Account/describe"


def test_describe(direct):
    answer = direct.get("/services/data/v61.0/sobjects/CONTACT/describe").json()
    assert (answer["name"], answer["keyPrefix"]) == ("Contact", "003")
    assert answer["urls"]["sobject"] == "/services/data/v61.0/sobjects/Contact"
    assert len(answer["fields"][0]) == 57
    short = direct.get("sobjects/contact").json()
    assert list(short) == ["objectDescribe", "recentItems"]
    assert short["objectDescribe"]["name"] == "Contact"
    for path in ("sobjects/Nope/describe", "sobjects/Nope", "sobjects/Nope/001000000000001"):
        assert (direct.get(path).status, direct.get(path).json()) == (404, NOT_FOUND)


def test_recorded_describe():
    fields = [{"name": "Id", "type": "id"}, {"name": "Colour__c", "type": "string", "length": 20}]
    with LocalOrg(describes=[{"name": "Paint__c", "keyPrefix": "a07", "fields": fields}]) as org:
        assert org.records("paint__C").num_rows == 0
        assert org.records("Account").num_rows == 0


def test_limits(direct):
    limits = direct.get("limits").json()
    assert limits["DailyBulkApiBatches"] == {"Max": 15000, "Remaining": 15000}
    assert limits["DailyBulkV2QueryJobs"]["Max"] == 10000


def test_record_count(direct, put):
    put("Account", {"Name": "a"}, {"Name": "b"}, {"Name": "gone", "IsDeleted": True})
    answer = direct.get("limits/recordCount", params={"sObjects": "account,Nope,Contact"})
    assert answer.json() == {"sObjects": [{"count": 2, "name": "Account"}, {"count": 0, "name": "Contact"}]}
    every = direct.get("limits/recordcount/").json()["sObjects"]
    assert {"count": 1, "name": "User"} in every


def test_query_in_pages(call, put):
    put("Contact", *({"LastName": f"{number:04}"} for number in range(450)))
    soql = {"q": "SELECT LastName FROM Contact ORDER BY LastName"}
    page = call.get("query/", params=soql, headers={"Sforce-Query-Options": "batchSize=200"}).json()
    assert list(page) == ["totalSize", "done", "nextRecordsUrl", "records"]
    names, urls = [each["LastName"] for each in page["records"]], []
    while not page["done"]:
        urls.append(page["nextRecordsUrl"])
        page = call.get(urls[-1], headers={"Sforce-Query-Options": "batchSize=200"}).json()
        names += [each["LastName"] for each in page["records"]]
    assert names == [f"{number:04}" for number in range(450)]
    assert [url.rpartition("-")[2] for url in urls] == ["200", "400"]
    assert list(page) == ["totalSize", "done", "records"]


@pytest.mark.parametrize(("asked", "rows"), [("batchSize=2000", 2000), ("batchSize=1", 200), ("batchSize=9999", 2000)])
def test_page_size(direct, local, asked, rows):
    with local.state.store.cursor() as cursor:
        sql = "INSERT INTO \"Contact\" (Id, LastName, IsDeleted) SELECT '003' || i, 'x', false FROM range(2500) t(i)"
        cursor.execute(sql)
    options = {"params": {"q": "SELECT Id FROM Contact"}, "headers": {"Sforce-Query-Options": asked}}
    assert len(direct.get("query", **options).json()["records"]) == rows


def test_ten_cursors_are_kept(direct, put):
    put("Account", *({"Name": f"A{number}"} for number in range(201)))
    small = {"Sforce-Query-Options": "batchSize=200"}
    asked = [direct.get("query", params={"q": "SELECT Id FROM Account"}, headers=small).json() for _ in range(11)]
    pages = [direct.get(each["nextRecordsUrl"]) for each in asked]
    assert [page.status for page in pages] == [400] + [200] * 10
    assert pages[0].json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_query_faults(direct):
    empty = [{"message": "SOQL statement cannot be empty", "errorCode": "MALFORMED_QUERY"}]
    assert (direct.get("query").status, direct.get("query").json()) == (400, empty)
    stale = direct.get("query/01g5g0000000009AAA-2000")
    expected = [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}]
    assert (stale.status, stale.json()) == (400, expected)


def test_record_life(call):
    made = call("POST", "sobjects/Contact/", json={"LastName": "Müller", "HasOptedOutOfEmail": True, "Children__c": 2})
    assert made.status == 201
    record = made.json()["id"]
    assert made.json() == {"id": record, "success": True, "errors": []}
    found = call.get(f"sobjects/contact/{record[:15]}").json()
    assert found["attributes"] == {"type": "Contact", "url": f"/services/data/v66.0/sobjects/Contact/{record}"}
    assert (found["LastName"], found["Children__c"], found["HasOptedOutOfEmail"]) == ("Müller", 2, True)
    assert found["CreatedDate"] == "2026-03-18T12:00:00.000+0000"
    assert found["MailingAddress"] is None
    changed = call("PATCH", f"sobjects/Contact/{record}", json={"Children__c": None, "MailingCity": "Bonn"})
    assert (changed.status, changed.body) == (204, b"")
    some = call.get(f"sobjects/Contact/{record}", params={"fields": "Children__c,mailingAddress"}).json()
    assert (some["Children__c"], some["MailingAddress"]["city"]) == (None, "Bonn")
    assert set(some) == {"attributes", "Children__c", "MailingAddress"}
    assert call("DELETE", f"sobjects/Contact/{record}").status == 204
    deleted = [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}]
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"LastName": "x"})):
        again = call(method, f"sobjects/Contact/{record}", json=body)
        assert (method, again.status, again.json()) == (method, 404, deleted)


def test_record_faults(direct):
    missing = direct("POST", "sobjects/Contact", json={"FirstName": "x"})
    error = {
        "message": "Required fields are missing: [LastName]",
        "errorCode": "REQUIRED_FIELD_MISSING",
        "fields": ["LastName"],
    }
    assert (missing.status, missing.json()) == (400, [error])
    unknown = direct("POST", "sobjects/Contact", json={"Nope": 1})
    error = {"message": "No such column 'Nope' on sobject of type Contact", "errorCode": "INVALID_FIELD"}
    assert (unknown.status, unknown.json()) == (400, [error])
    for path in ("sobjects/Contact/0035g0000000999", "sobjects/Contact/0035g0000000999?fields=Id"):
        assert (direct.get(path).status, direct.get(path).json()) == (404, NOT_FOUND)
    message = "Provided external ID field does not exist or is not accessible: Nobody"
    odd = direct.get("sobjects/Contact/Nobody")
    assert (odd.status, odd.json()) == (404, [{"errorCode": "NOT_FOUND", "message": message}])
    field = direct.get("sobjects/User/005000000000001", params={"fields": "Nope"})
    error = {"message": "No such column 'Nope' on sobject of type User", "errorCode": "INVALID_FIELD"}
    assert (field.status, field.json()) == (400, [error])
    array = direct("POST", "sobjects/Contact", json=[1])
    assert (array.status, array.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def columns_of(direct, soql):
    reply = direct.get("query", params={"q": soql, "columns": "true"})
    assert reply.status == 200, reply.text
    return reply.json()


def test_the_columns_of_a_query_may_be_asked_for_alone(direct, put):
    """As the Salesforce CLI asks, and as its own tests hold the answers."""
    put("Contact", {"LastName": "A"})
    answer = columns_of(direct, "SELECT id, LastName, Owner.Name, Account.Owner.Email FROM contact")
    assert (answer["entityName"], answer["idSelected"], answer["groupBy"]) == ("Contact", True, False)
    assert (answer["keyPrefix"], "records" in answer) == ("003", False)
    record_id, last_name, owner, account = answer["columnMetadata"]
    assert (record_id["columnName"], record_id["apexType"], record_id["updatable"]) == ("Id", "Id", False)
    assert last_name == {
        "aggregate": False,
        "apexType": "String",
        "booleanType": False,
        "columnName": "LastName",
        "custom": False,
        "displayName": "LastName",
        "foreignKeyName": None,
        "insertable": True,
        "joinColumns": [],
        "numberType": False,
        "textType": True,
        "updatable": True,
    }
    assert (owner["columnName"], owner["foreignKeyName"], owner["apexType"]) == ("Owner", "OwnerId", None)
    assert [each["columnName"] for each in owner["joinColumns"]] == ["Name"]
    (outer,) = account["joinColumns"]
    assert (account["foreignKeyName"], outer["columnName"]) == ("AccountId", "Owner")
    assert [each["columnName"] for each in outer["joinColumns"]] == ["Email"]


def test_the_columns_of_children_and_of_sums(direct):
    children = columns_of(direct, "SELECT Name, (SELECT LastName FROM Contacts) FROM Account")["columnMetadata"]
    assert [(each["columnName"], each["aggregate"]) for each in children] == [("Name", False), ("Contacts", True)]
    assert [each["columnName"] for each in children[1]["joinColumns"]] == ["LastName"]
    grouped = columns_of(direct, "SELECT LeadSource, AVG(Amount), COUNT(Id) n FROM Opportunity GROUP BY LeadSource")
    assert grouped["groupBy"]
    assert [(each["columnName"], each["displayName"], each["aggregate"]) for each in grouped["columnMetadata"]] == [
        ("LeadSource", "LeadSource", False),
        ("expr0", "avg(Amount)", True),
        ("n", "count(Id)", True),
    ]
    assert columns_of(direct, "SELECT COUNT() FROM Account")["columnMetadata"] == []


def test_columns_of_every_kind(direct):
    soql = (
        "SELECT Budget__c, Head_Count__c, Start__c, Kick_Off__c, Public__c, Account__r.BillingAddress FROM Project__c"
    )
    *own, account = columns_of(direct, soql)["columnMetadata"]
    assert [(each["apexType"], each["numberType"], each["booleanType"]) for each in own] == [
        ("Double", True, False),
        ("Integer", True, False),
        ("Date", False, False),
        ("Datetime", False, False),
        ("Boolean", False, True),
    ]
    assert {each["custom"] for each in own} == {True}
    assert (account["foreignKeyName"], account["joinColumns"][0]["apexType"]) == ("Account__c", "Address")


def test_a_query_that_is_wrong_has_no_columns(direct):
    reply = direct.get("query", params={"q": "SELECT Nope FROM Contact", "columns": "true"})
    assert (reply.status, reply.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_the_org_is_a_record_of_its_own(direct, local):
    (record,) = direct.rows("SELECT Id, Name, IsSandbox, TrialExpirationDate, OrganizationType FROM Organization")
    assert record == {
        "Id": local.org_id,
        "Name": "Local Org",
        "IsSandbox": False,
        "TrialExpirationDate": None,
        "OrganizationType": "Developer Edition",
    }
    assert direct("POST", "sobjects/Organization", json={"Name": "Another"}).status == 400
    assert direct("PATCH", f"sobjects/Organization/{local.org_id}", json={"Name": "Another"}).status == 400
    assert direct("DELETE", f"sobjects/Organization/{local.org_id}").status == 400
    assert direct.rows("SELECT Name FROM Organization") == [{"Name": "Local Org"}]


def test_an_org_with_a_file_has_one_record_of_itself(tmp_path):
    for _ in range(2):
        with LocalOrg(tmp_path / "crm.db") as org:
            assert org.records("Organization").column("Id").to_pylist() == [org.org_id]


def test_tooling_knows_of_sandboxes_alone_and_there_are_none(direct):
    answer = direct.get("tooling/query", params={"q": "SELECT Id, Status FROM sandboxprocess"})
    assert answer.json() == {
        "size": 0,
        "totalSize": 0,
        "done": True,
        "queryLocator": None,
        "entityTypeName": "SandboxProcess",
        "records": [],
    }
    for soql, code in (("SELECT Id FROM ApexClass", "INVALID_TYPE"), ("SELECT", "MALFORMED_QUERY"), ("", "MALFORMED_")):
        reply = direct.get("tooling/query", params={"q": soql})
        assert (reply.status, reply.json()[0]["errorCode"].startswith(code)) == (400, True)
