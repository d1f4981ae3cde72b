"""Results of predictors as files of other formats, chosen by name or by the file's ending."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path
from typing import IO, Any, Protocol

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import ending_of, replace_file
from spanbert_allen.formats.coref.conll.writer import conll_lines
from spanbert_allen.formats.coref.lossy import NamesApart
from spanbert_allen.results.escaping import encodable
from spanbert_allen.results.html.page import html_page
from spanbert_allen.results.kinds import ERROR, checked_kind, name_of, result_kind
from spanbert_allen.results.writing.brat import brat_files
from spanbert_allen.results.writing.document import document_of_result
from spanbert_allen.results.writing.mention_rules import MentionRules, WordRules
from spanbert_allen.results.writing.resolved_text import resolved_text

PAGE_BREAK = "\f"
"""What stands between the texts of a file of resolved texts."""


class ResultWriter(Protocol):
    """Takes results one by one; error records are results, too."""

    def add(self, result: Mapping[str, Any]) -> None:
        """Add a result."""


class _JsonLines:
    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, result: Mapping[str, Any]) -> None:
        try:
            self._file.write(json.dumps(result, allow_nan=False) + "\n")
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"the prediction of {name_of(result)} has a value that is no JSON, or too deep: "
                f"{error}"
            ) from error


class _ConllRows:
    """A document that could not be predicted is a comment."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._names = NamesApart()

    def add(self, result: Mapping[str, Any]) -> None:
        if result_kind(result) == ERROR:
            said = " ".join(f"{name_of(result)}: {result['error']}".split())
            self._file.write(encodable(f"#not predicted: {said}\n"))
            return
        document = document_of_result(result)
        self._file.writelines(conll_lines(document, document.clusters or (), self._names))


class _ResolvedTexts:
    """Texts with form feeds between them; one that could not be predicted is empty."""

    def __init__(self, file: IO[str], rules: MentionRules) -> None:
        self._file = file
        self._rules = rules
        self._is_first = True

    def add(self, result: Mapping[str, Any]) -> None:
        text = ""
        if result_kind(result) != ERROR:
            text = result.get("resolved_text") or resolved_text(result, rules=self._rules)
        text = encodable(text).replace(PAGE_BREAK, " ")
        end = "" if text.endswith("\n") else "\n"
        self._file.write(f"{'' if self._is_first else PAGE_BREAK}{text}{end}")
        self._is_first = False


class _OnlyCoref:
    """Hands results of coreference on, and error records."""

    def __init__(self, writer: ResultWriter) -> None:
        self._writer = writer

    def add(self, result: Mapping[str, Any]) -> None:
        if checked_kind(result) not in ("coref", ERROR):
            raise DataError(
                "conll, brat and resolved are formats of coreference, and this is another "
                "prediction; choose jsonl or html"
            )
        self._writer.add(result)


FORMATS = ("jsonl", "conll", "brat", "resolved", "html")
"""
`jsonl`; `conll`, rows with tabs for the official scorer; `brat`, standoff files in a folder, or one
document's pair; `resolved`, texts with mentions replaced by what they stand for; `html`, a page.
"""
_ENDINGS = {
    ".conll": "conll",
    ".ann": "brat",
    ".txt": "resolved",
    ".html": "html",
    ".htm": "html",
}


def format_of(path: str | Path) -> str:
    """Return the format of a file by its ending, `.gz` apart; `jsonl` if that says nothing."""
    if str(path).endswith(os.sep) or Path(path).is_dir():
        return "brat"
    return _ENDINGS.get(ending_of(path), "jsonl")


@contextmanager
def open_results(
    path: str | Path, file_format: str | None = None, *, language: str = "en"
) -> Iterator[ResultWriter]:
    """
    Open what takes results; files appear whole when the block ends, or not at all.

    # Parameters

    path : `str | Path`
        The file or folder; `-` is standard output, for all formats but `brat`.
    file_format : `str`, optional (default = by the path's ending)
        One of `FORMATS`. All but `jsonl` and `html` are of coreference only.
    language : `str`, optional (default = `"en"`)
        Of resolved texts; see `WordRules`.
    """
    chosen = file_format or format_of(path)
    with ExitStack() as stack:
        if chosen == "html":
            yield stack.enter_context(html_page(path))
        elif chosen == "brat":
            yield _OnlyCoref(stack.enter_context(brat_files(path)))
        else:
            file = stack.enter_context(replace_file(path))
            writers: dict[str, ResultWriter] = {
                "jsonl": _JsonLines(file),
                "conll": _OnlyCoref(_ConllRows(file)),
                "resolved": _OnlyCoref(_ResolvedTexts(file, WordRules(language))),
            }
            yield writers[chosen]


def conll_text(result: Mapping[str, Any]) -> str:
    """
    Return a result as the rows that a file of the format `conll` would hold.

    # Parameters

    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_coref` with its option `sentences`; `DataError` for
        anything else.
    """
    file = StringIO()
    _OnlyCoref(_ConllRows(file)).add(result)
    return file.getvalue()
