"""Relation examples as instances, and the vocabulary made of them."""

from __future__ import annotations

import json
import logging
import shutil
from collections import Counter

import pytest
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Instance, Vocabulary
from allennlp.data.dataset_readers.dataset_reader import WorkerInfo

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.relation.fields import LABELS_NAMESPACE
from spanbert_allen.data.relation.markers import (
    LABEL_TYPES_NAMESPACE,
    MARKERS_NAMESPACE,
    TYPE_PAIRS_NAMESPACE,
    label_types,
    type_pair,
)
from spanbert_allen.data.relation.vocabulary import RelationVocabulary
from spanbert_allen.formats.relation.tacred_preset import TACRED_LABELS, TACRED_MARKERS
from spanbert_allen.training.batches.lengths import instance_lengths
from tests import places

FIXTURES = places.FIXTURES / "relation"
ENCODER = places.ROOT / "spanbert_allen" / "encoders" / "tiny"
MARKERS = ["SUBJ_START", "SUBJ_END", "OBJ_START", "OBJ_END", "SUBJ=PERSON", "OBJ=TITLE"]
MARKERS += ["SUBJ=ORGANIZATION", "OBJ=PERSON"]
_READERS: dict[str, DatasetReader] = {}


def make_reader(kind: str = "spanbert_tacred", **options) -> DatasetReader:
    params = {"type": kind, "indexer": {"type": "spanbert", "model_name": "tiny"}, **options}
    key = json.dumps(params)
    if key not in _READERS:
        _READERS[key] = DatasetReader.from_params(Params(params))
    return _READERS[key]


def read(name: str = "tacred.json", **options) -> list[Instance]:
    return list(make_reader(**options).read(FIXTURES / name))


def make_vocabulary(instances, **options) -> Vocabulary:
    params = Params({"type": "spanbert_relation", **options})
    return Vocabulary.from_params(params, instances=iter(instances))


def names(vocabulary: Vocabulary, namespace: str) -> list[str]:
    by_number = vocabulary.get_index_to_token_vocabulary(namespace)
    return [by_number[number] for number in range(len(by_number))]


def tensors(instances: list[Instance], vocabulary: Vocabulary) -> dict:
    batch = Batch(instances)
    batch.index_instances(vocabulary)
    return batch.as_tensor_dict()


def pieces_of(instances: list[Instance], vocabulary: Vocabulary) -> list[str]:
    words = make_reader().tokenizer.vocabulary
    rows = tensors(instances, vocabulary)["token_ids"].tolist()
    return [" ".join(words[i] for i in row).replace(" [PAD]", "") for row in rows]


def test_markers_become_pieces_when_the_vocabulary_is_known():
    instances = read()
    vocabulary = make_vocabulary(instances)
    first, second, *_ = pieces_of(instances, vocabulary)
    assert first.startswith("[CLS] [unused5] is the [unused6] (")
    assert second == "[CLS] [unused8] left the [unused7] . [SEP]"
    assert names(vocabulary, MARKERS_NAMESPACE) == MARKERS
    assert names(vocabulary, TYPE_PAIRS_NAMESPACE) == [
        type_pair("PERSON", "TITLE"),
        type_pair("ORGANIZATION", "PERSON"),
    ]


def test_typed_modes_put_the_types_around_the_words():
    instances = read(mode="typed_entity_marker")
    vocabulary = make_vocabulary(instances)
    first, second, *_ = pieces_of(instances, vocabulary)
    assert "[unused4] ( a boy" in first and first.index("[unused1]") < first.index("[unused3]")
    assert second.startswith("[CLS] [unused6] I ##da [unused8] left the [unused5] t ##ra ##m of")
    assert second.endswith("[unused7] . [SEP]")
    assert names(vocabulary, MARKERS_NAMESPACE) == [
        *("SUBJ=PERSON", "OBJ=TITLE", "/SUBJ=PERSON", "/OBJ=TITLE"),
        *("SUBJ=ORGANIZATION", "OBJ=PERSON", "/SUBJ=ORGANIZATION", "/OBJ=PERSON"),
    ]
    in_words = read(mode="typed_entity_marker_punct")
    vocabulary = make_vocabulary(in_words)
    assert names(vocabulary, MARKERS_NAMESPACE) == [
        *("SUBJ=PERSON", "OBJ=TITLE", "SUBJ=ORGANIZATION", "OBJ=PERSON")
    ]
    row = pieces_of(in_words, vocabulary)[3].split()
    assert row[2:4] == ["#", "^"] and row.count("@") == row.count("*") == 2
    start = row.index("@")
    assert in_words[3]["entity_spans"].tensor[0].tolist() == [start, row.index("@", start + 1)]


