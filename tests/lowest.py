"""Print the lowest declared version of every dependency, as pip constraints.

``python tests/lowest.py > constraints.txt`` and then ``pip install -c constraints.txt ".[dev]"`` gives the oldest
environment that pyproject.toml promises to work in. The tools of the tests (the extra ``dev``) are left free.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
EXTRAS = ("notebook", "speed", "local-org")
_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)\s*>=\s*(?P<lowest>[0-9][0-9A-Za-z.]*)(?P<rest>.*)$")


def lowest_constraints(project: dict) -> list[str]:
    """Turn each ``name>=version`` of the package and its user-facing extras into ``name==version``."""
    requirements = list(project["dependencies"])
    for extra in EXTRAS:
        requirements += project["optional-dependencies"][extra]
    return [_pin(each) for each in requirements]


def _pin(requirement: str) -> str:
    match = _REQUIREMENT.match(requirement)
    if match is None:
        raise ValueError(f"{requirement!r} declares no lowest version: write it as name>=version")
    return f"{match['name']}=={match['lowest']}"


if __name__ == "__main__":
    print("\n".join(lowest_constraints(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"])))
