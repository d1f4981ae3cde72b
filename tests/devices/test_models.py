"""
Each model with every registered part, on another device: it mixes no devices, and rarely waits.

A batch is read once. In coreference, spans are chosen on the CPU, once a document, and what is
decoded is read once more. All else is queued without waiting.
"""

from __future__ import annotations

import pytest
import torch
from allennlp.models import Model

from spanbert_allen.training.recovery.metric_state import metric_state
from tests.devices.cases import BATCH_SIZE, CASES, TASKS, case_of, moved, parts_of
from tests.devices.pretend import PretendTensor, pretend_device

READS = {
    "spanbert_coref": (1 + BATCH_SIZE, 1 + 2 * BATCH_SIZE),
    "spanbert_qa": (1, 2),
    "spanbert_relation": (1, 1),
    "spanbert_sequence_classifier": (1, 1),
    "spanbert_pretrainer": (1, 1),
}
"""How often a batch makes the CPU wait in training, and in prediction."""
FURTHER_READS = {
    # The clusters that links make so far are found on the CPU.
    "spanbert_span_clustering": (BATCH_SIZE, BATCH_SIZE),
    # A link is made before the next span is scored: a read a span, of which there are some 20.
    "spanbert_cluster_merging": (40, 40),
    "easy first": (BATCH_SIZE, BATCH_SIZE),
    # Candidates are made after starts that turned out likely.
    "spanbert_start_to_end_mentions": (BATCH_SIZE, BATCH_SIZE),
    # How many questions there are.
    "spanbert_recurring_spans": (1, 1),
    # Each window chooses its spans.
    "windows": (0, 14),
}
"""What some options of coreference add to that."""


def test_every_registered_model_has_cases():
    # A model of several tasks computes nothing but what the models of its tasks do.
    assert sorted({*TASKS, "spanbert_multitask"}) == sorted(parts_of(Model))


@pytest.mark.parametrize(("name", "option"), CASES)
def test_a_model_trains_and_predicts_on_another_device(name, option, tmp_path):
    case = case_of(name, option, tmp_path)
    here, there = case.model(), case.model()
    further = [FURTHER_READS.get(part, (0, 0)) for part in option.split(" + ")]
    most = [sum(counts) for counts in zip(READS[name], *further, strict=True)]
    with pretend_device() as pretence:
        there.to(pretence.device)
        batch = moved(case.training, pretence.device)
        pretence.forget()
        loss = there(**batch)["loss"]
        loss.backward()
        assert len(pretence.reads) <= most[0], pretence.summary()
        assert isinstance(loss, PretendTensor)
        for weight in there.parameters():
            assert weight.grad is None or isinstance(weight.grad, PretendTensor)
        there.get_metrics(reset=True)
        there.eval()
        batch = moved(case.other, pretence.device)
        pretence.forget()
        with torch.no_grad():
            outputs = there(**batch)
            assert len(pretence.reads) <= most[1], pretence.summary()
            expected = here.eval()(**case.other)
        there.make_output_human_readable(outputs)
        metric_state(there)
        torch.testing.assert_close(outputs["loss"].cpu(), expected["loss"])
        assert there.get_metrics(reset=True) == pytest.approx(here.get_metrics(reset=True))
