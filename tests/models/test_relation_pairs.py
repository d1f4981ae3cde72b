"""All pairs of a text in one pass: what they see of each other, and what the model makes of it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Instance
from allennlp.models import Model

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.data.relation.vocabulary import RelationVocabulary
from spanbert_allen.formats.relation.example import RelationExample
from spanbert_allen.predictors.bulk import BulkManager
from spanbert_allen.predictors.relation.predictor import RelationPredictor

ENCODER = {"type": "spanbert", "model_name": "tiny"}
TYPES = ("PERSON", "TITLE")
VOCABULARY = RelationVocabulary.from_lists(
    ["no_relation", "per:title", "org:founded_by"],
    [f"{end}{role}={name}" for role in ("SUBJ", "OBJ") for name in TYPES for end in ("", "/")],
)
WORDS = ["The", "driver", "Ida", "lost", "her", "keys", "in", "the", "tram", "."]
SHORT = ["Jane", "is", "a", "boy", "."]


def make_reader(**options) -> DatasetReader:
    params = {"type": "spanbert_tacred", "indexer": ENCODER, "mode": "levitated_marker"}
    return DatasetReader.from_params(Params(deepcopy(params | options)))


def make_model(attention: str = "sdpa", **options) -> Model:
    torch.manual_seed(3)
    params = {
        "type": "spanbert_relation",
        "embedder": ENCODER | {"attention": attention},
        "pooling": "entity_start",
        "hidden_layer": "relu",
        **options,
    }
    model = Model.from_params(Params(deepcopy(params)), vocab=VOCABULARY)
    with torch.no_grad():  # scores that differ
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(8)
    return model.eval()


def pairs(words=WORDS, places=((2, 1), (2, 5), (5, 8), (1, 2)), label="per:title"):
    return [
        RelationExample(
            id=f"{words[0]}-{number}",
            words=words,
            subject=WordSpan(subject, subject),
            object=WordSpan(object_, object_),
            subject_type=TYPES[number % 2],
            object_type=TYPES[1],
            label=label,
        )
        for number, (subject, object_) in enumerate(places)
    ]


def tensors(instances: list[Instance]) -> dict:
    batch = Batch(instances)
    batch.index_instances(VOCABULARY)
    return batch.as_tensor_dict()


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_pair_sees_the_text_and_itself_and_the_text_sees_itself_only(attention):
    """The results of pairs together are those of each alone; the text is as without them."""
    model, reader = make_model(attention), make_reader()
    together = tensors(reader.instances_of(pairs()) + reader.instances_of(pairs(SHORT, [(0, 3)])))
    alone = [reader.instances_of([one])[0] for one in [*pairs(), *pairs(SHORT, [(0, 3)])]]
    assert together["token_ids"].shape[0] == 2 and len(alone) == 5
    inputs = {name: together[name].long() for name in ("token_ids", "segment_ids")}
    length = together["groups"][0].tolist().index(1)
    with torch.no_grad():
        vectors = model.embedder.encode(
            **inputs, position_ids=together["position_ids"].long(), groups=together["groups"]
        )
        plain = model.embedder.encode(
            inputs["token_ids"][:1, :length], inputs["segment_ids"][:1, :length]
        )
        both, each = model(**together), model(**tensors(alone))
    torch.testing.assert_close(vectors[:1, :length], plain, atol=1e-5, rtol=0)
    found = torch.cat([both["logits"][0], both["logits"][1, :1]])
    torch.testing.assert_close(found, each["logits"][:, 0], atol=1e-5, rtol=0)
    assert found.std(0).min() > 1e-3
    assert both["loss"].item() == pytest.approx(each["loss"].item(), abs=1e-5)


def test_a_marker_is_where_its_entity_is():
    """The vectors are those of a plain encoder that is told the positions and the mask."""
    model, reader = make_model("eager"), make_reader()
    batch = tensors(reader.instances_of(pairs()[:2]))
    groups = batch["groups"][0].tolist()
    allowed = torch.tensor([[key in (0, query) for key in groups] for query in groups])
    mask = torch.zeros(allowed.shape).masked_fill(~allowed, -1e30)
    with torch.no_grad():
        expected = model.embedder.encoder(
            input_ids=batch["token_ids"].long(),
            position_ids=batch["position_ids"].long(),
            attention_mask=mask[None, None],
        ).last_hidden_state
        found = model.embedder.encode(
            batch["token_ids"].long(),
            batch["segment_ids"].long(),
            position_ids=batch["position_ids"].long(),
            groups=batch["groups"],
        )
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_padding_among_pairs_is_neither_learnt_nor_counted():
    model, reader = make_model(), make_reader()
    labels = ["no_relation", "per:title", "org:founded_by", "per:title"]
    some = [replace(one, label=label) for one, label in zip(pairs(), labels, strict=True)]
    instances = reader.instances_of([*some, *pairs(SHORT, [(0, 3)])])
    batch = tensors(instances)
    assert batch["label"].tolist() == [[0, 1, 2, 1], [1, -1, -1, -1]]
    with torch.no_grad():
        output = model(**batch)
        model.get_metrics(reset=True)
        gold = [*batch["label"][0].tolist(), 1]
        found = [*output["label_ids"][0].tolist(), output["label_ids"][1, 0].item()]
        model(**batch)
    right = sum(a == b for a, b in zip(gold, found, strict=True)) / 5
    assert model.get_metrics(reset=True)["accuracy"] == pytest.approx(right)
    logits = [*output["logits"][0].double(), output["logits"][1, 0].double()]
    each = [-row.log_softmax(-1)[label].item() for row, label in zip(logits, gold, strict=True)]
    assert output["loss"].item() == pytest.approx(sum(each) / 5, abs=1e-5)
    rows = model.forward_on_instances(instances)
    assert rows[0]["id"] == [one.id for one in some] and len(rows[0]["label"]) == 4
    model.train()(**batch)["loss"].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_a_reader_puts_pairs_of_one_text_together(tmp_path):
    records = [
        {
            **{"id": str(number), "relation": "per:title", "token": words},
            **{"subj_start": 0, "subj_end": 0, "subj_type": "PERSON"},
            **{"obj_start": place, "obj_end": place, "obj_type": "TITLE"},
        }
        for number, (words, place) in enumerate([(WORDS, 1), (WORDS, 2), (WORDS, 5), (SHORT, 3)])
    ]
    path = tmp_path / "data.json"
    path.write_text(json.dumps(records))
    sizes = [len(one["label"]) for one in make_reader().read(path)]
    assert sizes == [3, 1]
    sizes = [len(one["label"]) for one in make_reader(max_pairs=2).read(path)]
    assert sizes == [2, 1, 1]
    cut = list(make_reader(max_length=9, window="entities").read(path))
    assert [len(one["label"]) for one in cut] == [1, 1, 1, 1]
    counts: dict = defaultdict(Counter)
    for instance in cut:
        instance.count_vocab_items(counts)
    assert list(counts["relation_markers"]) == [
        *("SUBJ=PERSON", "OBJ=TITLE", "/SUBJ=PERSON", "/OBJ=TITLE")
    ]
    assert counts["relation_type_pairs"] == {"SUBJ=PERSON OBJ=TITLE": 4}


def test_predicting_with_the_reader_loses_no_pair(tmp_path):
    record = {"tokens": WORDS, "subject_type": "PERSON", "object_type": "TITLE"}
    data, out = tmp_path / "data.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps(record | {"subject": [2, 2], "object": [place] * 2}) for place in (1, 5, 8)]
    data.write_text("\n".join(lines))
    reader = make_reader(type="spanbert_relation_jsonl")
    predictor = RelationPredictor(make_model(), reader)
    BulkManager(predictor, str(data), str(out), 1, False, True).run()
    results = [json.loads(line) for line in out.open()]
    assert [result["entities"][1]["words"] for result in results] == [[1, 1], [5, 5], [8, 8]]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"fixed_length": True}, "dataset_reader.fixed_length: with the mode `levitated_marker`"),
        ({"max_pairs": 0}, "dataset_reader.max_pairs is 0: it must be at least 1"),
    ],
)
def test_impossible_settings(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        make_reader(**options)


def test_one_vector_for_all_pairs_is_refused():
    model = make_model(pooling="cls", embedder=ENCODER | {"pooler": True})
    with pytest.raises(ConfigError, match=r"model.pooling: all pairs of a text have the same"):
        model(**tensors(make_reader().instances_of(pairs())))


def test_results_of_records_are_those_of_single_pairs():
    """A record of all entities goes through in one pass, here in two, with the same results."""
    reader = make_reader(max_pairs=4)
    predictor = RelationPredictor(make_model(), reader)
    text = " ".join(WORDS)
    entities = [[4, 10, "TITLE"], [11, 14, "PERSON"], [24, 28, "TITLE"]]
    many = predictor.predict(text, entities=entities)
    assert len(many["relations"]) == 6
    for relation in many["relations"]:
        subject, object_ = entities[relation["subject"]], entities[relation["object"]]
        one = predictor.predict(
            text, subject[:2], object_[:2], subject_type=subject[2], object_type=object_[2]
        )
        assert one["relations"][0]["label"] == relation["label"] == one["label"]
        assert one["probability"] == pytest.approx(relation["probability"], abs=1e-4)
    records = [{"text": text, "entities": entities}, {"text": text, "entities": [[0, 99, "T"]]}]
    single = {"tokens": SHORT, "subject": [0, 0], "object": [3, 3]}
    records.append(single | {"subject_type": "PERSON", "object_type": "TITLE"})
    results = predictor.predict_batch_json(records)
    assert results[0]["relations"] == many["relations"]
    assert "error" in results[1] and results[2]["label"]
    rows = predictor.predict_batch_instance(reader.instances_of(pairs()[:3]))
    assert [row["id"] for row in rows] == ["The-0", "The-1", "The-2"]


def test_each_pair_of_a_text_without_a_result_has_an_error_with_its_id(monkeypatch):
    reader = make_reader(max_pairs=4)
    predictor = RelationPredictor(make_model(), reader)
    monkeypatch.setattr(predictor, "outputs", lambda instances: 1 / 0)
    rows = predictor.predict_batch_instance(reader.instances_of(pairs()[:3]))
    assert [row["id"] for row in rows] == ["The-0", "The-1", "The-2"]
    assert all("division by zero" in row["error"] for row in rows)
