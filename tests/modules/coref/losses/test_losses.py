"""The losses of links against their formulas, row by row."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.losses import HingeLoss, LinkLoss, MarginalLoss
from spanbert_allen.modules.coref.losses.marginal import marginal_loss
from tests.modules.coref.naive_refinements import hinge_loss

NO = float("-inf")


def test_costs_of_each_mistake():
    """Scores of links; none scores 0."""
    rows = {
        "right none": ([-1.0, -2.0], [False, False], 0.0),
        "right link, the margin does not matter": ([0.1, -2.0], [True, False], 0.0),
        "any of two right links": ([1.0, 2.0], [True, True], 0.0),
        "false link": ([1.5, 0.5], [False, False], 0.75 * (1 + 1.5)),
        "wrong link": ([1.5, 0.5], [False, True], 0.75 * (1 + 1.5 - 0.5)),
        "false new": ([-2.0, -0.5], [True, False], 1.25 * (1 + 0 + 2.0)),
        "nothing to link to": ([NO, NO], [False, False], 0.0),
    }
    for name, (scores, gold, expected) in rows.items():
        loss = HingeLoss()(torch.tensor([scores]), torch.tensor([gold]))
        assert float(loss) == pytest.approx(expected), name
    loss = HingeLoss(false_new_delta=2.0)(torch.tensor([[-2.0]]), torch.tensor([[True]]))
    assert float(loss) == pytest.approx(1.5 * 3)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 6), st.integers(0, 2**31), st.floats(-1, 3))
def test_hinge_is_the_formula_down_to_gradients(num_spans, seed, delta):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(num_spans, num_spans, generator=generator, dtype=torch.float64)
    scores = scores.masked_fill(torch.ones_like(scores).triu().bool(), NO)
    gold = (torch.rand(scores.shape, generator=generator) < 0.3) & scores.isfinite()
    gradients = []
    for loss in (HingeLoss(delta), lambda *both: hinge_loss(*both, delta)):
        leaf = scores.clone().requires_grad_()
        value = loss(leaf, gold) + 0 * leaf[leaf.isfinite()].sum()
        gradients.append((value.detach(), *torch.autograd.grad(value, leaf)))
    torch.testing.assert_close(*gradients)


def test_marginal_is_the_default_and_chosen_by_name():
    scores, gold = torch.tensor([[0.3, -1.0]]), torch.tensor([[True, False]])
    assert isinstance(LinkLoss.by_name("spanbert_marginal")(), MarginalLoss)
    assert float(MarginalLoss()(scores, gold)) == float(marginal_loss(scores, gold))
    assert LinkLoss.by_name("spanbert_hinge") is HingeLoss


def test_costs_below_nothing_are_refused():
    with pytest.raises(ConfigError, match="false_new_delta: 4 is not between"):
        HingeLoss(4)
