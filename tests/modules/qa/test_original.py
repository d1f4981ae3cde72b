"""The original's answers against plain loops over its rules."""

import json
import math

import numpy as np
import pytest
import torch
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.data.data_loaders import MultiProcessDataLoader
from allennlp.models import Model
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.qa.passage import make_passage
from spanbert_allen.data.qa.windows import best_windows, window_spans
from spanbert_allen.dataset_readers import SquadReader
from spanbert_allen.encoders import find_encoder
from spanbert_allen.models import SpanbertQA
from spanbert_allen.modules.qa.decoder import AnswerDecoder, WindowScores
from spanbert_allen.modules.qa.original import OriginalAnswers
from tests.modules.qa.pair_terms import null_of, term_of, with_pairs

TOKENIZERS = {name: PieceTokenizer.from_files(find_encoder(name)) for name in ("minilm", "tiny")}
QUESTION = 4  # [CLS], two pieces, [SEP]
WORDS = ["a", "fox", "Zoë's", "(café", "1887-1889,", "$5", "x☃y", "\u200b", "a\u00a0b", "İ"]


def scored(passage, room, stride, num_padding, draw):
    """Windows of a passage with whatever logits `draw` gives for so many pieces."""
    spans = window_spans(len(passage), room, stride)
    best = best_windows(spans, len(passage))
    windows = []
    for number, (start, end) in enumerate(spans):
        padding = room - (end - start) + num_padding if num_padding else 0
        pieces = np.array([-1] * QUESTION + [*range(start, end), -1] + [-1] * padding)
        max_context = (pieces >= 0) & (best[pieces] == number)
        windows.append(
            WindowScores(draw(len(pieces)), draw(len(pieces)), pieces, max_context),
        )
    return windows


def coarse(seed):
    """Few different logits: many ties."""
    random = np.random.default_rng(seed)
    return lambda count: random.integers(-3, 4, count).astype(np.float32) / 2


def projected_slowly(predicted, original, tokenizer):
    tokenized = " ".join(tokenizer.basic.parts(original))
    if predicted not in tokenized:
        return original
    start = tokenized.index(predicted)
    stripped, places = "", []
    for place, character in enumerate(original):
        if character != " ":
            stripped += character
            places.append(place)
    if len(stripped) != len(tokenized.replace(" ", "")):
        return original
    number_of, count = {}, 0
    for place, character in enumerate(tokenized):
        if character != " ":
            number_of[place] = count
            count += 1
    last = start + len(predicted) - 1
    return original[places[number_of[start]] : places[number_of[last]] + 1]


def text_of(passage, tokenizer, first, last):
    pieces = [tokenizer.vocabulary[i] for i in passage.piece_ids[first : last + 1]]
    predicted = " ".join(" ".join(pieces).replace(" ##", "").replace("##", "").split())
    words = [
        passage.word(word)
        for word in range(passage.piece_words[first], passage.piece_words[last] + 1)
    ]
    return projected_slowly(predicted, " ".join(words), tokenizer)


def listed(windows, passage, tokenizer, n_best, max_length, impossible):
    """Text and both logits of each entry, and the null score, by the rules one after the other."""
    spans, null_score, null = [], 1000000, (0.0, 0.0, 0.0)
    for window in windows:
        starts, ends = window.start_logits.tolist(), window.end_logits.tolist()
        if null_of(window) < null_score:
            null_score = null_of(window)
            null = (starts[0], ends[0], null_score - starts[0] - ends[0])
        for start in sorted(range(len(starts)), key=lambda i: starts[i], reverse=True)[:n_best]:
            for end in sorted(range(len(ends)), key=lambda i: ends[i], reverse=True)[:n_best]:
                first, last = window.passage_pieces[start], window.passage_pieces[end]
                is_answer = first >= 0 and last >= 0 and window.max_context[start]
                term = term_of(window, start, end)
                if is_answer and start <= end < start + max_length and term is not None:
                    spans.append((first, last, starts[start], ends[end], term))
    if impossible:
        spans.append((None, None, *null))
    entries, seen = [], set()
    for first, last, *scores in sorted(spans, key=lambda s: sum(s[2:]), reverse=True):
        if len(entries) >= n_best:
            break
        text = "" if first is None else text_of(passage, tokenizer, first, last)
        if text not in seen:
            seen.add(text)
            entries.append((text, *scores))
    if impossible:
        if "" not in seen:
            entries.append(("", *null))
        if len(entries) == 1:
            entries.insert(0, ("empty", 0.0, 0.0, 0.0))
    return entries or [("empty", 0.0, 0.0, 0.0)], null_score


@given(
    st.sampled_from(sorted(TOKENIZERS)),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=16),
    st.integers(2, 12),
    st.integers(1, 8),
    st.sampled_from([0, 3]),
    st.integers(1, 6),
    st.integers(1, 5),
    st.booleans(),
    st.booleans(),
    st.integers(0, 99),
)
def test_the_same_as_the_rules_one_by_one(
    name, words, room, stride, num_padding, n_best, max_length, impossible, pairs, seed
):
    tokenizer = TOKENIZERS[name]
    passage = make_passage(" \n".join(words), tokenizer)
    windows = scored(passage, room, min(stride, room), num_padding, coarse(seed))
    windows = with_pairs(windows, seed) if pairs else windows
    decoder = OriginalAnswers(n_best=n_best, max_answer_length=max_length)
    decoded = decoder.decode(windows, passage, impossible=impossible)
    if impossible and not windows:
        assert decoded.answers == ()
        return
    wanted, null_score = listed(windows, passage, tokenizer, n_best, max_length, impossible)
    answers = decoded.answers
    assert [(one.text, one.start_logit, one.end_logit, one.pair_term) for one in answers] == wanted
    total = sum(math.exp(sum(scores)) for _, *scores in wanted)
    shares = [math.exp(sum(scores)) / total for _, *scores in wanted]
    assert [one.probability for one in answers] == pytest.approx(shares)
    assert decoded.null_score == (null_score if impossible else None)
    assert decoded.best == next(one for one in answers if one.text)
    for answer in answers:
        if answer.chars is None:
            assert answer.text in ("", "empty")
        else:
            found = passage.text[answer.chars.start : answer.chars.end]
            assert " ".join(found.split(" \n")) == answer.text


