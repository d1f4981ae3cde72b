"""Documents to CoNLL coreference files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import replace_file
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.conll.brackets import bracket_labels
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.lossy import one_field

# A part in a key that a reader makes the same key of: without leading zeros.
_KEY_WITH_PART = re.compile(r"(.+)_(0|[1-9][0-9]*)")


def write_conll(
    documents: Iterable[CorefDocument],
    path: str | Path,
    *,
    clusters: Iterable[Sequence[Iterable[WordSpan]]] | None = None,
) -> None:
    """
    Writes documents as CoNLL-2012 rows, separated by tabs as the official scorer wants them.
    `read_conll` reads the same words, sentences, speakers and clusters back (of words: white
    space inside one becomes `_`, as does nothing at all).

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
        for document, document_clusters in pairs:
            file.writelines(conll_lines(document, document_clusters))


def conll_lines(document: CorefDocument, clusters: Sequence[Iterable[WordSpan]]) -> Iterator[str]:
    """
    The lines of one document, line ends included.

    # Parameters

    document : `CorefDocument`
        The document, of which words, sentences, speakers and key are written.
    clusters : `Sequence[Iterable[WordSpan]]`
        The clusters to write.
    """
    key = one_field(document.doc_key).lstrip("#") or "_"
    match = _KEY_WITH_PART.fullmatch(key)
    name, part = (match[1], match[2]) if match else (key, "0")
    try:
        labels = bracket_labels(clusters, len(document.words))
    except DataError as error:
        raise DataError(f"document {document.doc_key}: {error.problem}") from error
    yield (
        f"#begin document ({name}); part {int(part):03}\n"
        if match
        else (f"#begin document ({name});\n")
    )
    index = 0
    for number, word in enumerate(document.words):
        if number and document.sentence_ids[number] != document.sentence_ids[number - 1]:
            yield "\n"
            index = 0
        speaker = "-" if document.speakers is None else one_field(document.speakers[number])
        row = [name, part, str(index), one_field(word), "-", "*", "-", "-", "-", speaker, "*"]
        yield "\t".join([*row, labels[number]]) + "\n"
        index += 1
    yield "\n#end document\n"
