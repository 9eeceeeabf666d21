"""What Salesforce says of a wrong query: the line, a caret, the place, the reason.

Sources: REST API guide, "Query", and SOAP API guide, "ExceptionCode" (MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE).
"""

from __future__ import annotations

from sfbulk_pandas.local_org.faults import Fault

_APPEND = "If you are attempting to use a custom {what}, be sure to append the '__c' after the {name}."
_REFERENCE = "Please reference your WSDL or the describe call for the appropriate names."
_BEFORE, _AFTER = 40, 40  # characters of context on both sides of the place


def malformed(message: str) -> Fault:
    """Return 400 MALFORMED_QUERY without a place."""
    return Fault(400, "MALFORMED_QUERY", message)


def unexpected_token(soql: str, at: int, token: str) -> Fault:
    """Return the answer for a word that cannot stand where it stands."""
    return placed("MALFORMED_QUERY", soql, at, f"unexpected token: '{token}'")


def no_such_column(soql: str, at: int, column: str, entity: str) -> Fault:
    """Return the answer for a field that the object lacks."""
    advice = f"{_APPEND.format(what='field', name='custom field name')} {_REFERENCE}"
    return placed("INVALID_FIELD", soql, at, f"No such column '{column}' on entity '{entity}'. {advice}")


def no_such_relationship(soql: str, at: int, name: str, path: str) -> Fault:
    """Return the answer for a parent path whose relationship the object lacks."""
    advice = (
        "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship "
        f"name. {_REFERENCE}"
    )
    return placed("INVALID_FIELD", soql, at, f"Didn't understand relationship '{name}' in field path. {path}{advice}")


def no_such_child(soql: str, at: int, name: str) -> Fault:
    """Return the answer for a sub-query on a child relationship that the object lacks."""
    advice = (
        "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship "
        f"name. {_REFERENCE}"
    )
    message = f"Didn't understand relationship '{name}' in FROM part of query call. {advice}"
    return placed("INVALID_TYPE", soql, at, message)


def no_such_object(soql: str, at: int, name: str) -> Fault:
    """Return the answer for an object that the org lacks."""
    advice = f"{_APPEND.format(what='object', name='entity name')} {_REFERENCE}"
    return placed("INVALID_TYPE", soql, at, f"sObject type '{name}' is not supported. {advice}")


def invalid_field(soql: str, at: int, message: str) -> Fault:
    """Return 400 INVALID_FIELD with a place."""
    return placed("INVALID_FIELD", soql, at, message)


def wrong_literal(soql: str, at: int, field: str, soap_type: str) -> Fault:
    """Return the answer for a literal of another type than its field."""
    quotes = "should be enclosed in quotes" if soap_type == "string" else "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{field}' must be of type {soap_type} and {quotes}"
    return invalid_field(soql, at, message)


def not_here(what: str) -> Fault:
    """Return the answer for a part of SOQL that Salesforce has and the local org has not."""
    return Fault(400, "FUNCTIONALITY_NOT_ENABLED", f"{what} is not supported by the local org")


def placed(error_code: str, soql: str, at: int, message: str) -> Fault:
    r"""Return a 400 whose message shows the place.

    Examples
    --------
    >>> placed("INVALID_FIELD", "SELECT Id, Bad FROM Account", 11, "No such column").message
    '\nSELECT Id, Bad FROM Account\n           ^\nERROR at Row:1:Column:12\nNo such column'
    """
    row = soql.count("\n", 0, at) + 1
    column = at - (soql.rfind("\n", 0, at) + 1)
    start = max(at - _BEFORE, at - column)
    line = soql[start : at + _AFTER].split("\n", maxsplit=1)[0]
    caret = " " * (at - start) + "^"
    return Fault(400, error_code, f"\n{line}\n{caret}\nERROR at Row:{row}:Column:{column + 1}\n{message}")
