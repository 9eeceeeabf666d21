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


@pytest.mark.parametrize("name", [name for name, each in CALLABLES.items() if not isinstance(each, property)])
def test_callable_tells_of_its_parameters_and_answer(name):
    each = CALLABLES[name]
    document = inspect.getdoc(each) or ""
    sections = SECTION.findall(document)
    parameters = [key for key in inspect.signature(each).parameters if key not in {"self", "cls"}]
    untold = [
        key for key in parameters if not re.search(rf"^\*{{0,2}}(?:[\w*]+, )*\*{{0,2}}{key}\b", document, re.MULTILINE)
    ]
    assert not parameters or "Parameters" in sections, f"{name} has no Parameters section"
    assert not untold, f"{name} does not tell of {untold}"
    if inspect.signature(each).return_annotation not in {None, "None", inspect.Signature.empty}:
        assert {"Returns", "Yields"} & set(sections), f"{name} has no Returns section"


@pytest.mark.parametrize("name", [name for name, each in OBJECTS.items() if inspect.isfunction(each)])
def test_function_says_what_it_raises(name):
    assert "Raises" in SECTION.findall(inspect.getdoc(OBJECTS[name]) or ""), name
