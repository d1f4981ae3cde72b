"""CoNLL coreference files to documents, without torch: CoNLL-2012, LitBank and the scorer's own."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from spanbert_allen.common.conll_brackets import (
    NO_LABEL,
    BracketReader,
    holds_brackets,
    merge_clusters_sharing_mentions,
)
from spanbert_allen.common.document import CorefDocument
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import read_lines
from spanbert_allen.common.spans import Cluster, WordSpan

logger = logging.getLogger(__name__)

GENRES = ("bc", "bn", "mz", "nw", "pt", "tc", "wb")
"""OntoNotes' genres, as the keys of its documents begin."""

FULL_ROW = 12
WORD_COLUMN, SPEAKER_COLUMN = 3, 9

_BEGIN = re.compile(r"#begin document\b\s*(?:\((?P<name>.*)\)|(?P<bare>[^;]*))\s*;?\s*(?P<part>.*)")
_PART = re.compile(r"part\s+([0-9]+)")
_NORMALISED = {"/.": ".", "/?": "?"}


def read_conll(
    path: str | Path,
    *,
    columns: Literal["conll", "any"] = "conll",
    keep_singletons: bool = True,
    repeated_mentions: Literal["check", "keep"] = "check",
) -> Iterator[CorefDocument]:
    """
    The documents of a CoNLL file; each part is a document of its own.

    A row is split at tabs if it has one, else at blanks. Columns counted from 0: 3 word, 9 speaker,
    the last one coreference. A document's key is `<name>_<part>`, the part without leading zeros,
    or its name where the file gives no part. The genre is the key's first two characters, if they
    are one of OntoNotes'. The words `/.` and `/?` are read as `.` and `?`. Speakers stay as they
    stand; `None` if no word of the document has one.

    # Parameters

    path : `str | Path`
        The file; `.gz` is unpacked, `-` is standard input.
    columns : `"conll" | "any"`, optional (default = `"conll"`)
        `conll` wants at least 12 columns. `any` is for files made for a scorer: two are enough;
        there are no speakers, and a row of less than five columns has the word `_`.
    keep_singletons : `bool`, optional (default = `True`)
        Whether clusters of one mention are kept.
    repeated_mentions : `"check" | "keep"`, optional (default = `"check"`)
        `check`: clusters that share a mention are merged, as the original programs do, though here
        also those that share one only through a third, and a mention twice in one cluster is an
        error. `keep`: clusters are handed on as they stand in the file, in the order of their
        first brackets, repeated mentions included.

    Raises a `DataError` that names the line of the first mistake.
    """
    current: _Document | None = None
    num_documents = num_merged = 0
    line = 0
    for line, text in read_lines(path):
        if text.startswith("#begin document"):
            if current is not None:
                raise _never_ended(current, path)
            current = _Document.begin(text, path, line)
        elif text.startswith("#end document"):
            if current is None:
                raise DataError("`#end document` without a `#begin document`", path, line)
            document, merged = current.finish(keep_singletons, repeated_mentions)
            yield document
            num_documents, num_merged, current = num_documents + 1, num_merged + merged, None
        elif text.startswith("#"):
            continue
        elif current is not None:
            current.add_row(text, line, columns)
        elif text.strip():
            raise _outside(path, line, num_documents)
    if current is not None:
        raise _never_ended(current, path)
    if num_documents == 0:
        what = "holds no document" if line else "is empty"
        raise DataError(f"the file {what}; a CoNLL file begins `#begin document (name)`", path)
    if num_merged:
        logger.warning("%s: %d clusters merged that share a mention", path, num_merged)


@dataclass
class _Document:
    """A document while its rows are read."""

    key: str
    line: int
    path: str | Path
    brackets: BracketReader
    sentences: list[list[str]] = field(default_factory=lambda: [[]])
    speakers: list[str] = field(default_factory=list)
    num_words: int = 0

    @classmethod
    def begin(cls, text: str, path: str | Path, line: int) -> _Document:
        match = _BEGIN.fullmatch(text.strip())
        name = (match["name"] or match["bare"] or "").strip() if match else ""
        if match is None or not name:
            raise DataError(
                "the document has no name; write `#begin document (name); part 000`", path, line
            )
        part = _PART.match(match["part"])
        key = f"{name}_{int(part[1])}" if part else name
        return cls(key=key, line=line, path=path, brackets=BracketReader(path))

    def add_row(self, text: str, line: int, columns: str) -> None:
        """Reads a token row, or a blank line, which ends a sentence."""
        if not text.strip():
            self.sentences.append([])
            return
        fields, label = _fields_and_label(text)
        needed = FULL_ROW if columns == "conll" else 2
        if len(fields) < needed:
            raise DataError(
                f"{len(fields)} columns where a row has {needed} or more; is this a CoNLL file "
                "with the coreference brackets in the last column?",
                self.path,
                line,
            )
        word = fields[WORD_COLUMN] if len(fields) > WORD_COLUMN + 1 else "_"
        if not word:
            raise DataError("the word (column 4) is empty; write `_` for none", self.path, line)
        self.sentences[-1].append(_NORMALISED.get(word, word))
        if len(fields) >= FULL_ROW:
            self.speakers.append(fields[SPEAKER_COLUMN])
        self.brackets.add(self.num_words, label, line)
        self.num_words += 1

    def finish(self, keep_singletons: bool, repeated: str) -> tuple[CorefDocument, int]:
        """The document, and how many of its clusters were merged into others."""
        read = self.brackets.finish()
        merged = 0
        if repeated == "keep":
            clusters: list[Cluster] = [tuple(mention for mention, _ in group) for group in read]
        else:
            self._refuse_repeated(read)
            clusters, merged = merge_clusters_sharing_mentions(
                [[mention for mention, _ in group] for group in read]
            )
        known = len(self.speakers) == self.num_words and not NO_LABEL.issuperset(self.speakers)
        genre = self.key[:2]
        document = CorefDocument.from_sentences(
            self.key,
            [sentence for sentence in self.sentences if sentence],
            speakers=self.speakers if known else None,
            genre=genre if genre in GENRES else None,
            clusters=clusters,
        )
        return document if keep_singletons else document.without_singletons(), merged

    def _refuse_repeated(self, read: list[list[tuple[WordSpan, int]]]) -> None:
        for group in read:
            seen: set[WordSpan] = set()
            for mention, line in group:
                if mention in seen:
                    raise DataError(
                        "the mention that closes here is twice in one cluster; take one pair of "
                        "its brackets out",
                        self.path,
                        line,
                    )
                seen.add(mention)


def _fields_and_label(text: str) -> tuple[list[str], str]:
    """
    The columns of a row and its coreference label. In rows split at tabs the label may be empty,
    and a tab may follow it: an empty last field gives way to the one before if that holds brackets.
    """
    if "\t" not in text:
        fields = [field for field in text.split(" ") if field]
        return fields, fields[-1]
    fields = [field.strip(" ") for field in text.split("\t")]
    if fields[-1] == "" and len(fields) > 1 and holds_brackets(fields[-2]):
        fields.pop()
    return fields, fields[-1]


def _outside(path: str | Path, line: int, num_documents: int) -> DataError:
    if num_documents:
        return DataError(
            "a row outside a document; it belongs between `#begin document (name)` and "
            "`#end document`",
            path,
            line,
        )
    return DataError(
        "not a CoNLL file: a line `#begin document (name); part 000` must come first", path, line
    )


def _never_ended(document: _Document, path: str | Path) -> DataError:
    return DataError(
        f"document {document.key} begins here and has no `#end document`; the file may be cut off",
        path,
        document.line,
    )
