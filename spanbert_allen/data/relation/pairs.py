"""
Put the markers of several pairs of entities behind one text, each tied to the places of its pair.

All pairs of a sentence are judged in one pass then. This is the approximation of Zhong and Chen
(2021), "A Frustratingly Easy Approach for Entity and Relation Extraction"; Ye et al. (2022),
"Packed Levitated Marker for Entity and Relation Extraction", call the markers levitated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

from spanbert_allen.common.spans import PieceSpan, WordSpan
from spanbert_allen.common.text import sentence_ids_of_words
from spanbert_allen.data.relation.input import Window
from spanbert_allen.data.relation.markers import LEVITATED, MARKS, NUM_NAMES
from spanbert_allen.data.relation.window import words_around
from spanbert_allen.formats.relation.example import RelationExample


class PairsSequence(NamedTuple):
    """
    Hold what the encoder reads of a text and the markers of its pairs.

    # Parameters

    codes : `list[int]`
        Ids of word pieces, and then four markers a pair; those of pair k are negative, see
        `marker_names`, less k times `NUM_NAMES`.
    position_ids : `list[int]`
        The position of each piece: of a marker, that of the entity's first or last piece.
    groups : `list[int]`
        0 for the text, and k + 1 for the markers of pair k.
    spans : `list[tuple[PieceSpan, PieceSpan]]`
        The places of the markers of each pair: of its subject, and of its object.
    is_cut, is_entity_cut, kept
        As for `RelationSequence`.
    """

    codes: list[int]
    position_ids: list[int]
    groups: list[int]
    spans: list[tuple[PieceSpan, PieceSpan]]
    is_cut: bool
    is_entity_cut: bool
    kept: tuple[WordSpan, ...]


def examples_of_texts(examples: Iterable[RelationExample]) -> Iterator[list[RelationExample]]:
    """Yield the examples of each text together, if they follow each other."""
    for _, some in groupby(examples, key=lambda one: (one.words, one.sentence_ids)):
        yield list(some)


def pairs_at_once(
    examples: Sequence[RelationExample], num_pieces: int, *, max_length: int, max_pairs: int
) -> Iterator[Sequence[RelationExample]]:
    """
    Yield the pairs of a text that go into one sequence.

    # Parameters

    examples : `Sequence[RelationExample]`
        The pairs of one text.
    num_pieces : `int`
        The length of the text. If it is too long, each pair has a window of its own.
    max_length : `int`
        The most pieces of a text, with [CLS] and [SEP].
    max_pairs : `int`
        The most pairs of a sequence.
    """
    size = max_pairs if num_pieces + 2 <= max_length else 1
    for first in range(0, len(examples), size):
        yield examples[first : first + size]


def pairs_sequence(
    examples: Sequence[RelationExample],
    pieces: Sequence[Sequence[int]],
    *,
    cls: int,
    sep: int,
    max_length: int,
    window: Window = "start",
    language: str = "en",
) -> PairsSequence:
    """
    Return the sequence of some pairs of a text.

    # Parameters

    examples : `Sequence[RelationExample]`
        The pairs, as `pairs_at_once` gives them.
    pieces : `Sequence[Sequence[int]]`
        The word pieces of each word of the text.
    cls, sep : `int`
        The ids of [CLS] and [SEP].
    max_length : `int`
        The most pieces, markers not counted.
    window, language
        As for `relation_sequence`; of a text that is too long, `start` keeps whole words.
    """
    kept = _kept_words(examples[0], pieces, max_length - 2, window, language)
    codes = [cls]
    places: dict[int, PieceSpan] = {}
    for span in kept:
        for number in range(span.start, span.end + 1):
            some = pieces[number][: max_length - 1 - len(codes)]
            places[number] = PieceSpan(len(codes), len(codes) + len(some) - 1)
            codes += some
    codes.append(sep)
    positions, groups = list(range(len(codes))), [0] * len(codes)
    is_cut = len(codes) - 2 < sum(map(len, pieces))
    is_entity_cut = False
    spans = []
    for number, example in enumerate(examples):
        start = len(codes)
        spans.append((PieceSpan(start, start + 1), PieceSpan(start + 2, start + 3)))
        for entity in (example.subject, example.object):
            num_kept, tied = _place_of(entity, places)
            positions += tied
            is_entity_cut |= num_kept < sum(map(len, pieces[entity.start : entity.end + 1]))
        codes += [code - NUM_NAMES * number for (code,) in MARKS[LEVITATED]]
        groups += [number + 1] * 4
    return PairsSequence(codes, positions, groups, spans, is_cut, is_entity_cut, kept)


def _kept_words(
    example: RelationExample,
    pieces: Sequence[Sequence[int]],
    room: int,
    window: Window,
    language: str,
) -> tuple[WordSpan, ...]:
    """Return the words of a text that are read."""
    lengths = [len(some) for some in pieces]
    if sum(lengths) <= room:
        return (WordSpan(0, len(pieces) - 1),)
    if window == "entities":
        sentence_ids = example.sentence_ids or sentence_ids_of_words(
            example.words, language=language
        )
        return words_around(example.subject, example.object, lengths, sentence_ids, room)
    num_words = sum(end <= room for end in accumulate(lengths))
    return (WordSpan(0, num_words - 1),) if num_words else ()


def _place_of(entity: WordSpan, places: Mapping[int, PieceSpan]) -> tuple[int, PieceSpan]:
    """Return how many pieces of an entity are read, and the first and last; [CLS] for none."""
    found = [places[n] for n in range(entity.start, entity.end + 1) if n in places]
    num_kept = sum(place.end - place.start + 1 for place in found)
    if not num_kept:
        return 0, PieceSpan(0, 0)
    return num_kept, PieceSpan(found[0].start, found[-1].end)
