"""The sequence classifier against transformers', and its scores."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Vocabulary
from allennlp.models import Model
from torch.nn.functional import cross_entropy, mse_loss
from transformers import BertForSequenceClassification

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.modules.classification.head import ClassificationHead
from tests import places

GLUE = places.FIXTURES / "glue"
INDEXER = {"type": "spanbert", "model_name": "tiny"}


def make_reader(task: str, **options) -> DatasetReader:
    params = {"type": "spanbert_glue", "task": task, "indexer": dict(INDEXER), **options}
    return DatasetReader.from_params(Params(params))


def make_model(*, vocab: Vocabulary | None = None, attention: str = "sdpa", **options) -> Model:
    torch.manual_seed(3)
    embedder = {"type": "spanbert", "model_name": "tiny", "attention": attention, "pooler": True}
    params = {"type": "spanbert_sequence_classifier", "embedder": embedder, **options}
    model = Model.from_params(Params(deepcopy(params)), vocab=vocab or Vocabulary())
    with torch.no_grad():  # scores that differ from text to text
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(30)
    return model.eval()


def twin_of(model: Model) -> BertForSequenceClassification:
    """transformers' model with the same weights."""
    config = deepcopy(model.embedder.encoder.config)
    config.num_labels = model.classifier.out_features
    twin = BertForSequenceClassification._from_config(config, attn_implementation="eager")
    weights = {f"bert.{name}": one for name, one in model.embedder.encoder.state_dict().items()}
    weights |= {name: one for name, one in model.state_dict().items() if "classifier" in name}
    twin.load_state_dict(weights)
    return twin.eval()


def tensors(instances) -> dict:
    batch = Batch(instances)
    batch.index_instances(Vocabulary())
    return batch.as_tensor_dict()


@pytest.mark.parametrize(("task", "file"), [("RTE", "dev"), ("STS-B", "dev"), ("CoLA", "dev")])
@pytest.mark.parametrize("fixed_length", [False, True])
def test_logits_and_loss_are_transformers(task, file, fixed_length):
    reader = make_reader(task, fixed_length=fixed_length, max_length=48)
    batch = tensors(list(reader.read(GLUE / task / f"{file}.tsv")))
    model = make_model(task=task, attention="eager")
    attended = batch["attended"] if fixed_length else batch["segment_ids"] >= 0
    with torch.no_grad():
        ours = model(**batch)
        theirs = twin_of(model)(
            input_ids=batch["token_ids"].long(),
            token_type_ids=batch["type_ids"].long(),
            attention_mask=attended.long(),
            labels=batch["label"],
        )
    assert theirs.logits.std() > 0.05
    torch.testing.assert_close(ours["logits"], theirs.logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours["loss"], theirs.loss, atol=1e-5, rtol=0)
    written_out = mse_loss if task == "STS-B" else cross_entropy
    logits = theirs.logits.double().squeeze(-1) if task == "STS-B" else theirs.logits.double()
    expected = written_out(logits, batch["label"].to(logits.dtype if task == "STS-B" else None))
    assert ours["loss"].item() == pytest.approx(expected.item(), abs=1e-5)


def test_a_text_has_the_same_scores_alone():
    instances = list(make_reader("RTE").read(GLUE / "RTE" / "dev.tsv"))
    model = make_model(task="rte")
    together = model.forward_on_instances(instances)
    for instance, output in zip(instances, together, strict=True):
        alone = model.forward_on_instances([instance])[0]
        torch.testing.assert_close(
            torch.tensor(alone["logits"]), torch.tensor(output["logits"]), atol=1e-5, rtol=0
        )


