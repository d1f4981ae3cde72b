"""Read CoNLL coreference files: CoNLL-2012, LitBank and those made for the official scorer."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import read_lines
from spanbert_allen.common.spans import Cluster, WordSpan
from spanbert_allen.formats.coref.conll.brackets import (
    NO_LABEL,
    BracketReader,
    holds_brackets,
    without_bare_numbers,
)
from spanbert_allen.formats.coref.conll.columns import (
    FULL_ROW,
    SPEAKER,
    WORD,
    ConllColumns,
    document_key,
    further_columns,
)
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.mentions import merge_clusters_sharing_mentions

GENRES = ("bc", "bn", "mz", "nw", "pt", "tc", "wb")
"""OntoNotes' genres, as the keys of its documents begin."""

_BEGIN = re.compile(r"#begin document\b\s*(?:\((?P<name>.*)\)|(?P<bare>[^;]*))\s*;?\s*(?P<part>.*)")
_PART = re.compile(r"part\s+([0-9]+)")
NORMALISED = {"/.": ".", "/?": "?"}
"""How OntoNotes writes some marks, and what they are read as."""


def read_conll(
    path: str | Path,
    *,
    columns: Literal["conll", "any"] = "conll",
    keep_singletons: bool = True,
    keep_columns: bool = False,
    findings: Findings | None = None,
) -> Iterator[CorefDocument]:
    """
    Read the documents of a CoNLL file; each part is a document of its own.

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
        there are no speakers, a row of less than five columns has the word `_`, and bare cluster
        numbers at inner words of a mention mean nothing.
    keep_singletons : `bool`, optional (default = `True`)
        Whether clusters of one mention are kept.
    keep_columns : `bool`, optional (default = `False`)
        Whether documents keep their further columns (part-of-speech tags, parses, names), so that
        they can be written again.
    findings : `Findings`, optional
        What is done with mistakes; by default the first is raised as a `DataError` with its line.
        Otherwise documents with mistakes are left out, and shared mentions are reported. Clusters
        that share a mention are merged, as the original programs do, though here also those that
        share one only through a third, and a mention twice in one cluster is an error; unless
        `findings.keeps_repeated`, with which clusters are handed on as they stand in the file, in
        the order of their first brackets.
    """
    reader = _Reader(path, columns, keep_columns, findings or Findings())
    line = 0
    for line, text in read_lines(path):
        ended = reader.read(text, line)
        if ended is not None:
            document = ended.finish(keep_singletons, reader.findings)
            if document is not None:
                yield document
    reader.end(line)


def refuse_unannotated(
    documents: Iterable[CorefDocument], path: str | Path
) -> Iterator[CorefDocument]:
    """
    Yield the documents of a file; raise a `DataError` at its end if none has a cluster.

    OntoNotes' official test files, for one, come with `-` in every row. Nothing can be learned from
    such a file, and every score on it is 0.
    """
    num_documents = num_clusters = 0
    for document in documents:
        num_documents += 1
        num_clusters += len(document.clusters or ())
        yield document
    if num_documents and not num_clusters:
        raise DataError(
            "no document of this file has a cluster: its coreference column is empty; give the "
            "annotated file",
            path,
        )


@dataclass
class _Reader:
    """Hold what is known of a file while its lines are read."""

    path: str | Path
    columns: str
    keep_columns: bool
    findings: Findings
    current: _Document | None = None
    num_documents: int = 0

    def read(self, text: str, line: int) -> _Document | None:
        """Read a line; return the document that ends with it, if one does."""
        try:
            if text.startswith("#begin document"):
                self._begin(text, line)
            elif text.startswith("#end document"):
                return self._end(line)
            elif self.current is not None:
                self.current.add_line(text, line)
            elif text.strip() and not text.startswith("#"):
                raise _outside(self.path, line, self.num_documents)
        except DataError as error:
            if self.num_documents == 0:
                raise  # this is no CoNLL file
            if self.current is not None:
                self.current.is_bad = True
            self.findings.problem(error)
        return None

    def end(self, last_line: int) -> None:
        """Check that the last document is whole and that there was one."""
        self._leave_open_one_out()
        if self.num_documents == 0:
            what = "holds no document" if last_line else "is empty"
            raise DataError(
                f"the file {what}; a CoNLL file begins `#begin document (name)`", self.path
            )
        self.findings.end_of_file()

    def _begin(self, text: str, line: int) -> None:
        self._leave_open_one_out()
        self.num_documents += 1
        self.current = _Document.begin(text, self, line)
        if not self.current.key:
            raise DataError(
                "the document has no name; write `#begin document (name); part 000`",
                self.path,
                line,
            )

    def _leave_open_one_out(self) -> None:
        """Report the document that is being read, if any: its end is missing."""
        if self.current is not None:
            self.findings.problem(self.current.never_ended())
            self.findings.left_out()

    def _end(self, line: int) -> _Document:
        if self.current is None:
            raise DataError("`#end document` without a `#begin document`", self.path, line)
        ended, self.current = self.current, None
        return ended


