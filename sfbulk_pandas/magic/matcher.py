"""Completion by Tab, in ``%%soql`` cells and on ``%soql`` and ``%sfbulk`` lines; other cells are left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.magic.answers import Describer
from sfbulk_pandas.magic.commands import COMMANDS
from sfbulk_pandas.magic.cursor import Place, Wanted, place_at
from sfbulk_pandas.magic.options import PLANS, TAKES, split_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from IPython.core.interactiveshell import InteractiveShell

    from sfbulk_pandas.magic.orgs import Orgs
    from sfbulk_pandas.org import Org

_CELL = re.compile(r"\s*%%soql\b")
_LINE = re.compile(r"\s*(?:[\w.,\[\]\"' ]+=\s*)?%(soql|sfbulk)\b")


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be put in the place of a fragment before the cursor: each text and what it is."""

    fragment: str
    texts: tuple[tuple[str, str], ...]


class _Nothing(list[SimpleCompletion]):
    """No completion, and nobody else's either: IPython asks the length whether others are to be suppressed.

    Names of Python and of files are no SOQL.
    """

    def __len__(self) -> int:
        return 1


class Matcher:
    """Complete what is written behind the magics.

    Parameters
    ----------
    shell : InteractiveShell
    orgs : Orgs
    describer : Describer, optional
    """

    def __init__(self, shell: InteractiveShell, orgs: Orgs, describer: Describer | None = None) -> None:
        self._shell = shell
        self._orgs = orgs
        self._describer = describer or Describer()

    def matcher(self) -> Callable[[CompletionContext], dict[str, Any]]:
        """Return the function that IPython's completer calls."""

        @context_matcher(identifier="sfbulk_pandas")  # type: ignore[untyped-decorator]
        def sfbulk_matcher(context: CompletionContext) -> dict[str, Any]:
            offer = self.offer(context.full_text, context.cursor_line, context.cursor_position)
            if offer is None:
                return {"completions": [], "suppress": False}
            found = [SimpleCompletion(text, type=kind) for text, kind in offer.texts] or _Nothing()
            return {"completions": found, "matched_fragment": offer.fragment, "suppress": True, "ordered": True}

        return sfbulk_matcher  # type: ignore[no-any-return]

    def offer(self, text: str, line: int, column: int) -> Offer | None:
        """Return what may stand at the cursor of a cell; None where that is no business of ours."""
        lines = text.split("\n")
        head = _CELL.match(text)
        if head is not None:
            offset = sum(len(each) + 1 for each in lines[:line]) + column - head.end()
            return None if offset < 0 else self._soql(text[head.end() :], offset)
        match = _LINE.match(lines[line])
        if match is None or column < match.end():
            return None
        rest, offset = lines[line][match.end() :], column - match.end()
        return self._soql(rest, offset) if match[1] == "soql" else self._sfbulk(rest[:offset])

    def _soql(self, text: str, offset: int) -> Offer | None:
        header = text.partition("\n")[0]
        is_in_header = offset <= len(header)
        try:
            options, begin = split_options(header[:offset] if is_in_header else header)
        except UsageError:
            return None
        if is_in_header and begin >= offset:
            return self._option(header[:offset])
        return self._in_query(text[begin:], offset - begin, dict(options).get("--org"))

    def _option(self, text: str) -> Offer | None:
        words = text.split()
        fragment = words.pop() if words and not text[-1:].isspace() else ""
        before = words[-1] if words else ""
        if before == "--org":
            return self._org(fragment)
        if before == "--plan" and not fragment.startswith("-"):
            return _offer(fragment, ((name, "plan") for name in PLANS))
        if TAKES.get(before) or (fragment and not fragment.startswith("-")):
            return None
        return _offer(fragment, ((name, "option") for name in TAKES if name not in words))

    def _org(self, fragment: str) -> Offer:
        names = [*self._orgs.names(self._shell.user_ns), *self._describer.aliases()]
        return _offer(fragment, ((name, "org") for name in dict.fromkeys(names)))

    def _sfbulk(self, text: str) -> Offer | None:
        words = text.split()
        fragment = words.pop() if words and not text[-1:].isspace() else ""
        if not words:
            return _offer(fragment, ((word, "command") for word in COMMANDS))
        if words[-1] == "--org":
            return self._org(fragment)
        return _offer(fragment, [("--org", "option")] if "--org" not in words else [])

    def _in_query(self, soql: str, offset: int, org_name: str | None) -> Offer | None:
        place = place_at(soql, offset)
        if place.wanted is Wanted.PYTHON:
            return self._python(place.fragment)
        org = self._orgs.connected(org_name, self._shell.user_ns)
        found = [] if org is None else self._known(org, place)
        return _offer(place.fragment, [*found, *((word, "keyword") for word in place.words if place.fragment)])

    def _known(self, org: Org, place: Place) -> list[tuple[str, str]]:
        look = self._describer.look(org)
        if place.wanted is Wanted.OBJECT:
            return [(name, "object") for name in sorted(look.names(), key=str.lower)]
        if place.wanted is not Wanted.FIELD or not place.sobject:
            return []
        describe = look.behind(place.sobject, place.path)
        fields = () if describe is None else describe.fields
        found = {each.name: "field" for each in fields}
        found |= {f"{each.relationship_name}.": "relationship" for each in fields if each.relationship_name}
        return sorted(found.items(), key=lambda each: each[0].lower())

    def _python(self, code: str) -> Offer:
        """Offer the variables of the notebook, as in any other cell."""
        fragment = re.search(r"[\w.]*\Z", code)
        text = fragment.group() if fragment else ""
        completer: Any = self._shell.Completer
        completer.line_buffer = text  # of which IPython 8 takes the attributes' object
        found: list[str] = completer.attr_matches(text) if "." in text else completer.global_matches(text)
        return Offer(text, tuple((each, "variable") for each in dict.fromkeys(found)))


def _offer(fragment: str, texts: Iterable[tuple[str, str]]) -> Offer:
    """Return what begins as the fragment, in any case; where nothing does, what has it in it."""
    held = list(texts)
    small = fragment.lower()
    found = [each for each in held if each[0].lower().startswith(small)]
    return Offer(fragment, tuple(found or [each for each in held if small in each[0].lower()]))
