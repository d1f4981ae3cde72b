"""
wl-coref's files as documents and back.

A record has `document_id`, `part_id`, `cased_words`, `sent_id` and `speaker` (one a word), and
`span_clusters`, or `clusters` before its heads are found, with the end outside. What is written can
be predicted on by wl-coref, and scored. To train on it, wl-coref wants the syntactic heads as well
(`head2span`, `word_clusters`), which no document here has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from spanbert_allen.common.record_checks import RecordError, is_list, list_of_words, shown
from spanbert_allen.formats.coref.conll.brackets import NO_LABEL
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.lossy import genre_in
from spanbert_allen.formats.coref.mentions import WordResolver, clusters_of_words
from spanbert_allen.formats.coref.records import RecordContext
from spanbert_allen.formats.coref.speakers import NO_SPEAKER, names_of_units

_KEY_WITH_PART = re.compile(r"(.+)_(0|[1-9][0-9]{0,8})", re.DOTALL)


def parse_wl_coref(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    """Return the document of a record; raise a `RecordError` for one that is none."""
    words = list_of_words(record.get("cased_words"), "cased_words")
    ids = _sentence_ids(record.get("sent_id"), len(words))
    sentences: list[list[str]] = [[] for _ in range(ids[-1] + 1 if ids else 0)]
    for word, sentence in zip(words, ids, strict=True):
        sentences[sentence].append(word)
    speakers = names_of_units(record.get("speaker"), len(words), "word", "speaker")
    name = "clusters" if record.get("span_clusters") is None else "span_clusters"
    key = context.key(record.get("document_id"), "document_id")
    part = record.get("part_id")
    if part is not None and type(part) is not int:
        raise RecordError(f"part_id is {shown(part)}; it must be a whole number")
    doc_key = key if part is None else f"{key}_{part}"
    return CorefDocument.from_sentences(
        doc_key,
        sentences,
        speakers=None if speakers is None or NO_LABEL.issuperset(speakers) else speakers,
        genre=genre_in(doc_key),
        clusters=clusters_of_words(
            record.get(name),
            WordResolver(words, end_inside=False),
            name=name,
            findings=context.findings,
            merge=True,
        ),
    )


def wl_coref_record(document: CorefDocument) -> dict[str, Any]:
    """Return the record of a document."""
    match = _KEY_WITH_PART.fullmatch(document.doc_key)
    record: dict[str, Any] = {"document_id": document.doc_key}
    if match:
        record = {"document_id": match[1], "part_id": int(match[2])}
    record["cased_words"] = list(document.words)
    record["sent_id"] = list(document.sentence_ids)
    record["speaker"] = list(document.speakers or [NO_SPEAKER] * len(document.words))
    if document.clusters is not None:
        record["span_clusters"] = [
            [[start, end + 1] for start, end in cluster] for cluster in document.clusters
        ]
    return record


def _sentence_ids(value: object, num_words: int) -> list[int]:
    """Return the sentence of each word, counted from 0 on."""
    if not is_list(value) or any(type(number) is not int for number in value):
        raise RecordError(f"sent_id is {shown(value)}; it must be a list of whole numbers")
    if len(value) != num_words:
        raise RecordError(
            f"sent_id has {len(value)} entries for {num_words} words; give one a word"
        )
    for index in range(1, num_words):
        if value[index] < value[index - 1]:
            raise RecordError(
                f"sent_id[{index}] is {shown(value[index])} after {shown(value[index - 1])}; "
                "sentences must stand in order"
            )
    numbers = {old: new for new, old in enumerate(dict.fromkeys(value))}
    return [numbers[number] for number in value]
