"""What the status code of a refused row means, what usually mends it, and whether to send it again as it is.

Codes decide, never the message, which is in the language of the Salesforce user.
Source: SOAP API guide, "Core Data Types Used in API Calls", StatusCode.
"""

from __future__ import annotations

# These pass by themselves: Bulk API 2.0 guide, "Troubleshooting" and "Organize Data to Minimize Lock Contention".
PASSING = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "TOO_MANY_APEX_REQUESTS",
        "QUERY_TIMEOUT",
        "REQUEST_RUNNING_TOO_LONG",
        "SERVER_UNAVAILABLE",
        "UNKNOWN_EXCEPTION",
    }
)

_ADVICE = {
    "": "Salesforce gave no status code: read the message, if there is one, or ask the admin",
    "APEX_ERROR": "code of the org failed on this row: show the message to the org's admin",
    "API_CURRENTLY_DISABLED": "the org does not take API calls now: ask its admin",
    "BULK_API_ERROR": "Salesforce failed the whole batch: read the message, then send these rows again",
    "CANNOT_EXECUTE_FLOW_TRIGGER": "a flow of the org failed on this row: show the message to its admin",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "a trigger of the org failed on this row: show the message to its admin",
    "CANNOT_UPDATE_CONVERTED_LEAD": "the lead has been converted: update its contact, account or opportunity",
    "CIRCULAR_DEPENDENCY": "the record would be its own parent: mend the lookup",
    "DELETE_FAILED": "other records depend on this one: delete or move those first",
    "DEPENDENCY_EXISTS": "other records or settings depend on this one: remove those first",
    "DUPLICATES_DETECTED": "a duplicate rule of the org found a record like this: update that one, or ask the admin",
    "DUPLICATE_EXTERNAL_ID": "several records have this key: make the keys in the org unique first",
    "DUPLICATE_VALUE": "another record or row has this value already: keep one of them, or change the value",
    "ENTITY_IS_DELETED": "the record is in the recycle bin: leave the row out, or restore the record",
    "ENTITY_IS_LOCKED": "an approval holds the record: wait for it, or have it recalled",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "a validation rule of the org refuses the row; the message says which values",
    "FIELD_FILTER_VALIDATION_EXCEPTION": "a lookup filter of the org does not allow this parent: choose another",
    "FIELD_INTEGRITY_EXCEPTION": "a value does not fit: an Id of another object, or a year outside 1700 to 4000",
    "INACTIVE_OWNER_OR_USER": "the owner is an inactive user: name an active one",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "the user may not use a record that the row refers to",
    "INSUFFICIENT_ACCESS_OR_READONLY": "the user may not change this record: ask for access, or sign in as another",
    "INVALID_CROSS_REFERENCE_KEY": "an Id points at no record the user can see: mend or drop it",
    "INVALID_EMAIL_ADDRESS": "this is no mail address: mend it, or leave the cell empty",
    "INVALID_FIELD": "the value does not fit the field's type, or the key names no parent: mend the value",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "the user may not write this field: leave it out (columns=), or ask for access",
    "INVALID_ID_FIELD": "the Id does not fit the operation: an insert takes none, an update needs one",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "not on the field's list: use an API value, not its label",
    "INVALID_TYPE_ON_FIELD_IN_RECORD": "the value is not of the field's type: convert the column",
    "JSON_PARSER_ERROR": "Salesforce could not read the row: look for odd characters in it",
    "LIMIT_EXCEEDED": "a limit of the org was met: the message says which",
    "MALFORMED_ID": "this is no Id of that object: it has 15 or 18 characters, case counts",
    "MAXIMUM_SIZE_OF_ATTACHMENT": "the file is too large for this object",
    "MISSING_ARGUMENT": "something the operation needs is blank, often the Id",
    "NUMBER_OUTSIDE_VALID_RANGE": "the number has too many digits for the field: round or scale it",
    "NUM_HISTORY_FIELDS_BY_SOBJECT_EXCEEDED": "too many fields of the object are tracked: ask the admin",
    "OP_WITH_INVALID_USER_TYPE_EXCEPTION": "this kind of user cannot be used here: name another user",
    "QUERY_TIMEOUT": "Salesforce took too long: send these rows again, fewer at a time",
    "REQUEST_RUNNING_TOO_LONG": "Salesforce took too long: send these rows again, fewer at a time",
    "REQUIRED_FIELD_MISSING": "fill these fields in",
    "SERVER_UNAVAILABLE": "Salesforce was busy: send these rows again later",
    "STORAGE_LIMIT_EXCEEDED": "the org is full: delete records or have its storage enlarged",
    "STRING_TOO_LONG": "cut the text to the field's length",
    "TOO_MANY_APEX_REQUESTS": "too much of the org's code ran at once: send these rows again later",
    "TRANSFER_REQUIRES_READ": "the new owner may not see this object: choose another",
    "UNABLE_TO_LOCK_ROW": "other work held the record or its parent: send these rows again, sorted by parent",
    "UNKNOWN_EXCEPTION": "Salesforce failed on this row: send it again, then show the message to its support",
}
_UNKNOWN = "read the message; the SOAP API guide, StatusCode, tells what the code means"


def advice_for(code: str) -> str:
    """Say in plain words what usually mends rows that were refused with a code.

    Parameters
    ----------
    code : str
        Such as ``"STRING_TOO_LONG"``.

    Returns
    -------
    str

    Examples
    --------
    >>> advice_for("STRING_TOO_LONG")
    "cut the text to the field's length"
    """
    return _ADVICE.get(code, _UNKNOWN)
