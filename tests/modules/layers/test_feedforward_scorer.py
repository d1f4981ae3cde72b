import pytest
import torch
from torch.nn import functional

from spanbert_allen.modules.layers.feedforward_scorer import relu_dropout


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("probability", [0.1, 0.3, 0.5])
def test_it_drops_so_many_at_every_place_and_keeps_the_mean(dtype, probability):
    # An odd number of rows: the last four places of random numbers are not all used.
    before = torch.rand(40_001, 5, dtype=dtype) + 0.5
    after = relu_dropout(before.clone(), probability, training=True)
    kept = after != 0
    for place in range(4):
        share = kept.flatten()[place::4].double().mean()
        assert share == pytest.approx(1 - probability, abs=0.01)
    torch.testing.assert_close(after[kept], before[kept] / (1 - probability), atol=0, rtol=1e-2)
    assert float(after.double().mean() / before.double().mean()) == pytest.approx(1, abs=0.01)


def test_its_gradient_is_that_of_the_two_functions_with_the_same_mask():
    leaf = torch.randn(200, 30, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(200, 30, dtype=torch.float64)
    result = relu_dropout(leaf * 1.0, 0.3, training=True)
    (result * weights).sum().backward()
    twin = leaf.detach().clone().requires_grad_()
    mask = (result != 0) | (leaf <= 0)
    expected = functional.relu(twin) * mask / (1 - round(0.3 * 2**16) / 2**16)
    (expected * weights).sum().backward()
    torch.testing.assert_close(result, expected)
    torch.testing.assert_close(leaf.grad, twin.grad)


def test_neighbours_are_dropped_independently():
    kept = relu_dropout(torch.ones(100_000, 8), 0.5, training=True).flatten() != 0
    for distance in (1, 2, 3, 4, 8):
        both = (kept[:-distance] & kept[distance:]).double().mean()
        assert both == pytest.approx(0.25, abs=0.005)


def test_the_seed_decides():
    results = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        results.append(relu_dropout(torch.ones(50, 7), 0.3, training=True))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_nothing_is_dropped_in_evaluation_or_without_a_probability():
    tensor = torch.randn(40, 3)
    for probability, training in ((0.3, False), (0.0, True)):
        result = relu_dropout(tensor.clone(), probability, training=training)
        assert torch.equal(result, functional.relu(tensor))


def test_a_probability_of_one_drops_all():
    leaf = torch.ones(4, 3, requires_grad=True)
    result = relu_dropout(leaf * 2, 1.0, training=True)
    result.sum().backward()
    assert not result.any() and not leaf.grad.any()


def test_one_tensor_is_kept_for_the_backward_pass():
    kept: list[int] = []
    leaf = torch.randn(10, 10, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(
        lambda saved: kept.append(saved.numel()) or saved, lambda saved: saved
    ):
        relu_dropout(leaf + 1, 0.3, training=True)
    assert kept == [100]
