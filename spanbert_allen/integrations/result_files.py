"""Results of predictors as files of other formats, chosen by name or by the file's ending."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from spanbert_allen.common.conll_writer import conll_lines
from spanbert_allen.common.files import replace_file
from spanbert_allen.integrations.brat import brat_folder, brat_pair
from spanbert_allen.integrations.escaping import encodable
from spanbert_allen.integrations.html import html_page
from spanbert_allen.integrations.resolved_text import resolved_text
from spanbert_allen.integrations.result_document import document_of_result

PAGE_BREAK = "\f"
"""What stands between the texts of a file of resolved texts."""


class ResultWriter(Protocol):
    """Takes results one by one; error records are results, too."""

    def add(self, result: Mapping[str, Any]) -> None:
        """Adds a result."""


class _JsonLines:
    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, result: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(result, allow_nan=False) + "\n")


class _ConllRows:
    """A document that could not be predicted is a comment."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, result: Mapping[str, Any]) -> None:
        if "error" in result:
            name = result.get("doc_key") or f"line {result.get('line', '?')}"
            self._file.write(encodable(f"#not predicted: {name}: {result['error']}\n"))
            return
        document = document_of_result(result)
        self._file.writelines(conll_lines(document, document.clusters or ()))


class _ResolvedTexts:
    """Texts with form feeds between them; one that could not be predicted is empty."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._is_first = True

    def add(self, result: Mapping[str, Any]) -> None:
        text = ""
        if "error" not in result:
            text = result.get("resolved_text") or resolved_text(result)
        text = encodable(text).replace(PAGE_BREAK, " ")
        end = "" if text.endswith("\n") else "\n"
        self._file.write(f"{'' if self._is_first else PAGE_BREAK}{text}{end}")
        self._is_first = False


def _lines(make: Callable[[IO[str]], ResultWriter]) -> Callable[[str | Path], Any]:
    @contextmanager
    def opened(path: str | Path) -> Iterator[ResultWriter]:
        with replace_file(path) as file:
            yield make(file)

    return opened


def _brat(path: str | Path) -> AbstractContextManager[ResultWriter]:
    return (brat_pair if Path(path).suffix == ".ann" else brat_folder)(path)


_OPEN: dict[str, Callable[..., AbstractContextManager[ResultWriter]]] = {
    "jsonl": _lines(_JsonLines),
    "conll": _lines(_ConllRows),
    "brat": _brat,
    "resolved": _lines(_ResolvedTexts),
    "html": html_page,
}
FORMATS = tuple(_OPEN)
"""
`jsonl`; `conll`, rows with tabs for the official scorer; `brat`, standoff files in a folder, or one
document's pair; `resolved`, texts with mentions replaced by what they stand for; `html`, a page.
"""
_ENDINGS = {".conll": "conll", ".txt": "resolved", ".html": "html", ".htm": "html"}


def format_of(path: str | Path) -> str:
    """The format of a file by its ending, `.gz` apart: `jsonl` where that says nothing."""
    text = str(path)
    if text.endswith((os.sep, ".ann")) or Path(text).is_dir():
        return "brat"
    return _ENDINGS.get(Path(text.removesuffix(".gz")).suffix.lower(), "jsonl")


def open_results(
    path: str | Path, file_format: str | None = None
) -> AbstractContextManager[ResultWriter]:
    """
    What takes results and writes them; files appear whole when the block ends, or not at all.

    # Parameters

    path : `str | Path`
        The file or folder; `-` is standard output, for all formats but `brat`.
    file_format : `str`, optional (default = by the path's ending)
        One of `FORMATS`.
    """
    return _OPEN[file_format or format_of(path)](path)
