"""
A sentence with two entities as one sequence of word pieces and markers, in the four input modes of
SpanBERT's program for TACRED. Markers are asked for by name; which piece `[unusedK]` each one is,
the vocabulary says when it is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from spanbert_allen.common.spans import PieceSpan, WordSpan
from spanbert_allen.formats.relation.example import RelationExample

InputMode = Literal["ner", "text", "text_ner", "ner_text"]
INPUT_MODES: tuple[str, ...] = get_args(InputMode)

MARKERS_NAMESPACE = "relation_markers"
"""Where AllenNLP's vocabulary holds the markers: the first is [unused1], and so on."""

TYPE_PAIRS_NAMESPACE = "relation_type_pairs"
"""Where it holds which types a subject and an object had together: see `type_pair`."""

_SUBJECT_START, _SUBJECT_END, _OBJECT_START, _OBJECT_END, _SUBJECT_TYPE, _OBJECT_TYPE = range(
    -1, -7, -1
)


def requested_markers(example: RelationExample) -> tuple[str, ...]:
    """
    The names of the markers that an example asks for in every mode, in this order: in a sequence,
    -1 stands for the first, -2 for the second, and so on.
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
    """How AllenNLP's vocabulary names the types of a subject and its object."""
    return f"SUBJ={subject_type} OBJ={object_type}"


def marker_pieces(vocabulary: Sequence[str]) -> tuple[int, ...]:
    """The ids of [unused1], [unused2], ..., as far as the vocabulary has them without a gap."""
    places = {piece: i for i, piece in enumerate(vocabulary) if piece.startswith("[unused")}
    ids: list[int] = []
    while (piece := f"[unused{len(ids) + 1}]") in places:
        ids.append(places[piece])
    return tuple(ids)


class RelationSequence(NamedTuple):
    """
    What the encoder reads.

    # Parameters

    codes : `list[int]`
        Ids of word pieces; markers are negative, see `requested_markers`.
    subject, object : `PieceSpan`
        The places of the entities in the sequence, with the markers around them: in the modes `ner`
        and `ner_text` the marker that stands for the entity. Where an entity is cut off, [CLS].
    is_cut : `bool`
        Whether the sequence was too long.
    is_entity_cut : `bool`
        Whether an entity, or a part of one, was lost with that.
    """

    codes: list[int]
    subject: PieceSpan
    object: PieceSpan
    is_cut: bool
    is_entity_cut: bool


def relation_sequence(
    example: RelationExample,
    pieces: Sequence[Sequence[int]],
    mode: InputMode,
    *,
    cls: int,
    sep: int,
    max_length: int,
) -> RelationSequence:
    """
    The sequence of an example.

    # Parameters

    example : `RelationExample`
        The example.
    pieces : `Sequence[Sequence[int]]`
        The word pieces of each of its words.
    mode : `InputMode`
        `ner`: each entity gives way to a marker of its type. `text`: entities stay, between markers
        of where they start and end. `text_ner`: that, and both types behind it. `ner_text`: as
        `ner`, and the words of both entities behind it.
    cls, sep : `int`
        The ids of [CLS] and [SEP].
    max_length : `int`
        What is beyond is cut off, and be it the final [SEP] or a marker.
    """
    whole = _with_types(example, pieces) if mode.startswith("ner") else _with_words(example, pieces)
    codes = [cls, *whole.codes, sep]
    if mode == "text_ner":
        codes += [_SUBJECT_TYPE, sep, _OBJECT_TYPE, sep]
    elif mode == "ner_text":
        codes += [*whole.subject_pieces, sep, *whole.object_pieces, sep]
    # The spans are counted without [CLS].
    spans = [PieceSpan(first + 1, last + 1) for first, last in (whole.subject, whole.object)]
    last = max_length - 1
    subject, object_ = (
        PieceSpan(span.start, min(span.end, last)) if span.start <= last else PieceSpan(0, 0)
        for span in spans
    )
    return RelationSequence(
        codes[:max_length],
        subject,
        object_,
        is_cut=len(codes) > max_length,
        is_entity_cut=any(span.end > last for span in spans),
    )


class _Marked(NamedTuple):
    """A sentence with its markers, without special pieces."""

    codes: list[int]
    subject: PieceSpan
    object: PieceSpan
    subject_pieces: Sequence[int] = ()
    object_pieces: Sequence[int] = ()


def _with_types(example: RelationExample, pieces: Sequence[Sequence[int]]) -> _Marked:
    """Entities replaced by the markers of their types; a word of both is the subject's."""
    codes: list[int] = []
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
    return _Marked(
        codes,
        *(PieceSpan(places[marker], places[marker]) for marker in replaced),
        *replaced.values(),
    )


def _with_words(example: RelationExample, pieces: Sequence[Sequence[int]]) -> _Marked:
    """Entities between the markers of their start and end."""
    codes: list[int] = []
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
    return _Marked(
        codes,
        PieceSpan(places[_SUBJECT_START], places[_SUBJECT_END]),
        PieceSpan(places[_OBJECT_START], places[_OBJECT_END]),
    )


def _is_in(number: int, span: WordSpan) -> bool:
    return span.start <= number <= span.end
