"""Spans that recur in a block become questions, and one occurrence their answer."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.pretraining.draws import Draws, Purpose
from spanbert_allen.data.pretraining.masking import (
    GeometricSpans,
    Rows,
    Subwords,
    TaggedSpans,
    WholeWords,
)
from spanbert_allen.data.pretraining.questions import RecurringSpans
from spanbert_allen.encoders import WordPieceVocabulary

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[QUESTION]"]
WORDS = ["Ida", "Tom", "the", "of", "saw", "run", "##s", "##ning", "no", "##w", ".", "-", "7"]
PIECES = [*SPECIAL, *WORDS]
QUESTION = PIECES.index("[QUESTION]")
STOP_WORDS = {"the", "of", "no", "now"}  # all that the English list has of them
TOKENIZER = PieceTokenizer(WordPieceVocabulary(tuple(PIECES)), lower_case=False)


def rows_of(texts):
    """Make rows of texts whose word pieces are separated by blanks."""
    cut = [text.split() for text in texts]
    lengths = np.asarray(list(map(len, cut)))
    ids = np.zeros((len(cut), lengths.max()), np.int64)
    starts_word = np.zeros(ids.shape, np.bool_)
    for row, pieces in enumerate(cut):
        ids[row, : len(pieces)] = [PIECES.index(piece) for piece in pieces]
        starts_word[row, : len(pieces)] = [not piece.startswith("##") for piece in pieces]
    starts_word[:, 0] = True
    return ids, Rows(lengths=lengths, starts_word=starts_word)


def draws(number, epoch=0):
    return Draws(1, epoch, np.arange(number))


def asked(texts, **options):
    """Return the texts with their questions, and the answers of each."""
    ids, rows = rows_of(texts)
    find = RecurringSpans(**options).of_vocabulary(TOKENIZER)
    ids, rows, answers = find(ids, rows, draws(len(texts))).ask(ids, rows, QUESTION)
    shown = [
        [PIECES[one] for one in row[:length]] for row, length in zip(ids, rows.lengths, strict=True)
    ]
    found = [{} for _ in texts]
    for row, column, start, end in zip(*answers, strict=True):
        assert shown[row][column] == "[QUESTION]"
        found[row][int(column)] = shown[row][start : end + 1]
    return shown, found


def naive(ids, rows, keyed, longest, budget_of):
    """Choose questions by looking at every pair of places; return (row, start, end, answer)."""
    chosen = []
    for row in range(len(ids)):
        pieces = [PIECES[one] for one in ids[row, : rows.lengths[row]]]
        starts = [i for i in range(len(pieces)) if i == 0 or not pieces[i].startswith("##")]
        ends = [*starts[1:], len(pieces)]
        words = [pieces[a:b] for a, b in zip(starts, ends, strict=True)]
        sounds = [
            not word[0].startswith("##")
            and all(piece.removeprefix("##").isalnum() for piece in word)
            for word in words
        ]
        texts = ["".join(piece.removeprefix("##") for piece in word) for word in words]
        taken, clusters = set(), []
        for length in range(longest, 0, -1):
            places = defaultdict(list)
            for i in range(len(words) - length + 1):
                inside = range(i, i + length)
                if all(sounds[j] for j in inside) and not all(
                    texts[j].lower() in STOP_WORDS for j in inside
                ):
                    places[str(words[i : i + length])].append(i)
            for found in places.values():
                kept = []
                for i in found:
                    if not taken & set(range(i, i + length)) and (
                        not kept or i >= kept[-1] + length
                    ):
                        kept.append(i)
                if len(kept) > 1:
                    clusters.append((length, kept))
                    taken |= {j for i in kept for j in range(i, i + length)}
        columns = np.arange(ids.shape[1])[None]
        order = keyed.uniform(Purpose.RECURRING_SPAN, columns)[row]
        left = keyed.uniform(Purpose.LEFT_OCCURRENCE, columns)[row]
        budget = budget_of(len(pieces))
        for length, kept in sorted(clusters, key=lambda one: order[starts[one[1][0]]]):
            if len(kept) - 1 > budget:
                continue
            answer = kept[int(left[starts[kept[0]]] * len(kept))]
            for i in kept:
                if i != answer:
                    budget -= 1
                    chosen.append(
                        (
                            row,
                            starts[i],
                            ends[i + length - 1],
                            starts[answer],
                            ends[answer + length - 1],
                        )
                    )
    return sorted(chosen)


@pytest.mark.parametrize("longest", [1, 2, 10])
def test_the_choice_is_that_of_a_search_through_all_places(longest):
    random = np.random.default_rng(4)
    texts = [" ".join(random.choice(WORDS, size)) for size in random.integers(1, 60, 120)]
    ids, rows = rows_of(texts)
    spans = RecurringSpans(longest=longest, max_questions=6)
    keyed = draws(len(texts))
    found = spans.of_vocabulary(TOKENIZER)(ids, rows, keyed)
    columns = (found.rows, found.starts, found.ends, found.answer_starts, found.answer_ends)
    expected = naive(ids, rows, keyed, longest, lambda n: max(1, min(6, round(n * 0.15))))
    assert len(expected) > 100
    assert list(zip(*(one.tolist() for one in columns), strict=True)) == expected


def test_the_longest_span_is_asked_for_and_nothing_inside_of_it():
    (shown,), (found,) = asked(["Ida saw Tom . run . Ida saw Tom - 7 no ."])
    assert list(found.values()) == [["Ida", "saw", "Tom"]]
    assert sorted((shown.index("[QUESTION]"), shown.index("Ida"))) in ([0, 4], [0, 6])
    assert len(shown) == 11


def test_an_answer_in_the_place_of_each_question_restores_the_text():
    random = np.random.default_rng(5)
    texts = [" ".join(random.choice(WORDS, 50)) for _ in range(40)]
    changed = 0
    for text, shown, found in zip(texts, *asked(texts), strict=True):
        changed += len(found)
        whole = [found.get(column, [piece]) for column, piece in enumerate(shown)]
        assert " ".join(piece for pieces in whole for piece in pieces) == text
    assert changed > 100


@pytest.mark.parametrize(
    "text",
    [
        "the of the . of no ##w the of",  # stop words only
        "no ##w Ida no ##w",  # one of two pieces
        "saw . - . saw ##s . -",  # punctuation; a part of a word
        "[UNK] . [UNK]",  # nobody knows whether it is the same
        "##s Ida ##s",  # a row may begin inside of a word
        "Ida",
    ],
)
def test_what_is_no_question(text):
    assert asked([text]) == ([text.split()], [{}])


def test_stop_words_inside_of_a_span_and_of_a_list_of_ones_own(tmp_path):
    text = "Ida of Tom . Ida of Tom - the"
    assert list(asked([text])[1][0].values()) == [["Ida", "of", "Tom"]]
    (tmp_path / "words.txt").write_text("ida\ntom\n\nof\n", encoding="utf-8")
    assert asked([text], stop_words=str(tmp_path / "words.txt"))[1] == [{}]


def test_a_span_with_more_occurrences_than_the_budget_is_passed_over():
    text = " . ".join(["Ida"] * 5 + ["Tom"] * 3)
    for maximum, names in ((6, {"Ida", "Tom"}), (5, {"Ida"}), (3, {"Tom"}), (1, set())):
        _, (found,) = asked([text], max_questions=maximum, rate=1.0)
        got = {answer[0] for answer in found.values()}
        assert got == names or (maximum == 5 and got == {"Tom"})
        assert len(found) <= maximum
    assert len(asked([text], rate=0.14)[1][0]) == 2


def test_another_occurrence_is_left_in_another_epoch_and_none_depends_on_the_batch():
    texts = [" . ".join(["Ida"] * 4) + " . run" * number for number in range(9)]
    ids, rows = rows_of(texts)
    find = RecurringSpans(rate=1.0).of_vocabulary(TOKENIZER)
    first = find(ids, rows, draws(9))
    assert len(set(first.answer_starts.tolist())) > 1
    assert not np.array_equal(find(ids, rows, draws(9, epoch=1)).answer_starts, first.answer_starts)
    alone = find(ids[3:4, :13], Rows(**_cut(rows, 3, 13)), Draws(1, 0, np.asarray([3])))
    assert alone.starts.tolist() == first.starts[first.rows == 3].tolist()
    assert alone.answer_starts.tolist() == first.answer_starts[first.rows == 3].tolist()


def _cut(rows, row, length):
    return {
        "lengths": rows.lengths[row : row + 1],
        "starts_word": rows.starts_word[row : row + 1, :length],
    }


@pytest.mark.parametrize("masking", [GeometricSpans, WholeWords, Subwords, TaggedSpans])
def test_questions_and_answers_are_never_masked(masking):
    random = np.random.default_rng(6)
    ids, rows = rows_of([" ".join(random.choice(WORDS, 50)) for _ in range(60)])
    tagged = random.random(ids.shape) < 0.5
    rows = Rows(lengths=rows.lengths, starts_word=rows.starts_word, tagged=tagged)
    find = RecurringSpans().of_vocabulary(TOKENIZER)
    ids, rows, answers = find(ids, rows, draws(60)).ask(ids, rows, QUESTION)
    mask = masking(rate=0.5)(rows, draws(60))
    assert not (mask & ~rows.may_be_masked).any()
    assert mask.sum(axis=1).tolist() == np.ceil(rows.may_be_masked.sum(axis=1) / 2).tolist()
    for row, column, start, end in zip(*answers, strict=True):
        assert not mask[row, [column, *range(start, end + 1)]].any()


def test_which_piece_stands_for_questions():
    def piece(**options):
        vocabulary = WordPieceVocabulary(tuple(options.pop("pieces", PIECES)))
        tokenizer = PieceTokenizer(vocabulary, lower_case=False)
        return vocabulary.pieces[RecurringSpans(**options).piece_id(tokenizer)]

    plain = [one for one in PIECES if one != "[QUESTION]"]
    assert piece() == "[QUESTION]"
    assert piece(pieces=[*plain, "[unused100]"]) == "[unused100]"
    assert piece(pieces=plain) == "[MASK]"
    assert piece(piece="7") == "7"
    with pytest.raises(ConfigError, match="'8', which the encoder's vocabulary does not have"):
        piece(piece="8")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"max_questions": 0}, "`max_questions` of the questions is 0"),
        ({"rate": 0.0}, r"`rate` of the questions is 0\.0"),
        ({"longest": 0}, "`longest` of the questions is 0"),
        ({"stop_words": "xx"}, "`stop_words` of the questions is 'xx': give one of en, de, es, fr"),
    ],
)
def test_settings_that_cannot_be(options, problem):
    with pytest.raises(ConfigError, match=problem):
        RecurringSpans(**options)
