"""The command line: the one room that sees both the client and the local org."""

from sfbulk_pandas.cli.main import main

__all__ = ["main"]
