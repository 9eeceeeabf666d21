"""Rules of text fields: length, email addresses, picklists.

Sources: SOAP API guide, "Core Data Types Used in API Calls", StatusCode; Help, "Ensure That Email Addresses Are Valid".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.preflight.cells import Cells, as_text, to_mask
from sfbulk_pandas.preflight.findings import nearest
from sfbulk_pandas.salesforce.limits import MULTI_SELECT_SEPARATOR
from sfbulk_pandas.salesforce.sobject import FieldType
from sfbulk_pandas.writing.texts import stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sfbulk_pandas.preflight.cells import Mask
    from sfbulk_pandas.preflight.problems import Problem


def _email_form(more: str = "") -> str:
    letters = f"A-Za-z0-9{more}"
    label = rf"[{letters}](?:[{letters}-]*[{letters}])?"
    return rf"^[{letters}!#$%&'*+/=?^_`{{|}}~.-]+@{label}(?:\.{label})+$"


EMAIL = _email_form()
_EMAILS = rf"^(?:(?:{EMAIL[1:-1]})?\n)*(?:{EMAIL[1:-1]})?$"
SPELLED_OTHERWISE = "the picklist spells this value otherwise"
_NEWLINE = ord("\n")
_ANY_SCRIPT = _email_form(r"\x{80}-\x{10FFFF}")
_PICKLISTS = frozenset({FieldType.PICKLIST, FieldType.MULTIPICKLIST})
LIMITED = frozenset(
    {
        FieldType.STRING,
        FieldType.TEXTAREA,
        FieldType.PHONE,
        FieldType.URL,
        FieldType.EMAIL,
        FieldType.ENCRYPTEDSTRING,
        FieldType.PICKLIST,
        FieldType.COMBOBOX,
    }
)
_LONGEST_TYPED = 90  # no number, date or datetime is longer: a decimal of 76 digits with its sign, point and zeros
_LONGEST_CHOICE = 40  # of a wrong value so much is compared with those on the list
_SHOWN_CHOICES = 8
_COMPARISONS = 10_000  # of a wrong value with a known one, a block: each takes 30 microseconds


def text_problems(cells: Cells) -> list[Problem]:
    """Name texts that are too long, no email address, or no value of a restricted picklist."""
    field = cells.subject.field
    restricted = field.restricted_picklist and field.type in _PICKLISTS and bool(field.picklist_values)
    limited = field.type in LIMITED and field.length > 0
    if cells.subject.is_path or not (restricted or limited):
        return []
    if not cells.is_text:
        if field.length >= _LONGEST_TYPED and not restricted and field.type is not FieldType.EMAIL:
            return []
        cells = Cells(as_text(cells.values, field.type), cells.subject, cells.start)
    problems = _too_long(cells) if limited else []
    problems += _no_email(cells) if field.type is FieldType.EMAIL else []
    problems += _not_allowed(cells) if restricted else []
    return problems


def _too_long(cells: Cells) -> list[Problem]:
    field = cells.subject.field
    wide = cells.lengths > field.length  # in bytes; only of these are the characters counted
    at = np.flatnonzero(wide & cells.given if wide.any() else wide)
    if not len(at):
        return []
    sent = pc.replace_substring(_trimmed(cells.values.take(pa.array(at))), "\r\n", "\n")
    bad = np.zeros(len(wide), bool)
    bad[at] = pc.utf8_length(sent).to_numpy() > field.length
    before = f"STRING_TOO_LONG:{field.label}: data value too large: "
    after = f" (max length={field.length}):{field.name} --"
    suggestion = f"shorten it to {field.length:,} characters"
    return cells.problem(bad, "the text is too long", suggestion, (before, after))


def _no_email(cells: Cells) -> list[Problem]:
    field = cells.subject.field
    if _are_emails(cells.values):
        return []
    fits = pc.match_substring_regex(cells.values, EMAIL)
    bad = ~to_mask(fits) & cells.given
    at = np.flatnonzero(bad)
    addresses = _trimmed(cells.values.take(pa.array(at)))
    bad[at] = ~to_mask(pc.match_substring_regex(addresses, EMAIL))
    foreign = np.zeros(len(bad), bool)
    foreign[at] = bad[at] & to_mask(pc.match_substring_regex(addresses, _ANY_SCRIPT))
    error = (f"INVALID_EMAIL_ADDRESS:{field.label}: invalid email address: ", f":{field.name} --")
    suggestion = "mend the address, or leave the cell empty"
    # Help, "Set Up Email Address Internationalization": on by default in orgs made since Summer '20.
    perhaps = "Salesforce takes it where the org allows international addresses"
    return [
        *cells.problem(bad & ~foreign, "this is no email address", suggestion, error),
        *cells.problem(foreign, "the address has letters beyond ASCII", perhaps, None),
    ]


def _are_emails(texts: pa.Array) -> bool:
    """Whether all texts are addresses, or empty: asked of one text that holds them all, for a third of the time."""
    if (stretch(texts)[1] == _NEWLINE).any():
        return False
    lines = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), pc.fill_null(texts, ""))
    return bool(pc.match_substring_regex(pc.binary_join(lines, pa.scalar("\n", texts.type)), _EMAILS)[0].as_py())


def _trimmed(texts: pa.Array) -> pa.Array:
    """Return texts as fields keep them: without blanks at their ends (Apex guide, "Primitive Data Types", String)."""
    return pc.ascii_trim_whitespace(texts)


def _not_allowed(cells: Cells) -> list[Problem]:
    """Name values that are not on the list, and note those that are, but for their case.

    Help, "Picklist fields are not case sensitive": whether a restricted one takes them, is not said.
    """
    field = cells.subject.field
    coded = cells.values.dictionary_encode()
    fitting = partial(_allowed, coded.dictionary, field.type, field.picklist_values)
    fits = fitting(_trimmed)
    if fits.all():
        return []
    folded = fitting(lambda texts: pc.utf8_lower(_trimmed(texts)))
    codes = coded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    before = f"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:{field.label}: bad value for restricted picklist field: "
    error = (before, f":{field.name} --")
    problems = []
    for wrong, check, text in (
        (~folded, "the picklist has no such value", error),
        (folded & ~fits, SPELLED_OTHERWISE, None),
    ):
        bad = wrong[codes] & cells.given
        advice = _advice(coded.dictionary, np.unique(codes[bad]), field.picklist_values)
        problems += cells.problem(bad, check, [advice[code] for code in codes[bad].tolist()], text)
    return problems


def _allowed(texts: pa.Array, kind: FieldType, known: Sequence[str], form: Callable[[pa.Array], pa.Array]) -> Mask:
    """Return where a picklist has a value, or all values of a multi-select one, in the form in which to compare."""
    allowed = form(pa.array(known, texts.type))
    if kind is FieldType.PICKLIST:
        return to_mask(pc.is_in(form(texts), allowed))
    entries = pc.split_pattern(texts, MULTI_SELECT_SEPARATOR)
    flat = form(pc.list_flatten(entries))
    unknown = pc.and_(pc.invert(pc.is_in(flat, allowed)), pc.not_equal(flat, ""))
    fits = np.ones(len(texts), bool)
    fits[pc.list_parent_indices(entries).filter(unknown).to_numpy()] = False
    return fits


def _advice(texts: pa.Array, codes: np.ndarray, known: Sequence[str]) -> dict[int, str]:
    """Write what to do about each distinct wrong value; past the first few hundred no likeness is looked for."""
    wrong = texts.take(pa.array(codes)).to_pylist()
    near = max(1, _COMPARISONS // len(known))
    advice = [choices(text, known) for text in wrong[:near]]
    advice += [_first_ones(known)] * (len(wrong) - len(advice))
    return dict(zip(codes.tolist(), advice, strict=True))


def choices(text: str, known: Sequence[str]) -> str:
    """Name the allowed value that is most like a wrong one, or the first few.

    Examples
    --------
    >>> choices("gold", ["Gold", "Silver"])
    'did you mean Gold?'
    """
    entries = [each for each in map(str.strip, text.split(MULTI_SELECT_SEPARATOR)) if each and each not in known]
    near = [each for each in _nearest_ones(entries[:_SHOWN_CHOICES], known) if each]
    if near:
        return f"did you mean {MULTI_SELECT_SEPARATOR.join(near)}?"
    return _first_ones(known)


def _first_ones(known: Sequence[str]) -> str:
    more = f" and {len(known) - _SHOWN_CHOICES} more" if len(known) > _SHOWN_CHOICES else ""
    return f"use one of {', '.join(known[:_SHOWN_CHOICES])}{more}"


def _nearest_ones(entries: Sequence[str], known: Sequence[str]) -> Iterator[str | None]:
    return (nearest(each[:_LONGEST_CHOICE], known) for each in entries)
