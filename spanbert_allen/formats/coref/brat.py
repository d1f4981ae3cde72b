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
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings, RecordFindings
from spanbert_allen.formats.coref.jsonl import parse_coref_record
from spanbert_allen.formats.coref.linked_mentions import clusters_of_links, is_coreference
from spanbert_allen.formats.coref.records import RecordContext
from spanbert_allen.formats.coref.text import whole_text

_PART = "[0-9]{1,12} [0-9]{1,12}"
_ENTITY = re.compile(rf"(T\S+)\t(\S+) ({_PART}(?:;{_PART})*)(?:\t.*)?")
_RELATION = re.compile(r"R\S+\t(\S+) \S+?:(\S+) \S+?:(\S+)\s*")
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
    beside = Path(str(path).removesuffix(".gz")).with_suffix(".txt")
    if not beside.is_file():
        raise DataError(f"the text that it annotates, {beside.name}, must stand beside it", path)
    reading = _Annotations(whole_text(beside), path, findings)
    for line, text in read_lines(path):
        if text.strip():
            reading.add(text, line)
    context = RecordContext(
        default_key=file_stem(path), language=language, findings=RecordFindings(findings, path)
    )
    record = {"text": reading.text, "clusters": reading.clusters()}
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

    text: str
    path: str | Path
    findings: Findings
    is_bad: bool = False
    spans: dict[str, CharSpan] = field(default_factory=dict)
    links: list[tuple[str, str, int]] = field(default_factory=list)
    not_held: Counter[str] = field(default_factory=Counter)

    def add(self, annotation: str, line: int) -> None:
        """Read a line."""
        kind = annotation[0]
        if kind == "T":
            self._add_entity(annotation, line)
        elif kind == "R":
            match = _RELATION.fullmatch(annotation)
            if match is None:
                self._problem(
                    f"{shown(annotation)} is no relation: R1<TAB>Name Arg1:T1 Arg2:T2", line
                )
            elif is_coreference(match[1]):
                self.links.append((match[2], match[3], line))
            else:
                self.not_held["relations of other names (relations)"] += 1
        elif kind == "*":
            match = _EQUIVALENCE.fullmatch(annotation)
            if match is None:
                self._problem(f"{shown(annotation)} is no equivalence: *<TAB>Name T1 T2", line)
            else:
                first, *others = match[2].split()
                self.links += [(first, other, line) for other in others]
        else:
            self.not_held[_OTHERS.get(kind, "other annotations (lines)")] += 1

    def clusters(self) -> list[list[list[int]]]:
        """Return the clusters in characters."""
        links = []
        for one, other, line in self.links:
            unknown = [name for name in (one, other) if name not in self.spans]
            if any(name.startswith("T") for name in unknown):
                self._problem(f"{unknown[0]} is linked here, but there is no such entity", line)
            elif unknown:
                self.not_held["relations of events (relations)"] += 1
            else:
                links.append((one, other))
        return clusters_of_links(self.spans, links)

    def _add_entity(self, annotation: str, line: int) -> None:
        match = _ENTITY.fullmatch(annotation)
        if match is None:
            self._problem(f"{shown(annotation)} is no entity: T1<TAB>Name 0 3<TAB>text", line)
            return
        name, kind, places = match[1], match[2], match[3]
        if kind != OWN_TYPE:
            self.not_held["entity types (mentions)"] += 1
        parts = sorted(tuple(map(int, part.split())) for part in places.split(";"))
        start, end = parts[0][0], parts[-1][1]
        if not 0 <= start < end <= len(self.text):
            self._problem(
                f"{name} is characters {start} to {end} of a text of {len(self.text)}", line
            )
            return
        if any(self.text[one[1] : other[0]].strip() for one, other in pairwise(parts)):
            self.not_held["mentions in several parts (mentions)"] += 1
            what = f"{name} is a mention in several parts, which is left out"
            self.findings.repaired(DataError(what, self.path, line))
            return
        self.spans[name] = CharSpan(start, end)

    def _problem(self, what: str, line: int) -> None:
        self.is_bad = True
        self.findings.problem(DataError(what, self.path, line))