def test_the_halves_of_mnli_are_scored_one_by_one():
    paths = {half: GLUE / "MNLI" / f"dev_{half}.tsv" for half in ("matched", "mismatched")}
    batch = tensors(list(make_reader("MNLI").read(paths)))
    model = make_model(task="MNLI")
    with torch.no_grad():
        model(**batch)
        hits = (model(**batch)["logits"].argmax(-1) == batch["label"]).float()
    scores = model.get_metrics(reset=True)
    assert scores == {
        "matched_acc": pytest.approx(hits[:2].mean().item()),
        "mismatched_acc": pytest.approx(hits[2:].mean().item()),
    }
    assert model.get_metrics() == {"acc": 0}


def test_scores_of_a_task():
    batch = tensors(list(make_reader("STS-B").read(GLUE / "STS-B" / "dev.tsv")))
    model = make_model(task="sts-b")
    with torch.no_grad():
        predicted = model(**batch)["logits"][:, 0]
    scores = model.get_metrics()
    correlation = torch.corrcoef(torch.stack([predicted, batch["label"]]))[0, 1]
    assert scores["pearson"] == pytest.approx(correlation.item(), abs=1e-5)
    assert scores["corr"] == pytest.approx((scores["pearson"] + scores["spearmanr"]) / 2)
    assert list(make_model(task="mrpc").get_metrics()) == ["acc", "f1", "acc_and_f1"]


def test_a_step_of_training_does_not_go_through_all_that_was_seen(monkeypatch):
    batch = tensors(list(make_reader("RTE").read(GLUE / "RTE" / "dev.tsv")))
    model = make_model(task="rte").train()
    model(**batch)
    with monkeypatch.context() as patched:
        patched.setattr(model.scores, "get_metric", pytest.fail)
        assert model.get_metrics() == {}
    assert list(model.get_metrics(reset=True)) == ["acc"]


def test_classes_for_a_model_of_numbers():
    """Whole numbers, read as the names of classes, are not what is to be predicted."""
    batch = tensors(list(make_reader("RTE").read(GLUE / "RTE" / "dev.tsv")))
    with pytest.raises(ConfigError, match="`regression` of the reader to true"):
        make_model(regression=True)(**batch)


def test_classes_of_own_data():
    vocab = Vocabulary({"labels": {"good": 3, "bad": 2, "so-so": 1}})
    model = make_model(vocab=vocab)
    assert model.labels == ["good", "bad", "so-so"] and model.classifier.out_features == 3
    assert list(model.get_metrics()) == ["acc", "macro_f1"]
    numbers = make_model(regression=True)
    assert numbers.labels == [] and numbers.classifier.out_features == 1
    assert list(numbers.get_metrics()) == ["pearson", "spearmanr", "corr"]


def test_every_parameter_is_trained():
    model = make_model(task="rte").train()
    model(**tensors(list(make_reader("RTE").read(GLUE / "RTE" / "dev.tsv"))))["loss"].backward()
    without = [name for name, one in model.named_parameters() if one.grad is None]
    assert without == []
    assert model.embedder.encoder.pooler.dense.weight.grad.abs().sum() > 0


def test_the_head():
    head = ClassificationHead(300, 50, initializer_range=0.1)
    assert head.weight.std().item() == pytest.approx(0.1, rel=0.05)
    assert not head.bias.any()
    assert set(head.state_dict()) == {"weight", "bias"}
    torch.manual_seed(1)
    dropped = ClassificationHead(400, 1, dropout=0.25)
    with torch.no_grad():
        dropped.weight.copy_(torch.eye(1, 400))
        in_training = dropped(torch.ones(2000, 400))
        assert sorted(set(in_training.flatten().tolist())) == pytest.approx([0, 4 / 3])
        assert (in_training == 0).float().mean().item() == pytest.approx(0.25, abs=0.04)
        assert (dropped.eval()(torch.ones(9, 400)) == 1).all()
        assert dropped(torch.ones(1, 400, dtype=torch.float32)).dtype == torch.float32
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert dropped(torch.ones(1, 400)).dtype == torch.float32


def test_training_needs_labels():
    batch = tensors(list(make_reader("RTE").read(GLUE / "RTE" / "test.tsv")))
    with pytest.raises(DataError, match="has no labels, which training needs"):
        make_model(task="rte").train()(**batch)