def test_a_type_without_markers_is_named_by_its_role():
    vocabulary = make_vocabulary(read(mode="typed_entity_marker")[:1])
    with pytest.raises(DataError, match="the model knows no subject of type `ORGANIZATION`"):
        tensors(read(mode="typed_entity_marker"), vocabulary)


def test_an_encoder_without_the_signs_says_so(tmp_path):
    lines = (ENCODER / "vocab.txt").read_text().replace("\n^\n", "\n[unused10]\n")
    for name in ("config.json", "tokenizer_config.json"):
        shutil.copy(ENCODER / name, tmp_path)
    (tmp_path / "vocab.txt").write_text(lines)
    indexer = {"type": "spanbert", "model_name": str(tmp_path)}
    with pytest.raises(ConfigError, match=r"needs the word pieces @ \* # \^, .* lacks \^; use"):
        make_reader(indexer=indexer, mode="typed_entity_marker_punct")


def test_labels_and_markers_are_in_the_order_of_the_original():
    """Specification 4.1 and 4.2: negative first, then by frequency; markers as asked for."""
    instances = read()
    assert names(make_vocabulary(instances), LABELS_NAMESPACE) == [
        "no_relation",
        "per:title",
        "org:founded_by",
    ]
    labels = names(make_vocabulary(instances, negative_label=None), LABELS_NAMESPACE)
    assert labels == ["per:title", "org:founded_by", "no_relation"]  # ties as they came
    backwards = make_vocabulary(instances[1:])
    assert names(backwards, MARKERS_NAMESPACE)[4:6] == ["SUBJ=ORGANIZATION", "OBJ=PERSON"]


def test_dev_asks_for_its_markers_first_but_its_labels_do_not_count(tmp_path):
    record = json.loads((FIXTURES / "tacred.json").read_text())[1] | {"relation": "unseen"}
    (tmp_path / "dev.json").write_text(json.dumps([record]))
    vocabulary = make_vocabulary(read(), marker_files=[str(tmp_path / "dev.json")])
    assert names(vocabulary, MARKERS_NAMESPACE) == MARKERS[:4] + MARKERS[6:] + MARKERS[4:6]
    assert "unseen" not in names(vocabulary, LABELS_NAMESPACE)


def test_presets_and_lists():
    vocabulary = make_vocabulary([], labels="tacred", markers="tacred")
    assert tuple(names(vocabulary, LABELS_NAMESPACE)) == TACRED_LABELS
    assert tuple(names(vocabulary, MARKERS_NAMESPACE)) == TACRED_MARKERS
    vocabulary = make_vocabulary(read(), labels=["no_relation", "x"])
    assert names(vocabulary, LABELS_NAMESPACE) == ["no_relation", "x"]
    assert names(vocabulary, MARKERS_NAMESPACE) == MARKERS
    with pytest.raises(ConfigError, match="'tacrd' is no preset; give a list, or tacred"):
        make_vocabulary([], labels="tacrd")


def test_a_saved_vocabulary_is_the_same_in_any_reading_order(tmp_path):
    instances = read()
    vocabulary = make_vocabulary(instances)
    before = pieces_of(instances, vocabulary)
    vocabulary.save_to_files(str(tmp_path / "v"))
    for kind in (RelationVocabulary, Vocabulary):  # workers of a distributed run read it as that
        again = kind.from_files(str(tmp_path / "v"))
        assert names(again, LABELS_NAMESPACE) == names(vocabulary, LABELS_NAMESPACE)
        assert pieces_of(read()[::-1], again)[::-1] == before


def test_what_the_vocabulary_does_not_know(tmp_path):
    record = json.loads((FIXTURES / "tacred.json").read_text())[0]
    vocabulary = make_vocabulary(read())
    for name, change, sentence in (
        ("type", {"obj_type": "CITY"}, r"no object of type `CITY`; it was trained with TITLE, PER"),
        ("label", {"relation": "x"}, r"label `x` is none of those .*: no_relation, per:title, org"),
    ):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps([record | change]))
        instances = list(make_reader().read(path))
        with pytest.raises(DataError, match=rf"{path}:1: example 1 \(id t1\): the .*{sentence}"):
            tensors(instances, vocabulary)
    # Where a type is not in the input, it need not be known.
    text = list(make_reader(mode="text").read(tmp_path / "type.json"))
    assert pieces_of(text, vocabulary)[0].startswith("[CLS] [unused1]")


def test_more_types_than_the_encoder_has_pieces_for():
    vocabulary = RelationVocabulary.from_lists(
        ["no_relation", "per:title", "org:founded_by"],
        [*MARKERS[:4], *(f"OBJ=T{k}" for k in range(5)), *MARKERS[4:]],
    )
    with pytest.raises(DataError, match=r"`SUBJ=PERSON` needs .*\[unused10\].*ends with \[unused9"):
        tensors(read(), vocabulary)
    assert pieces_of(read(mode="text"), vocabulary)


