"""
brat's standoff files: the annotations of a `.ann` file on the text of the `.txt` file beside it.

Entities (`T1`) are mentions. Those that a relation (`R1`) links whose name says coreference, or an
equivalence (`*`), are of one cluster; an entity without a link is a cluster of its own. Events,
attributes, notes and other relations are left out, and told when the document is converted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import file_stem, read_lines
from spanbert_allen.common.record_checks import RecordError, shown
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.formats.brat import StandoffEntity, StandoffText, standoff_relation
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings, RecordFindings
from spanbert_allen.formats.coref.jsonl import parse_coref_record
from spanbert_allen.formats.coref.linked_mentions import clusters_of_links, is_coreference
from spanbert_allen.formats.coref.records import RecordContext

_EQUIVALENCE = re.compile(r"\*\t(\S+)((?: \S+)+)\s*")
_OTHERS = {
    "E": "events (events)",
    "A": "attributes (attributes)",
    "M": "attributes (attributes)",
    "N": "normalisations (normalisations)",
    "#": "notes (notes)",
}
OWN_TYPE = "Mention"
"""The type of entities in files that this project writes, which says nothing."""


def read_brat(
    path: str | Path, *, language: str = "en", findings: Findings | None = None
) -> Iterator[CorefDocument]:
    """Read the document of a `.ann` file; parameters as for `read_documents`."""
    findings = findings or Findings()
    reading = _Annotations(StandoffText(path), path, findings)
    for line, text in read_lines(path):
        if text.strip():
            reading.add(text, line)
    context = RecordContext(
        default_key=file_stem(path), language=language, findings=RecordFindings(findings, path)
    )
    record = {"text": reading.text.text, "clusters": reading.clusters()}
    if not reading.is_bad:
        try:
            document = parse_coref_record(record, context)
        except RecordError as error:
            findings.problem(DataError(str(error), path))
        else:
            if not context.findings.num_problems:
                yield replace(document, not_held=reading.not_held)
                return
    findings.left_out()


@dataclass
class _Annotations:
    """Hold the annotations of a text while they are read."""

    text: StandoffText
    path: str | Path
    findings: Findings
    is_bad: bool = False
    spans: dict[str, CharSpan] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    links: list[tuple[str, str, int]] = field(default_factory=list)
    not_held: Counter[str] = field(default_factory=Counter)

    def add(self, annotation: str, line: int) -> None:
        """Read a line."""
        try:
            self._add(annotation, line)
        except RecordError as error:
            self._problem(str(error), line)

    def clusters(self) -> list[list[list[int]]]:
        """Return the clusters in characters; a mention that is left out still joins others."""
        links = []
        known = self.spans.keys() | self.left_out
        for one, other, line in self.links:
            unknown = [name for name in (one, other) if name not in known]
            if any(name.startswith("T") for name in unknown):
                self._problem(f"{unknown[0]} is linked here, but there is no such entity", line)
            elif unknown:
                self.not_held["relations of events (relations)"] += 1
            else:
                links.append((one, other))
        return clusters_of_links(self.spans, links)

    def _add(self, annotation: str, line: int) -> None:
        kind = annotation[0]
        if kind == "T":
            self._add_entity(self.text.entity(annotation), line)
        elif kind == "R":
            relation = standoff_relation(annotation)
            if is_coreference(relation.label):
                self.links.append((relation.head, relation.tail, line))
            else:
                self.not_held["relations of other names (relations)"] += 1
        elif kind == "*":
            match = _EQUIVALENCE.fullmatch(annotation)
            if match is None:
                raise RecordError(f"{shown(annotation)} is no equivalence: *<TAB>Name T1 T2")
            first, *others = match[2].split()
            self.links += [(first, other, line) for other in others]
        else:
            self.not_held[_OTHERS.get(kind, "other annotations (lines)")] += 1

    def _add_entity(self, entity: StandoffEntity, line: int) -> None:
        if entity.type != OWN_TYPE:
            self.not_held["entity types (mentions)"] += 1
        between = pairwise(sorted(entity.parts))
        if any(self.text.text[one.end : other.start].strip() for one, other in between):
            self.not_held["mentions in several parts (mentions)"] += 1
            what = f"{entity.id} is a mention in several parts, which is left out"
            self.findings.repaired(DataError(what, self.path, line))
            self.left_out.add(entity.id)
        else:
            self.spans[entity.id] = entity.whole

    def _problem(self, what: str, line: int) -> None:
        self.is_bad = True
        self.findings.problem(DataError(what, self.path, line))