def test_an_evaluation_needs_labels():
    batch = tensors(list(make_reader("RTE").read(GLUE / "RTE" / "test.tsv")))
    model = make_model(task="rte")
    model(**batch)
    with pytest.raises(DataError, match="has no labels, so there is nothing to score"):
        model.get_metrics()


def own_texts(folder, *labels, **options) -> list:
    path = folder / "own.jsonl"
    lines = [{"text": f"Tea number {n}.", "label": one} for n, one in enumerate(labels)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    params = {"type": "spanbert_text_pairs_jsonl", "indexer": dict(INDEXER), **options}
    return list(DatasetReader.from_params(Params(params)).read(path))


def batch_of(instances, vocab) -> dict:
    batch = Batch(instances)
    batch.index_instances(vocab)
    return batch.as_tensor_dict()


@pytest.mark.parametrize("weights", [None, {"warm": 3.0, "cold": 0.5}])
def test_any_number_of_classes(tmp_path, weights):
    """The loss is binary cross-entropy; what has the class weighs as much as the class."""
    instances = own_texts(tmp_path, ["cold", "warm"], [], "warm", multi_label=True)
    vocab = Vocabulary.from_instances(instances)
    model = make_model(vocab=vocab, multi_label=True, class_weights=weights)
    batch = batch_of(instances, vocab)
    assert model.labels == ["warm", "cold"]
    assert batch["label"].tolist() == [[1, 1], [0, 0], [1, 0]]
    with torch.no_grad():
        output = model(**batch)
    logits, gold = output["logits"].double(), batch["label"].double()
    share = torch.tensor([(weights or {}).get(label, 1.0) for label in model.labels])
    each = -(gold * logits.sigmoid().log() * share + (1 - gold) * (-logits).sigmoid().log())
    assert output["loss"].item() == pytest.approx(each.mean().item(), abs=1e-5)
    torch.testing.assert_close(output["probabilities"].double(), logits.sigmoid())
    found = (logits >= 0) == gold.bool()
    assert model.get_metrics()["acc"] == pytest.approx(found.all(-1).double().mean().item())
    assert list(model.get_metrics(reset=True)) == ["acc", "micro_f1", "macro_f1"]


def test_a_list_as_label_needs_the_setting(tmp_path):
    with pytest.raises(DataError, match=r"own.jsonl:1: `label` is the list \['a', 'b'\]; give one"):
        own_texts(tmp_path, ["a", "b"])
    instances = own_texts(tmp_path, "a", "b", multi_label=True)
    vocab = Vocabulary.from_instances(instances)
    with pytest.raises(ConfigError, match="must both have it true, or both false"):
        make_model(vocab=vocab)(**batch_of(instances, vocab))


def test_another_loss(tmp_path):
    instances = own_texts(tmp_path, "a", "a", "b")
    vocab = Vocabulary.from_instances(instances)
    batch = batch_of(instances, vocab)
    with torch.no_grad():
        output = make_model(vocab=vocab, loss={"type": "focal", "gamma": 1.0})(**batch)
    right = output["logits"].double().softmax(-1)[range(3), batch["label"]]
    expected = -((1 - right) * right.log()).mean().item()
    assert output["loss"].item() == pytest.approx(expected, abs=1e-5)


def test_weights_of_classes(tmp_path):
    """Given, or counted; counted ones are part of the archive's weights."""
    instances = own_texts(tmp_path, "a", "a", "a", "b")
    vocab = Vocabulary.from_instances(instances)
    model = make_model(vocab=vocab, class_weights="balanced")
    assert model.class_weights.tolist() == pytest.approx([2 / 3, 2])
    batch = batch_of(instances, vocab)
    with torch.no_grad():
        output = model(**batch)
    expected = cross_entropy(output["logits"], batch["label"], torch.tensor([2 / 3, 2]))
    assert output["loss"].item() == pytest.approx(expected.item(), abs=1e-5)
    vocab.save_to_files(str(tmp_path / "v"))
    again = make_model(vocab=Vocabulary.from_files(str(tmp_path / "v")), class_weights="balanced")
    with pytest.raises(ConfigError, match="`balanced` needs counts of the training data"):
        again(**batch)
    again.load_state_dict(model.state_dict())
    assert again.class_weights.tolist() == model.class_weights.tolist()


def test_a_class_that_the_model_does_not_know_is_a_mistake(tmp_path, caplog):
    vocab = Vocabulary.from_instances(own_texts(tmp_path, "a", "b"))
    instances = own_texts(tmp_path, "a", "c", strict=False)
    with caplog.at_level("WARNING"):
        batch = batch_of(instances, vocab)
    assert "trained with the class c: its texts count as mistakes" in caplog.text
    model = make_model(vocab=vocab)
    with torch.no_grad():
        model.classifier.weight.zero_()
        output = model(**batch)
    assert output["loss"].item() == pytest.approx(0.6931, abs=1e-3)
    assert model.get_metrics()["acc"] == 0.5
    with pytest.raises(DataError, match=r"own.jsonl:2: the label 'c' is none of those"):
        batch_of(own_texts(tmp_path, "a", "c"), vocab)


def test_unknown_classes_among_several_are_mistakes(tmp_path, caplog):
    """Known classes of such a text are learnt and scored; its set is wrong as a whole."""
    vocab = Vocabulary.from_instances(own_texts(tmp_path, ["a", "b"], multi_label=True))
    labels = (["a"], ["a", "c", "d"], ["b"])
    with caplog.at_level("WARNING"):
        batch = batch_of(own_texts(tmp_path, *labels, multi_label=True, strict=False), vocab)
    assert "trained with the class c: its texts count as mistakes" in caplog.text
    assert batch["label"].tolist() == [[1, 0], [1, 0], [0, 1]]
    assert batch["num_unseen"].tolist() == [0, 2, 0]
    model = make_model(vocab=vocab, multi_label=True)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([5.0, -5.0]))  # "a", and never "b"
        output = model(**batch)
    assert output["loss"].isfinite()
    found = {"acc": 1 / 3, "micro_f1": 2 * 2 / (3 + 5), "macro_f1": (4 / 5 + 0 + 0) / 3}
    assert model.get_metrics() == pytest.approx(found)
    with pytest.raises(DataError, match=r"own.jsonl:2: the label 'c' is none of those"):
        batch_of(own_texts(tmp_path, *labels, multi_label=True), vocab)