def test_own_data_gives_the_same_instances():
    ours, theirs = read("own.jsonl", kind="spanbert_relation_jsonl"), read()
    vocabulary = make_vocabulary(theirs)
    assert pieces_of(ours, vocabulary) == pieces_of(theirs, vocabulary)
    assert (
        tensors(ours, vocabulary)["label"].tolist() == tensors(theirs, vocabulary)["label"].tolist()
    )


def test_fixed_length_pads_and_lengths_are_pieces():
    plain, fixed = read(), read(fixed_length=True, max_length=30)
    vocabulary = make_vocabulary(plain)
    lengths = instance_lengths(plain)
    assert lengths == [len(line.split()) for line in pieces_of(plain, vocabulary)]
    assert instance_lengths(fixed, "attended") == lengths
    batch = tensors(fixed, vocabulary)
    assert batch["token_ids"].shape == batch["attended"].shape == (4, 30)
    assert batch["attended"].sum(1).tolist() == lengths
    assert (batch["segment_ids"] == 0).all()
    padded = tensors(plain, vocabulary)
    assert ((padded["segment_ids"] == -1).sum(1) + batch["attended"].sum(1)).tolist() == [
        max(lengths)
    ] * 4


def test_what_is_cut_off_is_told(caplog):
    with caplog.at_level(logging.WARNING):
        instances = read(mode="text", max_length=9)
    assert [len(instance["token_ids"]) for instance in instances] == [9, 9, 9, 9]
    assert "4 of 4 examples have more than 9 pieces; in " in caplog.text
    assert "or set `window` to `entities`" in caplog.text
    caplog.clear()
    read()
    assert not caplog.text


def test_own_texts_are_read_around_their_entities(tmp_path, caplog):
    filler = "The boy lost her keys. " * 30
    text = filler + "Ida is the driver. " + filler
    ida, driver = text.index("Ida"), text.index("driver")
    record = {"text": text, "subject": [ida, ida + 3], "object": [driver, driver + 6]}
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(record))
    with caplog.at_level(logging.WARNING):
        (near,) = read_path(path, mode="text", max_length=40)
    assert not caplog.text
    words = near["example"].metadata.words
    ((start, end),) = near["token_ids"].sequence.kept
    assert "Ida" in words[start : end + 1] and words[start] == "The" and words[end] == "."
    record["object"] = [0, 3]
    path.write_text(json.dumps(record))
    with caplog.at_level(logging.WARNING):
        (far,) = read_path(path, mode="text", max_length=40)
    assert len(far["token_ids"].sequence.kept) == 2
    assert "1 of 1 examples have more than 40 pieces; in 0 of them" in caplog.text
    assert "in 1 what is between the entities: raise `max_length`" in caplog.text


def read_path(path, **options) -> list[Instance]:
    return list(make_reader("spanbert_relation_jsonl", **options).read(path))


def test_what_is_unseen_is_a_mistake_if_asked(tmp_path, caplog):
    record = json.loads((FIXTURES / "tacred.json").read_text())[0]
    (tmp_path / "x.json").write_text(
        json.dumps([record | {"obj_type": "CITY"}, record | {"relation": "x"}])
    )
    vocabulary = make_vocabulary(read())
    with caplog.at_level(logging.WARNING):
        instances = list(make_reader(strict=False).read(tmp_path / "x.json"))
        batch = tensors(instances, vocabulary)
    assert batch["label"].tolist() == [1, -1]
    assert "[UNK]" in pieces_of(instances, vocabulary)[0]
    assert "trained with the marker OBJ=CITY: [UNK] stands for it" in caplog.text
    assert "trained with the label x: its examples count as mistakes" in caplog.text
    shared = list(make_reader(unknown_type="PERSON").read(tmp_path / "x.json"))[:1]
    assert "[unused8]" in pieces_of(shared, vocabulary)[0]  # that of OBJ=PERSON


def test_types_of_labels_are_kept():
    assert names(make_vocabulary(read()), LABEL_TYPES_NAMESPACE) == [
        label_types("per:title", type_pair("PERSON", "TITLE")),
        label_types("org:founded_by", type_pair("ORGANIZATION", "PERSON")),
        label_types("no_relation", type_pair("PERSON", "TITLE")),
    ]


def test_a_negative_label_that_the_data_does_not_have(caplog):
    with caplog.at_level(logging.WARNING):
        make_vocabulary(read())
        make_vocabulary(read(), negative_label=None)
        assert not caplog.text
        make_vocabulary(read(), negative_label="NA")
    assert "no example has the label NA, which means no relation; 1 of 4 examples" in caplog.text
    assert "set `negative_label` of the vocabulary and of the model" in caplog.text


