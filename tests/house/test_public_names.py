"""Every public name: listed in order, and told of in a numpydoc docstring."""

from __future__ import annotations

import inspect
import re

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk

NOT_IMPERATIVE = re.compile(r"^(?:A|An|The|This|It|These|\w*[^s\W]s)$")  # "Returns", but not "Process"
SECTION = re.compile(r"^([A-Z][\w ]+)\n-{3,}\s*$", re.MULTILINE)


def public_objects() -> dict[str, object]:
    found = {name: getattr(sfbulk, name) for name in sfbulk.__all__}
    accessor = getattr(pd.DataFrame, "sfbulk", None)
    return found | ({"DataFrame.sfbulk": accessor} if accessor is not None else {})


def public_callables() -> dict[str, object]:
    """Return functions, methods and properties that a user may call, by their dotted name."""
    found: dict[str, object] = {}
    for name, each in public_objects().items():
        if inspect.isroutine(each):
            found[name] = each
        elif inspect.isclass(each) and not issubclass(each, BaseException):
            found |= {f"{name}.{member}": value for member, value in own_members(each).items()}
    return found


def own_members(each: type) -> dict[str, object]:
    members = {}
    for base in reversed(each.__mro__):
        if base.__module__.partition(".")[0] == "sfbulk_pandas":
            members |= vars(base)
    kinds = (property, classmethod, staticmethod)
    return {
        name: getattr(value, "__func__", value)
        for name, value in members.items()
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, kinds))
    }


OBJECTS = public_objects()
CALLABLES = public_callables()


def test_all_is_sorted_and_complete():
    assert list(sfbulk.__all__) == sorted(set(sfbulk.__all__))
    assert all(hasattr(sfbulk, name) for name in sfbulk.__all__)


@pytest.mark.parametrize("name", [name for name, each in OBJECTS.items() if inspect.isclass(each) or callable(each)])
def test_has_a_docstring_that_opens_with_a_sentence(name):
    first, _, rest = (inspect.getdoc(OBJECTS[name]) or "").partition("\n")
    assert first.endswith((".", ":")), f"{name}: {first!r}"
    assert not rest or rest.startswith("\n"), f"{name}: a blank line follows the first"


@pytest.mark.parametrize("name", CALLABLES)
def test_callable_says_in_the_imperative_what_it_does(name):
    each = CALLABLES[name]
    first = (inspect.getdoc(each) or "").partition("\n")[0]
    assert first.endswith((".", ":")), f"{name}: {first!r}"
    if not isinstance(each, property):
        assert not NOT_IMPERATIVE.match(first.split()[0].rstrip(".,:")), f"{name}: {first!r}"


def referred_documents(name: str) -> list[str]:
    """Return the docstrings where a callable's parameters may be told of: its own, its class's, and those it names."""
    own, owner = inspect.getdoc(CALLABLES[name]) or "", name.rpartition(".")[0]
    found = [own, (inspect.getdoc(OBJECTS[owner]) or "") if owner in OBJECTS else ""]
    for target in re.findall(r":(?:meth|func):`~?([\w.]+)`", own):
        full = next((each for each in (f"{owner}.{target}", target) if each in CALLABLES), None)
        found.append((inspect.getdoc(CALLABLES[full]) or "") if full else "")
    return found


def tells_of(document: str, parameter: str) -> bool:
    entry = rf"^\*{{0,2}}(?:[\w*]+, )*\*{{0,2}}{parameter}\b(?!\()"
    return bool(re.search(entry, document, re.MULTILINE)) or f"``{parameter}=``" in document


@pytest.mark.parametrize("name", [name for name, each in CALLABLES.items() if not isinstance(each, property)])
def test_callable_tells_of_its_parameters_and_answer(name):
    signature, documents = inspect.signature(CALLABLES[name]), referred_documents(name)
    parameters = [key for key in signature.parameters if key not in {"self", "cls"}]
    untold = [key for key in parameters if not any(tells_of(document, key) for document in documents)]
    assert not untold, f"{name} does not tell of {untold}"
    sections = {section for document in documents for section in SECTION.findall(document)}
    assert not parameters or {"Parameters", "Attributes"} & sections, f"{name} has no Parameters section"
    if signature.return_annotation not in {None, "None", inspect.Signature.empty}:
        first = documents[0].partition("\n")[0]
        assert {"Returns", "Yields"} & sections or first.startswith("Return "), f"{name} does not say what it returns"


@pytest.mark.parametrize("name", [name for name, each in OBJECTS.items() if inspect.isfunction(each)])
def test_function_says_what_it_raises(name):
    assert "Raises" in SECTION.findall(inspect.getdoc(OBJECTS[name]) or ""), name
