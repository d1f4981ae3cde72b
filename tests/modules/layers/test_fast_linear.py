import pytest
import torch
from torch import nn
from torch.nn import functional

from spanbert_allen.modules.layers import fast_linear
from spanbert_allen.modules.layers.fast_linear import FastLinear, is_faster, linear, use_fast_linear


@pytest.fixture(autouse=True)
def _switched_on(monkeypatch):
    monkeypatch.setenv(fast_linear.SWITCH, "1")
    is_faster.cache_clear()
    torch.manual_seed(3)
    yield
    is_faster.cache_clear()


@pytest.fixture
def products(monkeypatch) -> list[tuple[int, ...]]:
    """The shapes of what oneDNN was given."""
    shapes: list[tuple[int, ...]] = []
    product = fast_linear._product

    def record(rows, weight, bias=None):
        shapes.append(tuple(rows.shape))
        return product(rows, weight, bias)

    monkeypatch.setattr(fast_linear, "_product", record)
    return shapes


def transposed(*shape: int) -> torch.Tensor:
    return torch.randn(*reversed(shape)).t()


def part_of_a_matrix(*shape: int) -> torch.Tensor:
    return torch.randn(shape[0], shape[1] + 13)[:, 5 : 5 + shape[1]]


@pytest.mark.parametrize("rows_shape", [(50, 24), (4, 20, 24)])
@pytest.mark.parametrize("make_weight", [torch.randn, transposed, part_of_a_matrix])
@pytest.mark.parametrize("with_bias", [True, False])
def test_products_and_gradients_are_torchs(products, rows_shape, make_weight, with_bias):
    rows, weight = torch.randn(rows_shape), make_weight(17, 24)
    bias = torch.randn(17) if with_bias else None
    upstream = torch.randn(*rows_shape[:-1], 17)
    results = []
    for function in (linear, functional.linear):
        given = [None if one is None else one.clone() for one in (rows, weight, bias)]
        leaves = [one.requires_grad_() for one in given if one is not None]
        product = function(*given)
        product.backward(upstream)
        results.append([product.detach(), *(leaf.grad for leaf in leaves)])
    for ours, torchs in zip(*results, strict=True):
        torch.testing.assert_close(ours, torchs)
    assert len(products) == 3  # forward, and backward for the rows and for the weight


def test_a_part_of_a_wide_matrix_is_copied_out_of_it(monkeypatch):
    """OneDNN takes gaps between rows, but not in any bearable time."""
    given: list[torch.Tensor] = []
    monkeypatch.setattr(fast_linear, "_dense", lambda tensor: given.append(tensor) or tensor)
    linear(part_of_a_matrix(20, 24), part_of_a_matrix(17, 24))
    monkeypatch.undo()
    assert len(given) == 2
    assert all(not tensor.is_contiguous() for tensor in given)
    assert all(fast_linear._dense(tensor).is_contiguous() for tensor in given)
    turned = transposed(17, 24)
    assert fast_linear._dense(turned) is turned


def test_only_float32_outside_of_mixed_precision_goes_to_it(products):
    weight = torch.randn(17, 24)
    assert linear(torch.randn(50, 24).double(), weight.double()).dtype == torch.float64
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert linear(torch.randn(50, 24), weight).dtype == torch.bfloat16
    linear(torch.randn(3, 24), weight)  # a few rows
    linear(torch.randn(0, 24), weight)
    assert products == []
    linear(torch.randn(50, 24), weight)
    assert products == [(50, 24)]


def test_the_switch_decides(monkeypatch, products):
    monkeypatch.setenv(fast_linear.SWITCH, "0")
    is_faster.cache_clear()
    linear(torch.randn(50, 24), torch.randn(17, 24))
    assert not is_faster() and products == []


@pytest.mark.parametrize(
    ("capability", "maker", "expected"),
    [
        ("AVX512", "AuthenticAMD", True),
        ("AVX512", "GenuineIntel", False),
        ("AVX2", "AuthenticAMD", False),
    ],
)
def test_without_the_switch_the_processor_decides(monkeypatch, capability, maker, expected):
    monkeypatch.delenv(fast_linear.SWITCH)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(fast_linear, "processor_words", lambda: {"vendor_id", ":", maker})
    assert is_faster() is expected


def test_a_module_keeps_its_weights_and_their_names(products):
    module = nn.Sequential(nn.Linear(24, 30), nn.ReLU(), nn.Linear(30, 5, bias=False))
    rows = torch.randn(50, 24)
    state, result = module.state_dict(), module(rows)
    use_fast_linear(module)
    assert [type(part) for part in module] == [FastLinear, nn.ReLU, FastLinear]
    assert list(module.state_dict()) == list(state)
    torch.testing.assert_close(module(rows), result)
    assert len(products) == 2
