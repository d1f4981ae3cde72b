"""The relation model against transformers' and against formulas written out."""

from __future__ import annotations

import math
from copy import deepcopy

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Instance, Vocabulary
from allennlp.models import Model
from transformers import BertForSequenceClassification

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.relation.vocabulary import RelationVocabulary
from spanbert_allen.modules.classification.relation_pooling import RelationPooling
from tests import places

FIXTURES = places.FIXTURES / "relation"
READER = {"type": "spanbert_tacred", "indexer": {"type": "spanbert", "model_name": "tiny"}}
VOCABULARY = RelationVocabulary.from_lists(
    ["no_relation", "per:title", "org:founded_by"],
    [
        *("SUBJ_START", "SUBJ_END", "OBJ_START", "OBJ_END", "SUBJ=PERSON", "OBJ=TITLE"),
        *("SUBJ=ORGANIZATION", "OBJ=PERSON"),
    ],
)

TYPED = RelationVocabulary.from_lists(
    ["no_relation", "per:title", "org:founded_by"],
    [
        f"{end}{role}={name}"
        for role, names in (("SUBJ", ("PERSON", "ORGANIZATION")), ("OBJ", ("TITLE", "PERSON")))
        for name in names
        for end in ("", "/")
    ],
)


def fixture(**options) -> list:
    reader = DatasetReader.from_params(Params(deepcopy(READER | options)))
    return list(reader.read(FIXTURES / "tacred.json"))


def make_model(
    *,
    pooling: str = "cls",
    attention: str = "sdpa",
    vocabulary: Vocabulary = VOCABULARY,
    **options,
) -> Model:
    torch.manual_seed(3)
    embedder = {"type": "spanbert", "model_name": "tiny", "attention": attention}
    params = {
        "type": "spanbert_relation",
        "embedder": embedder | {"pooler": pooling == "cls"},
        "pooling": pooling,
        **options,
    }
    model = Model.from_params(Params(deepcopy(params)), vocab=vocabulary)
    with torch.no_grad():
        model.classifier.weight.mul_(20)  # scores that differ
    return model.eval()


def tensors(instances, vocabulary: Vocabulary = VOCABULARY) -> dict:
    batch = Batch(instances)
    batch.index_instances(vocabulary)
    return batch.as_tensor_dict()


def twin_of(model: Model) -> BertForSequenceClassification:
    """transformers' model with the same weights."""
    config = deepcopy(model.embedder.encoder.config)
    config.num_labels = 3
    twin = BertForSequenceClassification._from_config(config, attn_implementation="eager")
    twin.bert.load_state_dict(model.embedder.encoder.state_dict())
    twin.classifier.load_state_dict(model.classifier.state_dict())
    return twin.eval()


@pytest.mark.parametrize("fixed_length", [True, False])
def test_logits_and_loss_are_transformers(fixed_length):
    """Specification 4.4 and 9."""
    batch = tensors(fixture(fixed_length=fixed_length, max_length=40))
    model = make_model(attention="eager")
    attended = batch["attended"] if fixed_length else batch["segment_ids"] >= 0
    assert attended.float().mean() < 1
    with torch.no_grad():
        ours = model(**batch)
        theirs = twin_of(model)(
            input_ids=batch["token_ids"].long(),
            attention_mask=attended.long(),
            labels=batch["label"],
        )
    torch.testing.assert_close(ours["logits"], theirs.logits, atol=1e-5, rtol=0)
    assert ours["loss"].item() == pytest.approx(theirs.loss.item(), abs=1e-6)
    torch.testing.assert_close(ours["probabilities"], theirs.logits.softmax(-1))
    assert ours["id"] == ["t1", "t2", "t3", "t4"]


def test_weights_of_labels():
    batch = tensors(fixture())
    weights = {"per:title": 0.25, "org:founded_by": 3.0}
    model = make_model(class_weights=weights)
    with torch.no_grad():
        output = model(**batch)
    each = -output["logits"].double().log_softmax(-1)[range(4), batch["label"]]
    share = [weights.get(model.labels[label], 1.0) for label in batch["label"].tolist()]
    expected = sum(w * one for w, one in zip(share, each.tolist(), strict=True)) / sum(share)
    assert output["loss"].item() == pytest.approx(expected, abs=1e-5)
    assert "class_weights" not in model.state_dict()
    plain = make_model()
    with torch.no_grad():
        assert plain(**batch)["loss"].item() == pytest.approx(each.mean().item(), abs=1e-5)


