"""The trainer's loop on another device: updates, evaluations, checkpoints, and what it reads."""

from __future__ import annotations

import json

import pytest
import torch
from allennlp.common import Params
from allennlp.data import DataLoader
from allennlp.training import Checkpointer
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from allennlp.training.optimizers import Optimizer

from spanbert_allen.training import SpanbertTrainer
from spanbert_allen.training.loop.settings import LoopSettings
from tests.devices.cases import case_of, moved, parts_of
from tests.devices.pretend import PretendTensor, pretend_device

OPTIMIZERS = {
    **{name: {"type": name, "total_steps": 4} for name in parts_of(Optimizer)},
    "bert_adam, clipped as groups": {
        "type": "spanbert_bert_adam",
        "total_steps": 4,
        "clip": "group",
        "bias_correction": True,
    },
    "huggingface_adamw": {"type": "huggingface_adamw", "lr": 1e-3},
    "adamw": {"type": "adamw", "lr": 1e-3},
}


class TwoBatches(DataLoader):
    """The same batch twice an epoch."""

    def __init__(self, batch, device):
        self.batch, self.device = batch, device

    def __iter__(self):
        for _ in range(2):
            yield moved(self.batch, self.device)

    def __len__(self):
        return 2

    def iter_instances(self):
        return iter(())

    def index_with(self, vocab):
        pass

    def set_target_device(self, device):
        self.device = device


@pytest.fixture
def case(tmp_path):
    return case_of("spanbert_relation", "entity_start", tmp_path)


@pytest.fixture(autouse=True)
def _gpu(monkeypatch):
    """Let AllenNLP believe that there is a device beside the CPU."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


def trainer_of(case, device, folder, *, optimizer=None, scheduler=None, precision="fp32", **rest):
    model = case.model().to(device)
    parameters = list(model.named_parameters())
    made = Optimizer.from_params(
        Params(dict(optimizer or OPTIMIZERS["adamw"])), model_parameters=parameters
    )
    for group in made.param_groups:  # a schedule may want them by name
        group["name"] = "encoder"
    if scheduler is not None:
        rest["learning_rate_scheduler"] = LearningRateScheduler.from_params(
            Params(dict(scheduler)), optimizer=made, num_epochs=1, num_steps_per_epoch=2
        )
    folder.mkdir(exist_ok=True)
    return SpanbertTrainer(
        model,
        made,
        TwoBatches(case.training, device),
        settings=LoopSettings(precision=precision, announce_memory=False),
        serialization_dir=str(folder),
        checkpointer=Checkpointer.from_params(
            Params({"type": "spanbert"}), serialization_dir=str(folder)
        ),
        num_epochs=1,
        cuda_device=device,
        validation_data_loader=TwoBatches(case.other, device),
        **rest,
    )


def weights_of(trainer):
    return {name: weight.detach().cpu() for name, weight in trainer.model.named_parameters()}


def without_dropout(case):
    case.params["dropout"] = 0.0
    case.params["embedder"] = {**case.params["embedder"], "train": "none"}
    return case


SCHEDULES = dict(
    zip(
        [name for name in OPTIMIZERS if "bert_adam" not in name],  # that one has its own
        parts_of(LearningRateScheduler),
        strict=True,
    )
)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_and_a_schedule_train_as_on_the_cpu(optimizer, case, tmp_path):
    case = without_dropout(case)
    schedule = SCHEDULES.get(optimizer)
    options = {
        "optimizer": OPTIMIZERS[optimizer],
        "scheduler": None if schedule is None else {"type": schedule},
    }
    here = trainer_of(case, torch.device("cpu"), tmp_path / "here", **options)
    here.train()
    with pretend_device() as pretence:
        there = trainer_of(case, pretence.device, tmp_path / "there", **options)
        there.train()
        for name, weight in weights_of(there).items():
            torch.testing.assert_close(weight, weights_of(here)[name])


@pytest.mark.parametrize(
    ("options", "most"), [({}, 1), ({"grad_norm": 1.0, "precision": "fp16"}, 3)]
)
def test_an_update_is_read_once_after_it_is_queued_and_a_run_goes_on(options, most, case, tmp_path):
    """
    Read are the loss, the norm of gradients if it is clipped to, and with fp16 the overflow.

    How many pieces there were is read ten times a run, which in so short a run is at each update.
    """
    with pretend_device() as pretence:
        trainer = trainer_of(case, pretence.device, tmp_path, **options)
        trainer._callbacks = []
        found = []
        update = trainer._train_on

        def count(group, epoch):
            pretence.forget()
            update(group, epoch)
            reads = [one for one in pretence.reads if one.place.startswith("training/")]
            found.append([one for one in reads if "monitoring/speed.py" not in one.place])

        trainer._train_on = count
        trainer.train()
        assert [len(one) for one in found] == [most] * 2, found
        again = trainer_of(case, pretence.device, tmp_path, **options)
        again._num_epochs, again._callbacks = 2, []
        again.train()
        assert again.updates_done == 4
        assert all(isinstance(weight, PretendTensor) for weight in again.model.parameters())
    last = json.loads((tmp_path / "evaluations.jsonl").read_text().splitlines()[-1])
    assert ("skipped_updates" in last["training"]) is ("precision" in options)
