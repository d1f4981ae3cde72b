"""Tell which layout a file of questions has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Literal

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import open_text

Layout = Literal["squad", "mrqa", "array", "records"]
"""A SQuAD file, an MRQA file, an array of JSON records, or a JSON record a line."""

_FIRST_KEY = re.compile(r'\s*\{\s*"([^"\\]*)"\s*:')
_HEAD = 1 << 16


def qa_layout(path: str | Path) -> Layout:
    """
    Return the layout of a file, by how it begins.

    An object with a list `data`, or whose first key is `data` or `version`, is SQuAD's; a first key
    `header` is MRQA's; what is no array either holds a record a line. A pipe or standard input can
    still be read from its first byte on.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    """
    try:
        with open_text(path, look_ahead=True) as file:
            head = b""
            while len(head) < _HEAD and (line := file.readline(_HEAD)):
                head += line
                if head.strip() and _FIRST_KEY.match(head.decode("utf-8", "replace")):
                    break
    except (DataError, EOFError, OSError):
        return "records"  # whoever reads it says what is wrong
    text = head.decode("utf-8", "replace").lstrip()
    if text.startswith("["):
        return "array"
    first = _FIRST_KEY.match(text)
    if first is None:
        return "records"
    if first[1] == "header":
        return "mrqa"
    return "squad" if first[1] in ("data", "version") or _has_data(text) else "records"


def _has_data(text: str) -> bool:
    """Return whether a whole object with a list `data` stands in the first line."""
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("data"), list)
