"""The exact decoder against every span tried one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.qa.passage import make_passage
from spanbert_allen.data.qa.windows import best_windows, window_spans
from spanbert_allen.encoders import find_encoder
from spanbert_allen.modules.qa.decoder import AnswerDecoder, WindowScores
from spanbert_allen.modules.qa.exact import ExactAnswers

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


def tried(windows, passage, max_length):
    """Score and text of every possible answer."""
    found = []
    for window in windows:
        places = np.flatnonzero(window.passage_pieces >= 0)
        for start in places[window.max_context[places]]:
            for end in places[(places >= start) & (places < start + max_length)]:
                chars = passage.chars(window.passage_pieces[start], window.passage_pieces[end])
                score = float(window.start_logits[start]) + float(window.end_logits[end])
                found.append((score, passage.text[chars.start : chars.end]))
    return sorted(found, reverse=True)


@given(
    st.lists(st.sampled_from(["a", "fox", "Zoë's", "café", "1887-1889,"]), min_size=1, max_size=20),
    st.integers(2, 12),
    st.integers(1, 8),
    st.integers(1, 5),
    st.booleans(),
    st.integers(0, 99),
)
def test_the_same_as_trying_all(words, room, stride, max_length, impossible, seed):
    passage = make_passage("  ".join(words), TOKENIZER)
    windows = scored(passage, room, min(stride, room), seed)
    decoder = ExactAnswers(n_best=3, max_answer_length=max_length)
    decoded = decoder.decode(windows, passage, impossible=impossible)
    wanted = tried(windows, passage, max_length)
    answers = [answer for answer in decoded.answers if answer.text]
    assert answers[0].score == pytest.approx(wanted[0][0]) and answers[0].text == wanted[0][1]
    assert len({answer.text for answer in answers}) == len(answers) <= 3
    assert [answer.score for answer in decoded.answers] == sorted(
        (answer.score for answer in decoded.answers), reverse=True
    )
    totals = [score for score, _ in wanted]
    if impossible:
        null = min(float(w.start_logits[0]) + float(w.end_logits[0]) for w in windows)
        totals.append(null)
        assert decoded.null_score == pytest.approx(null)
        assert decoded.no_answer_score == pytest.approx(null - wanted[0][0])
        assert sum(not answer.text for answer in decoded.answers) == 1
    else:
        assert decoded.no_answer_score is None
    share = np.exp(wanted[0][0]) / np.exp(totals).sum()
    assert answers[0].probability == pytest.approx(share)
    for answer in answers:
        assert passage.text[answer.chars.start : answer.chars.end] == answer.text


def test_a_passage_without_pieces_has_no_answer():
    passage = make_passage(" ", TOKENIZER)
    decoded = ExactAnswers().decode([], passage, impossible=True)
    assert decoded.answers == () and decoded.best is None


def test_it_is_the_default_and_refuses_nothing_to_give():
    assert AnswerDecoder.by_name(AnswerDecoder.default_implementation) is ExactAnswers
    with pytest.raises(ConfigError, match="n_best"):
        ExactAnswers(n_best=0)