def one_window(passage, starts, ends, default=-50.0):
    """One window that holds the whole passage, with these logits, by place in it."""
    windows = scored(passage, len(passage), 128, 0, lambda n: np.full(n, default, np.float32))
    for place, logit in starts.items():
        windows[0].start_logits[place] = logit
    for place, logit in ends.items():
        windows[0].end_logits[place] = logit
    return windows


def test_a_likely_answer_beside_none():
    passage = make_passage("fox", TOKENIZERS["minilm"])
    windows = one_window(passage, {0: 2, QUESTION: 4}, {0: 1.5, QUESTION: 3})
    decoded = OriginalAnswers().decode(windows, passage, impossible=True)
    assert [one.text for one in decoded.answers] == ["fox", ""]
    assert [one.probability for one in decoded.answers] == pytest.approx([0.9707, 0.0293], abs=5e-5)
    assert decoded.no_answer_score == pytest.approx(-3.5)


def test_the_best_of_unlikely_answers_is_one():
    passage = make_passage("a fox is a fox", TOKENIZERS["minilm"])
    windows = one_window(passage, {0: 3}, {0: 4} | {QUESTION + i: -60 for i in range(5)})
    decoded = OriginalAnswers().decode(windows, passage, impossible=True)
    assert decoded.answers[0].text == "" and decoded.best.text == "a"
    assert decoded.no_answer_score == pytest.approx(117)


@pytest.mark.parametrize("impossible", [False, True])
def test_the_question_may_take_all_places(impossible):
    passage = make_passage("a fox", TOKENIZERS["minilm"])
    windows = one_window(passage, {1: 9, 2: 8}, {1: 9, 2: 8})
    decoded = OriginalAnswers(n_best=2).decode(windows, passage, impossible=impossible)
    assert [one.text for one in decoded.answers] == ["empty", ""][: 1 + impossible]
    assert decoded.best.text == "empty" and decoded.best.chars is None and decoded.best.score == 0
    assert decoded.no_answer_score == (-100 if impossible else None)


def test_a_context_without_pieces():
    passage = make_passage("\u200b \n", TOKENIZERS["minilm"])
    assert OriginalAnswers().decode([], passage, impossible=True).answers == ()
    (answer,) = OriginalAnswers().decode([], passage, impossible=False).answers
    assert answer.text == "empty" and answer.probability == 1


def test_characters_of_words_far_apart():
    text = "so \t(Steve  \n Smith's book"
    passage = make_passage(text, TOKENIZERS["minilm"])
    pieces = passage.pieces()
    first, last = QUESTION + pieces.index("steve"), QUESTION + pieces.index("smith")
    decoded = OriginalAnswers().decode(
        one_window(passage, {first: 4}, {last: 4}), passage, impossible=False
    )
    best = decoded.best
    assert best.text == "Steve Smith"
    assert text[best.chars.start : best.chars.end] == "Steve  \n Smith"


def test_from_a_configuration():
    params = Params({"type": "original", "n_best": 5, "max_answer_length": 7})
    decoder = AnswerDecoder.from_params(params)
    assert isinstance(decoder, OriginalAnswers)
    assert (decoder.n_best, decoder.max_answer_length) == (5, 7)


def test_in_a_model_on_passages_from_another_process(tmp_path):
    text = "A fox (Zoë's) ran  from 1887-1889, so far."
    questions = [
        {"id": str(i), "question": "Who ran?", "answers": [{"text": "A fox", "answer_start": 0}]}
        for i in range(2)
    ]
    articles = [{"paragraphs": [{"context": text, "qas": questions}]}]
    path = tmp_path / "dev.json"
    path.write_text(json.dumps({"version": "1.1", "data": articles}), encoding="utf-8")
    indexer = {"type": "spanbert", "model_name": "tiny"}
    reader = DatasetReader.from_params(
        Params(
            {"type": "spanbert_squad", "indexer": indexer, "max_length": 40, "stride": 8}
            | {"max_question_length": 10, "fixed_length": True}
        )
    )
    assert isinstance(reader, SquadReader)
    model = Model.from_params(
        vocab=Vocabulary(),
        params=Params(
            {
                "type": "spanbert_qa",
                "embedder": {"type": "spanbert", "model_name": "tiny"},
                "decoder": {"type": "original", "n_best": 5},
            }
        ),
    ).eval()
    assert isinstance(model, SpanbertQA)
    decoded = []
    for num_workers in (0, 1):
        loader = MultiProcessDataLoader(reader, path, batch_size=2, num_workers=num_workers)
        loader.index_with(model.vocab)
        (batch,) = loader
        with torch.no_grad():
            decoded.append(model(**batch)["decoded"])
    here, there = decoded
    assert len(here) == 2 and here == there
    assert here[0].best is not None and here[0].answers[0].probability > 0
