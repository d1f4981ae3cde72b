"""
Turn a text with two entities into one sequence of word pieces and markers.

There are the four input modes of SpanBERT's program for TACRED. Markers have names here; which
piece `[unusedK]` stands for each is known when the vocabulary is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

from spanbert_allen.common.spans import PieceSpan, WordSpan
from spanbert_allen.common.text import sentence_ids_of_words
from spanbert_allen.data.relation.window import words_around
from spanbert_allen.formats.relation.example import RelationExample

InputMode = Literal["ner", "text", "text_ner", "ner_text"]
INPUT_MODES: tuple[str, ...] = get_args(InputMode)

Window = Literal["start", "entities"]
WINDOWS: tuple[str, ...] = get_args(Window)
"""What is kept of a text that is too long: its start, or what is around the entities."""

MARKERS_NAMESPACE = "relation_markers"
"""Where AllenNLP's vocabulary holds the markers: the first is [unused1], and so on."""

TYPE_PAIRS_NAMESPACE = "relation_type_pairs"
"""Where it holds which types a subject and an object had together: see `type_pair`."""

LABEL_TYPES_NAMESPACE = "relation_label_types"
"""Where it holds which types the examples of a label had: see `label_types`."""

_SUBJECT_START, _SUBJECT_END, _OBJECT_START, _OBJECT_END, _SUBJECT_TYPE, _OBJECT_TYPE = range(
    -1, -7, -1
)


def requested_markers(example: RelationExample) -> tuple[str, ...]:
    """
    Return the names of the markers that an example asks for in every mode, in this order.

    In a sequence, -1 stands for the first of them, -2 for the second, and so on.
    """
    return (
        "SUBJ_START",
        "SUBJ_END",
        "OBJ_START",
        "OBJ_END",
        f"SUBJ={example.subject_type}",
        f"OBJ={example.object_type}",
    )


def type_pair(subject_type: str, object_type: str) -> str:
    """Return the name that AllenNLP's vocabulary has for the types of a subject and its object."""
    return f"SUBJ={subject_type} OBJ={object_type}"


def label_types(label: str, pair: str) -> str:
    """Return the name that AllenNLP's vocabulary has for a label with a `type_pair`."""
    return f"{label}\t{pair}"


def marker_pieces(vocabulary: Sequence[str]) -> tuple[int, ...]:
    """Return the ids of [unused1], [unused2], ..., up to the first one that is missing."""
    places = {piece: i for i, piece in enumerate(vocabulary) if piece.startswith("[unused")}
    ids: list[int] = []
    while (piece := f"[unused{len(ids) + 1}]") in places:
        ids.append(places[piece])
    return tuple(ids)


class RelationSequence(NamedTuple):
    """
    Hold what the encoder reads.

    # Parameters

    codes : `list[int]`
        Ids of word pieces; markers are negative, see `requested_markers`.
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
        `ner_text`: as `ner`, and the words of both entities behind the text.
    cls, sep : `int`
        The ids of [CLS] and [SEP].
    max_length : `int`
        The most pieces.
    window : `Window`, optional (default = `"start"`)
        What is kept where there are more. `start`: the first ones, as in the original program,
        be it without the final [SEP] or a marker. `entities`: see `words_around`.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, which tells sentences where the example does not.
    """
    whole = _marked(example, pieces, mode, sep)
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
        _marked(part, [pieces[number] for number in numbers], mode, sep),
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
    example: RelationExample, pieces: Sequence[Sequence[int]], mode: InputMode, sep: int
) -> _Marked:
    """Return an example with the markers of a mode."""
    if mode.startswith("ner"):
        return _with_types(example, pieces, sep, has_words=mode == "ner_text")
    return _with_words(example, pieces, sep, has_types=mode == "text_ner")


def _with_types(
    example: RelationExample, pieces: Sequence[Sequence[int]], sep: int, *, has_words: bool
) -> _Marked:
    """Replace entities by the markers of their types; a word of both is the subject's."""
    codes: list[int] = []
    ends: list[int] = []
    places: dict[int, int] = {}
    replaced: dict[int, list[int]] = {_SUBJECT_TYPE: [], _OBJECT_TYPE: []}
    for number, some in enumerate(pieces):
        for span, marker in (
            (example.subject, _SUBJECT_TYPE),
            (example.object, _OBJECT_TYPE),
        ):
            if number == span.start:
                places[marker] = len(codes)
                codes.append(marker)
        if _is_in(number, example.subject):
            replaced[_SUBJECT_TYPE] += some
        elif _is_in(number, example.object):
            replaced[_OBJECT_TYPE] += some
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
    example: RelationExample, pieces: Sequence[Sequence[int]], sep: int, *, has_types: bool
) -> _Marked:
    """Put entities between the markers of their start and end."""
    codes: list[int] = []
    ends: list[int] = []
    places: dict[int, int] = {}

    def mark(marker: int) -> None:
        places[marker] = len(codes)
        codes.append(marker)

    for number, some in enumerate(pieces):
        if number == example.subject.start:
            mark(_SUBJECT_START)
        if number == example.object.start:
            mark(_OBJECT_START)
        codes += some
        if number == example.subject.end:
            mark(_SUBJECT_END)
        if number == example.object.end:
            mark(_OBJECT_END)
        ends.append(len(codes))
    return _Marked(
        codes,
        PieceSpan(places[_SUBJECT_START], places[_SUBJECT_END]),
        PieceSpan(places[_OBJECT_START], places[_OBJECT_END]),
        ends,
        [_SUBJECT_TYPE, sep, _OBJECT_TYPE, sep] if has_types else [],
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
