"""What a run is said to need, and what is said when that is not there."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Instance, Vocabulary
from allennlp.data.data_loaders import MultiProcessDataLoader, SimpleDataLoader
from allennlp.data.fields import TensorField
from allennlp.data.samplers import BatchSampler
from allennlp.models import Model
from allennlp.training import Trainer
from allennlp.training.metrics import Average
from torch.utils.checkpoint import checkpoint

from spanbert_allen.common.errors import UserError
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.training import TokenBudgetSampler
from spanbert_allen.training.memory.available import _left_in_container
from spanbert_allen.training.memory.budget import MemoryBudget
from spanbert_allen.training.memory.largest_batch import largest_batch
from spanbert_allen.training.memory.live_tensors import LiveTensors
from spanbert_allen.training.memory.out_of_memory import is_out_of_memory
from spanbert_allen.training.recovery.random_state import random_state

DIM = 100
FLOAT = 4


class Toy(Model):
    """`depth` times tanh on vectors of 100 numbers, and a metric, a buffer and dropout."""

    memory_knobs = ("model.depth",)

    def __init__(self, depth: int = 5, checkpointed: bool = False, encoder: bool = False) -> None:
        super().__init__(Vocabulary())
        self.first = torch.nn.Linear(DIM, DIM, bias=False)
        self.frozen = torch.nn.Linear(DIM, DIM, bias=False).requires_grad_(False)
        self.norm = torch.nn.BatchNorm1d(DIM, affine=False)
        self.depth = depth
        self.checkpointed = checkpointed
        self.mean = Average()
        self.wanted_memory = 0
        if encoder:
            self.embedder = SpanbertEmbedder("tiny")

    def forward(self, token_ids):
        torch.empty(self.wanted_memory, dtype=torch.uint8)
        self.mean(2.0)
        # Shape: (num_tokens, DIM)
        hidden = self.norm(self.first(token_ids.flatten()[:, None].expand(-1, DIM).float()))
        hidden = (
            checkpoint(self.deep, hidden, use_reentrant=False)
            if self.checkpointed
            else (self.deep(hidden))
        )
        return {"loss": torch.nn.functional.dropout(hidden, 0.5).sum()}

    def deep(self, hidden):
        for _ in range(self.depth):
            hidden = torch.tanh(hidden)
        return hidden

    def get_metrics(self, reset=False):
        return {"mean": self.mean.get_metric(reset)}


def make_instances(lengths):
    return [Instance({"token_ids": TensorField(torch.ones(length).long())}) for length in lengths]


def make_trainer(tmp_path, model, loader, **settings):
    settings = {"num_epochs": 1, "optimizer": "adam", "checkpointer": None, **settings}
    return Trainer.from_params(
        Params({"type": "spanbert", **settings}),
        model=model,
        data_loader=loader,
        serialization_dir=str(tmp_path),
        local_rank=0,
    )


def make_loader(lengths=(3, 20, 5, 8, 20, 4), batch_size=2):
    return SimpleDataLoader(make_instances(lengths), batch_size, vocab=Vocabulary())


def lazy_loader(reader_instances, **settings):
    class Reader:
        def read(self, _):
            return iter(reader_instances)

        def apply_token_indexers(self, instance):
            """There is no text."""

    loader = MultiProcessDataLoader(Reader(), "", quiet=True, **settings)
    loader.index_with(Vocabulary())
    return loader


def test_memory_of_tensors_alive_at_once():
    before = torch.ones(100)
    with LiveTensors() as tensors:
        doubled = before * 2
        view = doubled.view(10, 10)
        before.view(10, 10).t()
        assert tensors.now == 100 * FLOAT  # views share it, and the first was there
        del doubled
        assert tensors.now == 100 * FLOAT
        del view
        assert tensors.now == 0
        torch.ones(50)
    assert tensors.peak == 100 * FLOAT


def test_parts_are_counted(tmp_path):
    budget = make_trainer(tmp_path, Toy(), make_loader()).memory_budget()
    assert budget.weights == 2 * DIM * DIM * FLOAT
    assert budget.gradients == DIM * DIM * FLOAT
    assert budget.optimizer_state == 2 * budget.gradients


@pytest.mark.parametrize(("momentum", "tensors"), [(0.0, 0), (0.9, 1)])
def test_another_optimizer(tmp_path, momentum, tensors):
    optimizer = {"type": "sgd", "lr": 0.1, "momentum": momentum}
    budget = make_trainer(tmp_path, Toy(), make_loader(), optimizer=optimizer).memory_budget()
    assert budget.optimizer_state == tensors * budget.gradients


def test_activations_are_those_of_the_largest_batch(tmp_path):
    layer = 2 * 20 * DIM * FLOAT
    shallow, deep, wide = (
        make_trainer(tmp_path, Toy(depth), make_loader(batch_size=size)).memory_budget().activations
        for depth, size in ((5, 2), (25, 2), (5, 4))
    )
    assert deep - shallow == 20 * layer
    # Four of them: those with 20, 20, 8 and 5 tokens, padded to 20.
    assert wide == pytest.approx(2 * shallow, rel=0.1)


def test_checkpointed_layers_are_kept_once_in_the_backward_pass(tmp_path):
    plain, checkpointed = (
        make_trainer(tmp_path, Toy(50, flag), make_loader()).memory_budget().activations
        for flag in (False, True)
    )
    assert plain * 0.9 < checkpointed < plain * 1.1  # one checkpoint holds all of them

    class Parts(Toy):
        def deep(self, hidden):
            for _ in range(10):
                hidden = checkpoint(super().deep, hidden, use_reentrant=False)
            return hidden

    in_parts = make_trainer(tmp_path, Parts(5), make_loader()).memory_budget().activations
    assert in_parts < plain / 2


def test_at_once_is_less_than_everything(tmp_path):
    budget = MemoryBudget(
        weights=100, gradients=10, optimizer_state=20, activations=50, free=110, gradients_at_peak=4
    )
    assert budget.still_needed == 20 + 4 + 50
    assert budget.fits
    # Torch's work space takes some, too: what is just enough by this count is not.
    assert not replace(budget, free=80).fits
    accumulating = make_trainer(tmp_path, Toy(), make_loader(), num_gradient_accumulation_steps=2)
    budget = accumulating.memory_budget()
    assert budget.still_needed == (budget.optimizer_state + budget.gradients + budget.activations)


def test_no_trace_is_left(tmp_path):
    model = Toy(encoder=True)
    sampler = TokenBudgetSampler(45)
    loader = lazy_loader(make_instances([3, 20, 5, 8, 20, 4]), batch_sampler=sampler)
    trainer = make_trainer(tmp_path, model, loader)
    model.mean(6.0)
    model.train()
    model.norm.eval()
    model.first.weight.grad = torch.ones(DIM, DIM)

    def everything():
        return {
            "weights": {name: value.clone() for name, value in model.state_dict().items()},
            "gradients": {name: one.grad for name, one in model.named_parameters()},
            "modes": [module.training for module in model.modules()],
            "metric": model.get_metrics(),
            "epochs": sampler.epochs_begun,
            "random": random_state(),
        }

    before = everything()
    assert trainer.memory_budget().activations
    after = everything()
    assert str(before) == str(after)
    assert torch.equal(model.first.weight.grad, torch.ones(DIM, DIM))


def test_largest_batch_of_a_sampler():
    instances = make_instances([1, 2, 3, 30, 29, 10, 11, 12])
    loader = lazy_loader(instances, batch_sampler=TokenBudgetSampler(64, max_batch_size=3))
    assert largest_batch(loader)["token_ids"].shape == (2, 30)
    bucket = {"type": "max_tokens_sampler", "max_tokens": 36, "padding_noise": 0.0}
    loader = lazy_loader(instances, batch_sampler=BatchSampler.from_params(Params(bucket)))
    assert largest_batch(loader)["token_ids"].shape == (3, 12)


def test_data_read_while_training_goes_on(tmp_path):
    loader = lazy_loader(make_instances([3, 4]), batch_size=1, max_instances_in_memory=1)
    budget = make_trainer(tmp_path, Toy(), loader).memory_budget()
    assert budget.activations is None
    assert budget.still_needed == 3 * budget.gradients
    assert "activations, not known" in budget.sentence()


def test_too_little_is_said_before_the_first_update(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(
        "spanbert_allen.training.memory.budget.available_memory", lambda device: 1_000_000
    )
    trainer = make_trainer(tmp_path, Toy(200), make_loader())
    with caplog.at_level(logging.WARNING, logger="spanbert_allen.training"):
        trainer.train()
    warnings = [one for one in caplog.records if one.levelno == logging.WARNING]
    (warning,) = [one.getMessage() for one in warnings if "memory" in one.getMessage()]
    assert "0.00 GB are free beside the weights, which is or may be too little: lower " in warning


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_limits_of_containers(tmp_path):
    write(tmp_path / "proc/self", cgroup="4:memory:/docker/one\n3:cpuset:/\n0::/slice/mine\n")
    write(
        tmp_path / "sys/fs/cgroup/memory/docker",
        memory__limit_in_bytes="1000",
        memory__usage_in_bytes="600",
        memory__stat="cache 300\ntotal_inactive_file 150\n",
    )
    write(tmp_path / "sys/fs/cgroup/slice/mine", memory__max="max\n", memory__current="5\n")
    write(
        tmp_path / "sys/fs/cgroup/slice",
        memory__max="5000\n",
        memory__current="2000\n",
        memory__stat="inactive_file 7\n",
    )
    assert sorted(_left_in_container(tmp_path)) == [550, 3007]


@pytest.mark.parametrize("in_budget", [True, False])
def test_memory_that_really_runs_out(tmp_path, in_budget):
    model = Toy(encoder=True)
    model.wanted_memory = 1 << 50  # no machine has it
    trainer = make_trainer(tmp_path, model, make_loader(), announce_memory=in_budget)
    with pytest.raises(UserError) as caught:
        trainer.train()
    assert str(caught.value) == (
        "the memory of the device cpu ran out in training after 0 updates: lower "
        "`data_loader.batch_size` from 2 and raise `trainer.num_gradient_accumulation_steps` by as "
        "much; set `trainer.precision` to 'bf16'; set `gradient_checkpointing` of the embedder to "
        "true; set a lower `model.depth`; train fewer layers of the encoder (`train` of the "
        "embedder); with other settings a run begins anew in another folder"
    )


def test_only_what_this_run_has_is_named(tmp_path):
    sampler = TokenBudgetSampler(64)
    loader = lazy_loader(make_instances([3, 4]), batch_sampler=sampler)
    model = Toy()
    trainer = make_trainer(tmp_path, model, loader, precision="bf16")
    said = trainer.out_of_memory_advice()
    assert "lower `data_loader.batch_sampler.max_pieces` and raise" in said
    assert "precision" not in said
    assert "gradient_checkpointing" not in said
    trainer = make_trainer(tmp_path, model, make_loader(batch_size=1))
    assert "batch" not in trainer.out_of_memory_advice()
    model.eval()
    trainer._validation_data_loader = make_loader(batch_size=4)
    said = trainer.out_of_memory_advice()
    assert "ran out in evaluation" in said
    assert "lower `validation_data_loader.batch_size` from 4; set a lower `model.depth`" in said


def test_other_errors_are_left_alone():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 cannot be multiplied"))
