"""The question answering model against transformers' and against formulas written out."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Vocabulary
from allennlp.models import Model
from transformers import BertForQuestionAnswering

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.qa.question import Question
from spanbert_allen.metrics.qa import metric
from spanbert_allen.models import qa
from tests import places

FIXTURES = places.FIXTURES / "qa"
READER = {"type": "spanbert_squad", "impossible_answers": True, "max_question_length": 20}
READER |= {"max_length": 48, "stride": 9, "indexer": {"type": "spanbert", "model_name": "tiny"}}


def make_reader(**options) -> DatasetReader:
    return DatasetReader.from_params(Params(deepcopy(READER | options)))


def make_model(*, attention: str = "sdpa", **options) -> Model:
    torch.manual_seed(3)
    params = {
        "type": "spanbert_qa",
        "embedder": {"type": "spanbert", "model_name": "tiny", "attention": attention},
        "impossible_answers": True,
        **options,
    }
    model = Model.from_params(Params(deepcopy(params)), vocab=Vocabulary())
    with torch.no_grad():
        model.qa_outputs.weight.mul_(20)  # scores that differ
    return model.eval()


def twin_of(model: Model) -> BertForQuestionAnswering:
    """transformers' model with the same weights."""
    twin = BertForQuestionAnswering._from_config(
        deepcopy(model.embedder.encoder.config), attn_implementation="eager"
    )
    twin.bert.load_state_dict(model.embedder.encoder.state_dict())
    twin.qa_outputs.load_state_dict(model.qa_outputs.state_dict())
    return twin.eval()


def tensors(instances) -> dict:
    batch = Batch(instances)
    batch.index_instances(Vocabulary())
    return batch.as_tensor_dict()


def fixture(**options) -> list:
    return list(make_reader(**options).read(FIXTURES / "squad.json"))


def padded_input(batch: dict, attended: torch.Tensor) -> dict:
    return {
        "input_ids": batch["token_ids"].long(),
        "token_type_ids": batch["type_ids"].long(),
        "attention_mask": attended.long(),
        "start_positions": batch["answer_starts"][:, 0],
        "end_positions": batch["answer_ends"][:, 0],
    }


