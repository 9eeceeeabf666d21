import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.errors import PreflightFailed, UsageError
from sfbulk_pandas.preflight import LoadCall, check_frame, nearest, settle_columns
from sfbulk_pandas.preflight.findings import failure_text
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType, SObjectDescribe


def field(name, kind="string", **options):
    return FieldDescribe(name, FieldType(kind), **options)


ACCOUNT = SObjectDescribe(
    "Account", "Account", "001", (field("Id", "id", id_lookup=True), field("Key__c", external_id=True), field("Name"))
)
LEAD = SObjectDescribe("Lead", "Lead", "00Q", (field("Id", "id"), field("Email", "email", id_lookup=True)))
CONTACT = SObjectDescribe(
    "Contact",
    "Contact",
    "003",
    (
        field("Id", "id", createable=False, updateable=False, id_lookup=True),
        field("FirstName"),
        field("LastName"),
        field("Email", "email", id_lookup=True),
        field("Key__c", external_id=True),
        field("Birthdate", "date"),
        field("Seen__c", "datetime"),
        field("Staff__c", "int"),
        field("CreatedDate", "datetime", createable=False, updateable=False),
        field("Master__c", "reference", updateable=False, reference_to=("Account",), relationship_name="Master__r"),
        field("AccountId", "reference", reference_to=("Account",), relationship_name="Account"),
        field("WhoId", "reference", reference_to=("Contact", "Lead"), relationship_name="Who"),
        field("Link__c", "reference", reference_to=("Account",), relationship_name="Boss__r"),
        field("OwnerId", "reference", reference_to=("Group", "Lead", "Account"), relationship_name="Owner"),
        field(
            "MakerId",
            "reference",
            reference_to=("Account",),
            relationship_name="Maker",
            createable=False,
            updateable=False,
        ),
    ),
)
HIDDEN = UsageError("the org has no object 'Group'")
PARENTS = {"Account": ACCOUNT, "Lead": LEAD, "Contact": CONTACT, "Group": HIDDEN}


def parent(sobject):
    if isinstance(PARENTS[sobject], Exception):
        raise PARENTS[sobject]
    return PARENTS[sobject]


def call(operation="insert", key=None, **options):
    return LoadCall(Operation(operation), key, parents=parent, **options)


def resolve_columns(frame, describe, call):
    checked = check_frame(frame, describe, call)
    checked.raise_if_errors(describe.name, "raise")
    return checked.columns


def headers(frame, *args, **options):
    return [column.header for column in resolve_columns(frame, CONTACT, call(*args, **options))]


def findings(frame, *args, severity="error", **options):
    with pytest.raises(PreflightFailed) as caught:
        resolve_columns(frame, CONTACT, call(*args, **options))
    report = caught.value.report
    assert list(report.columns) == ["index", "column", "check", "value", "suggestion", "severity"]
    report = report[report["severity"] == severity]
    for column in report["column"].dropna().iloc[:5]:
        assert repr(column) in str(caught.value)
    return list(report[["index", "column", "check", "suggestion"]].itertuples(index=False, name=None))


def frame(**columns):
    return pd.DataFrame(columns)


def test_headers_are_spelled_as_the_describe_spells_them_and_keep_the_frames_order():
    columns = resolve_columns(frame(lastname=["x"], KEY__C=["k"]), CONTACT, call("upsert", "key__c"))
    assert [(each.label, each.header, each.field.name) for each in columns] == [
        ("lastname", "LastName", "LastName"),
        ("KEY__C", "Key__c", "Key__c"),
    ]


def test_columns_chooses_what_is_sent():
    assert headers(frame(LastName=["x"], nonsense=[1]), columns=["LastName"]) == ["LastName"]


def test_unknown_fields_are_named_with_the_nearest_name():
    found = findings(frame(Frist_Name=["x"], LastName=["x"], zzz=[1]))
    assert found[0] == (None, "Frist_Name", "Contact has no field of this name", "did you mean FirstName?")
    assert found[1][1] == "zzz"
    assert "columns=" in found[1][3]


