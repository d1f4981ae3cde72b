"""
Read the coreference layer of WebAnno TSV 3, the format that INCEpTION and WebAnno export.

The chains of all layers `#T_CH=...` are clusters: a cell such as `*->2-1` says that the token
belongs to link 1 of chain 2. Other layers are left out, and told when the document is converted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import file_stem
from spanbert_allen.common.record_checks import shown
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.mentions import merge_clusters_sharing_mentions
from spanbert_allen.formats.webanno import WebannoText, parts_of, read_tsv

_LINK = re.compile(r".*?->([0-9]+)-([0-9]+)(?:\[[0-9]+\])?")
_LINKS = "referenceRelation"


def read_webanno(
    path: str | Path, *, language: str = "en", findings: Findings | None = None
) -> Iterator[CorefDocument]:
    """Read the document of a file; parameters as for `read_documents`, no language is needed."""
    del language
    findings = findings or Findings()
    try:
        document = _document(read_tsv(path), path)
    except DataError as error:
        findings.problem(error)
        findings.left_out()
        return
    yield document
    findings.end_of_file()


def _document(text: WebannoText, path: str | Path) -> CorefDocument:
    """Return the document of a file; raise a `DataError` for one without chains."""
    layers = [layer for layer in text.layers if layer.kind == "CH"]
    if not layers:
        raise DataError(
            "the file has no layer of chains (`#T_CH=`); export it with its coreference layer", path
        )
    links = {
        layer.first + (layer.features.index(_LINKS) if _LINKS in layer.features else 0)
        for layer in layers
    }
    types = {layer.first + place for layer in layers for place in range(len(layer.features))}
    words: dict[tuple[int, str, str], list[int]] = {}
    not_held: Counter[str] = Counter()
    for row in text.rows:
        for column, cell in enumerate(row.cells):
            parts = parts_of(cell)
            if parts and column not in links:
                in_chain = column in types
                not_held[f"{'types of references' if in_chain else 'other layers'} (words)"] += 1
                continue
            for part in parts:
                link = _LINK.fullmatch(part)
                if link is None:
                    raise DataError(
                        f"{shown(cell)} names no chain, as `*->2-1` does; export the file again",
                        path,
                        row.line,
                    )
                words.setdefault((column, link[1], link[2]), []).append(row.word)
    chains: dict[tuple[int, str], list[WordSpan]] = {}
    for (column, chain, _), numbers in words.items():
        chains.setdefault((column, chain), []).append(WordSpan(numbers[0], numbers[-1]))
    return CorefDocument.from_sentences(
        file_stem(path),
        text.sentences,
        clusters=merge_clusters_sharing_mentions(list(chains.values()))[0],
        not_held=not_held,
    )
