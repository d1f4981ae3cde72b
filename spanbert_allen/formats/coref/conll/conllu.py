"""
Read CoNLL-U files with coreference, as GUM, OntoGUM and CorefUD have it.

Brackets of entities stand in the last column: `Entity=(7-person(8)`, `Entity=7)`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import default_doc_key, read_lines
from spanbert_allen.common.record_checks import shown
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.lossy import genre_in
from spanbert_allen.formats.coref.mentions import merge_clusters_sharing_mentions
from spanbert_allen.formats.coref.speakers import NO_SPEAKER

_NUM_COLUMNS = 10
_BRACKET = re.compile(r"\((?P<opened>[^()]*)(?P<alone>\))?|(?P<closed>[^()]+)\)")
_COMMENT = re.compile(r"#\s*([^=]*?)\s*=\s*(.*)")
_NEW_DOCUMENT = re.compile(r"#\s*newdoc\s*(?:\bid\s*=\s*(?P<id>.*))?")
_ROW_ID = re.compile(r"[0-9]+(?:(?P<several>-[0-9]+)|(?P<empty>\.[0-9]+))?")
_NOT_HELD = {
    "Bridge": "bridging (words)",
    "SplitAnte": "split antecedents (words)",
    "SpaceAfter": "SpaceAfter (words)",
}
_PART = re.compile(r"(.*)\[(\d+)/(\d+)\]")


def read_conllu(
    path: str | Path, *, language: str = "en", findings: Findings | None = None
) -> Iterator[CorefDocument]:
    """
    Read the documents of a CoNLL-U file.

    Each begins with `# newdoc id = ...`, or with a `# newdoc` without a name, and is then called
    `<file name without suffixes>:<line>`; a file without is one document named as the file. Every
    entity is a cluster. Speakers are those of `# speaker = ...`, genres of `# meta::genre = ...`.
    Words are the syntactic ones: rows such as `1-2` are skipped.

    What cannot be a mention is repaired: mentions in several parts are left out, and so are those
    of nothing but empty nodes (`8.1`), and entities that share a mention are merged. Parameters as
    for `read_documents`; no language is needed.
    """
    del language
    findings = findings or Findings()
    current: _Document | None = None
    for line, text in read_lines(path):
        comment = _COMMENT.fullmatch(text.strip()) if text.startswith("#") else None
        begins = _NEW_DOCUMENT.fullmatch(text.strip())
        if begins is not None:
            # Comments before the first document are of the file, and no document.
            if current is not None and (current.is_named or current.speakers):
                yield from current.finish()
            id_place = 0 if current is None else current.id_place
            key = begins["id"] or default_doc_key(path, line)
            current = _Document(key, path, findings, id_place)
        elif current is None and text.strip():
            current = _Document(Path(path).name.split(".")[0], path, findings, is_named=False)
        if current is not None:
            current.add_line(text, comment, line)
    if current is None:
        raise DataError("the file is empty; it must hold CoNLL-U rows", path)
    yield from current.finish()
    findings.end_of_file()


@dataclass
class _Document:
    """Hold a document while its lines are read."""

    key: str
    path: str | Path
    findings: Findings
    id_place: int = 0
    genre: str | None = None
    speaker: str = NO_SPEAKER
    is_bad: bool = False
    is_named: bool = True
    sentences: list[list[str]] = field(default_factory=lambda: [[]])
    speakers: list[str] = field(default_factory=list)
    opened: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    mentions: dict[str, list[tuple[WordSpan, int]]] = field(default_factory=dict)
    not_held: Counter[str] = field(default_factory=Counter)

    def add_line(self, text: str, comment: re.Match[str] | None, line: int) -> None:
        """Read a row, a comment, or a blank line, which ends a sentence."""
        if comment is not None:
            self._add_comment(comment[1], comment[2])
        elif not text.strip():
            self.sentences.append([])
            self.speaker = NO_SPEAKER
        elif not text.startswith("#"):
            self._add_row(text.split("\t"), line)

    def finish(self) -> Iterator[CorefDocument]:
        """Yield the document, unless it is a bad one."""
        for entity, starts in self.opened.items():
            for _, line in starts:
                self._problem(f"the entity {entity!r} opened here never closes", line)
        found = [tuple(mention for mention, _ in group) for group in self.mentions.values()]
        if not self.findings.keeps_repeated:
            self._tell_shared()
            found = merge_clusters_sharing_mentions(found)[0]
        if self.is_bad:
            self.findings.left_out()
        else:
            yield CorefDocument.from_sentences(
                self.key,
                [sentence for sentence in self.sentences if sentence],
                speakers=None if {NO_SPEAKER}.issuperset(self.speakers) else self.speakers,
                genre=self.genre or genre_in(self.key),
                clusters=found,
                not_held=self.not_held,
            )

    def _add_comment(self, name: str, value: str) -> None:
        if name == "global.Entity":
            fields = value.split("-")
            self.id_place = next((i for i, one in enumerate(fields) if one in ("eid", "GRP")), 0)
        elif name == "meta::genre":
            self.genre = value
        elif name == "speaker":
            self.speaker = value or NO_SPEAKER

    def _add_row(self, fields: list[str], line: int) -> None:
        if len(fields) != _NUM_COLUMNS:
            self._problem(f"{len(fields)} columns where a row has {_NUM_COLUMNS}", line)
            return
        kind = _ROW_ID.fullmatch(fields[0])
        if kind is None:
            self._problem(
                f"the row's id is {shown(fields[0])}; it must be a number such as 8, 8-9 or 8.1",
                line,
            )
            return
        if kind["several"]:  # a token of several words, which follow
            return
        is_word = not kind["empty"]
        place = len(self.speakers)
        self._count_what_is_not_held(fields)
        if is_word:
            self.sentences[-1].append(fields[1])
            self.speakers.append(self.speaker)
        for one in fields[-1].split("|"):
            if one.startswith("Entity="):
                self._add_brackets(one.removeprefix("Entity="), place, is_word, line)

    def _add_brackets(self, label: str, place: int, is_word: bool, line: int) -> None:
        if _BRACKET.sub("", label) or not label:
            self._problem(f"Entity is {label!r}; it must be brackets around entities", line)
        last = place if is_word else place - 1
        for bracket in _BRACKET.finditer(label):
            if bracket["closed"] is not None:
                self._close(bracket["closed"], last, line)
                continue
            attributes = bracket["opened"].split("-")
            if len(attributes) > 1:
                self.not_held["entity types and other attributes (mentions)"] += 1
            entity = attributes[self.id_place :][:1]
            name = entity[0] if entity else ""
            self.opened.setdefault(name, []).append((place, line))
            if bracket["alone"]:
                self._close(name, last, line)

    def _close(self, name: str, last: int, line: int) -> None:
        if not self.opened.get(name):
            self._problem(f"the entity {name!r} closes here, but none is open", line)
            return
        start, _ = self.opened[name].pop()
        part = _PART.fullmatch(name)
        if part is not None:
            if part[2] == "1":
                self.not_held["mentions in several parts (mentions)"] += 1
                self._repaired(
                    f"a mention of {part[1]!r} in {part[3]} parts, which is left out", line
                )
        elif start > last:
            self.not_held["mentions without a word (mentions)"] += 1
            self._repaired(f"a mention of {name!r} without a word, which is left out", line)
        else:
            self.mentions.setdefault(name, []).append((WordSpan(start, last), line))

    def _tell_shared(self) -> None:
        first_in: dict[WordSpan, str] = {}
        for name, group in self.mentions.items():
            for mention, line in group:
                first = first_in.get(mention)
                first_in.setdefault(mention, name)
                if first == name:
                    self._repaired("a mention that closes here is there twice, and read once", line)
                elif first is not None:
                    self.not_held["entities merged, as they share a mention (mentions)"] += 1
                    self._repaired(
                        f"a mention that closes here belongs to two entities, {shown(first)} and "
                        f"{shown(name)}, which are merged",
                        line,
                    )

    def _count_what_is_not_held(self, fields: list[str]) -> None:
        """Count what a row says that a document cannot hold."""
        if not {"_", ""}.issuperset(fields[2:-1]):
            self.not_held["lemmas, tags and syntax (words)"] += 1
        for one in fields[-1].split("|"):
            what = _NOT_HELD.get(one.split("=", 1)[0])
            if what is not None:
                self.not_held[what] += 1

    def _problem(self, what: str, line: int) -> None:
        self.is_bad = True
        self.findings.problem(DataError(what, self.path, line))

    def _repaired(self, what: str, line: int) -> None:
        self.findings.repaired(DataError(what, self.path, line))
