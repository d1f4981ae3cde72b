"""The optimizer against the original's numbers and against a loop in plain operations."""

from __future__ import annotations

import io

import pytest
import torch
from allennlp.common import Params
from allennlp.training.optimizers import Optimizer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training import BertAdam
from spanbert_allen.training.optimizers import adamw_update
from spanbert_allen.training.optimizers.adamw_update import (
    can_be_fused,
    foreach_adamw_,
    fused_adamw_,
)
from tests.training.optimizers.naive_adam import NaiveAdam

SHAPES = {
    "embedder.dense.weight": (4, 3),
    "embedder.dense.bias": (4,),
    "embedder.LayerNorm.weight": (3,),
    "head.weight": (2, 2, 2),
    "head.bias": (),
}
PER_GROUP = {"clip": "group", "eps": 1e-8}
COREF_TF = {
    "lr": 1e-2,
    "eps": 1e-8,
    "weight_decay": 0.0,
    "bias_correction": True,
    "clip": "group",
    "schedule": "linear",
}
ENCODER_TF = {
    "lr": 2e-3,
    "eps": 1e-6,
    "bias_correction": False,
    "clip_name": "encoder",
    "schedule": "warmup_over_linear",
}
GROUPS_TF = [
    (["^embedder.*(bias|LayerNorm)"], {**ENCODER_TF, "weight_decay": 0.0}),
    (["^embedder(?!.*(bias|LayerNorm))"], {**ENCODER_TF, "weight_decay": 0.01}),
]
NO_DECAY = [(["bias|LayerNorm"], {"weight_decay": 0.0})]


@pytest.fixture(params=["fused", "single operations"])
def kernel(request, monkeypatch):
    """Both ways to compute an update."""
    if request.param != "fused":
        monkeypatch.setattr(adamw_update, "can_be_fused", lambda parameter: False)


def build(named, groups=None, **options):
    return BertAdam(list(named.items()), groups, **options)


def parameters(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.nn.Parameter(torch.randn(shape, generator=generator, dtype=torch.float64))
        for name, shape in SHAPES.items()
    }


def give_gradients(named, seed, scale=1.0, missing=()):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in named.items():
        gradient = scale * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.grad = None if name in missing else gradient


ORIGINAL = {
    "per tensor": ({}, (0.5,), [(1,), (0.78702992,), (0.29123744,), (-0.2229518,), (-0.73804038,)]),
    "per tensor, clipped": (
        {},
        (3.0,),
        [(1,), (0.78702517,), (0.29122365,), (-0.22297371,), (-0.73806956,)],
    ),
    "per group": (
        PER_GROUP,
        (3.0, 4e-8),
        [
            (1, 2),
            (0.787020463, 1.987045960),
            (0.291209998, 1.951383656),
            (-0.222995395, 1.909600312),
            (-0.738098455, 1.863546195),
        ],
    ),
    "coref encoder": (
        {"clip": "group", "schedule": "warmup_over_linear"},
        (3.0, 4e-6),
        [
            (1, 2),
            (0.787025168, 1.987045960),
            (0.340803802, 1.954949886),
            (-0.122015962, 1.917341846),
            (-0.585683000, 1.875886947),
        ],
    ),
    "coref task": (
        {**PER_GROUP, "schedule": "linear", "bias_correction": True, "weight_decay": 0.0},
        (3.0, 4e-8),
        [
            (0.900000001, 1.942857151),
            (0.805000002, 1.888571444),
            (0.715000003, 1.837142880),
            (0.630000004, 1.788571459),
            (0.550000005, 1.742857180),
        ],
    ),
}
"""Options, constant gradients of scalars that start at 1 and 2, and their values after each of five
updates of a run of 20 with peak rate 0.1. The first two are the original program's own numbers, the
others were computed once from its formula in plain Python."""


@pytest.mark.parametrize("case", ORIGINAL)
@pytest.mark.usefixtures("kernel")
def test_goldens(case):
    options, gradients, expected = ORIGINAL[case]
    named = {
        str(i): torch.nn.Parameter(torch.tensor(i + 1.0, dtype=torch.float64))
        for i in range(len(gradients))
    }
    optimizer = build(named, **{"lr": 0.1, "total_steps": 20, **options})
    seen = []
    for _ in range(5):
        for parameter, gradient in zip(named.values(), gradients, strict=True):
            parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        seen.append(tuple(parameter.item() for parameter in named.values()))
    assert seen == [pytest.approx(row, abs=1e-7, rel=0) for row in expected]


