"""Turn what a user asks into examples: one pair of entities, or all pairs of a text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, permutations
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import (
    RecordError,
    is_list,
    listed,
    pair,
    record_id,
    shown,
)
from spanbert_allen.common.spans import CharSpan, WordSpan
from spanbert_allen.data.relation.input import WINDOWS, Window
from spanbert_allen.data.relation.markers import type_pair
from spanbert_allen.formats.relation.example import UNTYPED, RelationExample
from spanbert_allen.formats.relation.jsonl import entity_words, relation_example
from spanbert_allen.formats.relation.names import optional_name
from spanbert_allen.formats.spacy.documents import document_of_doc
from spanbert_allen.predictors.relation.output import (
    SCHEMA,
    asked_by_result,
    entity_json,
    joined_json,
)

_OF_A_PAIR = ("subject", "object", "subject_type", "object_type")
_TYPES_HINT = "; give `types={{'{}': ...}}` to call it as the model does"


@dataclass(frozen=True)
class KnownTypes:
    """
    Hold the types of entities that a model was trained with.

    # Parameters

    markers : `Collection[str]`, optional
        The markers of its vocabulary; `None` if it does not see types, and takes any.
    pairs : `Collection[str]`
        The types that a subject and an object had together, see `type_pair`; empty if that is not
        known.
    shared : `str`, optional (default = `None`)
        The type that stands for every unknown one.
    are_words : `bool`, optional (default = `False`)
        Whether the model reads types as words, so that it takes unknown ones, too.
    """

    markers: Collection[str] | None
    pairs: Collection[str]
    shared: str | None = None
    are_words: bool = False

    def check(self, types: Sequence[str], name: str, *, hint: str = "") -> None:
        """
        Raise a `DataError` for a type that neither a subject nor an object had.

        # Parameters

        types : `Sequence[str]`
            The types of the entities.
        name : `str`
            Where they were given, for the message.
        hint : `str`, optional (default = `""`)
            What to do, for the message.
        """
        for number, type_ in enumerate(types):
            if not self.judges(type_):
                raise DataError(
                    f"{name}: the model knows no entity of type `{type_}`, as number {number} is; "
                    f"it was trained with {listed(self.trained)}{hint.format(type_)}"
                )

    def judges(self, type_: str) -> bool:
        """Return whether entities of a type are judged."""
        is_any = self.markers is None or self.shared is not None or self.are_words
        return is_any or type_ in self.trained

    @property
    def trained(self) -> dict[str, None]:
        """Return the types that a subject or an object had, in order; none if it sees no types."""
        return {
            marker.partition("=")[2]: None
            for marker in self.markers or ()
            if marker.startswith(("SUBJ=", "OBJ="))
        }

    def pairs_of(self, types: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield the numbers of all ordered pairs of entities that the model can judge."""
        for subject, object_ in permutations(range(len(types)), 2):
            if self._knows(types[subject], types[object_]):
                yield subject, object_

    def as_known(self, subject_type: str, object_type: str) -> tuple[str, str]:
        """Return the types of a pair, or those that stand for them."""
        return self._as_known("SUBJ", subject_type), self._as_known("OBJ", object_type)

    def _knows(self, subject_type: str, object_type: str) -> bool:
        if self.markers is None:
            return True
        types = self.as_known(subject_type, object_type)
        is_known = f"SUBJ={types[0]}" in self.markers and f"OBJ={types[1]}" in self.markers
        if self.pairs and types == (subject_type, object_type) and (is_known or not self.are_words):
            return type_pair(*types) in self.pairs
        return self.are_words or is_known

    def _as_known(self, role: str, name: str) -> str:
        """Return the type, or the one that stands for it."""
        if self.shared is None or self.markers is None or f"{role}={name}" in self.markers:
            return name
        return self.shared


