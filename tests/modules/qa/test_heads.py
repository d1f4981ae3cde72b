"""Heads of question answering against their formulas, written out window by window in float64."""

from __future__ import annotations

import math

import pytest
import torch
from allennlp.common import Params
from torch import Tensor
from torch.nn.functional import gelu

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.qa.heads import (
    AnswerHead,
    BiaffineAnswers,
    IndependentAnswers,
    QuestionAwareAnswers,
    WindowInput,
)
from spanbert_allen.modules.qa.windows import AnswerWindows, answer_loss

DIM = 6
QUESTION = 3
"""[CLS], two pieces of the question, and then [SEP]."""
LENGTHS = [9, 5, 1]
"""Pieces of the passage: more than are kept, fewer, and one."""
ANSWERS = [[5, 8], [0, 0], [4, 4]]
KEPT = 4


@pytest.fixture
def windows():
    """Vectors of windows, which ask for gradients, and what else is known of them."""
    torch.manual_seed(5)
    longest = QUESTION + 1 + max(LENGTHS) + 1
    vectors = torch.randn(len(LENGTHS), longest, DIM, dtype=torch.float64)
    passage = torch.full((len(LENGTHS), longest), -1)
    for row, length in enumerate(LENGTHS):
        passage[row, QUESTION + 1 : QUESTION + 1 + length] = torch.arange(length)
        vectors[row, QUESTION + 2 + length :] = 0
    places = torch.full((len(LENGTHS),), QUESTION - 1)
    return vectors.requires_grad_(), WindowInput(passage, places, torch.tensor(ANSWERS))


def made(kind: type[AnswerHead], **options) -> AnswerHead:
    torch.manual_seed(6)
    head = kind(DIM, **options)
    head.initialize(0.7)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return head.double()


def scored(head: AnswerHead, vectors: Tensor, given: WindowInput) -> AnswerWindows:
    scores = head(vectors, given)
    mask = torch.arange(vectors.size(1)) < torch.tensor(LENGTHS)[:, None] + QUESTION + 2
    return AnswerWindows(scores.logits, mask, given.passage_pieces, scores.pairs)


def places_of(given: WindowInput, row: int) -> list[int]:
    return (given.passage_pieces[row] >= 0).nonzero()[:, 0].tolist()


def end_losses(starts: Tensor, ends: Tensor, allowed: list[int], gold: list[int]) -> Tensor:
    """The mean of both cross entropies over [CLS] and the passage."""
    losses = [
        torch.stack([scores[place] for place in [0, *allowed]]).logsumexp(0) - scores[right]
        for scores, right in ((starts, gold[0]), (ends, gold[1]))
    ]
    return (losses[0] + losses[1]) / 2


def kept_spans(starts: Tensor, ends: Tensor, allowed: list[int]) -> list[tuple[int, int]]:
    firsts = sorted(allowed, key=lambda place: -starts[place].item())[:KEPT]
    lasts = sorted(allowed, key=lambda place: -ends[place].item())[:KEPT]
    lasts += [] if firsts[0] in lasts else firsts[:1]
    return [(first, last) for first in firsts for last in lasts if first <= last]


def joint_score(head: BiaffineAnswers, row: Tensor, span: tuple[int, int]) -> Tensor:
    """The logits of a span's ends, taken as they are, and the product of their vectors."""
    row = row.detach()
    logits = (row @ head.weight.T + head.bias).detach()
    first = gelu(head.first.weight @ row[span[0]] + head.first.bias)
    last = gelu(head.last.weight @ row[span[1]] + head.last.bias)
    return logits[span[0], 0] + logits[span[1], 1] + (head.bilinear.weight @ first) @ last


def naive_biaffine(head: BiaffineAnswers, vectors: Tensor, given: WindowInput):
    """The loss, and of each window the scores of all spans by ends, "no answer" as (0, 0)."""
    losses, tables = [], []
    for number, row in enumerate(vectors):
        logits = row @ head.weight.T + head.bias
        allowed, gold = places_of(given, number), ANSWERS[number]
        spans = [(0, 0), *kept_spans(logits[:, 0], logits[:, 1], allowed)]
        tables.append({span: joint_score(head, row, span) for span in spans})
        competing = tables[-1] | {tuple(gold): joint_score(head, row, tuple(gold))}
        loss = torch.stack(list(competing.values())).logsumexp(0) - competing[tuple(gold)]
        losses.append(loss + end_losses(logits[:, 0], logits[:, 1], allowed, gold))
    return torch.stack(losses).mean(), tables


def assert_same_gradients(loss: Tensor, naive: Tensor, head: AnswerHead, vectors: Tensor):
    torch.testing.assert_close(loss, naive)
    asked = [vectors, *head.parameters()]
    mine = torch.autograd.grad(loss, asked, retain_graph=True)
    for own, its in zip(mine, torch.autograd.grad(naive, asked), strict=True):
        torch.testing.assert_close(own, its)


