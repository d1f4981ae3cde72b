"""A text with entities and relations, as tools for annotation write them, and its examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, NamedTuple

from spanbert_allen.common.record_checks import RecordError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.common.text import sentence_ids_of_words
from spanbert_allen.formats.relation.example import NO_RELATION, UNTYPED, RelationExample
from spanbert_allen.formats.relation.jsonl import EntityWords, entity_words
from spanbert_allen.formats.relation.names import optional_name


class Entity(NamedTuple):
    """
    Hold an entity.

    # Parameters

    start, end : `int`
        Characters of a text, the end outside; or words, the end inside.
    type : `object`
        Its type, as the file has it.
    """

    start: int
    end: int
    type: object


class Relation(NamedTuple):
    """
    Hold a relation.

    # Parameters

    head, tail : `int`
        The numbers of the subject and the object among the entities.
    label : `object`
        The label, as the file has it.
    """

    head: int
    tail: int
    label: object


@dataclass(frozen=True, kw_only=True)
class AnnotatedText:
    """
    Hold a text with its entities and relations.

    # Parameters

    id : `str`
        The name of the text.
    words : `Mapping[str, Any]`
        `text` or `tokens`, as a record of `spanbert_relation_jsonl` has them.
    entities : `Sequence[Entity]`
        The entities: in characters with `text`, in words with `tokens`.
    relations : `Sequence[Relation]`
        The relations.
    sentence_ids : `Sequence[int]`, optional (default = `None`)
        The sentence of each of the `tokens`, if the file tells.
    place : `str`, optional (default = `""`)
        Where the text was read, for messages.
    """

    id: str
    words: Mapping[str, Any]
    entities: Sequence[Entity]
    relations: Sequence[Relation]
    sentence_ids: Sequence[int] | None = None
    place: str = ""

    def examples(self, *, language: str = "en") -> Iterator[RelationExample]:
        """
        Yield an example for each relation, and one for each other pair of a sentence's entities.

        Pairs are ordered; those others have the label `no_relation`. An example has the sentences
        of its entities, and those between.

        # Parameters

        language : `str`, optional (default = `"en"`)
            spaCy's code of the language.

        Raises a `RecordError` for a text with a mistake.
        """
        names = [f"entity {number}" for number in range(len(self.entities))]
        pairs = [(entity.start, entity.end) for entity in self.entities]
        words, spans = entity_words(self.words, pairs, names, language)
        types = [
            optional_name({name: entity.type}, name) or UNTYPED
            for name, entity in zip(names, self.entities, strict=True)
        ]
        labels = self._labels_of_pairs()
        sentence_ids = self.sentence_ids or words.sentence_ids
        if sentence_ids is None:
            sentence_ids = sentence_ids_of_words(words.words, language=language)
        for subject, object_ in permutations(range(len(spans)), 2):
            first, last = _sentences((spans[subject], spans[object_]), sentence_ids)
            label = labels.get((subject, object_))
            if label is None and sentence_ids[first] != sentence_ids[last]:
                continue
            yield RelationExample(
                id=f"{self.id}:{subject}-{object_}",
                words=words.words[first : last + 1],
                subject=_moved(spans[subject], first),
                object=_moved(spans[object_], first),
                subject_type=types[subject],
                object_type=types[object_],
                label=label or NO_RELATION,
                text=words.text,
                word_chars=_part(words, first, last),
                sentence_ids=sentence_ids[first : last + 1],
                place=self.place,
            )

    def _labels_of_pairs(self) -> dict[tuple[int, int], str]:
        labels: dict[tuple[int, int], str] = {}
        for number, relation in enumerate(self.relations):
            name = f"relation {number}"
            label = optional_name({name: relation.label}, name)
            if label is None:
                raise RecordError(f"{name} has no label; give it one")
            pair = (relation.head, relation.tail)
            if relation.head == relation.tail:
                raise RecordError(f"{name} is one of an entity with itself; take it out")
            if labels.setdefault(pair, label) != label:
                raise RecordError(
                    f"entities {pair[0]} and {pair[1]} have the relations {labels[pair]} and "
                    f"{label}; keep one"
                )
        return labels


def _sentences(spans: Sequence[WordSpan], sentence_ids: Sequence[int]) -> tuple[int, int]:
    """Return the first and the last word of the sentences of two entities."""
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    while first and sentence_ids[first - 1] == sentence_ids[first]:
        first -= 1
    while last + 1 < len(sentence_ids) and sentence_ids[last + 1] == sentence_ids[last]:
        last += 1
    return first, last


def _moved(span: WordSpan, first: int) -> WordSpan:
    return WordSpan(span.start - first, span.end - first)


def _part(words: EntityWords, first: int, last: int) -> Sequence[Any] | None:
    return None if words.chars is None else words.chars[first : last + 1]


def numbered(entities: Sequence[Mapping[str, Any]], key: str) -> dict[Any, int]:
    """
    Return the numbers of entities by their ids.

    # Parameters

    entities : `Sequence[Mapping[str, Any]]`
        The entities of a file.
    key : `str`
        The key of the id.
    """
    return {str(entity.get(key)): number for number, entity in enumerate(entities)}


def number_of(name: object, numbers: Mapping[Any, int], relation: int) -> int:
    """
    Return the number of the entity that a relation names; raise a `RecordError` if there is none.

    # Parameters

    name : `object`
        The id of the entity.
    numbers : `Mapping[Any, int]`
        The numbers of entities by their ids, as `numbered` gives them.
    relation : `int`
        The number of the relation, for the message.
    """
    if str(name) not in numbers:
        raise RecordError(f"relation {relation} names the entity {name!r}, which is not there")
    return numbers[str(name)]
