"""The objective of recurring spans, beside a naive one and transformers' head."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import gelu, layer_norm
from transformers.models.splinter.configuration_splinter import SplinterConfig
from transformers.models.splinter.modeling_splinter import QuestionAwareSpanSelectionHead

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.pretraining.objectives import RecurringSpanSelection

DIM = 6
# Two rows of seven and five pieces; the second has one question.
IS_REAL = torch.arange(7) < torch.tensor([[7], [5]])
TARGETS = {
    "question_columns": torch.tensor([[1, 4], [3, -1]]),
    "answer_starts": torch.tensor([[5, 2], [0, -1]]),
    "answer_ends": torch.tensor([[6, 2], [1, -1]]),
}


def make(**options):
    torch.manual_seed(5)
    return RecurringSpanSelection(DIM, 1e-5, **options).double()


def vectors():
    torch.manual_seed(6)
    return torch.randn(2, 7, DIM, dtype=torch.float64, requires_grad=True)


def naive_loss(objective, given):
    """Compute the loss one question and one place at a time."""
    state = objective.state_dict()

    def transform(vector, name):
        weights = [state[f"{name}.{part}"] for part in ("dense.weight", "dense.bias")]
        hidden = gelu(weights[0] @ vector + weights[1])
        norm = [state[f"{name}.layer_norm.{part}"] for part in ("weight", "bias")]
        return layer_norm(hidden, hidden.shape, *norm, 1e-5)

    losses = []
    for row, length in enumerate((7, 5)):
        for number, column in enumerate(TARGETS["question_columns"][row].tolist()):
            if column < 0:
                continue
            for end, name in (("start", "answer_starts"), ("end", "answer_ends")):
                asked = state[f"{end}.bilinear.weight"] @ transform(
                    given[row, column], f"{end}.question"
                )
                scores = [
                    asked @ transform(given[row, place], f"{end}.place") for place in range(length)
                ]
                losses.append(-torch.stack(scores).log_softmax(0)[TARGETS[name][row, number]] / 2)
    return torch.stack(losses).sum() / 3


def test_the_loss_and_its_gradient_are_the_naive_ones():
    objective = make(weight=0.7)
    one, other = vectors(), vectors()
    found = objective(one, IS_REAL, TARGETS)
    expected = 0.7 * naive_loss(objective, other)
    assert found.loss.item() == pytest.approx(expected.item(), rel=1e-9)
    found.loss.backward()
    expected.backward()
    assert torch.allclose(one.grad, other.grad, rtol=1e-9, atol=1e-12)
    assert all(parameter.grad.abs().max() > 0 for parameter in objective.parameters())
    assert set(found.scores) == set(objective.scores)
    both, start, end = (found.scores[name] for name in objective.scores)
    assert torch.allclose(both[0], (start[0] + end[0]) / 2)
    assert torch.equal(both[1], start[1] & end[1])
    assert both[0].mean().item() * 0.7 == pytest.approx(found.loss.item())


def test_scores_are_those_of_transformers_splinter():
    objective = make()
    theirs = QuestionAwareSpanSelectionHead(SplinterConfig(hidden_size=DIM)).double()
    state = objective.state_dict()
    names = {
        f"{end}.{own}": name.format(end)
        for end in ("start", "end")
        for own, name in (
            ("question.dense", "query_{}_transform.dense"),
            ("question.layer_norm", "query_{}_transform.LayerNorm"),
            ("place.dense", "{}_transform.dense"),
            ("place.layer_norm", "{}_transform.LayerNorm"),
            ("bilinear", "{}_classifier"),
        )
    }
    theirs.load_state_dict(
        {
            name.replace(own, their): tensor
            for own, their in names.items()
            for name, tensor in state.items()
            if name.startswith(f"{own}.")
        }
    )
    given = vectors()
    columns = TARGETS["question_columns"].clamp(min=0)
    expected = theirs(given, columns)
    questions = given[torch.arange(2)[:, None], columns]
    for head, scores in zip((objective.start, objective.end), expected, strict=True):
        assert torch.allclose(head(questions, given), scores, rtol=1e-9, atol=1e-12)


def test_a_batch_without_questions_still_reaches_every_parameter():
    objective = make()
    empty = {name: torch.zeros(2, 0, dtype=torch.long) for name in TARGETS}
    found = objective(vectors(), IS_REAL, empty)
    assert found.loss.item() == 0
    found.loss.backward()
    assert all(parameter.grad is not None for parameter in objective.parameters())
    assert all(len(losses) == 0 for losses, _ in found.scores.values())


def test_a_reader_without_questions_and_a_weight_of_nothing():
    with pytest.raises(ConfigError, match=r"set dataset_reader.questions to"):
        make()(vectors(), IS_REAL, {})
    with pytest.raises(ConfigError, match=r"`weight` of the objective rss is 0.0"):
        make(weight=0.0)
