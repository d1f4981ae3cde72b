"""Documents in given pieces are the same instances as those that we cut ourselves."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader
from allennlp.data.dataset_readers import WorkerInfo

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import json_line
from spanbert_allen.data.coref.minimised import MinimisedMaker
from spanbert_allen.formats.coref.lossy import Dropped
from spanbert_allen.formats.coref.registry import find_format
from tests.formats.coref.conll.test_reader import FIXTURES

CONLL = FIXTURES / "small.conll"
LENGTH = 16


def make_reader(kind, max_length=LENGTH, **kwargs):
    indexer = {"type": "spanbert", "model_name": "tiny", "max_length": max_length}
    return DatasetReader.from_params(Params({"type": kind, "indexer": indexer, **kwargs}))


@pytest.fixture(scope="module")
def records():
    maker, file_format = MinimisedMaker("tiny", segment_length=LENGTH), find_format("minimised")
    reduced = [file_format.reduce(one, Dropped()) for one in find_format("conll").read(CONLL)]
    return [maker.make(one, Dropped()).to_record() for one in reduced]


@pytest.fixture(scope="module")
def minimised(records, tmp_path_factory):
    path = tmp_path_factory.mktemp("pieces") / "dev.english.16.jsonlines"
    path.write_text("".join(map(json_line, records)), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["spanbert_coref_pieces", "spanbert_coref"])
def test_given_pieces_are_those_of_our_own_path(kind, minimised):
    ours = list(make_reader("spanbert_coref_conll").read(CONLL))
    given = list(make_reader(kind).read(minimised))
    assert len(ours) == len(given) > 1
    assert max(int(one["segment_ids"].tensor[-1]) for one in ours) > 0
    for our, their in zip(ours, given, strict=True):
        assert set(our.fields) == set(their.fields)
        for name in set(our.fields) - {"metadata"}:
            assert our[name].tensor.equal(their[name].tensor), name
        our_data, their_data = (one["metadata"].metadata for one in (our, their))
        assert our_data["document"] == their_data["document"]
        for name in ("first_pieces", "last_pieces"):
            ends = [getattr(data["pieces"], name).tolist() for data in (our_data, their_data)]
            assert ends[0] == ends[1]


def read_one(tmp_path, record, **kwargs):
    path = tmp_path / "f.jsonlines"
    path.write_text(json.dumps(record) + "\n")
    (instance,) = make_reader("spanbert_coref_pieces", **kwargs).read(path)
    return instance


def test_pieces_and_sentences_stay_as_they_are(tmp_path):
    """Even where we would cut otherwise: inside of words, and sentences numbered by segments."""
    record = {
        "doc_key": "nw",
        "sentences": [["[CLS]", "a", "b", "[SEP]"], ["[CLS]", "##c", "[UNK]", "[SEP]"]],
        "speakers": [["[SPL]", "x", "x", "[SPL]"], ["[SPL]", "x", "y", "[SPL]"]],
        "sentence_map": [0, 0, 0, 0, 1, 1, 1, 1],
        "subtoken_map": [0, 0, 1, 1, 1, 1, 2, 2],
        "clusters": [[[1, 1], [5, 6]], [[2, 2]]],
    }
    instance = read_one(tmp_path, record)
    data = instance["metadata"].metadata
    assert instance["sentence_ids"].tensor.tolist() == record["sentence_map"]
    assert instance["segment_ids"].tensor.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert instance["word_ids"].tensor.tolist() == [-1, 0, 1, -1, -1, 1, 2, -1]
    assert instance["speaker_ids"].tensor.tolist() == [0, 1, 1, 0, 0, 1, 2, 0]
    assert instance["gold_spans"].tensor.tolist() == [[1, 1], [2, 2], [5, 6]]
    assert instance["gold_cluster_ids"].tensor.tolist() == [0, 1, 0]
    assert data["document"].words == ["a", "bc", "[UNK]"]
    assert data["document"].genre == "nw"
    without = read_one(tmp_path, record, keep_singletons=False)
    assert without["gold_cluster_ids"].tensor.tolist() == [0, 0]
    assert len(without["metadata"].metadata["document"].clusters) == 1
    without = read_one(tmp_path, {**record, "clusters": None})
    assert without["metadata"].metadata["document"].clusters is None


def test_pieces_that_the_encoder_does_not_have(tmp_path, records):
    record = deepcopy(records[0])
    record["sentences"][0][1] = "ungeheuerlich"
    with pytest.raises(DataError, match=r"jsonlines:1: the piece 'ungeheuerlich' is not in the"):
        read_one(tmp_path, record)


def test_segments_that_are_too_long(tmp_path, records):
    with pytest.raises(DataError, match=r"sentences\[0\] has \d+ pieces, but .* max_length is 5"):
        read_one(tmp_path, records[0], max_length=5)


def test_a_bad_record_names_its_line(tmp_path, records):
    with pytest.raises(DataError, match="jsonlines:1: sentence_map has 1 entries"):
        read_one(tmp_path, {**records[0], "sentence_map": [0]})


def test_workers_share_the_documents(minimised):
    keys = []
    for worker in range(2):
        reader = make_reader("spanbert_coref_pieces")
        reader._set_worker_info(WorkerInfo(num_workers=2, id=worker))
        keys += [one["metadata"].metadata["document"].doc_key for one in reader.read(minimised)]
    assert sorted(keys) == sorted(one.doc_key for one in find_format("conll").read(CONLL))


@pytest.mark.slow
def test_a_model_trained_on_pieces_scores_the_same_when_loaded(minimised, tmp_path):
    from allennlp.commands.evaluate import evaluate_from_archive
    from allennlp.commands.train import train_model

    indexer = {"type": "spanbert", "model_name": "tiny", "max_length": LENGTH}
    config = {
        "dataset_reader": {"type": "spanbert_coref_pieces", "indexer": indexer},
        "train_data_path": str(minimised),
        "validation_data_path": str(minimised),
        "model": {
            "type": "spanbert_coref",
            "embedder": {"type": "spanbert", "model_name": "tiny"},
            "head": {"hidden_dim": 10, "max_span_width": 5},
            "special_pieces": True,
            "whole_words": False,
            "max_training_segments": 2,
        },
        "data_loader": {"batch_size": 1},
        "trainer": {
            "type": "spanbert",
            "num_epochs": 2,
            "announce_memory": False,
            "optimizer": {"type": "spanbert_bert_adam", "lr": 0.003},
        },
    }
    train_model(Params(config), str(tmp_path / "run"))
    trained = json.loads((tmp_path / "run" / "metrics.json").read_text())
    loaded = evaluate_from_archive(str(tmp_path / "run" / "model.tar.gz"), str(minimised))
    for name in ("loss", "mention_recall", "coref_f1"):
        assert loaded[name] == pytest.approx(trained[f"best_validation_{name}"], abs=1e-5)


@pytest.mark.parametrize("kind", ["spanbert_coref_pieces", "spanbert_coref"])
def test_files_of_one_name_in_a_folder_give_documents_of_different_names(kind, records, tmp_path):
    """As `convert` and `predict` name them; a document's own name stays."""
    named = records[0]
    unnamed = {name: value for name, value in named.items() if name != "doc_key"}
    for place in ("x/dev", "y/dev", "z"):
        path = tmp_path / f"{place}.jsonlines"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json_line(unnamed) + json_line(named), encoding="utf-8")
    reader, own = make_reader(kind), named["doc_key"]
    read = [one["metadata"].metadata["document"].doc_key for one in reader.read(tmp_path)]
    assert read == ["x/dev.jsonlines:1", own, "y/dev.jsonlines:1", own, "z:1", own]
    assert [one.doc_key for one in reader.documents(tmp_path / "x")] == ["dev:1", own]


def test_files_of_one_name_in_a_list_of_folders_give_documents_of_different_names(
    records, tmp_path
):
    """A file that the list has twice is the same one, and keeps its name."""
    unnamed = {name: value for name, value in records[0].items() if name != "doc_key"}
    for place in ("x/train", "y/train", "y/dev"):
        path = tmp_path / f"{place}.jsonlines"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json_line(unnamed), encoding="utf-8")
    dev = tmp_path / "y" / ".." / "y" / "dev.jsonlines"
    read = make_reader("spanbert_coref").documents(
        [tmp_path / "x", str(tmp_path / "y" / "train.jsonlines"), dev, dev]
    )
    assert [one.doc_key for one in read] == [
        "x/train.jsonlines:1",
        "y/train.jsonlines:1",
        "dev:1",
        "dev:1",
    ]
