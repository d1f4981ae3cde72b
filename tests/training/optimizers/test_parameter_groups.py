"""The presets in `training_configs/lib`, on the parameters of a small model."""

from __future__ import annotations

import json

import _jsonnet
import pytest
import torch
from allennlp.common import Params
from allennlp.training.optimizers import Optimizer, make_parameter_groups

from spanbert_allen.modules import SpanbertEmbedder
from spanbert_allen.training import BertAdam
from spanbert_allen.training.loop.plain_names import PlainNames
from spanbert_allen.training.loop.trainer import _ddp_accelerator
from tests import places

LIBRARY = places.ROOT / "training_configs" / "lib"


class Small(torch.nn.Module):
    """An encoder with its pooler, and two layers on it."""

    def __init__(self) -> None:
        super().__init__()
        self.embedder = SpanbertEmbedder(model_name="tiny", pooler=True)
        self.head = torch.nn.Linear(self.embedder.get_output_dim(), 2)
        self.LayerNorm = torch.nn.LayerNorm(2)


@pytest.fixture
def model():
    return Small()


def evaluate(file, expression):
    snippet = f"local lib = import '{LIBRARY / file}'; {expression}"
    return json.loads(_jsonnet.evaluate_snippet("snippet", snippet))


def options_by_name(model, groups):
    """The options of each trained parameter, besides the parameters themselves."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {
        names[id(parameter)]: {key: value for key, value in group.items() if key != "params"}
        for group in make_parameter_groups(list(model.named_parameters()), groups)
        for parameter in group["params"]
    }


def is_decayed(name):
    """The original's rule."""
    return not any(part in name for part in ("bias", "LayerNorm.bias", "LayerNorm.weight"))


def test_no_decay_on_bias_and_layer_norm(model):
    found = options_by_name(model, evaluate("parameter_groups.libsonnet", "lib.no_decay()"))
    assert found == {
        name: {} if is_decayed(name) else {"weight_decay": 0.0}
        for name, _ in model.named_parameters()
    }


def test_question_answering_leaves_the_pooler_out(model):
    groups = evaluate("parameter_groups.libsonnet", "lib.no_decay_without_pooler")
    found = options_by_name(model, groups)
    poolers = [n for n, parameter in model.named_parameters() if not parameter.requires_grad]
    assert [name.rpartition(".")[2] for name in poolers] == ["weight", "bias"]
    assert all("pooler" in name for name in poolers)
    assert found == {
        name: {} if is_decayed(name) else {"weight_decay": 0.0}
        for name, _ in model.named_parameters()
        if "pooler" not in name
    }


@pytest.mark.parametrize("options", [{}, {"name": "encoder"}])
def test_encoder_and_task(model, options):
    expression = f"lib.encoder_and_task(2e-5, 0.01, options={json.dumps(options)})"
    found = options_by_name(model, evaluate("parameter_groups.libsonnet", expression))
    for name, _ in model.named_parameters():
        decay = 0.01 if is_decayed(name) else 0.0
        encoder = {"lr": 2e-5, "weight_decay": decay, **options}
        assert found[name] == (encoder if name.startswith("embedder") else {})


def build(model, expression, file="optimizers.libsonnet"):
    optimizer = Optimizer.from_params(
        Params(evaluate(file, expression)),
        model_parameters=list(model.named_parameters()),
    )
    assert isinstance(optimizer, BertAdam)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {names[id(p)]: group for group in optimizer.param_groups for p in group["params"]}


@pytest.mark.parametrize(
    ("expression", "clip", "eps"),
    [("lib.fine_tuning(3e-5)", "tensor", 1e-6), ("lib.fine_tuning_fp16(3e-5)", "group", 1e-8)],
)
def test_the_optimizers_of_fine_tuning(model, expression, clip, eps):
    for name, group in build(model, f"{expression} + {{ total_steps: 9 }}").items():
        assert group["weight_decay"] == (0.01 if is_decayed(name) else 0.0)
        assert (group["clip"], group["eps"], group["total_steps"]) == (clip, eps, 9)
        assert (group["lr"], group["warmup_proportion"]) == (3e-5, 0.1)
        assert (group["schedule"], group["bias_correction"]) == ("linear_with_warmup", False)


def test_the_optimizer_of_coreference(model):
    for name, group in build(model, "lib.coref(2e-5, 1e-4)").items():
        encoder = name.startswith("embedder")
        decayed = encoder and is_decayed(name)
        assert group["lr"] == (2e-5 if encoder else 1e-4)
        assert group["eps"] == (1e-6 if encoder else 1e-8)
        assert group["weight_decay"] == (0.01 if decayed else 0.0)
        assert group["bias_correction"] is not encoder
        assert group["schedule"] == ("warmup_over_linear" if encoder else "linear")
        assert group["clip"] == "group"
        assert group["clip_name"] == ("encoder" if encoder else None)
        assert (group["max_grad_norm"], tuple(group["betas"])) == (1.0, (0.9, 0.999))


def test_the_coreference_template_groups_alike(model):
    template = "lib { encoder:: { model_name: 'x', max_length: 512 }, train_path:: '', "
    template += "validation_path:: '', training_documents:: 10 }"
    optimizer = evaluate("coref.libsonnet", f"({template}).trainer.optimizer")
    preset = evaluate("parameter_groups.libsonnet", "lib.encoder_and_task(2e-5, 0.01)")
    inherited = {"lr": optimizer["lr"], "weight_decay": optimizer["weight_decay"]}
    shipped, ours = (
        {name: {**inherited, **options} for name, options in options_by_name(model, groups).items()}
        for groups in (optimizer["parameter_groups"], preset)
    )
    assert shipped == ours


GROUPS = r"""{ type: 'spanbert_bert_adam', lr: 1e-4, weight_decay: 0.1, parameter_groups:
  lib.rates_of_encoder_and_heads(2e-5, 0.1) + [[['^head\\.weight'], { lr: 1e-3 }]] }"""


@pytest.mark.usefixtures("group_of_one")
@pytest.mark.parametrize(
    ("file", "expression"),
    [
        ("optimizers.libsonnet", "lib.coref(2e-5, 1e-4)"),
        ("parameter_groups.libsonnet", GROUPS),
    ],
)
def test_several_workers_group_as_one_does(model, file, expression):
    _, wrapped = PlainNames(_ddp_accelerator(-1)).wrap_model(model)
    one, several = (
        {
            name: {key: value for key, value in group.items() if key != "params"}
            for name, group in build(of, expression, file).items()
        }
        for of in (model, wrapped.model)
    )
    assert several == one
    assert len({options["lr"] for options in one.values()}) > 1
