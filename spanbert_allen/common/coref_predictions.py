"""What the predictor `spanbert_coref` writes, as documents: to convert predictions, or to score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanbert_allen.common.coref_mentions import CharPlaces, clusters_of_words, mention_edges
from spanbert_allen.common.coref_records import RecordContext
from spanbert_allen.common.document import CorefDocument
from spanbert_allen.common.record_checks import RecordError, is_list, shown
from spanbert_allen.common.text import cut_words, split_text

RESULT = "spanbert_allen.coref/"
"""How the `schema` of a result begins."""


def is_prediction(record: Mapping[str, Any]) -> bool:
    """Whether this is a result of the predictor, or its record of an error."""
    return str(record.get("schema", "")).startswith(RESULT) or "error" in record


def parse_prediction(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    """
    The document of a result, with the predicted clusters. The text is split again, and cut where
    mentions begin and end: the words may be others than those that were predicted on, the
    characters are the same. Raises `RecordError` for a record of an error, or of something else.
    """
    if "error" in record:
        raise RecordError(f"this document was not predicted: {shown(record['error'], 200)}")
    text, clusters = record.get("text"), record.get("clusters")
    if not isinstance(text, str) or not is_list(clusters):
        raise RecordError("no result of the predictor: it needs `text` and `clusters`")
    spans = [_spans(cluster, f"clusters[{number}]") for number, cluster in enumerate(clusters)]
    split = cut_words(text, split_text(text, language=context.language), mention_edges(spans))
    return CorefDocument(
        doc_key=context.key(record.get("doc_key")),
        words=split.words,
        sentence_ids=split.sentence_ids,
        text=text,
        word_chars=split.word_chars,
        clusters=clusters_of_words(spans, CharPlaces(text, split), findings=context.findings),
    )


def _spans(cluster: object, place: str) -> list[list[object]]:
    if not is_list(cluster) or not all(isinstance(mention, Mapping) for mention in cluster):
        raise RecordError(f"{place} is {shown(cluster)}; it must be a list of mentions")
    return [[mention.get("start"), mention.get("end")] for mention in cluster]
