"""Up to 200 records in one call, each with a result of its own."""


def record(kind="Contact", **fields):
    return {"attributes": {"type": kind}, **fields}


def send(call, method, *records, path="composite/sobjects", **more):
    reply = call(method, path, json={"records": list(records), **more})
    assert reply.status == 200, reply.text
    return reply.json()


def test_records_of_several_kinds_are_made_changed_and_deleted_in_one_call(call):
    made = send(call, "POST", record(LastName="Curie"), record("Account", Name="Acme"), record(LastName="Noether"))
    assert [list(each) for each in made] == [["id", "success", "errors"]] * 3
    assert [each["id"][:3] for each in made] == ["003", "001", "003"]
    curie, acme, noether = (each["id"] for each in made)
    changed = send(call, "PATCH", record(id=curie, FirstName="Marie"), record("Account", Id=acme, Name="Apex"))
    assert changed == [{"id": each, "success": True, "errors": []} for each in (curie, acme)]
    assert call.rows("SELECT FirstName, LastName FROM Contact WHERE FirstName != null") == [
        {"FirstName": "Marie", "LastName": "Curie"}
    ]
    gone = call("DELETE", "composite/sobjects", params={"ids": f"{noether},{acme},nonsense"}).json()
    assert [each["success"] for each in gone] == [True, True, False]
    assert gone[2]["errors"] == [{"statusCode": "MALFORMED_ID", "message": "malformed id nonsense", "fields": []}]
    assert [each["Id"] for each in call.rows("SELECT Id FROM Contact")] == [curie]
    assert call.rows("SELECT Id FROM Account") == []


def test_a_record_that_fails_leaves_the_others_alone(direct):
    results = send(
        direct,
        "POST",
        record(LastName="Good"),
        record(FirstName="Nameless"),
        record(LastName="Odd", Nope=1),
        record("Nothing", Name="x"),
        record(LastName="Far", Email="not an address"),
    )
    assert [each["success"] for each in results] == [True, False, False, False, False]
    assert [each["errors"][0]["statusCode"] for each in results[1:]] == [
        "REQUIRED_FIELD_MISSING",
        "INVALID_FIELD",
        "INVALID_TYPE",
        "INVALID_EMAIL_ADDRESS",
    ]
    assert results[2]["errors"][0]["message"] == "No such column 'Nope' on sobject of type Contact"
    assert [each["LastName"] for each in direct.rows("SELECT LastName FROM Contact")] == ["Good"]


def test_all_or_none(direct):
    accounts = [record("Account", Name=f"A{number}") for number in range(3)]
    results = send(direct, "POST", *accounts, record(FirstName="Nameless"), allOrNone=True)
    codes = [each["errors"][0]["statusCode"] for each in results]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK"] * 3 + ["REQUIRED_FIELD_MISSING"]
    assert direct.rows("SELECT Id FROM Account") == []
    assert all(each["success"] for each in send(direct, "POST", *accounts, record(LastName="x"), allOrNone=True))
    assert len(direct.rows("SELECT Id FROM Account")) == 3


def test_upserts_say_what_they_made(direct):
    path = "composite/sobjects/Contact/Contact_Key__c"
    first = send(direct, "PATCH", record(Contact_Key__c="C-1", LastName="Curie"), path=path)
    assert [each["created"] for each in first] == [True]
    again = [record(Contact_Key__c="C-2", LastName="New"), record(Contact_Key__c="C-1", FirstName="Marie")]
    assert [each["created"] for each in send(direct, "PATCH", *again, path=path)] == [True, False]
    assert len(direct.rows("SELECT Id FROM Contact")) == 2
    by_id = [record(Id=None, LastName="By"), record(Id=first[0]["id"], LastName="Id")]
    assert [each["created"] for each in send(direct, "PATCH", *by_id, path="composite/sobjects/Contact/Id")] == [
        True,
        False,
    ]


def test_calls_that_cannot_be_right(direct):
    def error(reply):
        return reply.status, reply.json()[0]["errorCode"]

    many = {"records": [record(LastName="x")] * 201}
    assert error(direct("POST", "composite/sobjects", json=many)) == (400, "INVALID_INPUT")
    assert error(direct("POST", "composite/sobjects", json={"records": []})) == (400, "INVALID_INPUT")
    assert error(direct("POST", "composite/sobjects", json={"records": [{"LastName": "x"}]})) == (400, "INVALID_INPUT")
    assert error(direct("POST", "composite/sobjects", json={})) == (400, "JSON_PARSER_ERROR")
    upsert = {"records": [record(LastName="x")]}
    assert error(direct("PATCH", "composite/sobjects/Nothing/Id", json=upsert)) == (404, "NOT_FOUND")
    assert error(direct("PATCH", "composite/sobjects/Contact/LastName", json=upsert)) == (404, "NOT_FOUND")
    assert direct.rows("SELECT Id FROM Contact") == []
