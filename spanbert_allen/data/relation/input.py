"""
Turn a text with two entities into one sequence of word pieces and markers.

There are the four input modes of SpanBERT's program for TACRED, and the two with types of Zhou and
Chen (2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

from spanbert_allen.common.spans import PieceSpan, WordSpan
from spanbert_allen.common.text import sentence_ids_of_words
from spanbert_allen.data.relation.markers import (
    MARKS,
    OBJECT_TYPE,
    SUBJECT_TYPE,
    EntityMarks,
    InputMode,
)
from spanbert_allen.data.relation.window import words_around
from spanbert_allen.formats.relation.example import RelationExample

Window = Literal["start", "entities"]
WINDOWS: tuple[str, ...] = get_args(Window)
"""What is kept of a text that is too long: its start, or what is around the entities."""


class RelationSequence(NamedTuple):
    """
    Hold what the encoder reads.

    # Parameters

    codes : `list[int]`
        Ids of word pieces; markers are negative, see `marker_names`.
    subject, object : `PieceSpan`
        The places of the entities in the sequence, with the markers around them: in the modes `ner`
        and `ner_text` the marker that stands for the entity. The place of [CLS] for an entity that
        was cut off.
    is_cut : `bool`
        Whether the text was too long, so that some of it is not in the sequence.
    is_entity_cut : `bool`
        Whether a piece of an entity, of its type or of its markers is lost.
    kept : `tuple[WordSpan, ...]`
        The words that are in the sequence: one span of them, two with a gap between, or none.
    """

    codes: list[int]
    subject: PieceSpan
    object: PieceSpan
    is_cut: bool
    is_entity_cut: bool
    kept: tuple[WordSpan, ...]


def relation_sequence(
    example: RelationExample,
    pieces: Sequence[Sequence[int]],
    mode: InputMode,
    *,
    cls: int,
    sep: int,
    max_length: int,
    window: Window = "start",
    language: str = "en",
    marks: EntityMarks | None = None,
) -> RelationSequence:
    """
    Return the sequence of an example.

    # Parameters

    example : `RelationExample`
        The example.
    pieces : `Sequence[Sequence[int]]`
        The word pieces of each of its words.
    mode : `InputMode`
        `ner`: each entity gives way to a marker of its type. `text`: entities stay, between markers
        of where they start and end. `text_ner`: as `text`, and both types behind the text.
        `ner_text`: as `ner`, and the words of both entities behind the text. `typed_entity_marker`:
        as `text`, between markers that name the types. `typed_entity_marker_punct`: as `text`,
        between signs and the types' own words.
    cls, sep : `int`
        The ids of [CLS] and [SEP].
    max_length : `int`
        The most pieces.
    window : `Window`, optional (default = `"start"`)
        What is kept where there are more. `start`: the first ones, as in the original program,
        be it without the final [SEP] or a marker. `entities`: see `words_around`.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, which tells sentences where the example does not.
    marks : `EntityMarks`, optional (default = those of the mode)
        What stands around the entities; `marks_in_words` for `typed_entity_marker_punct`.
    """
    if marks is None:
        marks = MARKS.get(mode)
    whole = _marked(example, pieces, mode, sep, marks)
    num_pieces = len(whole.codes) + len(whole.tail) + 2
    everything = WordSpan(0, len(example.words) - 1)
    if num_pieces <= max_length or window == "start":
        return _cut(whole, everything, max_length, cls, sep)
    hidden = (example.subject, example.object) if mode.startswith("ner") else ()
    lengths = [
        0 if any(_is_in(number, span) for span in hidden) else len(some)
        for number, some in enumerate(pieces)
    ]
    room = max_length - num_pieces + sum(lengths)
    kept = words_around(
        example.subject,
        example.object,
        lengths,
        example.sentence_ids or sentence_ids_of_words(example.words, language=language),
        max(room, max_length // 4),  # the words of long entities behind the text are cut first
    )
    numbers = [number for span in kept for number in range(span.start, span.end + 1)]
    part = replace(
        example,
        words=[example.words[number] for number in numbers],
        subject=_among(example.subject, numbers),
        object=_among(example.object, numbers),
    )
    found = _cut(
        _marked(part, [pieces[number] for number in numbers], mode, sep, marks),
        WordSpan(0, len(numbers) - 1),
        max_length,
        cls,
        sep,
    )
    is_entity_cut = found.is_entity_cut or any(
        _num_words(before) != _num_words(after)
        for before, after in ((example.subject, part.subject), (example.object, part.object))
    )
    return found._replace(is_cut=True, is_entity_cut=is_entity_cut, kept=kept)


class _Marked(NamedTuple):
    """
    Hold a text with its markers, without [CLS] and the [SEP] behind it.

    # Parameters

    codes : `list[int]`
        Pieces and markers.
    subject, object : `PieceSpan`
        The places of the entities in it.
    ends : `list[int]`
        How many of the codes there are up to the end of each word.
    tail : `list[int]`
        What stands behind the [SEP].
    num_needed : `int`
        How many codes of the tail it would be a loss to cut off: the last [SEP] is none.
    """

    codes: list[int]
    subject: PieceSpan
    object: PieceSpan
    ends: list[int]
    tail: list[int]
    num_needed: int


def _cut(whole: _Marked, words: WordSpan, max_length: int, cls: int, sep: int) -> RelationSequence:
    """Return the first pieces of a sequence."""
    codes = [cls, *whole.codes, sep, *whole.tail]
    # The spans are counted without [CLS].
    spans = [PieceSpan(first + 1, last + 1) for first, last in (whole.subject, whole.object)]
    last = max_length - 1
    subject, object_ = (
        PieceSpan(span.start, min(span.end, last)) if span.start <= last else PieceSpan(0, 0)
        for span in spans
    )
    needed = max(end for _, end in spans) + 1
    if whole.num_needed:
        needed = len(whole.codes) + 2 + whole.num_needed
    num_words = sum(end < max_length for end in whole.ends)
    return RelationSequence(
        codes[:max_length],
        subject,
        object_,
        is_cut=len(codes) > max_length,
        is_entity_cut=needed > max_length,
        kept=(WordSpan(words.start, words.start + num_words - 1),) if num_words else (),
    )


def _marked(
    example: RelationExample,
    pieces: Sequence[Sequence[int]],
    mode: InputMode,
    sep: int,
    marks: EntityMarks | None,
) -> _Marked:
    """Return an example with the markers of a mode."""
    if marks is None:
        return _with_types(example, pieces, sep, has_words=mode == "ner_text")
    return _with_words(example, pieces, sep, marks, has_types=mode == "text_ner")


def _with_types(
    example: RelationExample, pieces: Sequence[Sequence[int]], sep: int, *, has_words: bool
) -> _Marked:
    """Replace entities by the markers of their types; a word of both is the subject's."""
    codes: list[int] = []
    ends: list[int] = []
    places: dict[int, int] = {}
    replaced: dict[int, list[int]] = {SUBJECT_TYPE: [], OBJECT_TYPE: []}
    for number, some in enumerate(pieces):
        for span, marker in (
            (example.subject, SUBJECT_TYPE),
            (example.object, OBJECT_TYPE),
        ):
            if number == span.start:
                places[marker] = len(codes)
                codes.append(marker)
        if _is_in(number, example.subject):
            replaced[SUBJECT_TYPE] += some
        elif _is_in(number, example.object):
            replaced[OBJECT_TYPE] += some
        else:
            codes += some
        ends.append(len(codes))
    subject, object_ = (PieceSpan(places[marker], places[marker]) for marker in replaced)
    if not has_words:
        return _Marked(codes, subject, object_, ends, [], 0)
    first, second = replaced.values()
    num_needed = len(first) + 1 + len(second) if second else len(first)
    return _Marked(codes, subject, object_, ends, [*first, sep, *second, sep], num_needed)


