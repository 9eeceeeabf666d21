"""What ``rename=`` may be: a mapping, or a mapping file of Salesforce's Data Loader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight import read_sdl

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.options import LoadOptions


_TAKES = "rename= takes a dict, or the path of an .sdl file"


def with_mapping(options: LoadOptions) -> LoadOptions:
    """Return options whose ``rename`` is a mapping; where a file has it, only the columns that it maps are sent.

    Raises
    ------
    UsageError
        Where the file cannot be read, or is no mapping; or a mapping has labels or headers that cannot be.
    """
    if options.rename is None:
        return options
    if isinstance(options.rename, Mapping):
        _check_mapping(options.rename)
        return options
    mapping = read_sdl(_read(options.rename))
    columns = tuple(mapping) if options.columns is None else options.columns
    return replace(options, rename=dict(mapping.items()), columns=columns)


def _read(path: Any) -> str:
    if not isinstance(path, str | PathLike):
        raise UsageError(f"rename={path!r} is no mapping", hint=_TAKES)
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # which no path is, or no text
        raise UsageError(f"the mapping file {str(path)!r} cannot be read: {error}", hint=_TAKES) from error


def _check_mapping(mapping: Mapping[Any, Any]) -> None:
    for label, header in mapping.items():
        if not isinstance(header, str):
            hint = 'give the field\'s name; several have commas between, such as "BillingCity,ShippingCity"'
            raise UsageError(f"rename= maps {label!r} to {header!r}, which is no text", hint=hint)
        if not _is_kept(label):
            hint = "label such columns by texts in the frame, so that the load can be resumed"
            raise UsageError(f"rename= has the label {label!r}, which is neither a text nor a number", hint=hint)


def _is_kept(label: Any) -> bool:
    """Whether the journal, which is JSON, gives a label back as it is."""
    if isinstance(label, tuple):
        return all(map(_is_kept, label))
    plain = label.item() if isinstance(label, np.generic) else label
    return plain is None or isinstance(plain, str | int | float)
