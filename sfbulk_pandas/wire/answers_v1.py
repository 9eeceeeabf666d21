"""Answers of Bulk API 1.0, in XML or JSON whatever was asked for, as plain values.

Source: Bulk API guide, and answers recorded with versions up to 62.0: the job's content type decides most of them, and
their Content-Type header is not always right, so the first character does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Mapping

_REPEATED = {"batchInfoList": "batchInfo", "result-list": "result"}


def read_answer(body: bytes) -> Any:
    """Read an answer: a mapping of texts or JSON values, or a list.

    Parameters
    ----------
    body : bytes

    Returns
    -------
    dict, list or str
        A list of batches is one of mappings, a list of results one of ids.

    Raises
    ------
    ValueError
        Where it is neither XML nor JSON.

    Examples
    --------
    >>> read_answer(b'<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><id>750A</id></jobInfo>')
    {'id': '750A'}
    >>> read_answer(b'{"batchInfo": [{"id": "751A"}]}')
    [{'id': '751A'}]
    """
    text = body.decode("utf-8-sig").strip()
    if not text.startswith("<"):
        return _plain(json.loads(text))
    try:
        root = ET.fromstring(text)  # noqa: S314 - expat bounds entities itself, and the answer is Salesforce's
    except ET.ParseError as error:
        raise ValueError(str(error)) from error
    name = _name(root)
    if name in _REPEATED:
        return [_value(each) for each in root if _name(each) == _REPEATED[name]]
    return _value(root)


def _plain(value: Any) -> Any:
    return value["batchInfo"] if isinstance(value, dict) and set(value) == {"batchInfo"} else value


def _value(element: ET.Element) -> Mapping[str, Any] | str:
    if len(element) == 0:
        return (element.text or "").strip()
    return {_name(each): _value(each) for each in element}


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