def test_labels_must_be_texts():
    found = findings(pd.DataFrame({0: ["x"], "LastName": ["y"], ("a", "b"): [1]}))
    assert [each[1] for each in found] == [0, ("a", "b")]


def test_labels_may_not_stand_twice():
    doubled = pd.DataFrame([["a", "b", "c"]], columns=["LastName", "LastName", "Email"])
    assert findings(doubled)[0][1:3] == ("LastName", "two columns have this label")
    assert headers(doubled, columns=["Email"]) == ["Email"]


def test_labels_of_several_levels_stand_for_one_column():
    several = pd.DataFrame([list("abcd")], columns=pd.MultiIndex.from_product([["LastName", "FirstName"], ["a", "b"]]))
    chosen = {"columns": [("LastName", "a"), "FirstName"], "rename": {("LastName", "a"): "LastName"}}
    assert findings(several, **chosen) == [(None, "FirstName", "two columns have this label", "rename or drop one")]
    assert findings(several.iloc[:, :3], **chosen) == [
        (None, "FirstName", "this is the beginning of a column's label", "write the whole label, as a tuple")
    ]


def test_two_labels_may_not_go_to_one_field():
    assert findings(frame(LastName=["x"], lastname=["y"])) == [
        (None, "lastname", "'LastName' goes to the same field", "rename or drop one")
    ]


def test_columns_that_the_frame_lacks():
    assert findings(frame(LastName=["x"]), columns=["LastNam"])[0][2:] == (
        "the frame has no such column",
        "did you mean LastName?",
    )


def test_empty_frames():
    assert findings(frame(LastName=[]))[0][2] == "the frame has no rows"
    assert findings(pd.DataFrame(index=[0]))[0][2] == "the frame has no columns to send"


@pytest.mark.parametrize("operation", ["update", "delete", "hardDelete"])
def test_a_missing_id_column(operation):
    found = findings(
        frame(LastName=["x"], Idd=["x"]), operation, columns=["LastName"] if operation == "update" else None
    )
    assert (None, "Id", f"{operation} needs the key column Id", "rename the column 'Idd'?") in found


def test_a_missing_external_id_column():
    found = findings(frame(LastName=["x"]), "upsert", "Key__c")
    assert found == [(None, "Key__c", "upsert needs the key column Key__c", "add it")]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("Key", "Contact has no field of this name to upsert by"),
        ("LastName", "upsert needs an external id field, and this one is none"),
    ],
)
def test_no_column_is_asked_for_where_the_key_itself_is_none(key, said):
    found = findings(frame(Key__c=["x"], FirstName=["x"]), "upsert", key)
    assert [check for _, _, check, _ in found] == [said]


@pytest.mark.parametrize("dtype", ["object", "string", "category", "string[pyarrow]"])
def test_blank_keys_are_named_row_by_row(dtype):
    keys = pd.Series(["k1", None, "", "  "], dtype=dtype, index=["a", "b", "b", "d"])
    found = findings(pd.DataFrame({"Key__c": keys, "LastName": "x"}), "upsert", "Key__c", severity="row")
    assert [(row, column, check) for row, column, check, _ in found] == [
        (row, "Key__c", "the key is blank") for row in ("b", "b", "d")
    ]
    ids = pd.DataFrame({"Id": keys, "LastName": "x"})
    for operation in ("update", "delete"):
        rows = findings(ids, operation, severity="row")
        assert [row for row, _, check, _ in rows if check == "the key is blank"] == ["b", "b", "d"]


def test_numeric_keys_may_be_missing_too():
    found = findings(frame(Key__c=[1.0, np.nan], LastName=["x", "y"]), "upsert", "Key__c", severity="row")
    assert found[0][:3] == (1, "Key__c", "the key is blank")


def test_an_upsert_by_id_inserts_rows_without_one():
    assert headers(frame(Id=["003000000000001AAA", None], LastName=["x", "y"]), "upsert", "Id") == ["Id", "LastName"]


def test_a_delete_sends_ids_only():
    assert headers(frame(LastName=["x"], id=["003000000000001AAA"], junk=[1]), "delete") == ["Id"]
    found = findings(frame(LastName=["x"], Id=["003000000000001AAA"]), "hardDelete", columns=["Id", "LastName"])
    assert found[0][1:3] == ("LastName", "hardDelete sends Ids only")


