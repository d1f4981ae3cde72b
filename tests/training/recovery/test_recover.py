"""
Trainings that are killed and go on with `--recover` end exactly as those that never were: on the
CPU, in float32, with one worker.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.training.recovery.configs import coref
from tests.training.recovery.small_disk import mounted
from tests.training.trainings import assert_equal, outcome

CHECKPOINTER = "spanbert_allen.training.recovery.checkpointer"
LOOP = "spanbert_allen.training.loop.training_loop:"


def plain(sample):
    """With what AllenNLP brings: shuffling, its schedule, an average of weights."""
    return coref(
        sample,
        data_loader={"batch_size": 2, "shuffle": True},
        trainer={
            "leftover": "update",
            "announce_memory": True,
            "evaluations_per_epoch": None,
            "evaluate_every_updates": 1,
            "patience": 4,
            "optimizer": {"type": "huggingface_adamw", "lr": 0.003},
            "learning_rate_scheduler": {"type": "linear_with_warmup", "warmup_steps": 1},
            "moving_average": {"type": "exponential", "decay": 0.5},
            "grad_norm": 1.0,
            "checkpointer": {"save_every_num_batches": 1},
        },
    )


def assert_goes_on_exactly(trainings, config, tmp_path, *, call, function="_update"):
    """A run that is killed before that call ends as one that never was."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert trainings.run(config, whole) == 0
    kill = {"function": f"{LOOP}TrainingLoop.{function}", "call": call, "when": "before"}
    assert trainings.run(config, killed, kill=kill) == -signal.SIGKILL
    assert trainings.run(config, killed, recover=True) == 0
    assert_equal(outcome(whole), outcome(killed))


KILLS = {
    "before anything is written": {"function": "allennlp.common.params:Params.to_file", "call": 1},
    "in the configuration": {"function": "json:dump", "call": 1},
    "in the vocabulary": {"function": "codecs:open", "call": 1},
    "before the first update": {"function": f"{LOOP}TrainingLoop._update", "call": 1},
    "between checkpoints": {"function": f"{LOOP}TrainingLoop._update", "call": 4},
    "leftover gradients wait": {"function": f"{LOOP}TrainingLoop._end_epoch", "call": 1},
    "in the first checkpoint": {"file": "training_state", "save": 1, "bytes": 3000},
    "in its second file": {"file": "model_state", "save": 1, "bytes": 3000},
    "in a later checkpoint": {"file": "model_state", "save": 2, "bytes": 9000},
    "before old ones are removed": {
        "function": f"{CHECKPOINTER}:SpanbertCheckpointer._remove_old",
        "call": 2,
    },
    "in the best weights": {"file": "best", "save": 1, "bytes": 5000},
    "after the best weights": {
        "function": f"{LOOP}TrainingLoop._save_best",
        "call": 1,
        "when": "after",
    },
    "in an evaluation": {"function": f"{LOOP}validate", "call": 3},
    "at the end": {"function": f"{LOOP}TrainingLoop._finish", "call": 1, "when": "after"},
    "in the archive": {"function": "tarfile:TarFile.add", "call": 2},
}


@pytest.mark.slow
@pytest.mark.parametrize("kill", KILLS.values(), ids=KILLS.keys())
def test_killed_and_recovered(trainings, sample, never_killed, tmp_path, kill):
    folder = tmp_path / "run"
    status = trainings.run(coref(sample), folder, kill={"when": "before", **kill})
    assert status == -signal.SIGKILL
    assert trainings.run(coref(sample), folder, recover=True) == 0
    assert_equal(never_killed, outcome(folder))
    assert not list(folder.glob("*.part"))


@pytest.mark.slow
def test_killed_again_and_again_from_outside(trainings, sample, never_killed, tmp_path):
    folder = tmp_path / "run"
    trainings.run(coref(sample), folder, kill={"seconds": 0.7})
    for seconds in (0.8, 1.0, 0.9):
        if folder.is_dir() and any(folder.iterdir()):
            trainings.run(coref(sample), folder, recover=True, kill={"seconds": seconds})
    recover = folder.is_dir() and any(folder.iterdir())
    assert trainings.run(coref(sample), folder, recover=recover) == 0
    assert_equal(never_killed, outcome(folder))


