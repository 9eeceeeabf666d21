"""What stands behind ``%%soql`` and ``%soql``: options, then the query."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import get_args

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.query_options import PlanName
from sfbulk_pandas.magic.binding import placed
from sfbulk_pandas.magic.expressions import expression_end
from sfbulk_pandas.preflight import nearest
from sfbulk_pandas.salesforce.soql import SoqlError

PLANS: tuple[str, ...] = get_args(PlanName)
# What each takes behind it; an empty text for nothing.
TAKES = {
    "--to": "NAME",
    "--arrow": "",
    "--parquet": "FOLDER",
    "--overwrite": "",
    "--plan": "[NAME]",
    "--org": "NAME",
    "--all": "",
    "--help": "",
}
HELP = f"""\
%%soql [options]      a query on the lines below; its rows are shown
SELECT ...

df = %soql SELECT ... the same on one line, whose value can be assigned

{{expressions}} of Python in the query are evaluated, and their values quoted safely, as in
    SELECT Id, Name FROM Account WHERE CreatedDate > {{since}} AND Id IN {{df["AccountId"]}}

options, before the query:
    --to NAME         keep the result as a variable, and say in one line what came
    --arrow           a pyarrow Table rather than a DataFrame
    --parquet FOLDER  write the rows as a folder of Parquet files; {{folder}} is a variable
    --overwrite       replace what is in that folder, once the new files are whole
    --plan NAME       how the rows are fetched: {", ".join(PLANS)}
    --plan            alone: say how they would be fetched, and what it costs, and fetch nothing
    --org NAME        a variable that holds an Org, or an alias of the Salesforce CLI; else the org last connected
    --all             deleted and archived records too
    --help            this text

%sfbulk alone tells of the other magic."""  # noqa: S608 - a text for eyes
_WORD = re.compile(r"\s*(\"[^\"]*\"|'[^']*'|\S+)")
_NAME = re.compile(r"(-[\w-]*)=?")
_QUOTES = "\"'"


@dataclass(frozen=True, slots=True)
class SoqlCall:
    """What one magic is asked for.

    Attributes
    ----------
    soql : str
        With its ``{expressions}``.
    to, parquet, org, plan : str or None
    arrow, overwrite, query_all : bool
    explains : bool
        Whether the plan is only told.
    helps : bool
        Whether only the help is shown.
    """

    soql: str
    to: str | None = None
    parquet: str | None = None
    org: str | None = None
    plan: str | None = None
    arrow: bool = False
    overwrite: bool = False
    query_all: bool = False
    explains: bool = False
    helps: bool = False


def read_call(line: str, cell: str | None = None) -> SoqlCall:
    """Read the options and the query of a magic.

    Parameters
    ----------
    line : str
        What stands behind its name.
    cell : str or None
        The lines below; None for a magic of one line.

    Raises
    ------
    UsageError
        For an option that is none, with the nearest; without its value; or beside another that it does not go with.
    """
    found, at = split_options(line)
    given: dict[str, str | None] = {}
    for name, value in found:
        _check(name, value, given)
        given[name] = value
    rest = line[at:].strip()
    if cell is not None and rest and not re.match(r"(?i)select\b|/[/*]", rest):
        raise UsageError(f"{rest!r} is no option, and no beginning of a query", hint="see %soql --help")
    soql = rest if cell is None else "\n".join(text for text in (rest, cell.rstrip()) if text)
    call = _call(soql, given)
    _check_call(call)
    return call


def split_options(text: str) -> tuple[list[tuple[str, str | None]], int]:
    """Return the options that a text begins with, each with its value, and the place behind them.

    Raises
    ------
    UsageError
        For a value that begins with a brace, and has no end.
    """
    found: list[tuple[str, str | None]] = []
    at = len(text) - len(text.lstrip())
    while match := _NAME.match(text, at):
        name, behind = match[1], match.end()
        value: str | None = None
        if match[0].endswith("=") or _takes_next(name, text[behind:]):
            value, behind = _value(text, behind)
        found.append((name, value))
        at = behind + len(text[behind:]) - len(text[behind:].lstrip())
    return found, at


def _takes_next(name: str, text: str) -> bool:
    takes = TAKES.get(name, "")
    following = text.lstrip()
    if takes.startswith("["):
        return bool(following) and not re.match(r"(?i)-|select\b|/[/*]", following)
    return bool(takes) and bool(following) and not following.startswith("-")


def _value(text: str, at: int) -> tuple[str | None, int]:
    brace = re.compile(r"\s*\{").match(text, at)
    if brace is not None:
        try:
            end = expression_end(text, brace.end() - 1)
        except SoqlError as error:
            raise placed(error) from None
        return text[brace.end() - 1 : end], end
    word = _WORD.match(text, at)
    if word is None:
        return None, at
    value = word[1]
    return (value[1:-1] if value[0] in _QUOTES and value[-1] == value[0] and len(value) > 1 else value), word.end()


def _check(name: str, value: str | None, given: dict[str, str | None]) -> None:
    if name not in TAKES:
        near = nearest(name.strip("-"), [each.strip("-") for each in TAKES])
        raise UsageError(
            f"{name} is no option", hint=f"did you mean --{near}?" if near else f"these are: {', '.join(TAKES)}"
        )
    if name in given:
        raise UsageError(f"{name} stands there twice")
    takes = TAKES[name]
    if takes and not takes.startswith("[") and not value:
        raise UsageError(f"{name} lacks its value", hint=f"write {name} {takes}")
    if not takes and value is not None:
        raise UsageError(f"{name} takes no value", hint=f"write {name} alone")
    if name == "--plan" and value is not None and value not in PLANS:
        near = nearest(value, PLANS)
        hint = f"did you mean {near}?" if near else f"say one of {', '.join(PLANS)}"
        raise UsageError(f"{value!r} is no plan", hint=hint)
    if name == "--to" and not (str(value).isidentifier() and not keyword.iskeyword(str(value))):
        raise UsageError(f"{value!r} cannot be the name of a variable")


def _call(soql: str, given: dict[str, str | None]) -> SoqlCall:
    return SoqlCall(
        soql=soql,
        to=given.get("--to"),
        parquet=given.get("--parquet"),
        org=given.get("--org"),
        plan=given.get("--plan"),
        arrow="--arrow" in given,
        overwrite="--overwrite" in given,
        query_all="--all" in given,
        explains="--plan" in given and given["--plan"] is None,
        helps="--help" in given,
    )


def _check_call(call: SoqlCall) -> None:
    if call.helps:
        return
    if not call.soql:
        raise UsageError("there is no query", hint="write it below %%soql, or behind %soql")
    if call.arrow and call.parquet:
        raise UsageError("--arrow and --parquet do not go together", hint="leave one of them out")
    if call.overwrite and not call.parquet:
        raise UsageError("--overwrite is for --parquet", hint="leave it out")
    if call.explains and (call.arrow or call.parquet or call.to):
        hint = f"name a plan ({', '.join(PLANS)}), or leave the other options out"
        raise UsageError("--plan alone tells of the plan, and fetches nothing", hint=hint)