def test_operations_and_columns_that_do_not_go_together():
    assert findings(frame(Id=["x"], LastName=["x"]))[0][1:3] == ("Id", "an insert makes new Ids and takes none")
    assert findings(frame(Id=["x"], Key__c=["k"]), "upsert", "Key__c")[0][2] == "an upsert by external id takes no Id"
    assert findings(frame(LastName=["x"]), "insert", "Key__c")[0][2] == "insert takes no external_id_field"
    assert findings(frame(LastName=["x"]), "upsert")[0][2] == "upsert needs external_id_field="
    assert findings(frame(LastName=["x"]), "upsert", "Kee__c")[0][3] == "did you mean Key__c?"
    assert "external id field" in findings(frame(LastName=["x"]), "upsert", "LastName")[0][2]
    assert "cannot be written by insert" in findings(frame(CreatedDate=["x"]))[0][2]
    assert "cannot be written by update" in findings(frame(Id=["x"], Master__c=["x"]), "update")[0][2]
    assert headers(frame(Key__c=["k"], Master__c=["001000000000001AAA"]), "upsert", "Key__c") == ["Key__c", "Master__c"]


def test_a_query_takes_no_rows():
    with pytest.raises(UsageError, match="query takes no rows"):
        resolve_columns(frame(LastName=["x"]), CONTACT, call("query"))


def test_columns_is_a_list():
    with pytest.raises(UsageError, match="takes a list"):
        resolve_columns(frame(LastName=["x"]), CONTACT, call(columns="LastName"))
    with pytest.raises(UsageError, match=r"\['LastName'\] is none"):
        resolve_columns(frame(LastName=["x"]), CONTACT, call(columns=[["LastName"]]))


def test_a_key_field_is_named_by_a_text():
    with pytest.raises(UsageError, match="takes the name of a field, and 5 is none"):
        resolve_columns(frame(LastName=["x"]), CONTACT, call("upsert", 5))


def test_relationships_are_checked_on_both_sides():
    rows = pd.DataFrame({"account.KEY__C": ["a"], "lead:who.email": ["b"], "LastName": ["x"]})
    columns = resolve_columns(rows, CONTACT, call())
    assert [each.header for each in columns] == ["Account.Key__c", "Lead:Who.Email", "LastName"]
    assert columns[0].field.name == "Key__c"


@pytest.mark.parametrize(
    ("label", "check", "suggestion"),
    [
        ("Acount.Key__c", "no relationship Acount", "did you mean Account?"),
        ("Account.Name", "Name is no external id of Account", "use one of Id, Key__c"),
        ("Account.Nope__c", "Nope__c is no external id of Account", "use one of Id, Key__c"),
        ("Lead:Account.Key__c", "another kind of parent", "write Account.Key__c"),
        ("Master__c.Key__c", "a field, not a relationship", "write Master__r.Key__c"),
        ("AccountId.Key__c", "a field, not a relationship", "write Account.Key__c"),
        ("Boss__c.Key__c", "a field, not a relationship", "write Boss__r.Key__c"),
        ("Account:link__c.Key__c", "a field, not a relationship", "write Account:Boss__r.Key__c"),
        ("Maker.Key__c", "cannot be written by insert", "leave 'Maker.Key__c' out"),
        ("Who.Email", "several kinds of parents", "Contact, Lead"),
        ("Account:Who.Email", "several kinds of parents", "as in Contact:Who.Email"),
        ("Owner.Email", "several kinds of parents", "as in Lead:Owner.Email"),
        ("Owner.Key__c", "several kinds of parents", "as in Account:Owner.Key__c"),
        ("Owner.Nope__c", "several kinds of parents", "as in Group:Owner.Nope__c"),
        ("group:Owner.Name", "the org tells this user of no object Group", "send Ids as OwnerId"),
    ],
)
def test_wrong_relationships(label, check, suggestion):
    [(_, column, found, advice)] = findings(pd.DataFrame({label: ["a"]}))
    assert column == label
    assert check in found
    assert suggestion in advice