def test_weights_that_are_counted_are_in_the_archive(tmp_path):
    vocabulary = Vocabulary.from_params(
        Params({"type": "spanbert_relation"}), instances=iter(fixture())
    )
    model = make_model(vocabulary=vocabulary, class_weights="balanced")
    assert model.class_weights.tolist() == pytest.approx([4 / 3, 2 / 3, 4 / 3])
    vocabulary.save_to_files(str(tmp_path / "v"))
    again = make_model(
        vocabulary=Vocabulary.from_files(str(tmp_path / "v")), class_weights="balanced"
    )
    with pytest.raises(ConfigError, match="`balanced` needs counts of the training data"):
        again(**tensors(fixture()))
    again.load_state_dict(model.state_dict())
    assert again(**tensors(fixture()))["loss"].isfinite()


def test_the_threshold_decides_between_no_relation_and_the_best_other_label():
    batch, rows = tensors(fixture()), []
    with torch.no_grad():
        for threshold in (-1e9, -0.5, 0.0, 0.5, 1e9):
            output = make_model(threshold=threshold)(**batch)
            rows.append(output["label_ids"].tolist())
            for scores, found in zip(output["logits"].tolist(), rows[-1], strict=True):
                best = max(range(1, 3), key=lambda label: scores[label])
                is_negative = scores[0] - scores[best] >= threshold
                assert found == (0 if is_negative else best)
    assert rows[0] == [0] * 4 and 0 not in rows[-1]
    assert rows[2] == output["logits"].argmax(-1).tolist()


def test_another_loss():
    batch = tensors(fixture())
    model = make_model(loss={"type": "focal", "gamma": 1.0})
    with torch.no_grad():
        output = model(**batch)
    right = output["logits"].double().softmax(-1)[range(4), batch["label"]]
    expected = -((1 - right) * right.log()).mean().item()
    assert output["loss"].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("mode", ["ner", "text"])
@pytest.mark.parametrize("name", ["entity_start", "entity_mean"])
def test_poolings_of_entities(name, mode):
    batch = tensors(fixture(mode=mode))
    model = make_model(pooling=name)
    with torch.no_grad():
        vectors = model.embedder.encode(batch["token_ids"].long(), batch["segment_ids"].long())
        pooled = model.pooling.pooled(vectors, batch["entity_spans"].long(), model.embedder)
    tokens = batch["token_ids"].tolist()
    for row, instance in enumerate(batch["example"]):
        expected = []
        for start, end in (("SUBJ_START", "SUBJ_END"), ("OBJ_START", "OBJ_END")):
            if mode == "ner":
                role = start[:4].strip("_")
                kind = instance.subject_type if role == "SUBJ" else instance.object_type
                start = end = f"{role}={kind}"  # noqa: PLW2901
            first, last = (
                tokens[row].index(VOCABULARY.get_token_index(marker, "relation_markers") + 1)
                for marker in (start, end)
            )  # in the tiny vocabulary, [unusedK] is piece K
            some = vectors[row, first : last + 1].double()
            expected.append(some[0] if name == "entity_start" else some.mean(0))
        torch.testing.assert_close(pooled[row].double(), torch.cat(expected), atol=1e-5, rtol=0)


def test_an_entity_that_was_cut_off_has_the_vector_of_cls():
    batch = tensors(fixture(mode="text", max_length=6))
    model = make_model(pooling="entity_start")
    with torch.no_grad():
        vectors = model.embedder.encode(batch["token_ids"].long(), batch["segment_ids"].long())
        pooled = model.pooling.pooled(vectors, batch["entity_spans"].long(), model.embedder)
    assert batch["entity_spans"][0, 1].tolist() == [0, 0]
    torch.testing.assert_close(pooled[0, vectors.size(-1) :], vectors[0, 0])


@pytest.mark.parametrize("pooling", ["cls", "entity_start", "entity_mean"])
def test_results_do_not_depend_on_the_batch_and_every_weight_learns(pooling):
    model, instances = make_model(pooling=pooling), fixture(mode="text")
    together = model.forward_on_instances(instances)
    for instance, output in zip(instances, together, strict=True):
        (alone,) = model.forward_on_instances([instance])
        assert alone["label"] == output["label"]
        assert alone["probabilities"] == pytest.approx(output["probabilities"], abs=1e-5)
    model.train()(**tensors(instances))["loss"].backward()
    # Token type 1 stands nowhere; each row of word vectors only has one if its piece is there.
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_two_vector_head_is_its_formula(activation):
    """Zhou and Chen (2022): a hidden layer on two vectors, and a linear layer on it."""
    batch = tensors(fixture(mode="typed_entity_marker"), TYPED)
    model = make_model(pooling="entity_start", hidden_layer=activation, vocabulary=TYPED)
    with torch.no_grad():
        model.hidden_layer.weight.mul_(20)
        logits = model(**batch)["logits"]
        vectors = model.embedder.encode(batch["token_ids"].long(), batch["segment_ids"].long())
    for row, spans in enumerate(batch["entity_spans"].tolist()):
        both = [component for start, _ in spans for component in vectors[row, start].tolist()]
        weights = model.hidden_layer.weight.double().tolist()
        hidden = [sum(w * x for w, x in zip(line, both, strict=True)) for line in weights]
        kept = [max(one, 0) if activation == "relu" else math.tanh(one) for one in hidden]
        for label, line in enumerate(model.classifier.weight.double().tolist()):
            expected = sum(w * x for w, x in zip(line, kept, strict=True))
            assert logits[row, label].item() == pytest.approx(expected, abs=1e-5)
    model.train()(**batch)["loss"].backward()
    assert model.hidden_layer.weight.grad.abs().sum() > 0


