"""Write documents as CoNLL coreference files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import replace_file
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.conll.brackets import bracket_labels
from spanbert_allen.formats.coref.conll.columns import (
    NO_PART,
    SPEAKER_AMONG_FURTHER,
    ConllColumns,
    sentence_columns,
)
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.lossy import NamesApart, one_field

# A part in a key that a reader makes the same key of: without leading zeros.
_KEY_WITH_PART = re.compile(r"(.+)_(0|[1-9][0-9]*)")


def write_conll(
    documents: Iterable[CorefDocument],
    path: str | Path,
    *,
    clusters: Iterable[Sequence[Iterable[WordSpan]]] | None = None,
) -> None:
    """
    Write documents as CoNLL-2012 rows, separated by tabs as the official scorer wants them.

    `read_conll` reads the same words, sentences, speakers and clusters back (of words: white
    space inside one becomes `_`, as does nothing at all). The same holds for names, of which `#` at
    the beginning is left out; see `NamesApart` for those that become one.

    # Parameters

    documents : `Iterable[CorefDocument]`
        The documents.
    path : `str | Path`
        The file to write; an older one is replaced when the new one is whole.
    clusters : `Iterable[Sequence[Iterable[WordSpan]]]`, optional (default = `None`)
        The clusters of each document to write instead of its own, e.g. those of a model.
    """
    with replace_file(path) as file:
        if clusters is None:
            pairs = ((document, document.clusters or ()) for document in documents)
        else:
            pairs = zip(documents, clusters, strict=True)  # type: ignore[assignment]
        names = NamesApart()
        for document, document_clusters in pairs:
            file.writelines(conll_lines(document, document_clusters, names))


def conll_lines(
    document: CorefDocument,
    clusters: Sequence[Iterable[WordSpan]],
    names: NamesApart | None = None,
) -> Iterator[str]:
    """
    Return the lines of one document, line ends included.

    # Parameters

    document : `CorefDocument`
        The document, of which words, sentences, speakers and key are written, and the further
        columns that it was read with; else columns which say that nothing is known.
    clusters : `Sequence[Iterable[WordSpan]]`
        The clusters to write.
    names : `NamesApart`, optional
        Those of the file's documents before.
    """
    try:
        labels = bracket_labels(clusters, len(document.words))
    except DataError as error:
        raise DataError(f"document {document.doc_key}: {error.problem}") from error
    header = _header(document, names or NamesApart())
    number = str(int(header.part[:12])) if header.part else "0"
    yield f"#begin document ({header.name});" + (f" part {header.part}\n" if header.part else "\n")
    rows = header.rows if len(header.rows) == len(document.words) else None
    place = 0
    for sentence in document.sentences():
        if place and sentence:
            yield "\n"
        end = place + len(sentence)
        further = sentence_columns(rows and rows[place:end], len(sentence))
        for index, (word, columns) in enumerate(zip(sentence, further, strict=True)):
            speaker = "-" if document.speakers is None else document.speakers[place]
            columns[SPEAKER_AMONG_FURTHER] = one_field(speaker)
            row = [header.name, number, str(index), one_field(word), *columns, labels[place]]
            yield "\t".join(row) + "\n"
            place += 1
    yield "\n#end document\n"


def conll_key(doc_key: str) -> str:
    """Return a document's key as a CoNLL file can hold it: one field, and no comment."""
    return one_field(doc_key).lstrip("#") or "_"


def _header(document: CorefDocument, names: NamesApart) -> ConllColumns:
    """Return rows, and name and part as they were read, if that is still the document's key."""
    doc_key, written = document.doc_key, document.columns
    rows = () if written is None else written.rows
    if written is not None and (written.key != doc_key or one_field(written.name) != written.name):
        written = None
    key = names.apart(conll_key(doc_key) if written is None else doc_key, doc_key)
    if written is not None and key == doc_key:
        return written
    match = _KEY_WITH_PART.fullmatch(key)
    name, part = (match[1], match[2].zfill(3)) if match else (key, NO_PART)
    return ConllColumns(name, part, rows)
