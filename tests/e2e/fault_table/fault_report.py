"""The table as README.md shows it: written from the cells, and read back."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from fault_kinds import EXTRACT, FAULTS, LOAD, REASONS

README = Path(__file__).resolve().parents[3] / "README.md"
BEGIN, END = "<!-- fault table: written by tests/e2e/test_fault_table.py -->", "<!-- end of the fault table -->"
SIDES = {"load": ("A load", LOAD), "extract": ("An extract", EXTRACT)}
TICK, NOT_ASKED = "✓", "-"
_ENDS = {
    TICK: "finish",
    "again": "raise before anything was sent, and are called again",
    "resumes": "raise and are gone on with",
    "retry": "raise for a job that ended early, whose other rows `result.retry()` sends",
}


def row_line(failing, kinds, words):
    """Return a fault's line; ``words`` say how the calls ended, by the name of the kind that met it."""
    texts = {name: TICK if word == "finishes" else word for name, word in words.items()}
    reasons = {kind.name: failing.reason(kind) for kind in kinds}
    cells = [texts[name] if reason is None else NOT_ASKED + reason for name, reason in reasons.items()]
    return f"| {' | '.join([failing.name, *cells])} |"


def written(lines):
    """Return the whole block, given the lines of the faults: side -> fault -> line."""
    block = [BEGIN, ""]
    for side, (title, kinds) in SIDES.items():
        rows = [lines[side][failing.name] for failing in FAULTS]
        header = f"| {' | '.join([title, *(kind.name for kind in kinds)])} |"
        block += [header, "|" + "---|" * (len(kinds) + 1), *rows, "", _counted(title, rows), ""]
    reasons = "; ".join(f"-{letter}: {text}" for letter, (_, text) in REASONS.items())
    return "\n".join([*block, f"Why a fault and a request do not meet: {reasons}.", "", END])


def _counted(title, rows):
    cells = [cell for row in rows for cell in cells_of(row)[1:]]
    counts = Counter(cells)
    met = sum(counts[word] for word in _ENDS)
    ends = ", ".join(f"{counts[word]} {text}" for word, text in _ENDS.items() if counts[word])
    apart = ", ".join(f"{count} {text}" for text, count in sorted(counts.items()) if text not in _ENDS)
    return f"{title}: of {len(cells)} cells {met} are brought about: {ends}. The others are {apart}."


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def block_of_readme():
    text = README.read_text(encoding="utf-8")
    found = re.search(f"{re.escape(BEGIN)}.*?{re.escape(END)}", text, re.DOTALL)
    return found[0] if found else ""


def lines_of_readme():
    """Return the lines of the faults as README has them: side -> fault -> line."""
    found: dict[str, dict[str, str]] = {side: {} for side in SIDES}
    side = ""
    for line in block_of_readme().splitlines():
        first = cells_of(line)[0]
        side = next((name for name, (title, _) in SIDES.items() if title == first), side)
        if line.startswith("| ") and first != SIDES[side][0]:
            found[side][first] = line
    return found


def write_readme(lines):
    text = README.read_text(encoding="utf-8")
    README.write_text(text.replace(block_of_readme(), written(lines)), encoding="utf-8")
