"""
WebAnno TSV 3, as INCEpTION and WebAnno export it: a token a row, a column for each feature.

The chains of the coreference layer (`#T_CH=...`) are clusters: a cell such as `*->2-1` says that
the token belongs to link 1 of chain 2. Other layers are left out, and told when the document is
converted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import read_lines
from spanbert_allen.common.record_checks import shown
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.mentions import merge_clusters_sharing_mentions
from spanbert_allen.formats.coref.text import file_stem

FIRST_LINE = "#FORMAT=WebAnno TSV 3"
_LAYER = re.compile(r"#T_(?P<kind>SP|CH|RL)=(?P<features>.*)")
_TOKEN = re.compile(r"(?P<sentence>[0-9]+)-(?P<token>[0-9]+)(?P<part>\.[0-9]+)?")
_LINK = re.compile(r".*?->([0-9]+)-([0-9]+)(?:\[[0-9]+\])?")
_ESCAPED = re.compile(r"(?<!\\)\|")
_COLUMNS_BEFORE = 3
_NOTHING = frozenset(["", "_"])


def read_webanno(
    path: str | Path, *, language: str = "en", findings: Findings | None = None
) -> Iterator[CorefDocument]:
    """Read the document of a file; parameters as for `read_documents`, no language is needed."""
    del language
    findings = findings or Findings()
    reading = _Tokens()
    try:
        for line, text in read_lines(path):
            try:
                reading.add(text)
            except ValueError as error:
                raise DataError(str(error), path, line) from error
        if reading.chain_columns is None:
            raise DataError(
                "the file has no layer of chains (`#T_CH=`); export it with its coreference layer",
                path,
            )
    except DataError as error:
        findings.problem(error)
        findings.left_out()
        return
    yield reading.document(file_stem(path))
    findings.end_of_file()


@dataclass
class _Tokens:
    """Hold the tokens of a file while they are read."""

    num_columns: int = 0
    chain_columns: range | None = None
    sentences: list[list[str]] = field(default_factory=list)
    links: dict[tuple[int, str, str], list[int]] = field(default_factory=dict)
    not_held: Counter[str] = field(default_factory=Counter)
    num_words: int = 0
    _sentence: str = ""

    def add(self, text: str) -> None:
        """Read a line; raise a `ValueError` for one that is no token's."""
        layer = _LAYER.fullmatch(text)
        if layer is not None:
            self._add_layer(layer["kind"], layer["features"].count("|"))
            return
        if text.startswith("#") or not text.strip():
            return
        fields = text.split("\t")
        token = _TOKEN.fullmatch(fields[0])
        if token is None or len(fields) < _COLUMNS_BEFORE + self.num_columns:
            raise ValueError(
                f"{shown(text)} is no row of a token: its number, its characters, its text and "
                f"{self.num_columns} columns of layers"
            )
        if not token["part"]:
            if token["sentence"] != self._sentence:
                self.sentences.append([])
                self._sentence = token["sentence"]
            self.sentences[-1].append(fields[2])
            self.num_words += 1
        if self.num_words == 0:
            raise ValueError(f"{fields[0]} is part of a token that is not there")
        self._add_cells(fields[_COLUMNS_BEFORE:])

    def document(self, doc_key: str) -> CorefDocument:
        """Return the document."""
        chains: dict[tuple[int, str], list[WordSpan]] = {}
        for (column, chain, _), words in self.links.items():
            chains.setdefault((column, chain), []).append(WordSpan(words[0], words[-1]))
        return CorefDocument.from_sentences(
            doc_key,
            self.sentences,
            clusters=merge_clusters_sharing_mentions(list(chains.values()))[0],
            not_held=self.not_held,
        )

    def _add_layer(self, kind: str, num_features: int) -> None:
        # A span layer without features has one column; a relation has one more, its other end.
        width = num_features + 1 if kind == "RL" else max(num_features, 1)
        if kind == "CH":
            self.chain_columns = range(self.num_columns, self.num_columns + width)
        self.num_columns += width

    def _add_cells(self, cells: list[str]) -> None:
        for column, cell in enumerate(cells):
            if cell in _NOTHING:
                continue
            if self.chain_columns is None or column not in self.chain_columns:
                self.not_held["other layers (words)"] += 1
                continue
            if column != self.chain_columns[0]:
                self.not_held["types of references (words)"] += 1
                continue
            for part in _ESCAPED.split(cell):
                link = _LINK.fullmatch(part)
                if link is None:
                    raise ValueError(f"{shown(cell)} names no chain, as `*->2-1` does")
                self.links.setdefault((column, link[1], link[2]), []).append(self.num_words - 1)
