"""Which columns a copy has."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight import selectable_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.salesforce.sobject import SObjectDescribe

STAMP = "SystemModstamp"
DELETED = "IsDeleted"
ANEW = "full=True fetches everything anew"
_ID = "Id"


def copy_columns(sobject: str, asked: Sequence[str] | None, describes: Describes) -> list[str]:
    """Return the columns of a copy: Id, SystemModstamp and IsDeleted among them, whether asked for or not.

    Parameters
    ----------
    sobject : str
    asked : sequence of str or None
        Fields, in any case; None for all that can be selected but formulas.
    describes : Describes

    Raises
    ------
    UsageError
        For an object without SystemModstamp, and for a field it does not have.
    """
    describe = describes.get(sobject)
    if describe.get(STAMP) is None:
        raise UsageError(
            f"{describe.name} has no {STAMP}, which tells what has changed", hint="copy it whole with query_parquet"
        )
    if asked is None:
        names = _all(describe)
    else:
        names = list(_canonical(asked, describe, describes))
        _warn_of_stale([each for each in names if _may_go_stale(each, describe)])
    kept = [each for each in (_ID, STAMP, DELETED) if describe.get(each) is not None]
    return _once([*(each for each in kept if each not in names), *names])


def _once(names: list[str]) -> list[str]:
    """Leave out what differs in case alone: a path through a lookup may be written in any."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name.lower(), name)
    return list(found.values())


def _all(describe: SObjectDescribe) -> list[str]:
    return [each.name for each in selectable_fields(describe) if not each.calculated]


def check_columns(sobject: str, columns: Sequence[str], describes: Describes) -> None:
    """Refuse to go on with a copy some of whose fields the org has no more.

    Raises
    ------
    UsageError
    """
    gone = [name for name in columns if describes.field(sobject, name) is None]
    if gone:
        raise UsageError(f"{sobject} has no {', '.join(gone)} any more", hint=f"without it, or them: {ANEW}")


def warn_of_new(sobject: str, columns: Sequence[str], describes: Describes) -> None:
    """Warn of fields that a copy of all fields does not have."""
    new = [name for name in _all(describes.get(sobject)) if name not in columns]
    if new:
        warnings.warn(f"{sobject} has new fields: {', '.join(new)}; full=True takes them into the copy", stacklevel=2)


def _canonical(asked: Sequence[str], describe: SObjectDescribe, describes: Describes) -> Iterator[str]:
    if isinstance(asked, str):
        raise UsageError(f"columns={asked!r} is one text", hint="give a list of field names")
    for name in asked:
        head, dot, _ = name.rpartition(".")
        field = describes.field(describe.name, name)
        yield name if field is None else f"{head}{dot}{field.name}"  # what is not there, the query check says better


def _may_go_stale(name: str, describe: SObjectDescribe) -> bool:
    field = describe.get(name)
    return "." in name or (field is not None and field.calculated)


def _warn_of_stale(names: list[str]) -> None:
    if names:
        text = (
            f"{', '.join(names)}: formulas and fields of other records change without the record's {STAMP}, so that a "
            f"copy has them as of the record's own last change; {ANEW}"
        )
        warnings.warn(text, stacklevel=2)
