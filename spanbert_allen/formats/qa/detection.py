"""Which layout a file of questions has."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from spanbert_allen.common.files import open_text

Layout = Literal["squad", "mrqa", "records"]
"""A SQuAD file, an MRQA file, or a JSON record a line."""


def qa_layout(path: str | Path) -> Layout:
    """
    Return the layout of a file, by its first keys.

    `data` or `version` is SQuAD's, `header` MRQA's; what is neither holds records. A pipe or
    standard input can still be read from its first byte on.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    """
    import ijson

    try:
        with open_text(path, look_ahead=True) as file:
            for place, event, name in ijson.parse(file, multiple_values=True):
                if place == "" and event == "map_key":
                    if name == "header":
                        return "mrqa"
                    return "squad" if name in ("data", "version") else "records"
    except (ijson.JSONError, EOFError, OSError):
        pass  # whoever reads it says what is wrong
    return "records"