def _with_words(
    example: RelationExample,
    pieces: Sequence[Sequence[int]],
    sep: int,
    marks: EntityMarks,
    *,
    has_types: bool,
) -> _Marked:
    """Put entities between the marks of their start and end."""
    codes: list[int] = []
    ends: list[int] = []
    starts = [0, 0]
    lasts = [0, 0]
    entities = (
        (example.subject, marks.subject_start, marks.subject_end),
        (example.object, marks.object_start, marks.object_end),
    )
    for number, some in enumerate(pieces):
        for which, (span, start, _) in enumerate(entities):
            if number == span.start:
                starts[which] = len(codes)
                codes += start
        codes += some
        for which, (span, _, end) in enumerate(entities):
            if number == span.end:
                codes += end
                lasts[which] = len(codes) - 1
        ends.append(len(codes))
    return _Marked(
        codes,
        PieceSpan(starts[0], lasts[0]),
        PieceSpan(starts[1], lasts[1]),
        ends,
        [SUBJECT_TYPE, sep, OBJECT_TYPE, sep] if has_types else [],
        3 if has_types else 0,
    )


def _is_in(number: int, span: WordSpan) -> bool:
    return span.start <= number <= span.end


def _num_words(span: WordSpan) -> int:
    return span.end - span.start + 1


def _among(span: WordSpan, numbers: Sequence[int]) -> WordSpan:
    """Return the places of an entity's words among those that are kept."""
    places = [place for place, number in enumerate(numbers) if _is_in(number, span)]
    return WordSpan(places[0], places[-1])
