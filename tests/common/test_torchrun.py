"""What torchrun's environment says."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.torchrun import TorchrunPlace, is_first_worker, torchrun_place

ENVIRONMENT = {
    "TORCHELASTIC_RUN_ID": "none",
    "TORCHELASTIC_RESTART_COUNT": "1",
    "RANK": "5",
    "LOCAL_RANK": "1",
    "WORLD_SIZE": "8",
    "MASTER_ADDR": "node0",
    "MASTER_PORT": "29500",
}


def test_the_place_of_a_worker():
    assert torchrun_place(ENVIRONMENT) == TorchrunPlace(
        rank=5, world_size=8, local_rank=1, restarts=1, address="node0", port=29500
    )


def test_variables_of_a_cluster_alone_are_not_torchruns():
    others = {name: value for name, value in ENVIRONMENT.items() if "ELASTIC" not in name}
    assert torchrun_place(others) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two': torchrun sets it to a whole number from 1"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE is '0'"),
        ({"RANK": ""}, "the environment variable RANK is missing"),
        ({"RANK": "-1"}, "RANK is '-1': torchrun sets it to a whole number from 0"),
        ({"RANK": "8"}, "RANK is 8, but WORLD_SIZE is 8"),
        ({"LOCAL_RANK": "1.5"}, "LOCAL_RANK is '1.5'"),
        ({"MASTER_ADDR": ""}, "MASTER_ADDR is missing"),
        ({"MASTER_PORT": "http"}, "MASTER_PORT is 'http'"),
        ({"TORCHELASTIC_RESTART_COUNT": "?"}, "TORCHELASTIC_RESTART_COUNT is '\\?'"),
    ],
)
def test_a_bad_environment_is_one_sentence(changes, message):
    with pytest.raises(ConfigError, match=message):
        torchrun_place({**ENVIRONMENT, **changes})


def test_the_first_worker_writes_and_so_does_one_alone():
    assert is_first_worker({})
    assert is_first_worker({**ENVIRONMENT, "RANK": "0"})
    assert not is_first_worker(ENVIRONMENT)
