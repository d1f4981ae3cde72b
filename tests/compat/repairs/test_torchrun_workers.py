"""
What a worker of torchrun checks before it trains.

Whole trainings are in `tests/test_torchrun.py`.
"""

from __future__ import annotations

import json

import pytest
import torch
from allennlp.common import Params
from torch.distributed import HashStore

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, UserError
from spanbert_allen.common.torchrun import torchrun_place
from spanbert_allen.compat import torchrun_group
from spanbert_allen.compat.repairs import torchrun_workers
from tests.common.test_torchrun import ENVIRONMENT

PLACE = torchrun_place(ENVIRONMENT)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"distributed": {"cuda_devices": [0, 1]}}, "`distributed.cuda_devices` is for workers"),
        ({"distributed": {"num_nodes": 2}}, "`distributed.num_nodes` is for workers"),
    ],
)
def test_a_config_that_torchrun_makes_impossible(config, message):
    with pytest.raises(ConfigError, match=message):
        torchrun_workers.check_config(Params(config))


def test_only_the_accelerator_is_left_of_the_block():
    block = {"ddp_accelerator": {"type": "torch"}}
    assert torchrun_workers.check_config(Params({"distributed": block})) == block
    assert torchrun_workers.check_config(Params({})) == {}


@pytest.mark.parametrize(
    ("num_gpus", "configured", "device"), [(0, None, -1), (2, -1, -1), (2, None, 1)]
)
def test_the_device_is_that_of_the_local_rank(monkeypatch, num_gpus, configured, device):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: num_gpus)
    assert torchrun_workers.worker_device(PLACE, configured) == device


def test_more_workers_than_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ConfigError, match=r"LOCAL_RANK is 1, .* give torchrun --nproc-per-node 1"):
        torchrun_workers.worker_device(PLACE, None)


def test_a_device_in_the_config():
    with pytest.raises(ConfigError, match=r"`trainer\.cuda_device` is 0"):
        torchrun_workers.worker_device(PLACE, 0)


@pytest.fixture
def store():
    """What outlives a start."""
    return HashStore()


@pytest.fixture
def started(monkeypatch, store):
    """How AllenNLP's own training would be started, where it would be."""
    calls = []

    def note(params, folder, recover, force, **options):
        calls.append((recover, force))

    monkeypatch.setattr(torchrun_workers, "_train_model", note)
    monkeypatch.setattr(torchrun_group, "torchrun_store", lambda: store)
    for name, value in {**ENVIRONMENT, "RANK": "0", "WORLD_SIZE": "1"}.items():
        monkeypatch.setenv(name, value)
    return calls


@pytest.mark.parametrize(
    ("restarts", "has_files", "given", "recovers", "empties"),
    [
        ("0", True, {}, False, False),
        ("0", True, {"force": True}, False, True),
        ("0", True, {"recover": True}, True, False),
        ("0", False, {"recover": True}, False, False),
        ("1", True, {}, True, False),
        ("1", True, {"force": True}, True, False),
        ("1", False, {}, False, False),
    ],
)
def test_a_group_that_starts_again_goes_on(
    monkeypatch, started, tmp_path, restarts, has_files, given, recovers, empties
):
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", restarts)
    if has_files:
        (tmp_path / "config.json").write_text("{}")
    torchrun_workers.train_model(Params({}), str(tmp_path), **given)
    assert started == [(recovers, empties)]


def test_one_worker_leaves_the_configuration_as_it_is_for_several(monkeypatch, started, tmp_path):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("LOCAL_RANK", "0")
    params = Params({"trainer": {"type": "spanbert"}})
    torchrun_workers.train_model(params, str(tmp_path))
    assert len(started) == 1
    assert params.as_dict() == {"trainer": {"type": "spanbert"}}


def test_the_failure_of_another_machine_is_a_start_too(monkeypatch, started, tmp_path):
    # Each machine counts its own failures only.
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "0")
    (tmp_path / "config.json").write_text("{}")
    for _ in range(2):
        torchrun_workers.train_model(Params({}), str(tmp_path), force=True)
    assert started == [(False, True), (True, False)]


def test_a_dry_run_is_the_first_workers(monkeypatch, started, tmp_path):
    monkeypatch.setenv("WORLD_SIZE", "2")
    torchrun_workers.train_model(Params({}), str(tmp_path), dry_run=True)
    monkeypatch.setenv("RANK", "1")
    torchrun_workers.train_model(Params({}), str(tmp_path), dry_run=True)
    assert len(started) == 1


def store_with(value):
    store = HashStore()
    store.set(torchrun_workers._PREPARED, json.dumps(value))
    return store


def test_the_others_wait_for_the_vocabulary(tmp_path):
    (tmp_path / "vocabulary").mkdir()
    tokens = {"padding_token": "p", "oov_token": "o"}
    assert torchrun_workers.wait_until_prepared(store_with(tokens), tmp_path) == tokens


def test_the_others_end_silently_if_the_first_worker_cannot_prepare(tmp_path, capsys):
    with pytest.raises(SystemExit):
        torchrun_workers.wait_until_prepared(store_with(None), tmp_path)
    assert capsys.readouterr().err == ""


def test_a_folder_that_the_machines_do_not_share(tmp_path):
    with pytest.raises(ConfigError, match="name one with -s that all machines share"):
        torchrun_workers.wait_until_prepared(store_with({}), tmp_path / "here", patience=0.0)


def test_a_lost_worker_is_one_sentence():
    with (
        pytest.raises(UserError, match="worker 1 has lost another worker"),
        torchrun_workers.one_sentence_for_lost_workers(1),
    ):
        raise RuntimeError("[gloo/transport/tcp/pair.cc:534] Connection closed by peer [::1]:1")
