"""What is asked of a relation model: the pair of a record, or all pairs of a text's entities."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import RecordError, is_list, pair, record_id, shown
from spanbert_allen.common.spans import CharSpan, WordSpan
from spanbert_allen.data.relation.input import type_pair
from spanbert_allen.formats.relation.example import UNTYPED, RelationExample
from spanbert_allen.formats.relation.jsonl import entity_words, relation_example
from spanbert_allen.formats.relation.names import optional_name
from spanbert_allen.formats.spacy.documents import document_of_doc
from spanbert_allen.predictors.relation.output import entity_json, joined_json


@dataclass(frozen=True)
class KnownTypes:
    """
    The types of entities that a model was trained with.

    # Parameters

    markers : `Collection[str]`, optional
        The markers of its vocabulary; `None` if it does not see types, and takes any.
    pairs : `Collection[str]`
        The types that a subject and an object had together, see `type_pair`; empty if that is not
        known.
    """

    markers: Collection[str] | None
    pairs: Collection[str]

    def check(self, types: Sequence[str], name: str) -> None:
        """Raises a `DataError` for a type that neither a subject nor an object had."""
        if self.markers is None:
            return
        known = {
            marker.partition("=")[2]: None
            for marker in self.markers
            if marker.startswith(("SUBJ=", "OBJ="))
        }
        for number, type_ in enumerate(types):
            if type_ not in known:
                raise DataError(
                    f"{name}: the model knows no entity of type `{type_}`, as number {number} is; "
                    f"it was trained with {', '.join(known)}"
                )

    def pairs_of(self, types: Sequence[str]) -> Iterator[tuple[int, int]]:
        """All ordered pairs of different entities that the model can judge, by their numbers."""
        for subject, object_ in permutations(range(len(types)), 2):
            if self._knows(types[subject], types[object_]):
                yield subject, object_

    def _knows(self, subject_type: str, object_type: str) -> bool:
        if self.markers is None:
            return True
        if self.pairs:
            return type_pair(subject_type, object_type) in self.pairs
        return f"SUBJ={subject_type}" in self.markers and f"OBJ={object_type}" in self.markers


@dataclass(frozen=True)
class RelationRequest:
    """
    What one record asks.

    # Parameters

    id, text : `str`
        The text and its name.
    entities : `Sequence[Mapping[str, Any]]`
        As results have them.
    pairs : `Sequence[tuple[int, int]]`
        Subject and object of each example, as places among the entities.
    examples : `Sequence[RelationExample]`
        What the model judges.
    is_single : `bool`
        Whether the record asks for one pair, and not for all of its entities.
    """

    id: str
    text: str
    entities: Sequence[Mapping[str, Any]]
    pairs: Sequence[tuple[int, int]]
    examples: Sequence[RelationExample]
    is_single: bool = False

    def result(self, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The result of the record, of those of its examples."""
        if self.is_single:
            return dict(results[0])
        return joined_json(self.id, self.text, self.entities, self.pairs, results)


def request_of_record(
    record: Mapping[str, Any], *, default_id: str, language: str, known: KnownTypes
) -> RelationRequest:
    """
    What a record asks; raises `DataError` for a bad one.

    # Parameters

    record : `Mapping[str, Any]`
        As `spanbert_relation_jsonl` reads it; or with `entities`, a list of `[start, end]` or
        `[start, end, type]`, instead of a subject and an object.
    default_id : `str`
        The record's name if it gives none.
    language : `str`
        spaCy's code of the language.
    known : `KnownTypes`
        Pairs that the model cannot judge are not asked for.
    """
    if record.get("entities") is None:
        fields = {name: value for name, value in record.items() if name != "label"}
        example = relation_example(fields, default_id=default_id, language=language)
        text, _ = example.source()
        return RelationRequest(example.id, text, [], [(0, 1)], [example], is_single=True)
    try:
        return _request_of_entities(record, default_id, language, known)
    except RecordError as error:
        raise DataError(str(error)) from error