@pytest.mark.usefixtures("kernel")
def test_eps_may_stand_before_the_correction():
    """Specification of the original's pre-training: 7. A gradient of 1, in plain Python."""
    named = {"weight": torch.nn.Parameter(torch.tensor(1.0, dtype=torch.float64))}
    fairseq = {"bias_correction": True, "eps_before_correction": True, "weight_decay": 0.0}
    optimizer = build(named, lr=0.1, eps=0.1, clip=None, schedule="constant", **fairseq)
    expected, first, second = 1.0, 0.0, 0.0
    for step in (1, 2, 3):
        named["weight"].grad = torch.tensor(1.0, dtype=torch.float64)
        optimizer.step()
        first, second = 0.9 * first + 0.1, 0.999 * second + 0.001
        denominator = (second**0.5 + 0.1) / (1 - 0.999**step) ** 0.5
        expected -= 0.1 / (1 - 0.9**step) * first / denominator
        assert named["weight"].item() == pytest.approx(expected, abs=1e-9)


def test_plain_adam_is_torchs_own():
    ours, theirs = parameters(), parameters()
    plain = {"eps": 1e-8, "weight_decay": 0.0, "bias_correction": True}
    optimizer = build(ours, lr=0.01, clip=None, schedule="constant", **plain)
    adam = torch.optim.Adam(theirs.values(), lr=0.01, eps=1e-8)
    for seed in range(5):
        for named, steps in ((ours, optimizer), (theirs, adam)):
            give_gradients(named, seed, scale=3.0)
            steps.step()
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "groups"),
    [
        ({}, NO_DECAY),
        (PER_GROUP, NO_DECAY),
        (COREF_TF, GROUPS_TF),
        ({"clip": None, "schedule": "linear", "bias_correction": True}, None),
        ({"clip": None, "bias_correction": True, "eps_before_correction": True}, NO_DECAY),
        ({"max_grad_norm": 0.3, "betas": (0.5, 0.9), "warmup_proportion": 0.0}, None),
    ],
    ids=["per tensor", "per group", "coref", "plain", "pre-training", "other numbers"],
)
@pytest.mark.usefixtures("kernel")
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # it is the same for all examples
)
@given(seed=st.integers(0, 2**30), scale=st.sampled_from([1e-3, 0.1, 10.0]), missing=st.booleans())
def test_equals_the_loop(options, groups, seed, scale, missing):
    ours, theirs = parameters(seed), parameters(seed)
    options = {"lr": 1e-2, **options}
    optimizer = build(ours, groups, total_steps=10, **options)
    position = {id(p): i for i, g in enumerate(optimizer.param_groups) for p in g["params"]}
    members = [
        {**(groups[i][1] if groups and i < len(groups) else {}), "params": []}
        for i in range(len(optimizer.param_groups))
    ]
    for name, parameter in theirs.items():
        members[position[id(ours[name])]]["params"].append(parameter)
    naive = NaiveAdam(members, 10, **options)
    for step in range(12):  # two more than the run has
        absent = ("head.weight",) if missing and step == 0 else ()
        for named in (ours, theirs):
            give_gradients(named, seed + step, scale, absent)
        optimizer.step()
        naive.step()
        for name in ours:
            torch.testing.assert_close(ours[name], theirs[name], rtol=0, atol=1e-10)


@pytest.mark.parametrize("clip", ["tensor", "group"])
def test_types_and_layouts_stand_beside_each_other(clip):
    torch.manual_seed(4)
    start = {
        "single": torch.randn(5, 3),
        "double": torch.randn(4, dtype=torch.float64),
        "half": torch.randn(6).bfloat16(),
        "transposed": torch.randn(3, 5).t(),
    }
    tolerance = {"single": 1e-6, "double": 1e-6, "half": 1e-2, "transposed": 1e-6}
    ours = {name: torch.nn.Parameter(tensor.clone()) for name, tensor in start.items()}
    theirs = {name: tensor.double() for name, tensor in start.items()}
    assert [can_be_fused(give(p)) for p in ours.values()] == [True, True, True, False]
    optimizer = build(ours, lr=0.1, total_steps=9, clip=clip, warmup_proportion=0.0)
    naive = NaiveAdam(
        [{"params": list(theirs.values())}], 9, lr=0.1, clip=clip, warmup_proportion=0.0
    )
    for _ in range(4):
        for name, parameter in ours.items():
            give(parameter)
            theirs[name].grad = parameter.grad.to(torch.float64, copy=True)
        optimizer.step()
        naive.step()
    for name, bound in tolerance.items():
        assert ours[name].dtype == start[name].dtype
        torch.testing.assert_close(ours[name].double(), theirs[name], rtol=bound, atol=bound)


