"""The exact decoder against every span tried one by one."""

import string
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.qa.passage import make_passage, whole_words
from spanbert_allen.data.qa.windows import best_windows, window_spans
from spanbert_allen.encoders import WordPieceVocabulary, find_encoder
from spanbert_allen.modules.qa.decoder import AnswerDecoder, WindowScores
from spanbert_allen.modules.qa.exact import ExactAnswers
from tests.modules.qa.pair_terms import null_of, term_of, with_pairs

TOKENIZER = PieceTokenizer.from_files(find_encoder("minilm"))
QUESTION = 4  # [CLS], two pieces, [SEP]


def scored(passage, room, stride, seed):
    random = np.random.default_rng(seed)
    spans = window_spans(len(passage), room, stride)
    best = best_windows(spans, len(passage))
    windows = []
    for number, (start, end) in enumerate(spans):
        pieces = np.concatenate([[-1] * QUESTION, np.arange(start, end), [-1]]).astype(np.int64)
        starts, ends = random.normal(size=(2, len(pieces))).astype(np.float32) * 3
        max_context = (pieces >= 0) & (best[pieces] == number)
        windows.append(WindowScores(starts, ends, pieces, max_context))
    return windows


def widened(passage, first, last, align):
    """The characters of a span, widened piece by piece."""
    pieces = passage.pieces()
    while align and pieces[first].startswith("##"):
        first -= 1
    while align and last + 1 < len(pieces) and pieces[last + 1].startswith("##"):
        last += 1
    return passage.chars(first, last)


def folded(text, align):
    """What two texts share if they count as the same."""
    if not align:
        return text
    plain = " ".join(text.casefold().split())
    return plain.strip(string.punctuation + " ") or plain


def tried(windows, passage, max_length, align):
    """Score, text and place of every possible answer, best first."""
    found = []
    for window in windows:
        places = np.flatnonzero(window.passage_pieces >= 0)
        for start in places[window.max_context[places]]:
            for end in places[(places >= start) & (places < start + max_length)]:
                pieces = window.passage_pieces[[start, end]].tolist()
                term = term_of(window, start, end)
                if term is None:
                    continue
                chars = widened(passage, *pieces, align)
                score = float(window.start_logits[start]) + float(window.end_logits[end]) + term
                found.append((score, passage.text[chars.start : chars.end], chars))
    return sorted(found, key=lambda one: -one[0])


@given(
    st.lists(
        st.sampled_from(["a", "fox", "Fox", "(fox)", "Zoë's", "café", "1887-1889,", "...", "."]),
        min_size=1,
        max_size=20,
    ),
    st.integers(2, 12),
    st.integers(1, 8),
    st.sampled_from([1, 2, 5, 100]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 99),
)
def test_the_same_as_trying_all(words, room, stride, max_length, impossible, align, pairs, seed):
    passage = make_passage("  ".join(words), TOKENIZER)
    windows = scored(passage, room, min(stride, room), seed)
    windows = with_pairs(windows, seed) if pairs else windows
    decoder = ExactAnswers(n_best=3, max_answer_length=max_length, align_to_words=align)
    decoded = decoder.decode(windows, passage, impossible=impossible)
    every = tried(windows, passage, max_length, align)
    null = min(map(null_of, windows))
    total = np.exp([one[0] for one in every] + [null] * impossible).sum()
    wanted = {}
    for score, text, chars in every:
        best = wanted.setdefault(folded(text, align), [score, text, chars, 0.0])
        best[3] += np.exp(score) / total
    answers = [answer for answer in decoded.answers if answer.text]
    assert len(answers) == min(len(wanted), 3)
    for answer, (score, text, chars, share) in zip(answers, wanted.values(), strict=False):
        assert answer.score == pytest.approx(score)
        assert answer.probability == pytest.approx(share)
        assert (answer.text, answer.chars) == (text, chars)
    assert [answer.score for answer in decoded.answers] == sorted(
        (answer.score for answer in decoded.answers), reverse=True
    )
    if impossible:
        assert decoded.null_score == pytest.approx(null)
        best = every[0][0] if every else -np.inf
        assert decoded.no_answer_score == pytest.approx(null - best)
        assert sum(not answer.text for answer in decoded.answers) == 1
    else:
        assert decoded.no_answer_score is None


