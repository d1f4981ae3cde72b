"""
The markers of a relation's two entities: their names, and what stands around the entities.

Markers have names here; which piece `[unusedK]` stands for each is known when the vocabulary is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

from spanbert_allen.formats.relation.example import RelationExample

InputMode = Literal[
    "ner",
    "text",
    "text_ner",
    "ner_text",
    "typed_entity_marker",
    "typed_entity_marker_punct",
    "levitated_marker",
]
INPUT_MODES: tuple[str, ...] = get_args(InputMode)

LEVITATED = "levitated_marker"
"""The mode in which all pairs of a text are judged in one pass: see `pairs`."""

TYPED_WORDS = "typed_entity_marker_punct"
"""The mode in which types are plain words, so that every type can be read."""

MARKERS_NAMESPACE = "relation_markers"
"""Where AllenNLP's vocabulary holds the markers: the first is [unused1], and so on."""

TYPE_PAIRS_NAMESPACE = "relation_type_pairs"
"""Where it holds which types a subject and an object had together: see `type_pair`."""

LABEL_TYPES_NAMESPACE = "relation_label_types"
"""Where it holds which types the examples of a label had: see `label_types`."""

SUBJECT_TYPE, OBJECT_TYPE = -5, -6
"""The codes of the markers that name a type; see `marker_names`."""

NUM_NAMES = 8
"""How many names an example has: see `marker_names`."""


def marker_names(example: RelationExample) -> tuple[str, ...]:
    """
    Return the names of the markers that an example can have.

    In a sequence, -1 stands for the first of them, -2 for the second, and so on.
    """
    return (
        *("SUBJ_START", "SUBJ_END", "OBJ_START", "OBJ_END"),
        *(f"SUBJ={example.subject_type}", f"OBJ={example.object_type}"),
        *(f"/SUBJ={example.subject_type}", f"/OBJ={example.object_type}"),
    )


def requested_markers(example: RelationExample, mode: str = "ner") -> tuple[str, ...]:
    """
    Return the names of the markers that an example puts into the vocabulary, in this order.

    # Parameters

    example : `RelationExample`
        The example.
    mode : `str`, optional (default = `"ner"`)
        The four modes of the original program ask for the same six. The typed modes ask for the
        types, which markers and the choice of pairs need, and
        `typed_entity_marker` and `levitated_marker` for the ends of typed entities as well.
    """
    names = marker_names(example)
    if mode in ("typed_entity_marker", LEVITATED):
        return names[4:]
    return names[4:6] if mode == TYPED_WORDS else names[:6]


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


class EntityMarks(NamedTuple):
    """
    Hold what stands before and behind each entity: markers, which are negative, or word pieces.

    # Parameters

    subject_start, subject_end, object_start, object_end : `Sequence[int]`
        At least one each.
    """

    subject_start: Sequence[int]
    subject_end: Sequence[int]
    object_start: Sequence[int]
    object_end: Sequence[int]


MARKS: dict[str, EntityMarks] = {
    **dict.fromkeys(("text", "text_ner"), EntityMarks([-1], [-2], [-3], [-4])),
    **dict.fromkeys(
        ("typed_entity_marker", LEVITATED), EntityMarks([SUBJECT_TYPE], [-7], [OBJECT_TYPE], [-8])
    ),
}
"""What stands around entities in the modes that mark their words by markers."""

PUNCTUATION = ("@", "*", "#", "^")
"""What marks a subject and its type, then an object and its type, in `TYPED_WORDS`."""


def marks_in_words(
    example: RelationExample, pieces_of_each: Callable[[Sequence[str]], Sequence[Sequence[int]]]
) -> EntityMarks:
    """
    Return what stands around entities in the mode `typed_entity_marker_punct`.

    A subject becomes `@ * person * Jane Doe @`, an object `# ^ job title ^ driver #`, as in Zhou
    and Chen (2022), "An Improved Baseline for Sentence-level Relation Extraction".

    # Parameters

    example : `RelationExample`
        Its types are put in lower case, with blanks for underscores.
    pieces_of_each : `Callable[[Sequence[str]], Sequence[Sequence[int]]]`
        Cuts words into pieces.
    """

    def pieces(*words: str) -> list[int]:
        return [piece for some in pieces_of_each(words) for piece in some]

    subject, subject_type, object_, object_type = PUNCTUATION
    first, second = (
        name.replace("_", " ").lower().split()
        for name in (example.subject_type, example.object_type)
    )
    return EntityMarks(
        pieces(subject, subject_type, *first, subject_type),
        pieces(subject),
        pieces(object_, object_type, *second, object_type),
        pieces(object_),
    )
