"""The input modes: goldens of the specification, and loops written after its words."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.spans import PieceSpan, WordSpan
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.relation.input import relation_sequence
from spanbert_allen.data.relation.markers import (
    INPUT_MODES,
    LEVITATED,
    TYPED_WORDS,
    EntityMarks,
    marker_names,
    marker_pieces,
    marks_in_words,
    requested_markers,
)
from spanbert_allen.data.relation.window import words_around
from spanbert_allen.encoders import WordPieceVocabulary
from spanbert_allen.formats.relation.example import RelationExample
from spanbert_allen.formats.relation.tacred import tacred_example

CLS, SEP = 1001, 1002
MODES = [mode for mode in INPUT_MODES if mode != LEVITATED]
"""Those of one pair a sequence."""
MARKS = EntityMarks([201, 202, 203], [204], [205, 206], [207, 208])
"""What stands around entities in the mode whose marks are words."""
AROUND = {
    "text": ([-1], [-2], [-3], [-4]),
    "text_ner": ([-1], [-2], [-3], [-4]),
    "typed_entity_marker": ([-5], [-7], [-6], [-8]),
    TYPED_WORDS: MARKS,
}
PIECES = ["[PAD]", *(f"[unused{k}]" for k in range(1, 10)), "[UNK]", "[CLS]", "[SEP]"]
PIECES += [*"@*#^", "person", "job", "title", "organization"]
PIECES += ["is", "the", "(", ")", "2010", ".", "left", "Jane", "Doe", "Bob", "CEO", "Acme"]
RECORDS = [
    {
        "id": "a",
        "token": ["Jane", "Doe", "is", "the", "CEO", "-LRB-", "2010", "-rrb-", "."],
        "subj_start": 0,
        "subj_end": 1,
        "obj_start": 4,
        "obj_end": 4,
        "subj_type": "PERSON",
        "obj_type": "TITLE",
    },
    {
        "id": "b",
        "token": ["Bob", "left", "Acme", "."],
        "subj_start": 2,
        "subj_end": 2,
        "obj_start": 0,
        "obj_end": 0,
        "subj_type": "ORGANIZATION",
        "obj_type": "PERSON",
    },
]


def as_pieces(mode: str) -> list[str]:
    """The sequences of both examples, markers numbered as they are asked for."""
    tokenizer = PieceTokenizer(WordPieceVocabulary(tuple(PIECES)), lower_case=False)
    numbers: dict[str, int] = {}
    lines = []
    for record in RECORDS:
        example = tacred_example(record)
        for marker in requested_markers(example, mode):
            numbers.setdefault(marker, len(numbers))
        sequence = relation_sequence(
            example,
            tokenizer.pieces_of_each(example.words),
            mode,
            cls=tokenizer.id_of("[CLS]"),
            sep=tokenizer.id_of("[SEP]"),
            max_length=128,
            marks=marks_in_words(example, tokenizer.pieces_of_each)
            if mode == TYPED_WORDS
            else None,
        )
        ids = marker_pieces(tokenizer.vocabulary)
        markers = marker_names(example)
        lines.append(
            " ".join(
                tokenizer.vocabulary[code if code >= 0 else ids[numbers[markers[-code - 1]]]]
                for code in sequence.codes
            )
        )
    return lines


def test_golden_of_the_mode_ner():
    """Specification of the original, 4.3, executed there."""
    assert as_pieces("ner") == [
        "[CLS] [unused5] is the [unused6] ( 2010 ) . [SEP]",
        "[CLS] [unused8] left [unused7] . [SEP]",
    ]


@pytest.mark.parametrize(
    ("mode", "lines"),
    [
        (
            "text",
            [
                "[CLS] [unused1] Jane Doe [unused2] is the [unused3] CEO [unused4] "
                "( 2010 ) . [SEP]",
                "[CLS] [unused3] Bob [unused4] left [unused1] Acme [unused2] . [SEP]",
            ],
        ),
        (
            "text_ner",
            [
                "[CLS] [unused1] Jane Doe [unused2] is the [unused3] CEO [unused4] "
                "( 2010 ) . [SEP] [unused5] [SEP] [unused6] [SEP]",
                "[CLS] [unused3] Bob [unused4] left [unused1] Acme [unused2] . [SEP] "
                "[unused7] [SEP] [unused8] [SEP]",
            ],
        ),
        (
            "ner_text",
            [
                "[CLS] [unused5] is the [unused6] ( 2010 ) . [SEP] Jane Doe [SEP] CEO [SEP]",
                "[CLS] [unused8] left [unused7] . [SEP] Acme [SEP] Bob [SEP]",
            ],
        ),
    ],
)
def test_the_other_modes(mode, lines):
    assert as_pieces(mode) == lines


def test_golden_of_the_typed_modes():
    """Zhou and Chen (2022); the markers of each type have two pieces of their own."""
    assert as_pieces("typed_entity_marker") == [
        "[CLS] [unused1] Jane Doe [unused3] is the [unused2] CEO [unused4] ( 2010 ) . [SEP]",
        "[CLS] [unused6] Bob [unused8] left [unused5] Acme [unused7] . [SEP]",
    ]
    assert as_pieces(TYPED_WORDS) == [
        "[CLS] @ * person * Jane Doe @ is the # ^ title ^ CEO # ( 2010 ) . [SEP]",
        "[CLS] # ^ person ^ Bob # left @ * organization * Acme @ . [SEP]",
    ]


def test_a_type_of_several_words_is_read_as_such():
    tokenizer = PieceTokenizer(WordPieceVocabulary(tuple(PIECES)), lower_case=False)
    example = replace(tacred_example(RECORDS[0]), object_type="JOB_TITLE")
    marks = marks_in_words(example, tokenizer.pieces_of_each)
    assert [tokenizer.vocabulary[i] for i in marks.object_start] == ["#", "^", "job", "title", "^"]


def naive(example: RelationExample, pieces: list[list[int]], mode: str) -> list[int]:
    """After the specification, 4.3: what stands before, in and behind each word."""
    subject = set(range(example.subject.start, example.subject.end + 1))
    object_ = set(range(example.object.start, example.object.end + 1)) - subject
    found = [CLS]
    for number, inside in enumerate(pieces):
        starts = number == example.subject.start, number == example.object.start
        ends = number == example.subject.end, number == example.object.end
        if mode in AROUND:
            around = AROUND[mode]
            before = [*around[0]] * starts[0] + [*around[2]] * starts[1]
            behind = [*around[1]] * ends[0] + [*around[3]] * ends[1]
            found += [*before, *inside, *behind]
        else:
            found += [-5] * starts[0] + [-6] * starts[1]
            found += [] if number in subject | object_ else inside
    tail = {
        "text_ner": [-5, SEP, -6, SEP],
        "ner_text": [
            *(piece for number in sorted(subject) for piece in pieces[number]),
            SEP,
            *(piece for number in sorted(object_) for piece in pieces[number]),
            SEP,
        ],
    }
    return [*found, SEP, *tail.get(mode, [])]


@st.composite
def examples(draw: st.DrawFn) -> tuple[RelationExample, list[list[int]]]:
    num_words = draw(st.integers(1, 9))
    pieces = [
        [10 * number + piece for piece in range(draw(st.integers(0, 3)))]
        for number in range(num_words)
    ]
    spans = []
    for _ in range(2):
        first = draw(st.integers(0, num_words - 1))
        spans.append(WordSpan(first, draw(st.integers(first, num_words - 1))))
    return RelationExample(id="x", words=["w"] * num_words, subject=spans[0], object=spans[1]), (
        pieces
    )


def sequence_of(example, pieces, mode, max_length, window="start"):
    return relation_sequence(
        example,
        pieces,
        mode,
        cls=CLS,
        sep=SEP,
        max_length=max_length,
        window=window,
        marks=MARKS if mode == TYPED_WORDS else None,
    )


def lost_behind(example, pieces, mode, whole, max_length) -> bool:
    """Whether a type, or a piece of an entity, is lost that stands behind the text."""
    if mode == "text_ner":
        return max_length < len(whole) - 1
    if mode != "ner_text":
        return False
    subject = set(range(example.subject.start, example.subject.end + 1))
    object_ = set(range(example.object.start, example.object.end + 1)) - subject
    first, second = (sum(len(pieces[number]) for number in one) for one in (subject, object_))
    before = len(whole) - first - second - 2
    needed = before + first + 1 + second if second else before + first if first else 0
    return max_length < needed


@given(examples(), st.sampled_from(MODES), st.integers(3, 30))
def test_sequences_entities_and_cuts(made, mode, max_length):
    example, pieces = made
    whole = naive(example, pieces, mode)
    found = sequence_of(example, pieces, mode, max_length)
    assert found.codes == whole[:max_length]
    assert found.is_cut == (len(whole) > max_length)
    around = AROUND.get(mode, ([-5], [-5], [-6], [-6]))
    first_markers = around[0][0], around[2][0]
    last_markers = around[1][-1], around[3][-1]
    lost = False
    for span, first, last in zip(
        (found.subject, found.object), first_markers, last_markers, strict=True
    ):
        start, end = whole.index(first), whole.index(last)
        lost = lost or end >= max_length or lost_behind(example, pieces, mode, whole, max_length)
        expected = (start, min(end, max_length - 1)) if start < max_length else (0, 0)
        assert span == PieceSpan(*expected)
    assert found.is_entity_cut == lost


@given(examples(), st.sampled_from(MODES), st.integers(18, 34), st.data())
def test_a_window_holds_both_entities(made, mode, max_length, data):
    """Whatever is lost is told; with room for both entities, none of their pieces is."""
    example, pieces = made
    steps = data.draw(st.lists(st.booleans(), min_size=len(pieces), max_size=len(pieces)))
    sentence_ids = [sum(steps[1 : number + 1]) for number in range(len(pieces))]
    example = replace(example, sentence_ids=sentence_ids)
    found = sequence_of(example, pieces, mode, max_length, "entities")
    whole = naive(example, pieces, mode)
    assert len(found.codes) <= max_length
    assert found.is_cut == (len(whole) > max_length)
    if not found.is_cut:
        assert found.codes == whole and found.kept == (WordSpan(0, len(pieces) - 1),)
        return
    kept = {number for start, end in found.kept for number in range(start, end + 1)}
    assert all(set(range(s, e + 1)) & kept for s, e in (example.subject, example.object))
    needed = [
        number
        for span in (example.subject, example.object)
        for number in range(span.start, span.end + 1)
    ]
    if mode != "ner_text":  # there, words behind the text may be lost as well
        loses_words = mode != "ner" and not set(needed) <= kept
        loses_types = mode == "text_ner" and not {-5, -6} <= set(found.codes)
        assert found.is_entity_cut == (loses_words or loses_types)
    sentences = {sentence_ids[number] for number in kept}
    if len(found.kept) == 1 and not found.is_entity_cut:
        partly = [
            one
            for one in sentences
            if not {n for n, s in enumerate(sentence_ids) if s == one} <= kept
        ]
        own = {sentence_ids[number] for number in needed}
        assert set(partly) <= set(range(min(own), max(own) + 1))


def test_whole_sentences_then_words_then_a_gap():
    def window(subject, object_, room, sentence_ids):
        spans = WordSpan(subject, subject), WordSpan(object_, object_)
        return words_around(*spans, [1] * len(sentence_ids), sentence_ids, room)

    sentences = [0] * 4 + [1] * 3 + [2] * 3 + [3] * 4
    assert window(5, 8, 13, sentences) == (WordSpan(0, 9),)
    assert window(8, 5, 14, sentences) == (WordSpan(0, 13),)
    assert window(5, 8, 9, sentences) == (WordSpan(4, 9),)
    assert window(5, 8, 5, sentences) == (WordSpan(4, 8),)
    assert window(0, 13, 6, sentences) == (WordSpan(0, 2), WordSpan(11, 13))


def test_an_entity_that_is_too_long_loses_its_last_words():
    example = RelationExample(
        id="x", words=["w"] * 40, subject=WordSpan(5, 30), object=WordSpan(35, 35)
    )
    found = sequence_of(example, [[7]] * 40, "text", 20, "entities")
    assert found.is_entity_cut and len(found.kept) == 2
    assert [found.codes.count(marker) for marker in (-1, -2, -3, -4)] == [1, 1, 1, 1]
    assert found.kept[0].start == 5


@pytest.mark.parametrize(("mode", "kept"), [("text_ner", 3), ("ner_text", 2)])
def test_what_is_lost_behind_the_text_is_told(mode, kept):
    """The final [SEP] is no loss; a type, or a word of an entity, is one."""
    example = RelationExample(
        id="x", words=["a"] * 4, subject=WordSpan(0, 0), object=WordSpan(2, 2)
    )
    whole = naive(example, [[0], [1], [2], [3]], mode)
    for num_lost in range(1, kept + 1):
        found = sequence_of(example, [[0], [1], [2], [3]], mode, len(whole) - num_lost)
        assert found.is_cut
        assert found.is_entity_cut == (num_lost > 1)


def test_a_word_of_both_entities_is_the_subjects():
    example = RelationExample(
        id="x", words=["a"] * 4, subject=WordSpan(1, 2), object=WordSpan(1, 3)
    )
    codes = sequence_of(example, [[0], [1], [2], [3]], "ner_text", 99).codes
    assert codes == [CLS, 0, -5, -6, SEP, 1, 2, SEP, 3, SEP]


def test_pieces_for_markers():
    assert marker_pieces(["[unused0]", "[unused1]", "x", "[unused2]", "[unused4]"]) == (1, 3)
    assert marker_pieces(["x", "[unused0]"]) == ()
    cased = ["[PAD]", *(f"[unused{k}]" for k in range(1, 100)), "[UNK]", "[unused100]"]
    ids = marker_pieces(cased)
    assert (len(ids), ids[0], ids[99]) == (100, 1, 101)
    assert all(b > a for a, b in pairwise(ids))
