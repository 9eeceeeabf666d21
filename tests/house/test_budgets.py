"""How long functions and modules may be, and how many parameters a function may take."""

from __future__ import annotations

import ast
import math
import statistics
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "sfbulk_pandas"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.read_text(encoding="utf-8").strip())

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> list[tuple[str, Function, bool]]:
    """Return (place, node, is a method with self or cls) of every function in a module."""
    found: list[tuple[str, Function, bool]] = []

    def walk(node: ast.AST, inside_class: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                place = f"{path.relative_to(PACKAGE.parent)}:{child.lineno} {child.name}"
                found.append((place, child, inside_class and not is_static(child)))
            walk(child, isinstance(child, ast.ClassDef))

    walk(ast.parse(path.read_text(encoding="utf-8")), inside_class=False)
    return found


def is_static(node: Function) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in node.decorator_list)


def body_lines(node: Function) -> int:
    """Count the lines from the first statement after the docstring to the last, comments and blank ones included."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def parameter_count(node: Function, has_self: bool) -> int:
    args = node.args
    named = len(args.posonlyargs) + len(args.args) + len(args.kwonlyargs)
    return named + (args.vararg is not None) + (args.kwarg is not None) - has_self


def is_stub(node: Function) -> bool:
    """Tell a declaration without a body (of a Protocol, or an overload) from a function."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return not body or (len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant))


ALL_FUNCTIONS = [each for path in MODULES for each in functions(path)]
BODIES = {place: body_lines(node) for place, node, _ in ALL_FUNCTIONS if not is_stub(node)}
LENGTHS = {str(path.relative_to(PACKAGE.parent)): len(path.read_text("utf-8").splitlines()) for path in MODULES}


def longest(sizes: dict[str, int], count: int = 15) -> str:
    ranked = sorted(sizes.items(), key=lambda item: -item[1])[:count]
    return "\n".join(f"{size:5} {place}" for place, size in ranked)


def percentile_90(values: list[int]) -> int:
    return sorted(values)[math.ceil(0.9 * len(values)) - 1]


def test_median_function_body_is_at_most_6_lines():
    assert statistics.median(BODIES.values()) <= 6


def test_nine_of_ten_function_bodies_are_at_most_25_lines():
    assert percentile_90(list(BODIES.values())) <= 25, longest(BODIES)


def test_no_function_body_is_over_60_lines():
    assert max(BODIES.values()) <= 60, longest(BODIES)


def test_median_module_is_at_most_150_lines():
    assert statistics.median(LENGTHS.values()) <= 150, longest(LENGTHS, 40)


def test_no_module_is_over_500_lines():
    assert max(LENGTHS.values()) <= 500, longest(LENGTHS)


def test_no_function_takes_more_than_7_parameters():
    counts = {place: parameter_count(node, has_self) for place, node, has_self in ALL_FUNCTIONS}
    assert {place: count for place, count in counts.items() if count > 7} == {}


@pytest.mark.parametrize(
    ("source", "lines", "parameters"),
    [
        ("def f(a, /, b, *c, d, **e):\n    return 1", 1, 5),
        ('def f():\n    """Say.\n\n    More.\n    """\n    a = 1\n\n    # why\n    return a', 4, 0),
        ("def f(\n    a,\n    b,\n):\n    return (\n        a\n    )", 3, 2),
    ],
)
def test_the_measure_itself(source, lines, parameters):
    node = ast.parse(source).body[0]
    assert (body_lines(node), parameter_count(node, has_self=False)) == (lines, parameters)
