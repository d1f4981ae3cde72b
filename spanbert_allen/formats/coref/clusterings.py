"""Read the clusters that files of documents hold, annotated or predicted, by document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import default_doc_key, read_objects
from spanbert_allen.common.record_checks import RecordError, is_list, is_whole, pair, shown
from spanbert_allen.common.spans import CharSpan, WordSpan
from spanbert_allen.formats.coref.conll.reader import read_conll
from spanbert_allen.formats.coref.detection import detect_format
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import RepeatedKept
from spanbert_allen.formats.coref.jsonl import parse_coref_record
from spanbert_allen.formats.coref.records import RecordContext, read_documents

NO_WORD = "_"
"""What stands in CoNLL files for a word that is not told."""


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """
    Hold the clusters of one document.

    # Parameters

    doc_key : `str`
        The document's name.
    clusters : `Sequence[Sequence[WordSpan]]`
        As the file has them, repeated mentions included.
    words : `Sequence[str]`, optional (default = `()`)
        The document's words, where the file has them.
    texts : `Mapping[WordSpan, str]`, optional (default = `{}`)
        The texts of mentions, where the file has them in place of the words.
    text : `str`, optional (default = `None`)
        The document's text, where it is more than its words with blanks between.
    chars : `Sequence[CharSpan]`, optional (default = `()`)
        Where the words stand in it.
    places : `Mapping[WordSpan, CharSpan]`, optional (default = `{}`)
        Where mentions stand in it, in predictions.
    failure : `str`, optional (default = `None`)
        Why the predictor could not predict this document, which then has no clusters.
    """

    doc_key: str
    clusters: Sequence[Sequence[WordSpan]]
    words: Sequence[str] = ()
    texts: Mapping[WordSpan, str] = field(default_factory=dict)
    text: str | None = None
    chars: Sequence[CharSpan] = ()
    places: Mapping[WordSpan, CharSpan] = field(default_factory=dict)
    failure: str | None = None


def read_clusterings(path: str | Path, *, annotated: bool = False) -> dict[str, Clustering]:
    """
    Read the clusters of all documents of a file, by the documents' names.

    # Parameters

    path : `str | Path`
        A file of any of the coreference formats, CoNLL files of any number of columns among them,
        with annotated or predicted clusters; it says itself which. `.gz` is unpacked.
    annotated : `bool`, optional (default = `False`)
        Whether the file is the key: it is an error if no document of it has a cluster.

    Raises a `DataError` for a document without clusters, and for two of one name.
    """
    found: dict[str, Clustering] = {}
    for clustering in _clusterings(path):
        if clustering.doc_key in found:
            raise DataError(
                f"two documents are named {clustering.doc_key}; give each a name of its own", path
            )
        found[clustering.doc_key] = clustering
    if annotated and not any(one.clusters for one in found.values()):
        raise DataError(
            "no document of this file has a cluster, so nothing can be measured: its coreference "
            "column is empty; give the annotated file",
            path,
        )
    return found


def repeated_mentions(clustering: Clustering) -> dict[WordSpan, int]:
    """Return the mentions that stand more than once in the clusters, and how often."""
    counts = Counter(chain.from_iterable(clustering.clusters))
    return {mention: count for mention, count in counts.items() if count > 1}


def _clusterings(path: str | Path) -> Iterator[Clustering]:
    file_format = detect_format(path)
    if file_format.name == "predictions":
        yield from _from_predictions(path)
        return
    documents: Iterable[CorefDocument]
    if file_format.name == "conll":
        documents = read_conll(path, columns="any", findings=RepeatedKept())
    elif file_format.name == "jsonl":
        documents = read_documents(path, _as_one_sentence, findings=RepeatedKept())
    else:
        documents = file_format.read(path, findings=RepeatedKept())
    for document in documents:
        if document.clusters is None:
            raise DataError(
                f"the document {document.doc_key} has no clusters; give annotated documents, or "
                'write `"clusters": []` if nothing in it corefers',
                path,
            )
        yield Clustering(
            doc_key=document.doc_key,
            clusters=document.clusters,
            words=document.words,
            text=None if document.is_text_plain() else document.text,
            chars=document.word_chars,
        )


def _as_one_sentence(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    """Return the document of a record; words are one sentence, as sentences do not count."""
    if is_list(record.get("tokens")) and record.get("sentences") is None:
        record = {**record, "sentences": [record["tokens"]], "tokens": None, "speakers": None}
    return parse_coref_record(record, context)


def _from_predictions(path: str | Path) -> Iterator[Clustering]:
    """Read what the predictor wrote: it counts the words of the data, whatever its text."""
    for number, record in read_objects(path):
        default_key = default_doc_key(path, number)
        if "error" in record:
            key, reason = record.get("doc_key", default_key), shown(record["error"], 200)
            yield Clustering(doc_key=str(key), clusters=[], failure=reason)
            continue
        try:
            yield _from_result(record, default_key)
        except RecordError as error:
            raise DataError(str(error), path, number) from error


def _from_result(record: Mapping[str, Any], default_key: str) -> Clustering:
    """Return what the predictor wrote for one document."""
    clusters, texts, places = [], {}, {}
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
            if is_whole(mention.get("start")) and is_whole(mention.get("end")):
                places[span] = CharSpan(int(mention["start"]), int(mention["end"]))
        clusters.append(cluster)
    return Clustering(
        doc_key=str(record.get("doc_key", default_key)),
        clusters=clusters,
        texts=texts,
        text=record.get("text"),
        places=places,
    )