def test_all_problems_come_at_once_and_the_message_shows_the_first():
    wrong = pd.DataFrame({f"Wrong {i}": ["x"] for i in range(8)})
    with pytest.raises(PreflightFailed, match=r"8 problems:(?s:.)*and 3 more") as caught:
        resolve_columns(wrong, CONTACT, call())
    assert len(caught.value.report) == 8


def test_nearest():
    assert nearest("last name", ["FirstName", "LastName"]) == "LastName"
    assert nearest("qqq", ["FirstName"]) is None


def test_rows_with_the_same_problem_share_a_line():
    frame = pd.DataFrame({"Key__c": ["", "b", None, "d", "", "", "", ""], "LastName": list("abcdefgh")})
    with pytest.raises(PreflightFailed, match=r"column 'Key__c', row 0, 2, 4, 5, 6 and 1 more: the key") as caught:
        resolve_columns(frame, CONTACT, call("upsert", "Key__c"))
    assert caught.value.report["index"].tolist() == [0, 2, 4, 5, 6, 7]


def test_values_that_differ_share_a_line_and_reasons_that_differ_do_not():
    report = pd.DataFrame(
        [
            (0, "Email", "no address", "a", "mend it", "row"),
            (1, "Email", "no address", "b", "mend it", "row"),
            (2, "Staff", "cannot be sent", "inf", "no infinite numbers", "error"),
            (3, "Staff", "cannot be sent", "#N/A", "no mark", "error"),
            (None, 5, "a label must be a text", 5, "rename it", "error"),
        ],
        columns=["index", "column", "check", "value", "suggestion", "severity"],
        dtype=object,
    )
    assert failure_text(report, "Contact").splitlines() == [
        "this frame cannot be sent to Contact, 5 problems:",
        "  - column 'Email', row 0, 1: no address (a); mend it",
        "  - column 'Staff', row 2: cannot be sent (inf); no infinite numbers",
        "  - column 'Staff', row 3: cannot be sent (#N/A); no mark",
        "  - column 5: a label must be a text; rename it",
    ]


def test_a_nan_is_a_blank_key_also_in_an_arrow_column():
    values = pd.arrays.ArrowExtensionArray(pa.array([1.0, float("nan"), None]))
    found = findings(pd.DataFrame({"Key__c": values}), "upsert", "Key__c", severity="row")
    assert [each[0] for each in found] == [1, 2]


def test_a_parents_kind_may_be_named_where_there_is_one_only():
    assert headers(pd.DataFrame({"Account:Account.Key__c": ["a"]})) == ["Account.Key__c"]


def test_rename_and_its_mistakes():
    rows = pd.DataFrame({"Surname": ["x"], 0: ["k"], "State": ["y"], "Parent": ["p"]})
    rename = {"Surname": "lastname", 0: "Key__c", "State": "FirstName, Email2__c", "Parent": "Account:Account.Key__c"}
    columns, wrong = settle_columns(rows, CONTACT, call(rename=rename))
    assert [(each.label, each.header) for each in columns] == [
        ("Surname", "LastName"),
        (0, "Key__c"),
        ("State", "FirstName"),
        ("Parent", "Account.Key__c"),
    ]
    assert [(each.column, each.value) for each in wrong] == [("State", "Email2__c")]
    found = findings(frame(LastName=["x"]), rename={"LastNam": "LastName"})
    assert found == [(None, "LastNam", "rename= names a column that the frame lacks", "did you mean LastName?")]
    assert headers(frame(key=["003000000000001AAA"], x=[1]), "delete", rename={"key": "id"}) == ["Id"]


def test_objects_that_take_no_rows():
    closed = SObjectDescribe("Log", "Log", "0Lg", (field("Id", "id"), field("Name")), createable=False, deletable=False)
    for operation, rows in (("insert", frame(Name=["x"])), ("delete", frame(Id=["0Lg000000000001AAA"]))):
        with pytest.raises(PreflightFailed, match=f"Log takes no {operation}"):
            resolve_columns(rows, closed, call(operation))
    assert resolve_columns(frame(Id=["0Lg000000000001"], Name=["x"]), closed, call("update"))
