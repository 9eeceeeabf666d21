import pytest

from sfbulk_pandas.salesforce.row_error import RowError, split_row_errors, summarise_row_errors

DATE = "Failed to deserialize field at col 3. Due to, '2003-04-98' is not a valid value for the type xsd:date"
LOCK = "unable to obtain exclusive access to this record or 2 records: 001000000000001AAA,001000000000002AAA"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",
            RowError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ("Name",)),
        ),
        (f"INVALID_FIELD:{DATE}:CloseDate --", RowError("INVALID_FIELD", DATE, ("CloseDate",))),
        (f"UNABLE_TO_LOCK_ROW:{LOCK}:--", RowError("UNABLE_TO_LOCK_ROW", LOCK)),
        (
            "DUPLICATES_DETECTED:Use one of these records?:--",
            RowError("DUPLICATES_DETECTED", "Use one of these records?"),
        ),
        ("X_Y:m:Field1,Field2 --", RowError("X_Y", "m", ("Field1", "Field2"))),
        ("X_Y:m:Field1 Field2__c --", RowError("X_Y", "m", ("Field1", "Field2__c"))),
        ("X_Y:first -- second\nline: 'a' -- b:--", RowError("X_Y", "first -- second\nline: 'a' -- b")),
        (
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Perfil API: valor incorreto: x:perfil__pc --",
            RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Perfil API: valor incorreto: x", ("perfil__pc",)),
        ),
        ("X_Y:Name__c:Name--", RowError("X_Y", "Name__c", ("Name",))),
        ("X_Y:m:F1,F2--", RowError("X_Y", "m", ("F1", "F2"))),
        ("X_Y:m:F1 F1 --", RowError("X_Y", "m", ("F1",))),
        ("X_Y:use A--B_C: now:Name --", RowError("X_Y", "use A--B_C: now", ("Name",))),
        ("X_Y:choose one --PLEASE: now:Name--", RowError("X_Y", "choose one --PLEASE: now", ("Name",))),
        ("X_Y:from 10:30--OR_SO: no:--", RowError("X_Y", "from 10:30--OR_SO: no")),
        ("X_Y:no terminator", RowError("X_Y", "no terminator")),
        ("X_Y:m: a sentence, it isn't fields --", RowError("X_Y", "m: a sentence, it isn't fields")),
        ("an unknown form", RowError("", "an unknown form")),
        ("Oops: lower case code:--", RowError("", "Oops: lower case code:")),
    ],
)
def test_one_error(text, error):
    assert split_row_errors(text) == (error,)


def test_several_errors_of_one_row():
    text = "REQUIRED_FIELD_MISSING:a: [A]:A --STRING_TOO_LONG:B: too large:B --\nX_Y:m:--"
    assert [(each.code, each.fields) for each in split_row_errors(text)] == [
        ("REQUIRED_FIELD_MISSING", ("A",)),
        ("STRING_TOO_LONG", ("B",)),
        ("X_Y", ()),
    ]
    assert summarise_row_errors(text) == ("REQUIRED_FIELD_MISSING", "a: [A]; B: too large; m", "A, B")


@pytest.mark.parametrize("end", ["--", " --", "--\n", " -- "])
@pytest.mark.parametrize("fields", ["", "Email", "F1,F2", "F1 F2"])
def test_one_error_ends_where_the_next_code_begins(fields, end):
    first, second = split_row_errors(f"X_Y:m:{fields}{end}STRING_TOO_LONG:n:Name{end}")
    assert (first.code, first.message, ",".join(first.fields)) == ("X_Y", "m", fields.replace(" ", ","))
    assert second == RowError("STRING_TOO_LONG", "n", ("Name",))


def test_an_error_without_a_message_ends_too():
    text = "UNKNOWN_EXCEPTION:--UNABLE_TO_LOCK_ROW:m:--"
    assert [each.code for each in split_row_errors(text)] == ["UNKNOWN_EXCEPTION", "UNABLE_TO_LOCK_ROW"]


def test_no_error_is_nothing():
    assert split_row_errors("") == ()
    assert summarise_row_errors("") == ("", "", "")
