"""
WinoBias as documents and back: a sentence a line.

`[...]` is around the mentions of one cluster and `(...)` around those of another; lines may begin
with their number. Sentences that stereotypes help (`pro_stereotyped_type1.txt.test`) and hurt
(`anti_...`) stand in different files: compare the scores on the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import default_doc_key, filled_lines
from spanbert_allen.common.record_checks import RecordError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.lossy import Dropped, is_encodable

_NUMBER = re.compile(r"\s*[0-9]+\s+(?=\D)")
_MARK_OF_UTF8 = "\ufeff"  # at the beginning of a file it is no part of it
_OPENING, _CLOSING = "[(", "])"
_PRONOUNS = frozenset(
    (
        *("he", "him", "his", "himself", "she", "her", "hers", "herself"),
        *("it", "its", "itself", "they", "them", "their", "theirs", "themselves"),
    )
)
_PARTS = re.compile(r"\s+|[\[\]()]|[^\s\[\]()]+")


def read_winobias(
    path: str | Path, *, language: str = "en", findings: Findings | None = None
) -> Iterator[CorefDocument]:
    """
    Read the documents of a file, a line each.

    Words end at blanks, at brackets, and before the full stop that ends the line. Parameters as for
    `read_documents`; no language is needed.
    """
    del language
    findings = findings or Findings()
    for number, line in filled_lines(path, must_hold="a sentence a line"):
        try:
            yield document_of_line(line, default_doc_key(path, number))
        except RecordError as error:
            findings.problem(DataError(str(error), path, number))
            findings.left_out()
    findings.end_of_file()


def document_of_line(line: str, doc_key: str) -> CorefDocument:
    """Return the document of a line; raise a `RecordError` for brackets that do not match."""
    reading = _read(line)
    clusters = sorted(tuple(sorted(set(cluster))) for cluster in reading.clusters if cluster)
    words = _with_full_stop(reading.words)
    return CorefDocument.from_sentences(doc_key, [words] if words else [], clusters=clusters)


def is_winobias(line: str) -> bool:
    """
    Return whether a line shows by itself that it is WinoBias's, as other texts have brackets too.

    It has a number and a mention in `[...]`, as all lines of WinoBias; or, as this project writes
    lines, two such mentions, one of them a pronoun. All brackets match.
    """
    if "\t" in line or "](" in line:  # a table; a link in Markdown
        return False
    try:
        reading = _read(line)
    except RecordError:
        return False
    mentions = [
        " ".join(reading.words[mention.start : mention.end + 1]) for mention in reading.clusters[0]
    ]
    named = [mention.lower() for mention in mentions if any(map(str.isalpha, mention))]
    if _NUMBER.match(line):
        return bool(named)
    return len(named) > 1 and not _PRONOUNS.isdisjoint(named)


def winobias_line(document: CorefDocument) -> str:
    """Return the line of a document that `one_line` lets pass."""
    before, after = [""] * len(document.words), [""] * len(document.words)
    mentions = [
        (end - start, start, end, kind)
        for kind, cluster in enumerate(document.clusters or ())
        for start, end in cluster
    ]
    for _, start, end, kind in sorted(mentions):  # brackets of wider mentions go around
        before[start] = _OPENING[kind] + before[start]
        after[end] += _CLOSING[kind]
    words = [
        opening + word + closing
        for opening, word, closing in zip(before, document.words, after, strict=True)
    ]
    if len(words) > 1 and words[-1] == ".":
        words[-2:] = [words[-2] + "."]
    return " ".join(words) + "\n"


def one_line(document: CorefDocument, dropped: Dropped) -> CorefDocument | None:
    """Keep only documents that a line reads back as."""
    if document.num_sentences <= 1 and len(document.clusters or ()) <= len(_OPENING):
        line = winobias_line(document)
        if is_encodable(line) and line.strip() and not line.startswith(_MARK_OF_UTF8):
            try:
                again = document_of_line(line, document.doc_key)
            except RecordError:
                again = None
            if again == document:
                return document
    dropped["documents left out: not a sentence with mentions of two clusters side by side"] += 1
    return None


def _read(line: str) -> _Line:
    reading = _Line()
    for part in _PARTS.findall(_NUMBER.sub("", line, count=1).strip()):
        reading.take(part)
    if reading.opened:
        raise RecordError(f"the bracket {reading.opened[-1][0]} never closes")
    return reading


@dataclass
class _Line:
    """Hold a line while its parts are read."""

    words: list[str] = field(default_factory=list)
    clusters: tuple[list[WordSpan], list[WordSpan]] = field(default_factory=lambda: ([], []))
    opened: list[tuple[str, int]] = field(default_factory=list)

    def take(self, part: str) -> None:
        if part in _OPENING:
            self.opened.append((part, len(self.words)))
        elif part in _CLOSING:
            kind = _CLOSING.index(part)
            if not self.opened or self.opened[-1][0] != _OPENING[kind]:
                raise RecordError(f"the bracket {part} closes nothing")
            _, start = self.opened.pop()
            if start == len(self.words):
                raise RecordError(f"there is no word between {_OPENING[kind]} and {part}")
            self.clusters[kind].append(WordSpan(start, len(self.words) - 1))
        elif not part.isspace():
            self.words.append(part)


def _with_full_stop(words: list[str]) -> list[str]:
    """Cut the full stop off the last word, as a word of its own."""
    if not words or len(words[-1]) == 1 or not words[-1].endswith("."):
        return words
    return [*words[:-1], words[-1][:-1], "."]
