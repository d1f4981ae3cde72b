"""The clusters that files of documents hold, annotated or predicted, by document; without torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spanbert_allen.common.conll import read_conll
from spanbert_allen.common.coref_jsonl import default_doc_key, document_from_record
from spanbert_allen.common.document import CorefDocument
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import json_object, read_lines
from spanbert_allen.common.record_checks import RecordError, is_list, pair, shown
from spanbert_allen.common.spans import WordSpan

NO_WORD = "_"
"""What stands in CoNLL files for a word that is not told."""

_RESULT = "spanbert_allen.coref/"


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """
    The clusters of one document.

    # Parameters

    doc_key : `str`
        The document's name.
    clusters : `Sequence[Sequence[WordSpan]]`
        As the file has them, repeated mentions included.
    words : `Sequence[str]`, optional (default = `()`)
        The document's words, where the file has them.
    texts : `Mapping[WordSpan, str]`, optional (default = `{}`)
        The texts of mentions, where the file has them in place of the words.
    failure : `str`, optional (default = `None`)
        Why the predictor could not predict this document, which then has no clusters.
    """

    doc_key: str
    clusters: Sequence[Sequence[WordSpan]]
    words: Sequence[str] = ()
    texts: Mapping[WordSpan, str] = field(default_factory=dict)
    failure: str | None = None


def read_clusterings(path: str | Path) -> dict[str, Clustering]:
    """
    The clusters of all documents of a file, by the documents' names.

    # Parameters

    path : `str | Path`
        A CoNLL file, of any number of columns; or JSON lines: records of `spanbert_coref_jsonl`
        with clusters, or what the predictor `spanbert_coref` writes. `.gz` is unpacked.

    Raises a `DataError` for a file that is none of these, and for two documents of one name.
    """
    found: dict[str, Clustering] = {}
    for clustering in _from_json(path) if _is_json(path) else _from_conll(path):
        if clustering.doc_key in found:
            raise DataError(
                f"two documents are named {clustering.doc_key}; give each a name of its own", path
            )
        found[clustering.doc_key] = clustering
    return found


def _is_json(path: str | Path) -> bool:
    for _, line in read_lines(path):
        if line.strip():
            return line.lstrip().startswith(("{", "["))
    return False


def _from_conll(path: str | Path) -> Iterator[Clustering]:
    for document in read_conll(path, columns="any", repeated_mentions="keep"):
        yield _from_document(document)


def _from_json(path: str | Path) -> Iterator[Clustering]:
    for number, line in read_lines(path):
        if not line.strip():
            continue
        record = json_object(line, path=path, line=number)
        default_key = default_doc_key(path, number)
        if "error" in record:
            key, reason = record.get("doc_key", default_key), shown(record["error"], 200)
            yield Clustering(doc_key=str(key), clusters=[], failure=reason)
        elif str(record.get("schema", "")).startswith(_RESULT):
            try:
                yield _from_result(record, default_key)
            except RecordError as error:
                raise DataError(str(error), path, number) from error
        else:
            document = document_from_record(record, default_key=default_key, path=path, line=number)
            if document.clusters is None:
                raise DataError(
                    f"the document {document.doc_key} has no clusters; give annotated documents, "
                    'or write `"clusters": []` if nothing in it corefers',
                    path,
                    number,
                )
            yield _from_document(document)


def _without_sentences(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record as one sentence if it has words: sentences, which need spaCy, do not matter."""
    if not is_list(record.get("tokens")) or record.get("sentences") is not None:
        return record
    return {**record, "sentences": [record["tokens"]], "tokens": None, "speakers": None}


def _from_document(document: CorefDocument) -> Clustering:
    return Clustering(
        doc_key=document.doc_key, clusters=document.clusters or [], words=document.words
    )


def _from_result(record: Mapping[str, Any], default_key: str) -> Clustering:
    """What the predictor wrote for one document."""
    clusters, texts = [], {}
    if not is_list(record.get("clusters")):
        raise RecordError(f"clusters is {shown(record.get('clusters'))}; it must be a list")
    for number, mentions in enumerate(record["clusters"]):
        if not is_list(mentions):
            raise RecordError(f"clusters[{number}] is {shown(mentions)}; it must be a list")
        cluster = []
        for index, mention in enumerate(mentions):
            place = f"clusters[{number}][{index}]"
            if not isinstance(mention, Mapping):
                raise RecordError(f"{place} is {shown(mention)}; it must be an object with `words`")
            span = WordSpan(*pair(mention.get("words"), f"{place}.words"))
            cluster.append(span)
            if isinstance(mention.get("text"), str):
                texts[span] = mention["text"]
        clusters.append(cluster)
    return Clustering(
        doc_key=str(record.get("doc_key", default_key)), clusters=clusters, texts=texts
    )