def give(parameter):
    """A parameter with a gradient that is long enough to be clipped."""
    parameter.grad = torch.randn_like(parameter)
    return parameter


def test_the_first_update_moves_nothing_but_fills_the_moments():
    named = parameters()
    optimizer = build(named, total_steps=10)
    before = {name: parameter.clone() for name, parameter in named.items()}
    give_gradients(named, 1)
    optimizer.step()
    assert all(torch.equal(named[name], before[name]) for name in named)
    assert all(optimizer.state[p]["first_moment"].abs().sum() > 0 for p in named.values())


def test_rates_stand_where_loggers_look():
    named = parameters()
    optimizer = build(named, GROUPS_TF, **COREF_TF, total_steps=10)
    rates = []
    for seed in range(3):
        give_gradients(named, seed)
        optimizer.step()
        rates.append([group["lr"] for group in optimizer.param_groups])
    expected = [[0, 0, 1e-2], [0.9 * 2e-3, 0.9 * 2e-3, 0.9e-2], [0.8 * 2e-3, 0.8 * 2e-3, 0.8e-2]]
    assert rates == [pytest.approx(row, abs=1e-15) for row in expected]


@pytest.mark.parametrize(
    ("options", "groups"), [({}, NO_DECAY), (COREF_TF, GROUPS_TF)], ids=["fine-tuning", "coref"]
)
def test_goes_on_from_a_checkpoint(options, groups):
    named = parameters()
    optimizer = build(named, groups, **options, total_steps=8)
    kept = None
    for seed in range(6):
        if seed == 3:
            file = io.BytesIO()
            torch.save((optimizer.state_dict(), {n: p.data for n, p in named.items()}), file)
            kept = file.getvalue()
        give_gradients(named, seed)
        optimizer.step()
    end = named
    state, values = torch.load(io.BytesIO(kept), weights_only=True)
    named = {name: torch.nn.Parameter(value) for name, value in values.items()}
    optimizer = build(named, groups, **options, total_steps=8)
    optimizer.load_state_dict(state)
    for seed in range(3, 6):
        give_gradients(named, seed)
        optimizer.step()
    for name in SHAPES:
        assert torch.equal(end[name], named[name])


def test_a_checkpoint_holds_tensors_and_numbers():
    named = parameters()
    optimizer = build(named, total_steps=8)
    give_gradients(named, 0)
    optimizer.step()
    state = optimizer.state_dict()
    assert {type(v) for s in state["state"].values() for v in s.values()} == {torch.Tensor}
    plain = (float, int, str, bool, list, tuple, type(None))
    assert all(
        isinstance(value, plain) for group in state["param_groups"] for value in group.values()
    )


def test_closure_gives_the_loss():
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = build({"p": parameter}, total_steps=2)

    def closure():
        optimizer.zero_grad()
        loss = parameter.pow(2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2.0
    assert optimizer.state[parameter]["first_moment"].abs().sum() > 0


def test_unset_total_steps_names_the_key():
    named = parameters()
    optimizer = build(named)
    give_gradients(named, 0)
    with pytest.raises(ConfigError, match=r"`trainer\.optimizer\.total_steps` is not set"):
        optimizer.step()
    assert not optimizer.state


def test_a_trainer_may_fill_total_steps_but_not_change_it():
    optimizer = build(parameters(), [(["bias"], {"total_steps": 5})])
    optimizer.fill_total_steps(7)
    optimizer.fill_total_steps(9)
    assert [group["total_steps"] for group in optimizer.param_groups] == [5, 7]
    with pytest.raises(ConfigError, match="at least 1"):
        optimizer.fill_total_steps(0)


def test_skipped_updates_count():
    named = parameters()
    optimizer = build(named, total_steps=10, lr=1.0, warmup_proportion=0.0)
    optimizer.count_skipped_update()
    assert not optimizer.state
    give_gradients(named, 0)
    optimizer.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.9)