def test_biaffine_answers_are_their_formula(windows):
    vectors, given = windows
    head = made(BiaffineAnswers, num_kept=KEPT, hidden_dim=5, dropout=0.0)
    found = scored(head, vectors, given)
    naive, tables = naive_biaffine(head, vectors, given)
    pairs = found.pairs
    for row, table in enumerate(tables):
        seen = {(0, 0): found.logits[row, 0].sum() + pairs.null[row]}
        for i, j in (pairs.terms[row] > -math.inf).nonzero().tolist():
            first, last = int(pairs.firsts[row, i]), int(pairs.lasts[row, j])
            assert (first, last) not in seen
            ends = found.logits[row, first, 0] + found.logits[row, last, 1]
            seen[first, last] = ends + pairs.terms[row, i, j]
        assert set(seen) == set(table)
        for span, score in seen.items():
            torch.testing.assert_close(score, table[span])
        assert tuple(found.best_spans()[row].tolist()) == max(table, key=table.get)
    loss = answer_loss(found, given.answers, over_everything=False)
    assert_same_gradients(loss, naive, head, vectors)


def test_right_answers_compete_once_whether_they_are_kept_or_not(windows):
    """With few ends kept the right answer is missing among them, with all it is one of them."""
    vectors, given = windows
    for num_kept in (1, 20):
        head = made(BiaffineAnswers, num_kept=num_kept, hidden_dim=5, dropout=0.0)
        found = scored(head, vectors, given)
        pairs = found.pairs
        for row, (first, last) in enumerate(ANSWERS):
            spans = (pairs.firsts[row] == first)[:, None] & (pairs.lasts[row] == last)
            kept = (spans & (pairs.terms[row] > -math.inf)).any().item()
            assert kept == (num_kept == 20 and first > 0) or len(places_of(given, row)) == 1
            scores = [found.logits[row, 0].sum() + pairs.null[row]]
            ends = found.logits[row, pairs.firsts[row], 0][:, None]
            ends = ends + found.logits[row, pairs.lasts[row], 1] + pairs.terms[row]
            scores += ends[ends > -math.inf].tolist()
            gold = joint_score(head, vectors[row], (first, last)).detach()
            scores += [] if kept or first == 0 else [gold]
            one = WindowInput(*(column[row : row + 1] for column in given))
            alone = scored(head, vectors[row : row + 1], one).pair_loss(one.answers)
            wanted = torch.tensor(scores, dtype=torch.float64).logsumexp(0) - gold
            torch.testing.assert_close(alone, wanted)


def test_the_softmax_over_spans_trains_the_product_alone(windows):
    vectors, given = windows
    head = made(BiaffineAnswers, num_kept=KEPT, hidden_dim=5, dropout=0.0)
    scored(head, vectors, given).pair_loss(given.answers).backward()
    trained = {name for name, one in head.named_parameters() if one.grad is not None}
    product = {
        "bilinear.weight",
        *(f"{end}.{part}" for end in ("first", "last") for part in ("weight", "bias")),
    }
    assert trained == product and vectors.grad is None
    assert all(one.grad.any() for one in head.parameters() if one.grad is not None)


@pytest.mark.parametrize("question", ["cls", "piece"])
def test_question_aware_answers_are_their_formula(windows, question):
    vectors, given = windows
    head = made(QuestionAwareAnswers, question=question)
    found = scored(head, vectors, given)
    place = 0 if question == "cls" else QUESTION - 1

    def transformed(part, vector):
        hidden = gelu(part.dense.weight @ vector + part.dense.bias)
        hidden = (hidden - hidden.mean()) / (hidden.var(unbiased=False) + 1e-12).sqrt()
        return hidden * part.layer_norm.weight + part.layer_norm.bias

    losses = []
    for number, row in enumerate(vectors):
        columns = [
            torch.stack(
                [
                    (part.bilinear.weight @ transformed(part.question, row[place]))
                    @ transformed(part.place, vector)
                    for vector in row
                ]
            )
            for part in (head.start, head.end)
        ]
        torch.testing.assert_close(found.logits[number], torch.stack(columns, -1))
        losses.append(end_losses(*columns, places_of(given, number), ANSWERS[number]))
    loss = answer_loss(found, given.answers, over_everything=False)
    assert_same_gradients(loss, torch.stack(losses).mean(), head, vectors)


def test_the_default_is_the_linear_layer_of_old_archives():
    head = AnswerHead.from_params(Params({}), dim=DIM)
    assert type(head) is IndependentAnswers
    assert {name: tuple(one.shape) for name, one in head.state_dict().items()} == {
        "weight": (2, DIM),
        "bias": (2,),
    }


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"type": "spanbert_biaffine_answers", "num_kept": 0}, "must be 1 or more"),
        ({"type": "spanbert_question_aware_answers", "question": "?"}, "neither 'cls' nor 'piece'"),
    ],
)
def test_what_no_head_can_be(options, problem):
    with pytest.raises(ConfigError, match=problem):
        AnswerHead.from_params(Params(options), dim=DIM)
