"""Every rule a row goes by, with the text Salesforce answers."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from sfbulk_pandas.local_org.engine import Engine
from sfbulk_pandas.local_org.ingest_run import IngestRunner
from sfbulk_pandas.local_org.jobs import Jobs
from sfbulk_pandas.local_org.pacing import Immediate
from sfbulk_pandas.local_org.record_ids import USER_ID
from sfbulk_pandas.local_org.results import FAILED, SUCCESSFUL, UNPROCESSED, result_file
from sfbulk_pandas.local_org.store import Store, to_table
from sfbulk_pandas.local_org.switches import Switches
from sfbulk_pandas.salesforce.job import JobState, Operation

NOW = 1_770_000_000.0
UNKNOWN = "001000000000099AAA"


class Loaded:
    """The result files of one job, read."""

    def __init__(self, job):
        self.job = job
        self.successful, self.failed = (self.read(name) for name in (SUCCESSFUL, FAILED))
        self.unprocessed = result_file(UNPROCESSED, job).read_text()

    def read(self, name):
        text = result_file(name, self.job).read_text()
        return list(csv.DictReader(io.StringIO(text), delimiter=self.job.column_delimiter.char))

    @property
    def error(self):
        (row,) = self.failed
        return row["sf__Error"]

    @property
    def errors(self):
        return sorted(row["sf__Error"] for row in self.failed)

    @property
    def ids(self):
        return [row["sf__Id"] for row in self.successful]


class Bench:
    def __init__(self, switches=None, describes=()):
        self.store = Store(None, describes)
        self.jobs = Jobs(self.store)
        self.runner = IngestRunner(self.store, switches or Switches(shuffle_results=False), lambda: NOW, 200_000)
        self.engine = Engine(self.jobs, {"ingest": self.runner}, Immediate(), lambda: NOW)

    def load(self, operation, sobject, text, key=None):
        values = {"now": NOW, "created_by": USER_ID, "api_version": "66.0", "external_id_field_name": key}
        job = self.jobs.new(Operation(operation), sobject, **values)
        job.upload.write_bytes(text.encode())
        job.uploaded = True
        self.engine.move(job, JobState.UPLOAD_COMPLETE)
        self.engine.submit(job)
        assert job.state is JobState.JOB_COMPLETE, job.error_message
        return Loaded(job)

    def insert(self, sobject, text):
        return self.load("insert", sobject, text)

    def upsert(self, text, sobject="Account", key="Account_Key__c"):
        return self.load("upsert", sobject, text, key)

    def rows(self, sobject, columns, where="NOT IsDeleted"):
        with self.store.cursor() as cursor:
            sql = f"SELECT {columns} FROM {self.store.table(sobject)} WHERE {where} ORDER BY Id"
            return [tuple(row.values()) for row in to_table(cursor, sql).to_pylist()]


@pytest.fixture
def org():
    bench = Bench()
    yield bench
    bench.store.close()


def deserialize(place, value, kind, field):
    return (
        f"INVALID_FIELD:Failed to deserialize field at col {place}. Due to, '{value}' is not a valid value for the "
        f"type xsd:{kind}:{field} --"
    )


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("Customer_Since__c", "2003-04-987654321987654321", "date"),
        ("Customer_Since__c", "2023-02-29", "date"),
        ("Customer_Since__c", "2024-01-01T00:00:00Z", "date"),
        ("Last_Review__c", "2024-01-01 10:00:00Z", "dateTime"),
        ("Last_Review__c", "2024-01-01T10:00:00", "dateTime"),
        ("Last_Review__c", "2024-01-01T10:00Z", "dateTime"),
        ("Last_Review__c", "2024-01-01T10Z", "dateTime"),
        ("Last_Review__c", "2024-01-01T10:00:00+02", "dateTime"),
        ("AnnualRevenue", "$5", "double"),
        ("Discount__c", "NaN", "double"),
        ("NumberOfEmployees", "250.0", "int"),
        ("NumberOfEmployees", "0x1F", "int"),
        ("NumberOfEmployees", "2147483648", "int"),
        ("Active__c", "yes", "boolean"),
    ],
)
def test_a_value_of_another_type_fails_its_row_and_is_echoed(org, field, value, kind):
    loaded = org.insert("Account", f"Name,{field}\nGood,\nBad,{value}\n")
    assert loaded.error == deserialize(1, value, kind, field)
    assert loaded.failed[0] | {"sf__Error": ""} == {"sf__Id": "", "sf__Error": "", "Name": "Bad", field: value}
    assert [row["Name"] for row in loaded.successful] == ["Good"]


def test_a_time_is_checked_too(org):
    account = org.insert("Account", "Name\nA\n").ids[0]
    loaded = org.insert("Project__c", f"Account__c,Stand_Up__c\n{account},09:30:00.000Z\n{account},25:00\n")
    assert loaded.error == deserialize(1, "25:00", "time", "Stand_Up__c")


PICKLIST = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:{}: bad value for restricted picklist field: {{}}:{} --"
WRONG_ID = "Parent Account ID: id value of incorrect type: {}:ParentId --"
LOCKED = (
    "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: CreatedDate. Please check the security settings "
    "of this field and verify that it is read/write for your profile or permission set.:CreatedDate --"
)
TOO_LONG = "STRING_TOO_LONG:Account Name: data value too large: {} (max length=255):Name --"
NO_ADDRESS = "INVALID_EMAIL_ADDRESS:Billing Email: invalid email address: {}:Billing_Email__c --"
TOO_LARGE = (
    "NUMBER_OUTSIDE_VALID_RANGE:Employees: value outside of valid range on numeric field: {}:NumberOfEmployees --"
)
NO_PARENT = "INVALID_FIELD:Foreign key external ID: {} not found for field Account_Key__c in entity Account:--"
LABELLED = [
    ("Name", "x" * 256, TOO_LONG),
    ("Billing_Email__c", "no at.com", NO_ADDRESS),
    ("Tier__c", "gold", PICKLIST.format("Tier", "Tier__c")),
    ("Regions__c", "EMEA;Mars", PICKLIST.format("Regions", "Regions__c")),
    ("NumberOfEmployees", "123456789", TOO_LARGE),
    ("ParentId", "12345", f"MALFORMED_ID:{WRONG_ID}"),
    ("ParentId", "003000000000001AAA", f"FIELD_INTEGRITY_EXCEPTION:{WRONG_ID}"),
    ("ParentId", UNKNOWN, "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"),
    ("Parent.Account_Key__c", "nobody", NO_PARENT),
    ("CreatedDate", "2024-01-01T00:00:00Z", LOCKED),
]


@pytest.mark.parametrize(("field", "value", "text"), LABELLED)
def test_a_value_against_its_field_fails_its_row(org, field, value, text):
    columns = {"Name": "Bad", "Account_Key__c": "B-1", field: value}
    loaded = org.insert(
        "Account", f"{','.join(columns)}\n{','.join(columns.values())}\nGood{',' * (len(columns) - 1)}\n"
    )
    assert loaded.error == text.format(value)
    assert len(loaded.successful) == 1


def test_values_at_the_edge_pass(org):
    long = "é" * 255
    loaded = org.insert("Account", f"Name,Tier__c,Regions__c,Rating\n{long},Gold,APAC;EMEA,Unheard of\n")
    assert (loaded.failed, len(loaded.successful)) == ([], 1)  # characters count, not bytes; Rating is not restricted


def test_required_fields_are_named_together(org):
    loaded = org.insert("Opportunity", "Name,StageName,CloseDate\n,,\n,Prospecting,2024-01-01\nA,#N/A,2024-01-01\n")
    assert loaded.errors == [
        "REQUIRED_FIELD_MISSING:Required fields are missing: [Name, StageName, CloseDate]:Name StageName CloseDate --",
        "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",
        "REQUIRED_FIELD_MISSING:Required fields are missing: [StageName]:StageName --",
    ]


def test_a_required_column_that_is_missing_fails_inserts_only(org):
    assert org.insert("Account", "Phone\n1\n").error.startswith(
        "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]"
    )
    made = org.insert("Account", "Name\nA\n").ids[0]
    assert org.load("update", "Account", f"Id,Phone\n{made},1\n").failed == []
    cleared = org.load("update", "Account", f"Id,Name\n{made},#N/A\n")
    assert cleared.error == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"


def test_only_the_first_of_several_problems_is_told(org):
    loaded = org.insert("Account", "Tier__c,AnnualRevenue,Name\nnone,x,\n")
    assert loaded.error == deserialize(1, "x", "double", "AnnualRevenue")


def test_an_empty_cell_leaves_the_field_alone_and_the_mark_clears_it(org):
    org.upsert("Account_Key__c,Name,Phone,AnnualRevenue,Active__c\nK,Acme,123,5,true\n")
    again = org.upsert("account_key__C,Name,Phone,AnnualRevenue,Active__c\nk,,#N/A,,#N/A\n")
    assert again.successful[0]["sf__Created"] == "false"
    assert org.rows("Account", "Name, Phone, AnnualRevenue, Active__c") == [("Acme", None, 5.0, False)]


def test_upserts_make_and_change_records(org):
    first = org.upsert("Account_Key__c,Name\nA,a\nB,b\n")
    second = org.upsert("Account_Key__c,Name\nB,b2\nC,c\n")
    assert [row["sf__Created"] for row in first.successful] == ["true", "true"]
    assert [(row["Name"], row["sf__Created"]) for row in second.successful] == [("b2", "false"), ("c", "true")]
    assert first.ids[1] == second.ids[0]
    assert org.rows("Account", "Account_Key__c, Name") == [("A", "a"), ("B", "b2"), ("C", "c")]


def test_an_upsert_row_without_its_key_fails(org):
    text = "MISSING_ARGUMENT:Account_Key__c not specified:--"
    assert org.upsert("Account_Key__c,Name\n,a\n").error == text
    assert org.upsert("Name\na\n").error == text


def test_an_upsert_by_id_inserts_where_the_id_is_empty(org):
    made = org.upsert("Id,Name\n,a\n", key="Id").ids[0]
    again = org.upsert(f"Id,Name\n{made[:15]},b\n", key="Id")
    assert (again.ids, again.successful[0]["sf__Created"]) == ([made], "false")


def test_a_key_twice_in_a_chunk_fails_the_later_row(org):
    loaded = org.upsert("Account_Key__c,Name\nA,1\na,2\nB,3\n")
    assert loaded.error == "DUPLICATE_VALUE:Duplicate external id specified: a:Account_Key__c --"
    assert [row["Name"] for row in loaded.successful] == ["1", "3"]


def test_a_key_in_another_chunk_writes_the_record_again(org):
    lines = ["A,first", *(f"K{number},x" for number in range(250)), "A,second", "A,third"]
    loaded = org.upsert("Account_Key__c,Name\n" + "\n".join(lines) + "\n")
    created = Counter(row["sf__Created"] for row in loaded.successful)
    assert created == {"true": 251, "false": 1}
    assert loaded.failed[0]["Name"] == "third"
    assert org.rows("Account", "Name", "Account_Key__c = 'A'") == [("second",)]


def test_a_switch_lets_repeated_keys_through():
    bench = Bench(Switches(duplicate_in_chunk_fails=False))
    assert bench.upsert("Account_Key__c,Name\nA,1\nA,2\n").failed == []
    assert bench.rows("Account", "Name") == [("2",)]
    bench.store.close()


def test_a_unique_value_that_is_taken_fails(org):
    made = org.insert("Account", "Name,Account_Key__c\nA,K-1\n").ids[0]
    loaded = org.insert("Account", "Name,Account_Key__c\nB,k-1\nC,K-2\nD,K-2\n")
    text = "DUPLICATE_VALUE:duplicate value found: Account_Key__c duplicates value on record with id: "
    assert loaded.errors == sorted([f"{text}{made}:--", f"{text}{loaded.ids[0]}:--"])


def test_a_case_sensitive_unique_field_minds_the_case(org):
    account = org.insert("Account", "Name\nA\n").ids[0]
    assert org.insert("Project__c", f"Account__c,Code__c\n{account},ab\n{account},AB\n").failed == []


def test_a_record_may_keep_its_own_unique_value(org):
    made = org.insert("Account", "Name,Account_Key__c\nA,K-1\nB,K-2\n").ids
    assert org.load("update", "Account", f"Id,Account_Key__c\n{made[0]},K-1\n").failed == []
    assert "duplicates value on record" in org.load("update", "Account", f"Id,Account_Key__c\n{made[0]},K-2\n").error


def test_a_key_that_two_records_have_fails(org):
    account = org.insert("Account", "Name\nA\n").ids[0]
    ids = org.insert("Project__c", f"Account__c,Legacy_Number__c\n{account},7\n{account},7\n").ids
    loaded = org.upsert("Legacy_Number__c,Name\n7,x\n", "Project__c", "Legacy_Number__c")
    assert loaded.error == (
        "DUPLICATE_EXTERNAL_ID:Legacy Number: more than one record found for external id field: "
        f"[{ids[0]}, {ids[1]}]:--"
    )


def test_parents_are_found_by_their_key(org):
    parent = org.insert("Account", "Name,Account_Key__c\nA,K-1\n").ids[0]
    loaded = org.insert("Contact", "LastName,Account.Account_Key__c\nx,k-1\ny,\nz,K-9\n")
    assert (
        loaded.error
        == "INVALID_FIELD:Foreign key external ID: K-9 not found for field Account_Key__c in entity Account:--"
    )
    assert org.rows("Contact", "LastName, AccountId") == [("x", parent), ("y", None)]


def test_a_polymorphic_parent_is_named_with_its_object(org):
    loaded = org.insert("Case", "Subject,User:Owner.Username\nhelp,analyst@local-org.example\n")
    assert loaded.failed == []
    assert org.rows("Case", "OwnerId, Status, CaseNumber") == [(USER_ID, "New", "00001001")]


def test_a_deleted_parent_is_told_apart_from_an_unknown_one(org):
    parent = org.insert("Account", "Name,Account_Key__c\nA,K-1\n").ids[0]
    org.load("delete", "Account", f"Id\n{parent}\n")
    assert org.insert("Contact", f"LastName,AccountId\nx,{parent}\n").error == "ENTITY_IS_DELETED:entity is deleted:--"
    assert "not found for field" in org.insert("Contact", "LastName,Account.Account_Key__c\nx,K-1\n").error


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("", "MISSING_ARGUMENT:Id not specified in an update call:--"),
        ("12345", "MALFORMED_ID:Account ID: id value of incorrect type: 12345:Id --"),
        ("003000000000001AAA", "MALFORMED_ID:Account ID: id value of incorrect type: 003000000000001AAA:Id --"),
        (UNKNOWN, "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"),
    ],
)
def test_an_update_needs_a_record(org, given, text):
    loaded = org.load("update", "Account", f"Id,Name\n{given},x\n")
    assert (loaded.error, loaded.failed[0]["sf__Id"]) == (text, given)


def test_an_update_of_a_deleted_record_fails(org):
    made = org.insert("Account", "Name\nA\n").ids[0]
    org.load("delete", "Account", f"Id\n{made}\n")
    assert org.load("update", "Account", f"Id,Name\n{made},x\n").error == "ENTITY_IS_DELETED:entity is deleted:--"
    assert org.load("delete", "Account", f"Id\n{made}\n").error == "ENTITY_IS_DELETED:entity is deleted:--"


def test_fields_that_may_be_made_but_not_changed(org):
    accounts = org.insert("Account", "Name\nA\nB\n").ids
    project = org.insert("Project__c", f"Account__c\n{accounts[0]}\n").ids[0]
    loaded = org.load("update", "Project__c", f"Id,Account__c,Name\n{project},{accounts[1]},x\n")
    assert loaded.error.startswith("INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: Account__c.")
    assert org.load("update", "Project__c", f"Id,Account__c,Name\n{project},,x\n").failed == []


def test_a_delete_takes_children_along_and_keeps_them_in_the_bin(org):
    account = org.insert("Account", "Name\nA\n").ids[0]
    org.insert("Contact", f"LastName,AccountId\nx,{account}\ny,\n")
    org.insert("Case", f"Subject,AccountId\nkept,{account}\n")
    loaded = org.load("delete", "Account", f"Id\n{account}\n{account}\n")
    assert loaded.error == "ENTITY_IS_DELETED:entity is deleted:--"
    assert loaded.successful[0]["sf__Created"] == "false"
    assert org.rows("Contact", "LastName") == [("y",)]
    assert org.rows("Contact", "LastName", "IsDeleted") == [("x",)]
    assert len(org.rows("Case", "Subject")) == 1


def test_a_hard_delete_leaves_nothing(org):
    account = org.insert("Account", "Name\nA\n").ids[0]
    org.insert("Contact", f"LastName,AccountId\nx,{account}\n")
    assert org.load("hardDelete", "Account", f"Id\n{account}\n").failed == []
    assert org.rows("Account", "Id", "true") == org.rows("Contact", "Id", "true") == []


def test_users_cannot_be_deleted(org):
    assert org.load("delete", "User", f"Id\n{USER_ID}\n").error.startswith("INSUFFICIENT_ACCESS_OR_READONLY:")


def test_a_new_record_gets_what_salesforce_gives(org):
    org.insert("Contact", "FirstName,LastName\nAda,Lovelace\n,Byron\n")
    columns = "Name, OwnerId, CreatedById, IsDeleted, Newsletter__c, CreatedDate = SystemModstamp"
    person = (USER_ID, USER_ID, False, False, True)
    assert org.rows("Contact", columns) == [("Ada Lovelace", *person), ("Byron", *person)]
    made = org.rows("Contact", "Id")[1][0]
    org.load("update", "Contact", f"Id,FirstName\n{made},Allegra\n")
    assert org.rows("Contact", "Name")[1] == ("Allegra Byron",)


def test_values_come_back_as_they_were_read(org):
    header = "Name,AnnualRevenue,Discount__c,NumberOfEmployees,Active__c,Last_Review__c,Customer_Since__c,Phone"
    loaded = org.insert("Account", f"{header}\n x ,912260031,10,007,TRUE,2024-01-01T02:00:00+0200,1940-06-07Z,#N/A\n")
    text = result_file(SUCCESSFUL, loaded.job).read_text()
    row = '" x ","9.12260031E8","10.0","7","true","2024-01-01T00:00:00.000Z","1940-06-07",""'
    assert text == f'"sf__Id","sf__Created",{header}\n"{loaded.ids[0]}","true",{row}\n'


def test_numbers_come_back_as_sent_where_a_switch_says_so():
    bench = Bench(Switches(java_numbers=False))
    assert bench.insert("Account", "Name,AnnualRevenue\nA,10\n").successful[0]["AnnualRevenue"] == "10"
    bench.store.close()


def test_rows_come_back_in_another_order_but_all_of_them():
    lines = [f"name {number}" for number in range(1000)]
    text = "Name\n" + "\n".join(lines) + "\n"
    orders = []
    for _ in range(2):
        bench = Bench(Switches())
        orders.append([row["Name"] for row in bench.insert("Account", text).successful])
        bench.store.close()
    assert orders[0] == orders[1] != lines  # the same seed, the same order
    assert sorted(orders[0]) == sorted(lines)


def test_recorded_describes_make_objects():
    fields = [{"name": "Id", "type": "id"}, {"name": "Name", "type": "string", "length": 3, "label": "N"}]
    bench = Bench(describes=[{"name": "Thing__c", "label": "Thing", "keyPrefix": "a99", "fields": fields}])
    loaded = bench.insert("Thing__c", "Name\nab\nabcd\n")
    assert loaded.error == "STRING_TOO_LONG:N: data value too large: abcd (max length=3):Name --"
    assert loaded.ids[0].startswith("a99")
    bench.load("delete", "Thing__c", f"Id\n{loaded.ids[0]}\n")
    assert bench.store.records("thing__c").num_rows == 0
    bench.store.close()


def test_records_are_arrow(org):
    org.insert("Account", "Name,AnnualRevenue\nA,5\n")
    table = org.store.records("account")
    assert isinstance(table, pa.Table)
    assert table["AnnualRevenue"].to_pylist() == [5.0]


def test_children_of_a_recorded_object_go_with_their_master():
    master = {"name": "Master__c", "type": "reference", "referenceTo": ["Account"], "cascadeDelete": True}
    fields = [{"name": "Id", "type": "id"}, {**master, "relationshipName": "Master__r"}]
    bench = Bench(describes=[{"name": "Detail__c", "keyPrefix": "a98", "fields": fields}])
    account = bench.insert("Account", "Name\nA\n").ids[0]
    bench.insert("Detail__c", f"Master__c\n{account}\n")
    bench.load("delete", "Account", f"Id\n{account}\n")
    assert bench.rows("Detail__c", "Id") == []
    bench.store.close()


RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "describe"


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded describes are not here")
def test_recorded_objects_take_rows():
    bench = Bench(describes=sorted(RECORDED.glob("*.json")))
    account = bench.insert("Account", "Name,Industry,AnnualRevenue\nAcme,Banking,1.5E7\n").ids[0]
    contacts = bench.insert("Contact", f"LastName,AccountId,Birthdate\nA,{account},1990-01-01\n,,\n")
    assert contacts.error == "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
    bench.load("delete", "Account", f"Id\n{account}\n")
    assert bench.store.records("Contact").num_rows == 0
    bench.store.close()


def test_a_blank_cell_leaves_a_lookup_to_the_other_column_that_sets_it(org):
    (account,) = org.insert("Account", "Name,Account_Key__c\nx,AK\n").ids
    header = "Name,Account__c,Account__r.Account_Key__c"
    loaded = org.insert("Project__c", f"{header}\nid,{account},\nkey,,AK\nno key,,ZZ\nnone,,\n")
    assert [row["Name"] for row in loaded.successful] == ["id", "key"]
    assert [row["sf__Error"].partition(":")[0] for row in loaded.failed] == ["INVALID_FIELD", "REQUIRED_FIELD_MISSING"]
    assert org.rows("Project__c", "Account__c") == [(account,), (account,)]
