"""One and the same training as in a plain transformers loop: where both differ is configuration."""

from __future__ import annotations

import argparse
from copy import deepcopy

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Vocabulary
from allennlp.models import Model
from allennlp.training.optimizers import Optimizer
from transformers import BertForQuestionAnswering, get_linear_schedule_with_warmup

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.training.batches.token_budget import TokenBudgetSampler
from tests.places import FIXTURES, ROOT
from tests.training_configs.evaluating import evaluate

UPDATES = 20
RATE = 0.005
CONFIG = ROOT / "training_configs" / "qa" / "squad1_minilm.jsonnet"
READER = {"type": "spanbert_squad", "impossible_answers": True, "max_question_length": 20}
READER |= {"max_length": 48, "stride": 9, "indexer": {"type": "spanbert", "model_name": "tiny"}}


@pytest.fixture(autouse=True)
def _among_benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


@pytest.fixture
def batch():
    reader = DatasetReader.from_params(Params(deepcopy(READER | {"training": True})))
    made = Batch(list(reader.read(FIXTURES / "qa" / "squad.json")))
    made.index_instances(Vocabulary())
    return made.as_tensor_dict()


def both_models(softmax_over):
    """Our model and transformers', with the same weights and without dropout."""
    torch.manual_seed(3)
    embedder = {"type": "spanbert", "model_name": "tiny", "attention_dropout": 0.0, "train": 1}
    params = {"type": "spanbert_qa", "embedder": embedder, "softmax_over": softmax_over}
    ours = Model.from_params(Params(params), vocab=Vocabulary())
    config = deepcopy(ours.embedder.encoder.config)
    theirs = BertForQuestionAnswering._from_config(config, attn_implementation="sdpa")
    theirs.bert.load_state_dict(ours.embedder.encoder.state_dict())
    theirs.qa_outputs.load_state_dict(ours.qa_outputs.state_dict())
    theirs.bert.embeddings.requires_grad_(False)
    for layer in theirs.bert.encoder.layer[:-1]:
        layer.requires_grad_(False)
    for model in (ours, theirs):
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
    return ours.train(), theirs.train()


def optimizer_of(config, model):
    params = Params(deepcopy(config["trainer"]["optimizer"]))
    named = [(name, one) for name, one in model.named_parameters() if one.requires_grad]
    optimizer = Optimizer.from_params(params, model_parameters=named)
    optimizer.fill_total_steps(UPDATES)
    return optimizer


def windows_of(batch):
    import qa_training

    return [
        {
            "input_ids": batch["token_ids"][row, :length].long(),
            "token_type_ids": batch["type_ids"][row, :length].long(),
            "start_positions": batch["answer_starts"][row],
            "end_positions": batch["answer_ends"][row],
            "may_be_answer": qa_training.may_be_answer(batch["passage_pieces"][row, :length]),
        }
        for row, length in enumerate((batch["segment_ids"] >= 0).sum(1).tolist())
    ]


@pytest.mark.parametrize("softmax", ["everything", "answers"])
def test_updates_on_one_batch_are_those_of_the_plain_loop(batch, softmax):
    """Loss, weight decay, clipping, moments and rates; `everything` leaves out padding only."""
    from plain_loop import make_optimizer, update
    from qa_training import answers_only, collated

    ours, theirs = both_models(softmax)
    given = collated(windows_of(batch), softmax=softmax)
    if softmax == "everything":  # windows of one length, as padding would be in their softmax
        length = int((batch["segment_ids"] >= 0).sum(1).max())
        rows = [row for row, one in enumerate(windows_of(batch)) if len(one["input_ids"]) == length]
        assert len(rows) > 3
        given = collated([windows_of(batch)[row] for row in rows], softmax=softmax)
        batch = {name: one[rows] for name, one in batch.items()}
    optimizer = optimizer_of(evaluate(CONFIG, f"learning_rate:: {RATE}"), ours)
    their_optimizer = make_optimizer(theirs, RATE)
    schedule = get_linear_schedule_with_warmup(their_optimizer, UPDATES // 10, UPDATES)
    trained = theirs if softmax == "everything" else answers_only(theirs)
    losses = []
    for _ in range(UPDATES):
        loss = ours(**batch)["loss"]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
        expected = update(trained, given, their_optimizer, is_bf16=False, schedule=schedule)
        assert losses[-1] == pytest.approx(expected, abs=1e-4)
    assert losses[-1] < losses[0] - 0.1
    torch.testing.assert_close(
        ours.qa_outputs.weight, theirs.qa_outputs.weight, atol=1e-5, rtol=1e-3
    )


def test_the_plain_loop_can_take_our_batches(batch):
    from qa_training import batches_of

    windows = windows_of(batch)
    arguments = argparse.Namespace(
        batch_size=None, updates=None, max_pieces=150, seed=5, softmax="everything"
    )
    epoch_of, count = batches_of(arguments, windows)
    lengths = [len(window["input_ids"]) for window in windows]
    for epoch in (0, 1):
        taken = TokenBudgetSampler(150, seed=5).batches_of_epoch(lengths, epoch)
        given = list(epoch_of(epoch))
        assert [len(one["input_ids"]) for one in given] == [len(places) for places in taken]
        assert len(given) == count
        for one, places in zip(given, taken, strict=True):
            assert one["start_positions"].tolist() == [
                int(windows[place]["start_positions"]) for place in places
            ]


def test_our_batches_can_be_filled_by_windows():
    knobs = "trainer_knobs:: { batch_size:: 4, max_pieces:: 4 * 384 }"
    options = evaluate(CONFIG, knobs)["data_loader"]["batch_sampler"]
    assert options.pop("type") == "spanbert_token_budget"
    lengths = [100 + 7 * number % 280 for number in range(42)]
    batches = TokenBudgetSampler(**options).batches_of_epoch(lengths, 0)
    assert sorted(map(len, batches)) == [2] + [4] * 10
    by_pieces = evaluate(CONFIG, "trainer_knobs:: { max_pieces:: 4096 }")
    assert "max_batch_size" not in by_pieces["data_loader"]["batch_sampler"]


def test_a_budget_of_pieces_gives_long_windows_more_weight():
    """A batch is a mean over its windows, and one of long windows has fewer."""
    lengths = [80] * 50 + [320] * 50
    batches = TokenBudgetSampler(1600, padding_noise=0.0).batches_of_epoch(lengths, 0)
    weights = {80: 0.0, 320: 0.0}
    for places in batches:
        for place in places:
            weights[lengths[place]] += 1 / len(places)
    assert weights[320] > 3 * weights[80]