def test_reproduced_loss_and_logits_are_transformers():
    """Specification 2.1 and 9: padding of a fixed length is scored, and in the softmax."""
    batch = tensors(fixture(training=True, fixed_length=True))
    model = make_model(attention="eager", softmax_over="everything")
    with torch.no_grad():
        ours = model(**batch)["loss"]
        theirs = twin_of(model)(**padded_input(batch, batch["attended"]))
        vectors = model.embedder.encode(
            batch["token_ids"].long(),
            batch["segment_ids"].long(),
            batch["type_ids"].long(),
            batch["attended"],
        )
        logits = model.qa_outputs.logits(vectors)
    assert batch["attended"].float().mean() < 1
    assert ours.item() == pytest.approx(theirs.loss.item(), abs=1e-6)
    torch.testing.assert_close(logits[..., 0], theirs.start_logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(logits[..., 1], theirs.end_logits, atol=1e-5, rtol=0)


def test_the_default_softmax_is_over_cls_and_the_passage():
    batch = tensors(fixture(training=True))
    model = make_model()
    with torch.no_grad():
        ours = model(**batch)["loss"]
        real = batch["segment_ids"] >= 0
        theirs = twin_of(model)(**padded_input(batch, real))
    losses = []
    for row in range(len(real)):
        places = [0, *(batch["passage_pieces"][row] >= 0).nonzero()[:, 0].tolist()]
        for logits, gold in (
            (theirs.start_logits, batch["answer_starts"]),
            (theirs.end_logits, batch["answer_ends"]),
        ):
            chosen = logits[row, places].double()
            losses.append(torch.logsumexp(chosen, 0) - chosen[places.index(gold[row, 0])])
    assert ours.item() == pytest.approx(torch.stack(losses).mean().item(), abs=1e-5)


@pytest.mark.parametrize("softmax_over", ["answers", "everything"])
def test_the_loss_does_not_depend_on_how_windows_are_batched(softmax_over):
    """One window a row, as in training, or all windows of a question, as in evaluation."""
    model = make_model(softmax_over=softmax_over)
    with torch.no_grad():
        singles = model(**tensors(fixture(training=True)))["loss"]
        wholes = model(**tensors(fixture()))["loss"]
    assert singles.item() == pytest.approx(wholes.item(), abs=1e-5)


@pytest.mark.parametrize("fixed_length", [False, True])
def test_a_budget_of_pieces_has_vectors_at_a_time(monkeypatch, fixed_length):
    """The scores are those of all windows at once, but for roundings."""
    model, instances = make_model(), fixture(fixed_length=fixed_length)
    batch = tensors(instances)
    whole = model(**batch)
    sizes, encode = [], model.embedder.encode
    monkeypatch.setattr(qa, "_PIECES_AT_ONCE", 100)
    monkeypatch.setattr(
        model.embedder, "encode", lambda *some: sizes.append(some[0].numel()) or encode(*some)
    )
    with torch.no_grad():
        streamed = model(**batch)
    assert len(sizes) > 5 and max(sizes) <= 100
    assert streamed["loss"].item() == pytest.approx(whole["loss"].item(), abs=1e-5)
    for one, other in zip(streamed["decoded"], whole["decoded"], strict=True):
        assert [answer.text for answer in one.answers] == [answer.text for answer in other.answers]
        scores = [answer.score for answer in other.answers]
        assert [answer.score for answer in one.answers] == pytest.approx(scores, abs=1e-4)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_are_that_question_s_error(monkeypatch, value):
    model, instances = make_model(), fixture()
    encode = model.embedder.encode

    def spoilt(token_ids, *columns):
        vectors = encode(token_ids, *columns)
        of_second = (token_ids[:, :4] == instances[1]["token_ids"].tensor[:4]).all(1)
        vectors[of_second.nonzero()[0], 3] = value
        return vectors

    monkeypatch.setattr(model.embedder, "encode", spoilt)
    outputs = [one["decoded"] for one in model.forward_on_instances(instances)]
    assert [isinstance(one, DataError) for one in outputs] == [False, True, False, False, False]
    assert "not finite numbers" in str(outputs[1])
    assert model.get_metrics(reset=True)["total"] == 5


def test_a_model_that_always_answers_is_told_of_unanswerable_questions(caplog):
    for impossible in (True, False):
        model = make_model(impossible_answers=impossible)
        model.forward_on_instances(fixture())
        with caplog.at_level("WARNING"):
            model.get_metrics()
            assert not warnings_in(caplog)
            model.get_metrics(reset=True)
        said = any(
            "1 of 5 questions have no answer, but the model always answers" in one
            for one in warnings_in(caplog)
        )
        assert said != impossible


def warnings_in(caplog):
    """Return the warnings, whatever level the loggers of other tests were left at."""
    return [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]


def test_scores_while_an_evaluation_runs_are_summed_once(monkeypatch):
    """AllenNLP asks after each batch; only the end goes through all questions again."""
    model, instances = make_model(), fixture()
    looked_at = []
    at_threshold = metric.at_threshold
    monkeypatch.setattr(
        metric, "at_threshold", lambda *some: looked_at.append(some) or at_threshold(*some)
    )
    for instance in instances:
        model.forward_on_instances([instance])
        running = model.get_metrics()
    assert len(looked_at) == len(instances)
    final = model.get_metrics(reset=True)
    assert {name: final[name] for name in running} == pytest.approx(running)
    assert set(running) == {"exact", "f1", "total"}


def test_answers_do_not_depend_on_the_batch():
    model, instances = make_model(), fixture()
    together = model.forward_on_instances(instances)
    for instance, output in zip(instances, together, strict=True):
        (alone,) = model.forward_on_instances([instance])
        assert [answer.text for answer in alone["decoded"].answers] == [
            answer.text for answer in output["decoded"].answers
        ]
        assert alone["decoded"].null_score == pytest.approx(output["decoded"].null_score, abs=1e-5)


def test_decoded_scores_are_sums_of_logits():
    reader = make_reader()
    asked = Question(
        id="q", question="Where?", context="Ida lost her keys in Oslo.", is_annotated=False
    )
    model = make_model()
    (output,) = model.forward_on_instances([reader.text_to_instance(asked)])
    best = output["decoded"].best
    batch = tensors([reader.text_to_instance(asked)])
    with torch.no_grad():
        logits = twin_of(model)(
            input_ids=batch["token_ids"].long(), token_type_ids=batch["type_ids"].long()
        )
    pieces = batch["passage_pieces"][0]
    scores = {
        (first, last): (logits.start_logits[0, first] + logits.end_logits[0, last]).item()
        for first in range(len(pieces))
        for last in range(first, len(pieces))
        if pieces[first] >= 0 and pieces[last] >= 0
    }
    (first, last), score = max(scores.items(), key=lambda item: item[1])
    assert best.score == pytest.approx(score, abs=1e-4)
    chars = reader.passage(asked.context).chars(int(pieces[first]), int(pieces[last]))
    assert best.chars == chars and best.text == asked.context[chars.start : chars.end]


def test_metrics_of_evaluation_and_of_training():
    model = make_model()
    model.forward_on_instances(fixture())
    metrics = model.get_metrics(reset=True)
    assert metrics["total"] == 5 and metrics["NoAns_total"] == 1
    assert len(metrics) == 13
    assert model.get_metrics()["total"] == 0
    model.train()
    model(**tensors(fixture(training=True)))
    assert set(model.get_metrics()) == {"start_accuracy", "end_accuracy", "span_accuracy"}


def test_span_accuracy_counts_windows():
    model = make_model().train()
    batch = tensors(fixture(training=True))
    with torch.no_grad():  # everything says [CLS]
        model.qa_outputs.weight.zero_()
    model(**batch)
    is_cls = (batch["answer_starts"] == 0).float().mean().item()
    assert 0 < is_cls < 1
    assert model.get_metrics()["span_accuracy"] == pytest.approx(is_cls)


def test_a_passage_without_pieces_among_others():
    reader, model = make_reader(), make_model()
    asked = [
        Question(id="a", question="Where?", context=text, is_annotated=False)
        for text in ("", "Oslo.")
    ]
    outputs = model.forward_on_instances([reader.text_to_instance(one) for one in asked])
    assert outputs[0]["decoded"].answers == ()
    assert outputs[1]["decoded"].best is not None
    (alone,) = model.forward_on_instances([reader.text_to_instance(asked[0])])
    assert alone["decoded"].best is None


def test_training_without_labels_says_so():
    reader, model = make_reader(), make_model().train()
    asked = Question(id="a", question="Where?", context="Oslo.", is_annotated=False)
    with pytest.raises(DataError, match="use annotated data"):
        model(**tensors([reader.text_to_instance(asked)]))


def test_an_evaluation_without_answers_says_so():
    """But one in which some questions have answers scores these."""
    unlabelled, model = make_reader(), make_model()
    asked = Question(id="a", question="Where?", context="Oslo.", is_annotated=False)
    batch = tensors([unlabelled.text_to_instance(asked)])
    model(**batch)
    assert model.get_metrics()["total"] == 0
    with pytest.raises(DataError, match="there is nothing to score"):
        model.get_metrics(reset=True)
    model(**batch)
    model(**tensors(fixture()))
    assert model.get_metrics(reset=True)["total"] > 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"softmax_over": "all"}, "neither 'answers' nor 'everything'"),
        ({"flavour": "trec"}, "must be squad or mrqa"),
        ({"embedder": {"type": "pass_through", "hidden_dim": 3}}, 'use {"type": "spanbert"'),
    ],
)
def test_impossible_settings(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        make_model(**options)


def test_the_head_starts_as_the_original():
    """Specification 0.1: N(0, 0.02), biases 0."""
    weights = []
    for seed in range(60):
        torch.manual_seed(seed)
        params = {"type": "spanbert_qa", "embedder": {"type": "spanbert", "model_name": "tiny"}}
        model = Model.from_params(Params(deepcopy(params)), vocab=Vocabulary())
        weights.append(model.qa_outputs.weight.detach().flatten())
        assert not model.qa_outputs.bias.any()
    assert torch.cat(weights).std().item() == pytest.approx(0.02, rel=0.1)
