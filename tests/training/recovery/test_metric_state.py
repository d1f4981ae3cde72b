"""What metrics have counted, through a file and into another model."""

from __future__ import annotations

import numpy
import pytest
import torch
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.training.metrics import BooleanAccuracy, CategoricalAccuracy, F1Measure, Metric

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.metrics.coref.mention_recall import MentionRecall
from spanbert_allen.metrics.coref.metric import CorefF1
from spanbert_allen.training.recovery.metric_state import load_metric_state, metric_state
from spanbert_allen.training.recovery.tensor_files import load_tensors, save_tensors
from tests.devices.pretend import PretendTensor, pretend_device

CLUSTERS = [[[WordSpan(0, 1), WordSpan(2, 2)], [WordSpan(4, 5)]]]
LOGITS = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
LABELS = torch.tensor([1, 1, 0])


class Measured(Model):
    """A model that is nothing but its metrics, in all places where they can be."""

    def __init__(self):
        super().__init__(Vocabulary())
        self.coref = CorefF1(also_without_singletons=True)
        self.part = torch.nn.Module()
        self.part.recall = MentionRecall()
        self.named = {"accuracy": CategoricalAccuracy(), "f1": F1Measure(1)}
        self.listed = [BooleanAccuracy()]

    def count(self):
        self.coref(CLUSTERS, [[[WordSpan(0, 1), WordSpan(2, 2), WordSpan(3, 3)]]])
        self.part.recall([[WordSpan(0, 1)]], [[WordSpan(0, 1), WordSpan(4, 4)]])
        for metric in self.named.values():
            metric(LOGITS, LABELS)
        self.listed[0](LABELS, torch.ones(3).long())

    def get_metrics(self, reset=False):
        return {
            **self.coref.get_metric(reset),
            "recall": self.part.recall.get_metric(reset),
            "accuracy": self.named["accuracy"].get_metric(reset),
            **self.named["f1"].get_metric(reset),
            "boolean": self.listed[0].get_metric(reset),
        }


def test_another_process_counts_on(tmp_path):
    whole, first, second = Measured(), Measured(), Measured()
    whole.count()
    whole.count()
    first.count()
    save_tensors(metric_state(first), tmp_path / "metrics.th")
    load_metric_state(second, load_tensors(tmp_path / "metrics.th"))
    assert second.get_metrics() == pytest.approx(first.get_metrics())
    assert second.get_metrics()["coref_f1"] > 0
    second.count()
    assert second.get_metrics(reset=True) == pytest.approx(whole.get_metrics())


class Pairs(Metric):
    """What a metric of a user's own may keep: pairs in a set, a list, a dict; NumPy's numbers."""

    def __init__(self):
        self.total = numpy.float32(0.5)
        self.found = set()
        self.rows = []
        self.best = {}

    def __call__(self, name, number):
        self.found.add((name, number))
        self.rows.append((name, number))
        self.best[name] = (number, number)
        self.total += numpy.float32(number)

    def get_metric(self, reset=False):
        return {"found": self.found, "rows": self.rows, "best": self.best, "total": self.total}

    def reset(self):
        self.__init__()


def test_pairs_stay_pairs_and_numbers_of_numpy_are_kept(tmp_path):
    first, second = Measured(), Measured()
    first.listed.append(Pairs())
    second.listed.append(Pairs())
    first.listed[1]("a", 1)
    first.listed[1]("b", 2)
    save_tensors(metric_state(first), tmp_path / "metrics.th")
    load_metric_state(second, load_tensors(tmp_path / "metrics.th"))
    assert second.listed[1].get_metric() == first.listed[1].get_metric()


class Placed(Model):
    """A model with a metric whose counts stay where the model is."""

    def __init__(self):
        super().__init__(Vocabulary())
        self.place = torch.nn.Parameter(torch.zeros(1))
        self.f1 = F1Measure(1)

    def count(self):
        self.f1(LOGITS.to(self.place.device), LABELS.to(self.place.device))


def test_counts_of_a_device_are_kept_on_the_cpu_and_go_on_on_the_device():
    with pretend_device() as pretence:
        whole, first, second = (Placed().to(pretence.device) for _ in range(3))
        whole.count()
        whole.count()
        first.count()
        state = metric_state(first)
        kept = [one for one in state[".f1"].values() if isinstance(one, torch.Tensor)]
        assert kept and not any(isinstance(one, PretendTensor) for one in kept)
        load_metric_state(second, state)
        second.count()  # in place, which refuses tensors of two devices
        assert second.f1.get_metric() == pytest.approx(whole.f1.get_metric())
