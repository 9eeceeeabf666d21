"""Mapping files of Salesforce's Data Loader, taken as ``rename=``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight import read_sdl

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.options import LoadOptions


def with_mapping(options: LoadOptions) -> LoadOptions:
    """Return options whose ``rename`` is a mapping; where a file has it, only the columns that it maps are sent.

    Raises
    ------
    UsageError
        Where the file cannot be read, or is no mapping.
    """
    if options.rename is None or isinstance(options.rename, Mapping):
        return options
    path = Path(options.rename)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the mapping file {str(path)!r} cannot be read: {error}",
            hint="rename= takes a dict, or the path of an .sdl file",
        ) from error
    mapping = read_sdl(text)
    columns = tuple(mapping) if options.columns is None else options.columns
    return replace(options, rename=dict(mapping.items()), columns=columns)