def test_metrics_of_training_and_evaluation():
    model = make_model(scorer="semeval2010")
    model.forward_on_instances(fixture())
    assert set(model.get_metrics(reset=True)) == {
        *("precision", "recall", "f1", "accuracy"),
        *("macro_precision", "macro_recall", "macro_f1"),
    }
    model.train()
    model(**tensors(fixture()))
    assert set(model.get_metrics(reset=True)) == {"precision", "recall", "f1", "accuracy"}
    with torch.no_grad():  # everything is a title: two of the four, and three have a relation
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 1.0, 0.0]))
    model.eval().forward_on_instances(fixture())
    metrics = model.get_metrics()
    assert (metrics["precision"], metrics["accuracy"]) == (0.5, 0.5)
    assert metrics["recall"] == pytest.approx(2 / 3)


def test_of_equal_scores_the_first_label_is_taken():
    model = make_model()
    with torch.no_grad():
        model.classifier.weight.zero_()
    assert {one["label"] for one in model.forward_on_instances(fixture())} == {"no_relation"}


def test_training_without_labels_says_so():
    instances = fixture()
    for instance in instances:
        instance.fields.pop("label")
    with pytest.raises(DataError, match="use annotated data"):
        make_model().train()(**tensors(instances))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"embedder": {"type": "pass_through", "hidden_dim": 3}}, 'use {"type": "spanbert"'),
        ({"embedder": {"type": "spanbert", "model_name": "tiny"}}, "needs `pooler` .* to be true"),
        ({"negative_label": "Other"}, "first label is 'no_relation', not .* 'Other'"),
        ({"class_weights": {"per:titel": 2.0}}, "'per:titel': 2.0 is not a weight of one of"),
        ({"class_weights": {"per:title": -1.0}}, "'per:title': -1.0 is not a weight"),
        (
            {"threshold": 1.0, "negative_label": None},
            "model.threshold is 1.0, but there is no label for no relation",
        ),
        ({"scorer": "x"}, "'x' is neither tacred nor semeval2010"),
        ({"dropout": 1.5}, "model.dropout is 1.5"),
        ({"hidden_layer": "gelu"}, "model.hidden_layer is 'gelu': it must be relu or tanh"),
    ],
)
def test_impossible_settings(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        make_model(**options)


def test_a_vocabulary_without_labels():
    params = {"type": "spanbert_relation", "embedder": {"type": "spanbert", "model_name": "tiny"}}
    params["embedder"]["pooler"] = True
    with pytest.raises(ConfigError, match="0 relation labels, and a model needs at least two"):
        Model.from_params(Params(deepcopy(params)), vocab=Vocabulary())


def test_the_poolings_have_names():
    assert set(RelationPooling.list_available()) == {"cls", "entity_start", "entity_mean"}


def test_an_evaluation_needs_labels():
    model, instances = make_model(), fixture()
    unlabelled = [
        Instance({name: field for name, field in instance.fields.items() if name != "label"})
        for instance in instances
    ]
    model(**tensors(unlabelled))
    with pytest.raises(DataError, match="has no labels, so there is nothing to score"):
        model.get_metrics()
    model(**tensors(instances))  # a label is enough
    assert model.get_metrics(reset=True)["accuracy"] >= 0


def test_a_label_that_the_model_does_not_know_is_a_mistake(caplog):
    model, batch = make_model(scorer="semeval2010", by_label=True), tensors(fixture())
    with torch.no_grad():
        right = model(**batch)
        model.get_metrics(reset=True)
        batch["label"] = right["label_ids"].clone()
        batch["label"][1] = -1
        known = -right["logits"].log_softmax(-1)[[0, 2, 3], batch["label"][[0, 2, 3]]].mean()
        assert model(**batch)["loss"].item() == pytest.approx(known.item(), abs=1e-5)
    assert model.get_metrics()["accuracy"] == 0.75
    with caplog.at_level("WARNING"):
        model.get_metrics(reset=True)
    assert "1 of 4 examples have a label that the model does not know" in caplog.text
    batch["label"][:] = -1
    with torch.no_grad():
        assert model(**batch)["loss"].item() == 0
    assert model.get_metrics()["accuracy"] == 0