def test_an_encoder_of_one_token_type_reads_no_pairs():
    instances = list(make_reader("RTE").read(GLUE / "RTE" / "dev.tsv"))
    model = make_model(task="rte")
    model.embedder.encoder.config.type_vocab_size = 1
    with pytest.raises(DataError, match=r"has one token type .*leave `text_pair` out"):
        model(**tensors(instances))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "rte", "multi_label": True}, "model.multi_label: `task` says it already"),
        ({"regression": True, "multi_label": True}, "a number is no class"),
        ({"regression": True, "class_weights": "balanced"}, "a number has no classes"),
        ({"regression": True, "loss": "focal"}, "model.loss: with `regression` the loss is given"),
        (
            {"task": "rte", "embedder": {"type": "spanbert", "model_name": "tiny"}},
            "pooler is false",
        ),
        ({"embedder": {"type": "pass_through", "hidden_dim": 3}, "task": "rte"}, "a PassThrough"),
        ({"task": "rte", "regression": True}, "`task` says it already"),
        ({}, "the data has no labels, which would be the classes"),
        ({"task": "rte", "dropout": 1.0}, "model.dropout is 1.0"),
    ],
)
def test_wrong_settings(options, message):
    with pytest.raises(ConfigError, match=message):
        make_model(**options)