@pytest.mark.slow
def test_killed_in_the_midst_and_then_while_it_recovers(trainings, sample, never_killed, tmp_path):
    folder = tmp_path / "run"
    kills = [
        {"function": f"{LOOP}TrainingLoop._update", "call": 4},
        {"function": "json:dump", "call": 1},
        {"function": "codecs:open", "call": 1},
        {"function": "spanbert_allen.training.monitoring.reports:RunHistory._write", "call": 1},
    ]
    for number, kill in enumerate(kills):
        kill["when"] = "before"
        status = trainings.run(coref(sample), folder, recover=number > 0, kill=kill)
        assert status == -signal.SIGKILL
    assert list(folder.glob("model_state_*.th"))
    assert trainings.run(coref(sample), folder, recover=True) == 0
    assert_equal(never_killed, outcome(folder))


@pytest.mark.slow
def test_a_disk_that_is_full_at_the_second_checkpoint(trainings, sample, never_killed, tmp_path):
    with mounted(tmp_path / "disk", num_megabytes=32) as disk:
        folder, ballast = disk / "run", disk / "ballast"
        place = f"{CHECKPOINTER}:SpanbertCheckpointer.save_checkpoint"
        kill = {"function": place, "call": 2, "when": "before", "fill": str(ballast)}
        assert trainings.run(coref(sample), folder, kill=kill, fails=True) == 1
        said = trainings.said.read_text()
        assert f"UserError: {folder}/training_state_e1_b0.th: no room to write it" in said
        ballast.unlink()
        (kept,) = folder.glob("model_state_*.th")
        assert kept.name == "model_state_e0_b2.th"
        assert trainings.run(coref(sample), folder, recover=True) == 0
        assert_equal(never_killed, outcome(folder))


@pytest.mark.slow
def test_killed_when_it_was_to_end_early(trainings, sample, tmp_path):
    changes = {"validation_metric": "+loss", "patience": 1, "evaluate_every_updates": 1}
    changes |= {"evaluations_per_epoch": None, "checkpointer": {"save_every_num_batches": 1}}
    config = coref(sample, trainer=changes)
    assert_goes_on_exactly(trainings, config, tmp_path, call=1, function="_end_epoch")
    assert (
        len((tmp_path / "whole" / "evaluations.jsonl").read_text().splitlines()) < 6
    )  # it did end early


@pytest.mark.slow
def test_with_allennlps_own_parts(trainings, sample, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert trainings.run(plain(sample), whole) == 0
    kill = {"function": f"{LOOP}TrainingLoop._update", "call": 3, "when": "after"}
    assert trainings.run(plain(sample), killed, kill=kill) == -signal.SIGKILL
    kill = {"function": f"{LOOP}TrainingLoop._update", "call": 3, "when": "after"}
    trainings.run(plain(sample), killed, recover=True, kill=kill)
    assert trainings.run(plain(sample), killed, recover=True) == 0
    assert_equal(outcome(whole), outcome(killed))


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {
            "callbacks": [{"type": "should_validate_callback", "validation_interval": 2}],
            "evaluations_per_epoch": None,
        },
        {
            "optimizer": {
                "type": "huggingface_adamw",
                "lr": 0.003,
                "parameter_groups": [
                    [["embedder.*embeddings"], {}],
                    [["embedder.*layer"], {}],
                    [["^(?!embedder)"], {}],
                ],
            },
            "learning_rate_scheduler": {"type": "slanted_triangular", "gradual_unfreezing": True},
        },
    ],
    ids=["evaluations left out", "layers unfrozen one by one"],
)
def test_what_an_epoch_has_decided_for_the_next(trainings, sample, tmp_path, settings):
    config = coref(sample, trainer={"num_epochs": 3, "leftover": "update", **settings})
    assert_goes_on_exactly(trainings, config, tmp_path, call=7)


@pytest.mark.slow
def test_with_several_optimizers(trainings, sample, tmp_path):
    """`multi`, one of whose optimizers has a schedule of its own."""
    optimizers = {
        "default": {"type": "spanbert_bert_adam", "lr": 0.003},
        "encoder": {"type": "huggingface_adamw", "lr": 0.001},
    }
    groups = [[["embedder"], {"optimizer_name": "encoder"}]]
    multi = {"type": "multi", "optimizers": optimizers, "parameter_groups": groups}
    config = coref(sample, trainer={"optimizer": multi})
    assert_goes_on_exactly(trainings, config, tmp_path, call=4)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_file_and_another_does_not(
    trainings, sample, never_killed, tmp_path
):
    again, other = tmp_path / "again", tmp_path / "other"
    assert trainings.run(coref(sample), again) == 0
    assert_equal(never_killed, outcome(again))
    assert trainings.run(coref(sample, pytorch_seed=8), other) == 0
    weights = [Path(folder, "best.th").read_bytes() for folder in (again, other)]
    assert weights[0] != weights[1]
