"""The exception tree: drawn as it is, picklable, and without secrets."""

from __future__ import annotations

import builtins
import importlib
import inspect
import pickle
import pkgutil
import re

import pytest

import sfbulk_pandas
from sfbulk_pandas import errors

CLASSES = {
    name: each
    for name, each in vars(errors).items()
    if inspect.isclass(each) and issubclass(each, BaseException) and each.__module__ == errors.__name__
}
SECRETS = [
    "00Dxx0000001gPL!AR8AQJXg5oj8jXSgxJfA0lBog",
    "Bearer opaque-token-of-another-kind",
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJjbGllbnQifQ.c2lnbmF0dXJl",
    "assertion=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJjbGllbnQifQ.c2lnbmF0dXJl&grant_type=x",
    '{"access_token": "opaque-token-of-another-kind"}',
    "client_secret=opaque-token-of-another-kind",
    "-----BEGIN RSA PRIVATE KEY-----\nopaque-token-of-another-kind\n-----END RSA PRIVATE KEY-----",
]
TELLTALES = ("AR8AQJ", "opaque-token-of-another-kind", "c2lnbmF0dXJl")
_BRANCH = re.compile(r"^(?P<indent>[ |]*)(?:\+- )?(?P<name>[A-Z]\w+)(?: \((?P<also>\w+)\))?\s{2,}\S")


def drawn_tree() -> dict[str, tuple[str | None, str | None]]:
    """Read the docstring's drawing as {class: (parent, builtin base in parentheses)}."""
    tree: dict[str, tuple[str | None, str | None]] = {}
    open_at: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = _BRANCH.match(line)
        if match is None:
            continue
        depth, name = match.start("name"), match["name"]
        open_at = [(at, above) for at, above in open_at if at < depth]
        tree[name] = (open_at[-1][1] if open_at else None, match["also"])
        open_at.append((depth, name))
    return tree


def real_tree() -> dict[str, tuple[str | None, str | None]]:
    tree = {}
    for name, each in CLASSES.items():
        ours = [base.__name__ for base in each.__bases__ if base.__name__ in CLASSES]
        others = [base.__name__ for base in each.__bases__ if base.__name__ not in CLASSES and base is not Exception]
        tree[name] = (ours[0] if ours else None, others[0] if others else None)
    return tree


def test_the_docstring_draws_the_tree_as_it_is():
    assert drawn_tree() == real_tree()


def test_all_have_one_root():
    assert all(issubclass(each, errors.SfBulkError) for each in CLASSES.values())


@pytest.mark.parametrize("each", CLASSES.values(), ids=CLASSES)
def test_survives_a_pickle_round_trip(each):
    error = each(
        "what is wrong", hint="what to try", job_ids=("750xx",), status_code=400, error_code="X", column="Email"
    )
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is each
    assert again.args == error.args
    assert {name: vars(again)[name] for name in vars(error)} == vars(error)
    assert str(again) == str(error) == "what is wrong\n  -> what to try"


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("each", CLASSES.values(), ids=CLASSES)
def test_carries_no_secret(each, secret):
    error = each(f"refused: {secret}", hint=f"see {secret}", body_start=secret)
    shown = f"{error} {error!r} {vars(error)!r} {pickle.dumps(error)!r}"
    assert not [telltale for telltale in TELLTALES if telltale in shown]


def test_masking_leaves_ordinary_text_alone():
    text = "column 'Password hint' of row 3: 'a@b.example' is no token: see 00D000000000001 and job 7500000000000000AA"
    assert errors.mask_secrets(text) == text


# Signals inside one room that never leave it: codec.frame turns this one into an EncodeError with its place.
SIGNALS = {"CellRefused"}


def client_modules() -> list[str]:
    names = [found.name for found in pkgutil.walk_packages(sfbulk_pandas.__path__, "sfbulk_pandas.")]
    return [name for name in names if ".local_org" not in name and not name.endswith("__main__")]


def test_no_exception_lives_elsewhere_in_the_client():
    """Only errors.py has exceptions; the vocabulary, which the local org shares, has plain ValueErrors."""
    strays = set()
    for name in client_modules():
        for each in vars(importlib.import_module(name)).values():
            if inspect.isclass(each) and issubclass(each, BaseException) and each.__module__ == name:
                strays.add((name, each))
    vocabulary = {each for name, each in strays if ".salesforce." in name and issubclass(each, ValueError)}
    signals = {each for _, each in strays if each.__name__ in SIGNALS and issubclass(each, ValueError)}
    assert {each for _, each in strays} - vocabulary - signals == set(CLASSES.values())


def test_no_name_shadows_a_builtin():
    assert not [name for name in CLASSES if hasattr(builtins, name)]
