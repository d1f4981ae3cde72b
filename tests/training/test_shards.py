"""Workers with different amounts of data, in real processes that talk over gloo."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch
from torch import distributed

from spanbert_allen.common.errors import DataError
from spanbert_allen.metrics.idle import idle_metrics, is_idle
from spanbert_allen.training.shards import lockstep
from tests.places import ROOT

CPU = torch.device("cpu")


def work(rank, shares, store):
    """What one worker sees: its steps, and an accuracy over all of them."""
    from allennlp.training.metrics import CategoricalAccuracy

    distributed.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=len(shares)
    )
    steps, accuracy = [], CategoricalAccuracy()
    try:
        for batch, idle, num_real in lockstep(iter(shares[rank]), CPU, True):
            steps.append([batch, idle, num_real])
            # Batch 1 is right, all others are wrong.
            scores, label = torch.tensor([[0.0, 1.0]]), torch.tensor([int(batch == 1)])
            if idle:
                with idle_metrics():
                    accuracy(scores, label)
            else:
                accuracy(scores, label)
    except DataError as error:
        return str(error)
    return {"steps": steps, "accuracy": accuracy.get_metric()}


def together(shares, tmp_path):
    """The results of all workers."""
    program = (
        "import json, sys; from tests.training.test_shards import work; "
        "print(json.dumps(work(*json.loads(sys.argv[1]))))"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", program, json.dumps([rank, shares, str(tmp_path / "store")])],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            text=True,
        )
        for rank in range(len(shares))
    ]
    return [json.loads(worker.communicate(timeout=120)[0]) for worker in workers]


@pytest.mark.slow
def test_who_has_run_out_goes_on_without_counting(tmp_path):
    one, other = together([[1, 2, 3], [4]], tmp_path)
    assert one["steps"] == [[1, False, 2], [2, False, 1], [3, False, 1]]
    assert other["steps"] == [[4, False, 2], [4, True, 1], [4, True, 1]]
    assert one["accuracy"] == other["accuracy"] == 1 / 4


@pytest.mark.slow
def test_a_worker_without_any_data_is_said_on_all(tmp_path):
    one, other = together([[1], []], tmp_path)
    assert one == other
    assert one.startswith("there are 2 workers, but only 1 got any data")


def test_one_worker_takes_its_batches_as_they_are():
    assert list(lockstep(iter("ab"), CPU, False)) == [("a", False, 1), ("b", False, 1)]


def test_metrics_count_again_afterwards():
    before = distributed.all_reduce
    with idle_metrics():
        assert is_idle()
    assert not is_idle()
    assert distributed.all_reduce is before


def test_our_metrics_count_nothing_meanwhile():
    from spanbert_allen.metrics.coref_f1 import CorefF1
    from spanbert_allen.metrics.mention_recall import MentionRecall

    f1, recall = CorefF1(), MentionRecall()
    clusters = [[[(0, 0), (1, 1)]]]
    f1(clusters, clusters)
    recall([[(0, 0)]], [[(0, 0)]])
    with idle_metrics():
        f1([[]], clusters)
        recall([[]], [[(0, 0)]])
    assert f1.get_metric()["coref_f1"] == 1.0
    assert recall.get_metric() == 1.0