def test_a_scheduler_beside_it_is_refused_unless_the_rate_is_constant():
    named = parameters()
    for schedule in ("linear", "constant"):
        optimizer = build(named, schedule=schedule, lr=0.1, total_steps=3)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5)
        give_gradients(named, 0)
        if schedule == "linear":
            with pytest.raises(ConfigError, match=r"trainer\.learning_rate_scheduler"):
                optimizer.step()
        else:
            optimizer.step()
            scheduler.step()
            assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("options", "groups", "sentence"),
    [
        ({"clip": "tensors"}, None, r"optimizer\.clip` is 'tensors'.*'tensor', 'group', null"),
        ({"schedule": "cosine"}, None, r"optimizer\.schedule` is 'cosine'"),
        ({"lr": -1.0}, None, r"optimizer\.lr` is -1"),
        ({"betas": (1.0, 0.9)}, None, r"optimizer\.betas`"),
        ({"max_grad_norm": 0.0}, None, "set `clip` to null"),
        ({"warmup_proportion": 100}, None, "not a number of steps"),
        ({"total_steps": 0}, None, r"optimizer\.total_steps` is 0"),
        ({}, [(["bias"], {"weight_decy": 0.0})], "did you mean `weight_decay`"),
        (
            {"clip": "group", "clip_name": "all"},
            [(["bias"], {"max_grad_norm": 2.0})],
            "the same `max_grad_norm`",
        ),
    ],
)
def test_options_that_cannot_work(options, groups, sentence):
    with pytest.raises(ConfigError, match=sentence):
        build(parameters(), groups, **options)


def test_sparse_gradients_are_refused():
    table = torch.nn.Embedding(3, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(ConfigError, match="`sparse` to false"):
        build({"table": table.weight}, total_steps=2).step()


def test_from_a_configuration():
    config = {"type": "spanbert_bert_adam", "betas": [0.8, 0.9], "clip": None, "total_steps": 3}
    config["parameter_groups"] = [[["bias"], {"weight_decay": 0.0, "name": "biases"}]]
    optimizer = Optimizer.from_params(Params(config), model_parameters=list(parameters().items()))
    assert isinstance(optimizer, BertAdam)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.0, 0.01]
    assert optimizer.param_groups[0]["name"] == "biases"
    assert tuple(optimizer.param_groups[1]["betas"]) == (0.8, 0.9)
    assert optimizer.param_groups[1]["clip"] is None


@pytest.mark.parametrize("step", [None, 1, 30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_fused_kernel_does_the_same_as_single_operations(step, dtype):
    torch.manual_seed(3)
    shapes = [(7, 5), (1,), (33,)]
    options = {"rate": 0.1, "betas": (0.9, 0.999), "weight_decay": 0.01, "eps": 1e-6, "step": step}
    start = [[torch.rand(shape, dtype=dtype) for shape in shapes] for _ in range(4)]
    fused, single = ([[tensor.clone() for tensor in one] for one in start] for _ in range(2))
    fused_adamw_(*fused, **options)
    foreach_adamw_(*single, **options)
    for mine, its in zip(fused, single, strict=True):
        for one, other in zip(mine, its, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)
    assert not torch.equal(fused[0][0], start[0][0])


def test_the_usual_parameters_are_fused(monkeypatch):
    monkeypatch.delattr(adamw_update, "foreach_adamw_")
    table = torch.nn.Linear(4, 4)
    optimizer = build(dict(table.named_parameters()), NO_DECAY, total_steps=9)
    table(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    assert all(optimizer.state[p]["first_moment"].abs().sum() > 0 for p in table.parameters())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_rounded_once(dtype):
    torch.manual_seed(5)
    options = {"rate": 1e-2, "betas": (0.9, 0.999), "weight_decay": 0.01, "eps": 1e-6, "step": None}
    start = torch.randn(500).to(dtype)
    sides = {
        name: [
            start.to(kind, copy=True),
            torch.zeros(500, dtype=kind),
            torch.zeros(500, dtype=kind),
        ]
        for name, kind in (("fused", dtype), ("single", dtype), ("exact", torch.float64))
    }
    for _ in range(50):
        gradient = (0.1 * torch.randn(500) + 0.03).to(dtype)
        for name, tensors in sides.items():
            update = fused_adamw_ if name == "fused" else foreach_adamw_
            parameter, first, second = ([tensor] for tensor in tensors)
            update(parameter, [gradient.to(tensors[0].dtype)], first, second, **options)
    fused, single, exact = (tensors[0].double() for tensors in sides.values())
    assert (fused - exact).norm() < 0.05 * exact.norm()
    assert (fused - exact).norm() < (single - exact).norm()


def test_what_the_fused_kernel_does_not_take():
    parameter = torch.nn.Parameter(torch.ones(4, 2))
    assert not can_be_fused(parameter)  # no gradient
    parameter.grad = torch.ones(4, 2)
    assert can_be_fused(parameter)
    parameter.grad = torch.ones(2, 4).t()
    assert not can_be_fused(parameter)