@dataclass(frozen=True)
class RelationRequest:
    """
    Hold what one record asks.

    # Parameters

    id, text : `str`
        The name of the text, and the text.
    entities : `Sequence[Mapping[str, Any]]`
        As results have them.
    pairs : `Sequence[tuple[int, int]]`
        The subject and the object of each example, by their numbers among the entities.
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
        """Return the result of the record, made of the results of its examples."""
        if self.is_single:
            return dict(results[0])
        return joined_json(self.id, self.text, self.entities, self.pairs, results)


def request_of_record(
    record: Mapping[str, Any],
    *,
    default_id: str,
    language: str,
    known: KnownTypes,
    max_pairs: int | None = None,
) -> RelationRequest:
    """
    Return what a record asks; raise a `DataError` for a bad one.

    # Parameters

    record : `Mapping[str, Any]`
        As `spanbert_relation_jsonl` reads it; or with `entities`, a list of `[start, end]` or
        `[start, end, type]`, instead of a subject and an object; or a result, whose pairs are asked
        for again.
    default_id : `str`
        The name of a record that gives none.
    language : `str`
        spaCy's code of the language.
    known : `KnownTypes`
        Pairs that the model cannot judge are not asked for.
    max_pairs : `int`, optional (default = `None`)
        How many pairs the entities may have; any number by default.
    """
    if record.get("schema") == SCHEMA and is_list(record.get("entities")):
        record = asked_by_result(record)
    if record.get("entities") is not None:
        besides = [name for name in _OF_A_PAIR if record.get(name) is not None]
        if besides:
            raise DataError(
                f"the record has `entities` and `{besides[0]}`, which exclude each other; give "
                "`entities` for all pairs, or a subject and an object for one"
            )
    else:
        fields = {name: value for name, value in record.items() if name != "label"}
        example = relation_example(fields, default_id=default_id, language=language)
        text, _ = example.source()
        return RelationRequest(example.id, text, [], [(0, 1)], [example], is_single=True)
    try:
        return _request_of_entities(record, default_id, language, known, max_pairs)
    except RecordError as error:
        raise DataError(str(error)) from error


def request_of_doc(
    doc: Any,
    *,
    request_id: str,
    types: Mapping[str, str],
    known: KnownTypes,
    max_pairs: int | None = None,
) -> RelationRequest:
    """
    Return a request for all pairs of entities within the sentences of a spaCy `Doc`.

    Each sentence is judged by itself.

    # Parameters

    doc : `spacy.tokens.Doc`
        The document, whose `ents` are the entities. Without sentences of its own it gets them by
        rule.
    request_id : `str`
        The name of the document in the result.
    types : `Mapping[str, str]`
        The model's name for the label of an entity, where the two differ.
    known, max_pairs
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
    known.check(names, "doc.ents", hint=_TYPES_HINT)
    sentence_of = [document.sentence_ids[span.start] for span in spans]
    sentences = [list(some) for _, some in groupby(range(len(spans)), key=sentence_of.__getitem__)]
    _check_number([len(numbers) for numbers in sentences], max_pairs)
    pairs, examples = [], []
    for numbers in sentences:
        first, last = _bounds(document.sentence_ids, spans[numbers[0]].start)
        # An entity that runs over the sentence's end is cut there.
        inside = {
            number: WordSpan(spans[number].start - first, min(spans[number].end, last) - first)
            for number in numbers
        }
        for one, other in known.pairs_of([names[number] for number in numbers]):
            subject, object_ = numbers[one], numbers[other]
            pairs.append((subject, object_))
            example = replace(
                whole,
                words=document.words[first : last + 1],
                subject=inside[subject],
                object=inside[object_],
                subject_type=names[subject],
                object_type=names[object_],
                word_chars=document.word_chars[first : last + 1],
            )
            examples.append(example)
    entities = [entity_json(whole, span, name) for span, name in zip(spans, names, strict=True)]
    return RelationRequest(request_id, document.text, entities, pairs, examples)


def _request_of_entities(
    record: Mapping[str, Any],
    default_id: str,
    language: str,
    known: KnownTypes,
    max_pairs: int | None,
) -> RelationRequest:
    spans, types = given_entities(record["entities"])
    _check_number([len(spans)], max_pairs)
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
            sentence_ids=words.sentence_ids,
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


def window_of(record: Mapping[str, Any]) -> Window:
    """Return what a record asks to keep of a long text."""
    window = record.get("window")
    if window is not None and window not in WINDOWS:
        raise DataError(f"`window` is {shown(window)}; it must be {' or '.join(WINDOWS)}")
    return window or "entities"


def given_entities(value: Any) -> tuple[list[tuple[int, int]], list[str]]:
    """
    Return the places and the types of a record's `entities`; raise a `RecordError` for bad ones.

    Shapes: (num_entities,), both
    """
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


def _check_number(sizes: Sequence[int], max_pairs: int | None) -> None:
    """Raise a `DataError` if the entities of all sentences have too many ordered pairs."""
    num_pairs = sum(size * (size - 1) for size in sizes)
    if max_pairs is not None and num_pairs > max_pairs:
        raise DataError(
            f"the {sum(sizes)} entities have {num_pairs} pairs, and {max_pairs} are judged at once "
            "here; send parts of the text, or fewer entities"
        )


def _bounds(sentence_ids: Sequence[int], word: int) -> tuple[int, int]:
    """Return the first and the last word of the sentence of a word."""
    first = last = word
    while first and sentence_ids[first - 1] == sentence_ids[word]:
        first -= 1
    while last + 1 < len(sentence_ids) and sentence_ids[last + 1] == sentence_ids[word]:
        last += 1
    return first, last