def request_of_doc(
    doc: Any, *, request_id: str, types: Mapping[str, str], known: KnownTypes
) -> RelationRequest:
    """
    All pairs of entities of a spaCy `Doc` that stand in one sentence; each sentence is judged by
    itself.

    # Parameters

    doc : `spacy.tokens.Doc`
        Its `ents` are the entities. Without sentences of its own it gets them by rule.
    request_id : `str`
        Its name in the result.
    types : `Mapping[str, str]`
        The model's name for an entity's label, where it is another.
    known : `KnownTypes`
        As for `request_of_record`.
    """
    document = document_of_doc(doc)
    spans = [WordSpan(entity.start, entity.end - 1) for entity in doc.ents]
    names = [types.get(entity.label_, entity.label_) or UNTYPED for entity in doc.ents]
    whole = RelationExample(
        id=request_id,
        words=document.words,
        subject=WordSpan(0, 0),
        object=WordSpan(0, 0),
        text=document.text,
        word_chars=document.word_chars,
    )
    pairs, examples = [], []
    known.check(names, "doc.ents")
    for subject, object_ in known.pairs_of(names):
        sentence = document.sentence_ids[spans[subject].start]
        if document.sentence_ids[spans[object_].start] != sentence:
            continue
        first, last = _bounds(document.sentence_ids, sentence)
        # An entity that runs over the sentence's end is cut there.
        inside = [
            WordSpan(spans[number].start - first, min(spans[number].end, last) - first)
            for number in (subject, object_)
        ]
        pairs.append((subject, object_))
        examples.append(
            RelationExample(
                id=request_id,
                words=document.words[first : last + 1],
                subject=inside[0],
                object=inside[1],
                subject_type=names[subject],
                object_type=names[object_],
                text=document.text,
                word_chars=document.word_chars[first : last + 1],
            )
        )
    entities = [entity_json(whole, span, name) for span, name in zip(spans, names, strict=True)]
    return RelationRequest(request_id, document.text, entities, pairs, examples)


def _request_of_entities(
    record: Mapping[str, Any], default_id: str, language: str, known: KnownTypes
) -> RelationRequest:
    spans, types = _entities(record["entities"])
    places = [f"`entities[{number}]`" for number in range(len(spans))]
    words, word_spans = entity_words(record, spans, places, language)
    name = default_id if record.get("id") is None else record_id(record["id"])
    chars: Sequence[CharSpan] | None = words.chars
    known.check(types, "`entities`")
    pairs = list(known.pairs_of(types))
    examples = [
        RelationExample(
            id=name,
            words=words.words,
            subject=word_spans[subject],
            object=word_spans[object_],
            subject_type=types[subject],
            object_type=types[object_],
            text=words.text,
            word_chars=chars,
        )
        for subject, object_ in pairs
    ]
    whole = RelationExample(
        id=name,
        words=words.words,
        subject=WordSpan(0, 0),
        object=WordSpan(0, 0),
        text=words.text,
        word_chars=chars,
    )
    entities = [
        entity_json(whole, span, type_) for span, type_ in zip(word_spans, types, strict=True)
    ]
    return RelationRequest(name, whole.source()[0], entities, pairs, examples)


def _entities(value: Any) -> tuple[list[tuple[int, int]], list[str]]:
    if not is_list(value):
        raise RecordError(
            f"`entities` is {shown(value)}; it must be a list of [start, end] or [start, end, type]"
        )
    spans, types = [], []
    for number, entity in enumerate(value):
        name = f"entities[{number}]"
        place = f"`{name}`"
        if not is_list(entity) or len(entity) not in (2, 3):
            raise RecordError(
                f"{place} is {shown(entity)}; give [start, end] or [start, end, type]"
            )
        spans.append(pair(entity[:2], place))
        types.append(
            UNTYPED if len(entity) == 2 else optional_name({name: entity[2]}, name) or UNTYPED
        )
    return spans, types


def _bounds(sentence_ids: Sequence[int], sentence: int) -> tuple[int, int]:
    inside = [number for number, one in enumerate(sentence_ids) if one == sentence]
    return inside[0], inside[-1]