@dataclass
class _Document:
    """Hold a document while its rows are read."""

    name: str
    part: str | None
    line: int
    path: str | Path
    columns: str
    keep_columns: bool
    brackets: BracketReader
    rows: list[str] = field(default_factory=list)
    sentences: list[list[str]] = field(default_factory=lambda: [[]])
    speakers: list[str] = field(default_factory=list)
    num_words: int = 0
    is_bad: bool = False

    @classmethod
    def begin(cls, text: str, reader: _Reader, line: int) -> _Document:
        match = _BEGIN.fullmatch(text.strip())
        name = (match["name"] or match["bare"] or "").strip() if match else ""
        part = _PART.match(match["part"]) if match and name else None
        return cls(
            name=name,
            part=part[1] if part else None,
            line=line,
            path=reader.path,
            columns=reader.columns,
            keep_columns=reader.keep_columns,
            brackets=BracketReader(reader.path),
        )

    @property
    def key(self) -> str:
        """Return the name of the document for others."""
        return document_key(self.name, self.part)

    def add_line(self, text: str, line: int) -> None:
        """Read a token row, a comment, or a blank line, which ends a sentence."""
        # A row begins with the document's name, which may begin as a comment does.
        if text.startswith("#") and text.split(maxsplit=1)[0] != self.name:
            return
        if not text.strip():
            self.sentences.append([])
            return
        fields, label = _fields_and_label(text)
        needed = FULL_ROW if self.columns == "conll" else 2
        if len(fields) < needed:
            raise DataError(
                f"{len(fields)} columns where a row has {needed} or more; is this a CoNLL file "
                "with the coreference brackets in the last column?",
                self.path,
                line,
            )
        word = fields[WORD] if len(fields) > WORD + 1 else "_"
        if not word:
            raise DataError("the word (column 4) is empty; write `_` for none", self.path, line)
        self.sentences[-1].append(NORMALISED.get(word, word))
        if len(fields) >= FULL_ROW:
            self.speakers.append(fields[SPEAKER])
            if self.keep_columns:
                self.rows.append(sys.intern(further_columns(fields)))
        self.num_words += 1
        if self.columns == "any":
            label = without_bare_numbers(label)
        self.brackets.add(self.num_words - 1, label, line)

    def finish(self, keep_singletons: bool, findings: Findings) -> CorefDocument | None:
        """Return the document; `None` for a bad one."""
        for error in self.brackets.unclosed():
            self.is_bad = True
            findings.problem(error)
        read = self.brackets.finish()
        clusters: list[Cluster] = [tuple(mention for mention, _ in group) for group in read]
        if not findings.keeps_repeated:
            self._check_repeated(read, findings)
            clusters, _ = merge_clusters_sharing_mentions(clusters)
        if self.is_bad:
            findings.left_out()
            return None
        known = len(self.speakers) == self.num_words and not NO_LABEL.issuperset(self.speakers)
        genre = self.key[:2]
        document = CorefDocument.from_sentences(
            self.key,
            [sentence for sentence in self.sentences if sentence],
            speakers=self.speakers if known else None,
            genre=genre if genre in GENRES else None,
            clusters=clusters,
            columns=ConllColumns(self.name, self.part, self.rows) if self.keep_columns else None,
        )
        return document if keep_singletons else document.without_singletons()

    def never_ended(self) -> DataError:
        """Return the error for a document whose end is missing."""
        return DataError(
            f"document {self.key} begins here and has no `#end document`; the file may be cut off",
            self.path,
            self.line,
        )

    def _check_repeated(self, read: list[list[tuple[WordSpan, int]]], findings: Findings) -> None:
        found_at: dict[WordSpan, tuple[int, int]] = {}
        for number, group in enumerate(read):
            for mention, line in group:
                if mention not in found_at:
                    found_at[mention] = number, line
                elif found_at[mention][0] == number:
                    self.is_bad = True
                    findings.problem(
                        DataError(
                            "the mention that closes here is twice in one cluster; take one pair "
                            "of its brackets out",
                            self.path,
                            line,
                        )
                    )
                else:
                    what = "a mention that closes here is in two clusters, which are merged"
                    findings.repaired(DataError(what, self.path, line))


def _fields_and_label(text: str) -> tuple[list[str], str]:
    """
    Return the columns of a row and its coreference label.

    In rows split at tabs the label may be empty, and a tab may follow it: an empty last field gives
    way to the one before if that holds brackets.
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
