"""``sfbulk demo`` and ``sfbulk local-org``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import MissingExtra, SfBulkError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PORT = 65_535


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        0 where all went well, 1 after an error, 2 where the arguments are wrong.
    """
    arguments = _parser().parse_args(argv)
    try:
        _check_extra()
        return int(arguments.run(arguments))
    except (SfBulkError, OSError) as error:
        print(f"sfbulk: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("sfbulk", description="Move data between pandas and Salesforce.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="load a messy list into a Salesforce on this machine, mend it, query it")
    demo.add_argument("--out", type=Path, metavar="FOLDER", help="where the Parquet file goes (default: a new folder)")
    demo.set_defaults(run=_demo)
    local = commands.add_parser("local-org", help="run a Salesforce on this machine, for tests and for trying things")
    local.add_argument("--port", type=_port, default=8080, help="default: %(default)s; 0 takes any that is free")
    local.add_argument("--file", type=Path, metavar="DATABASE", help="keep the data in this file")
    local.add_argument("--seconds", type=_seconds, default=0.0, help="how long each job takes (default: none)")
    local.add_argument("--host", default="127.0.0.1", help="where to listen (default: this machine alone can reach it)")
    local.set_defaults(run=_local_org)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"{port} is no port: give one from 0 to {MAX_PORT}")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not seconds >= 0:
        raise argparse.ArgumentTypeError(f"a job cannot take {text} seconds")
    return seconds


def _check_extra() -> None:
    try:
        import duckdb  # noqa: F401, PLC0415 - only looked for, and only when a command needs it
        import lark  # noqa: F401, PLC0415 - the same
        import werkzeug  # noqa: F401, PLC0415 - the same
    except ImportError as error:
        raise MissingExtra(
            f"the local org needs {error.name}",
            hint="pip install 'sfbulk_pandas[local-org]', or '.[local-org]' in a clone",
        ) from error


def _demo(arguments: argparse.Namespace) -> int:
    from sfbulk_pandas.cli.demo import run_demo  # noqa: PLC0415 - needs the extra

    run_demo(arguments.out)
    return 0


def _local_org(arguments: argparse.Namespace) -> int:
    from sfbulk_pandas.cli.serve import serve  # noqa: PLC0415 - needs the extra

    return serve(arguments.port, arguments.file, arguments.seconds, arguments.host)