def flat(passage, room=300, stride=128):
    """Windows in which every span has the same score."""
    windows = scored(passage, room, stride, seed=0)
    return [
        replace(one, start_logits=one.start_logits * 0, end_logits=one.end_logits * 0)
        for one in windows
    ]


def test_a_text_that_is_repeated_is_one_answer_with_the_probability_of_all():
    passage = make_passage("Oslo, " * 81 + "or Rome", TOKENIZER)
    windows = flat(passage)
    for window in windows:
        is_oslo = [
            piece >= 0 and passage.text[slice(*passage.piece_chars[piece])] == "Oslo"
            for piece in window.passage_pieces
        ]
        window.start_logits[is_oslo] = window.end_logits[is_oslo] = 6
    decoded = ExactAnswers(max_answer_length=1).decode(windows, passage, impossible=False)
    assert {answer.text for answer in decoded.answers} == {"Oslo", ",", "or", "Rome"}
    best = decoded.answers[0]
    assert (best.text, best.chars.start) == ("Oslo", 0)
    assert best.probability == pytest.approx(81 / (81 + 83 * np.exp(-12)))


def test_answers_end_at_whole_words_unless_asked_otherwise():
    passage = make_passage("an unbelievably long tram", TOKENIZER)
    assert any(piece.startswith("##") for piece in passage.pieces())
    windows = scored(passage, 20, 20, seed=1)
    words = set(passage.text.split())
    for decoder in (ExactAnswers(n_best=99), ExactAnswers(n_best=99, align_to_words=False)):
        answers = decoder.decode(windows, passage, impossible=False).answers
        are_whole = [set(answer.text.split()) <= words for answer in answers]
        assert all(are_whole) == decoder.align_to_words


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("text", ["le cafe\u0301 noir", "में है", "Hello \u2764\ufe0f there"])
def test_marks_that_have_no_piece_belong_to_the_answer(text, align):
    """An encoder without accents drops them, at the end of a word as inside of it."""
    passage = make_passage(text, TOKENIZER)
    decoder = ExactAnswers(n_best=99, max_answer_length=1, align_to_words=align)
    answers = decoder.decode(scored(passage, 20, 20, seed=1), passage, impossible=False).answers
    found = {answer.text for answer in answers}
    assert found == set(text.split())
    assert {text[slice(*answer.chars)] for answer in answers} == found


def test_words_of_scripts_without_spaces_are_cut_between_pieces():
    letters = list("がいけおすสวัดี")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    pieces += [f"##{letter}" for letter in letters]
    vocabulary = WordPieceVocabulary(tuple(dict.fromkeys(pieces)))
    tokenizer = PieceTokenizer(vocabulary, lower_case=False)
    passage = make_passage("がいけ おす", tokenizer)
    assert passage.pieces() == ["が", "##い", "##け", "お", "##す"]
    assert [first for first, _ in whole_words(passage).tolist()] == [0, 1, 2, 3, 4]
    # A vowel sign and a tone mark stay with the letter before them.
    passage = make_passage("สวัดี", tokenizer)
    assert [
        passage.text[slice(*passage.chars(first, last))]
        for first, last in sorted(set(map(tuple, whole_words(passage).tolist())))
    ] == ["ส", "วั", "ดี"]


@pytest.mark.parametrize("n_best", [20, 1_000_000])
def test_long_answers_and_repeated_texts_take_no_memory(n_best):
    """10,000 full stops in windows of 300 pieces: 3 million spans, 300 texts."""
    passage = make_passage("." * 10_000, TOKENIZER)
    windows = flat(passage)
    decoder = ExactAnswers(n_best=n_best, max_answer_length=1_000_000)
    tracemalloc.start()
    decoded = decoder.decode(windows, passage, impossible=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(decoded.answers) == min(n_best, 300)
    assert decoded.answers[0].text == "."
    assert sum(answer.probability for answer in decoded.answers) <= 1.0001
    assert peak < 64 * 2**20


def test_a_passage_without_pieces_has_no_answer():
    passage = make_passage(" ", TOKENIZER)
    decoded = ExactAnswers().decode([], passage, impossible=True)
    assert decoded.answers == () and decoded.best is None


def test_it_is_the_default_and_refuses_nothing_to_give():
    assert AnswerDecoder.by_name(AnswerDecoder.default_implementation) is ExactAnswers
    with pytest.raises(ConfigError, match="n_best"):
        ExactAnswers(n_best=0)