def test_bad_examples_are_left_out_if_asked(tmp_path, caplog):
    records = json.loads((FIXTURES / "tacred.json").read_text())
    records[1]["subj_end"] = 99
    del records[2]["relation"]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(records))
    with pytest.raises(DataError, match="`subj_end` 99 are no span"):
        list(make_reader().read(path))
    with caplog.at_level(logging.WARNING):
        kept = list(make_reader(strict=False).read(path))
    assert [instance["example"].metadata.id for instance in kept] == ["t1", "t4"]
    assert "2 bad examples left out; the first: " in caplog.text
    del records[1]
    path.write_text(json.dumps(records))
    with pytest.raises(DataError, match=r"id t3\): it has no label, but those before it do"):
        list(make_reader().read(path))


def test_unlabelled_data_can_be_read(tmp_path):
    records = json.loads((FIXTURES / "tacred.json").read_text())
    for record in records:
        del record["relation"]
    (tmp_path / "x.json").write_text(json.dumps(records))
    instances = list(make_reader().read(tmp_path / "x.json"))
    assert len(instances) == 4 and "label" not in instances[0].fields


def test_workers_share_the_examples():
    seen: Counter = Counter()
    for worker in range(2):
        reader = DatasetReader.from_params(
            Params(
                {"type": "spanbert_tacred", "indexer": {"type": "spanbert", "model_name": "tiny"}}
            )
        )
        reader._set_worker_info(WorkerInfo(2, worker))
        seen.update(one["example"].metadata.id for one in reader.read(FIXTURES / "tacred.json"))
    assert seen == Counter(["t1", "t2", "t3", "t4"])


def test_one_reader_for_every_layout(tmp_path):
    reader = make_reader("spanbert_relation", mode="text")
    assert len(list(reader.read(FIXTURES / "tacred.json"))) == 4
    assert len(list(reader.read(FIXTURES / "semeval.txt"))) == 3
    record = {"id": 1, "text": "Acme paid Ida.", "relations": []}
    record["entities"] = [
        {"id": 0, "start_offset": 0, "end_offset": 4, "label": "ORG"},
        {"id": 1, "start_offset": 10, "end_offset": 13, "label": "PER"},
    ]
    (tmp_path / "d.jsonl").write_text(json.dumps(record))
    assert [one["example"].metadata.label for one in reader.read(tmp_path)] == ["no_relation"] * 2


def test_a_folder_is_read(tmp_path):
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes((FIXTURES / "tacred.json").read_bytes())
    assert len(list(make_reader().read(tmp_path))) == 8


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mode": "txt"}, "'txt' is none of ner, text, text_ner, ner_text"),
        ({"max_length": 2}, r"2 leaves no room"),
        ({"indexer": {"type": "single_id"}}, 'use {"type": "spanbert"'),
    ],
)
def test_impossible_settings(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        make_reader(**options)


@pytest.mark.parametrize("kind", ["spanbert_relation", "spanbert_relation_jsonl"])
def test_a_language_that_is_none_is_refused(kind):
    with pytest.raises(ConfigError, match=r"language 'klingon': .* choose among af, am"):
        make_reader(kind, language="klingon")


def test_files_of_one_name_in_a_folder_give_examples_of_different_names(tmp_path):
    """As `convert` names them; a name that a file gives stays."""
    for place in ("x/doc", "y/doc", "z"):
        path = tmp_path / f"{place}.ann"
        path.parent.mkdir(exist_ok=True)
        path.write_text("T1\tORG 0 4\tAcme\nT2\tPER 8 11\tIda\nR1\thas Arg1:T1 Arg2:T2\n")
        path.with_suffix(".txt").write_text("Acme of Ida.")
    record = {"text": "Acme of Ida.", "subject": [0, 4], "object": [8, 11], "label": "has"}
    for place in ("x", "y"):
        lines = [json.dumps(record), json.dumps(record | {"id": "own"})]
        (tmp_path / place / "doc.jsonl").write_text("\n".join(lines))
    read = make_reader("spanbert_relation").read(tmp_path)
    found = [one["example"].metadata.id for one in read]
    of_x = ["x/doc.ann:0-1", "x/doc.ann:1-0", "x/doc.jsonl:1", "own"]
    assert found == [*of_x, *(one.replace("x/", "y/") for one in of_x), "z:0-1", "z:1-0"]


def test_files_of_one_name_in_a_list_of_folders_give_examples_of_different_names(tmp_path):
    record = {"text": "Acme of Ida.", "subject": [0, 4], "object": [8, 11], "label": "has"}
    for place in ("x", "y"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "train.jsonl").write_text(json.dumps(record))
    read = make_reader("spanbert_relation").read([tmp_path / "x", tmp_path / "y"])
    names = [one["example"].metadata.id for one in read]
    assert names == ["x/train.jsonl:1", "y/train.jsonl:1"]
