"""Workers with different amounts of data, in real processes that talk over gloo."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
import torch
from torch import distributed

from spanbert_allen.common.errors import DataError
from spanbert_allen.compat.workers import idle_metrics, is_idle
from spanbert_allen.training.loop.accumulation import Group
from spanbert_allen.training.loop.lockstep import (
    Step,
    as_the_first_worker,
    lockstep,
    num_batches,
    without_idle_gradients,
)
from spanbert_allen.training.monitoring.loss_sums import LossSums

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """
    Calls a function in as many processes as there are arguments, a worker each, and gives the
    results. They are forks of this process, which computes on one thread.
    """
    context = multiprocessing.get_context("fork")

    def call(function, arguments):
        store = str(tmp_path_factory.mktemp("store") / "file")
        size = len(arguments)
        with ProcessPoolExecutor(size, mp_context=context) as pool:
            calls = [
                pool.submit(as_worker, rank, size, store, function, argument)
                for rank, argument in enumerate(arguments)
            ]
            return [one.result(timeout=120) for one in calls]

    return call


def as_worker(rank, size, store, function, argument):
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=size
    )
    try:
        return function(argument)
    except DataError as error:
        return str(error)
    finally:
        distributed.destroy_process_group()


def steps_and_accuracy(batches):
    from allennlp.training.metrics import CategoricalAccuracy

    steps, accuracy = [], CategoricalAccuracy()
    for batch, idle, num_real, _ in lockstep(iter(batches), CPU, True):
        steps.append((batch, idle, num_real))
        # Batch 1 is right, all others are wrong.
        scores, label = torch.tensor([[0.0, 1.0]]), torch.tensor([int(batch == 1)])
        if idle:
            with idle_metrics():
                accuracy(scores, label)
        else:
            accuracy(scores, label)
    return {"steps": steps, "accuracy": accuracy.get_metric()}


@pytest.mark.slow
def test_who_has_run_out_goes_on_without_counting(together):
    one, two, three = together(steps_and_accuracy, [[1, 2, 3], [4, 1], [5]])
    assert one["steps"] == [(1, False, 3), (2, False, 2), (3, False, 1)]
    assert two["steps"] == [(4, False, 3), (1, False, 2), (1, True, 1)]
    assert three["steps"] == [(5, False, 3), (5, True, 2), (5, True, 1)]
    assert one["accuracy"] == two["accuracy"] == three["accuracy"] == 2 / 6


def steps_after(batches):
    before, *after = batches
    return list(lockstep(iter(after), CPU, True, before, clock=lambda: float(before)))


@pytest.mark.slow
def test_a_worker_that_had_its_share_before_goes_on_with_its_last_batch(together):
    one, other = together(steps_after, [[1, 2], [3]])
    # Both have the first one's time.
    assert one == [(2, False, 1, 1.0)]
    assert other == [(3, True, 1, 1.0)]


@pytest.mark.slow
def test_a_worker_without_any_data_is_said_on_all(together):
    one, other = together(steps_and_accuracy, [[1], []])
    assert one == other
    assert one.startswith("there are 2 workers, but only 1 got any data")


def length(batches):
    return num_batches(batches, "validation")


@pytest.mark.slow
def test_an_epoch_is_as_long_as_the_largest_share(together):
    assert together(length, [[1, 2], [3]]) == [2, 2]
    one, other = together(length, [[1], []])
    assert one == other
    assert one.startswith("there are 2 workers, but only 1 got any validation data")


@pytest.mark.slow
def test_all_decide_by_the_first_workers_values(together):
    metrics = [{"f1": 0.5, "seen": 1}, {"f1": 0.25}]
    assert together(as_the_first_worker, metrics) == [metrics[0], metrics[0]]


def mean_losses(losses):
    sums = LossSums()
    for loss in losses:
        sums.add({"loss": loss})
    return sums.means()


@pytest.mark.slow
def test_a_worker_without_new_batches_knows_the_others_losses(together):
    assert together(mean_losses, [[], [1.0, 2.0]]) == [{"loss": 1.5}, {"loss": 1.5}]
    assert together(mean_losses, [[], []]) == [{}, {}]


def gradients(heads_and_idle):
    """Of three heads, after a group of one step with others, in which this worker uses some."""
    heads, idle, updates = heads_and_idle
    model = torch.nn.ParameterList(torch.ones(2) for _ in range(3))
    trained = torch.nn.parallel.DistributedDataParallel(Sum(model), find_unused_parameters=True)
    group = Group([Step(heads, idle, num_real=1)], updates)
    for step in without_idle_gradients(group, model):
        (trained(step.batch) * (0.0 if step.idle else 1.0)).backward()
    return [None if one.grad is None else one.grad.tolist() for one in model]


class Sum(torch.nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.heads = heads

    def forward(self, places):
        return sum(self.heads[place].sum() for place in places)


@pytest.mark.slow
def test_what_only_an_idle_worker_uses_has_no_gradient(together):
    one, other = together(gradients, [([0, 1], False, True), ([1, 2], True, True)])
    assert one == other == [[0.5, 0.5], [0.5, 0.5], None]
    one, other = together(gradients, [([0, 1], False, False), ([1, 2], True, False)])
    assert one == other == [[0.5, 0.5], [0.5, 0.5], [0.0, 0.0]]


def test_one_worker_takes_its_batches_as_they_are():
    steps = list(lockstep(iter("ab"), CPU, False, clock=lambda: 2.5))
    assert steps == [("a", False, 1, 2.5), ("b", False, 1, 2.5)]
    assert num_batches([], "training") == 0
    assert num_batches(iter([]), "training") is None


def test_metrics_count_again_afterwards():
    before = distributed.all_reduce
    with idle_metrics():
        assert is_idle()
    assert not is_idle()
    assert distributed.all_reduce is before


def test_our_metrics_count_nothing_meanwhile():
    from spanbert_allen.metrics.coref.mention_recall import MentionRecall
    from spanbert_allen.metrics.coref.metric import CorefF1

    f1, recall = CorefF1(), MentionRecall()
    clusters = [[[(0, 0), (1, 1)]]]
    f1(clusters, clusters)
    recall([[(0, 0)]], [[(0, 0)]])
    with idle_metrics():
        f1([[]], clusters)
        recall([[]], [[(0, 0)]])
    assert f1.get_metric()["coref_f1"] == 1.0
    assert recall.get_metric() == 1.0
