"""Texts and pairs as instances: pieces, labels, names, parts of the data, workers, bad data."""

from __future__ import annotations

import json

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.data.dataset_readers.dataset_reader import WorkerInfo

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.sequence.text_pair import TextPair
from tests import places

GLUE = places.FIXTURES / "glue"
INDEXER = {"type": "spanbert", "model_name": "tiny"}


def make_reader(kind: str = "spanbert_glue", **options) -> DatasetReader:
    return DatasetReader.from_params(Params({"type": kind, "indexer": dict(INDEXER), **options}))


def pieces(reader, instance) -> list[str]:
    return [reader.tokenizer.vocabulary[i] for i in instance["token_ids"].tensor.tolist()]


def expected_pieces(reader, *texts: str) -> list[str]:
    parts = ["[CLS]"]
    for text in texts:
        parts += [*reader.tokenizer.tokenize(text), "[SEP]"]
    return parts


def test_a_pair_and_its_label():
    reader = make_reader(task="rte")
    first = next(iter(reader.read(GLUE / "RTE" / "dev.tsv")))
    texts = ("The boy found the keys on the tram.", "The keys were on the tram.")
    assert pieces(reader, first) == expected_pieces(reader, *texts)
    num_first = len(expected_pieces(reader, texts[0]))
    types = first["type_ids"].tensor.tolist()
    assert types == [0] * num_first + [1] * (len(types) - num_first)
    labels = [one["label"].label for one in reader.read(GLUE / "RTE" / "dev.tsv")]
    assert labels == [0, 1, 1, 0]  # in the task's order, not that of the file


def test_files_of_one_name_in_a_folder_give_texts_of_different_names(tmp_path):
    for place in ("x/dev", "y/dev", "z"):
        path = tmp_path / f"{place}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            '{"text": "A lamp.", "label": "a"}\n{"id": "own", "text": "A.", "label": "a"}'
        )
    read = make_reader("spanbert_text_pairs_jsonl").read(tmp_path)
    names = [one["pair"].metadata.pair.id for one in read]
    assert names == ["x/dev.jsonl:1", "own", "y/dev.jsonl:1", "own", "z:1", "own"]


def test_a_folder_may_have_an_exclamation_mark_in_its_name(tmp_path):
    """It divides an archive from a file in it, where there is no such file."""
    path = tmp_path / "new! data" / "dev!.jsonl"
    path.parent.mkdir()
    path.write_text('{"text": "A lamp.", "label": "a"}')
    reader = make_reader("spanbert_text_pairs_jsonl")
    assert [len(list(reader.read(one))) for one in (path, path.parent)] == [1, 1]


def test_no_text_is_remembered():
    """A service reads texts for ever."""
    reader = make_reader(task="rte")
    reader.text_to_instance(TextPair(id="0", text="A lamp.", text_pair="A light."))
    assert not reader.tokenizer._known


def test_numbers():
    reader = make_reader(task="STS-B")
    read = list(reader.read(GLUE / "STS-B" / "dev.tsv"))
    assert [one["label"].tensor.item() for one in read] == pytest.approx([5, 0.25, 2.6])


def test_files_without_labels():
    reader = make_reader(task="cola")
    assert all("label" not in one.fields for one in reader.read(GLUE / "CoLA" / "test.tsv"))


def test_both_halves_of_mnli():
    reader = make_reader(task="mnli")
    folder = GLUE / "MNLI"
    paths = {
        "matched": str(folder / "dev_matched.tsv"),
        "mismatched": str(folder / "dev_mismatched.tsv"),
    }
    for given in (paths, Params(dict(paths))):
        inputs = [one["pair"].metadata for one in reader.read(given)]
        assert [one.part for one in inputs] == ["matched"] * 2 + ["mismatched"] * 3
    alone = [one["pair"].metadata.part for one in reader.read(paths["matched"])]
    assert alone == [None, None]


def test_long_pairs_are_cut():
    reader = make_reader(task="rte", max_length=12)
    pair = TextPair(id="0", text="lamp " * 20, text_pair="a a a")
    instance = reader.text_to_instance(pair)
    assert len(instance["token_ids"]) == 12
    lamp = reader.tokenizer.tokenize("lamp " * 20)
    kept = len(reader.tokenizer.tokenize("a a a"))
    assert pieces(reader, instance) == [
        "[CLS]",
        *lamp[: 9 - kept],
        "[SEP]",
        *reader.tokenizer.tokenize("a a a"),
        "[SEP]",
    ]


def test_an_empty_second_text_is_none():
    reader = make_reader(task="rte", fixed_length=True, max_length=16)
    single = reader.text_to_instance(TextPair(id="0", text="A lamp.", text_pair=""))
    assert single["type_ids"].tensor.sum() == 0
    assert len(single["token_ids"]) == 16
    assert int(single["attended"].tensor.sum()) == len(expected_pieces(reader, "A lamp."))


def test_own_data():
    reader = make_reader("spanbert_text_pairs_jsonl")
    read = list(reader.read(GLUE / "own.jsonl"))
    assert [one["pair"].metadata.pair.id for one in read] == ["a", "own:3", "own:4"]
    vocab = Vocabulary.from_instances(read)
    assert vocab.get_index_to_token_vocabulary("labels") == {0: "good", 1: "bad"}
    for one in read:
        one.index_fields(vocab)
    assert [int(one["label"].as_tensor({})) for one in read] == [0, 1, 0]


def test_labels_of_own_data(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x", "label": 3}\n{"text": "x", "label": "4"}\n')
    read = list(make_reader("spanbert_text_pairs_jsonl").read(path))
    assert [one["label"].label for one in read] == ["3", "4"]
    numbers = make_reader("spanbert_text_pairs_jsonl", regression=True)
    with pytest.raises(DataError, match=r"a\.jsonl:2: `label` is '4'; it must be a number"):
        list(numbers.read(path))
    path.write_text('{"text": "x", "label": 0.5}\n')
    assert next(iter(numbers.read(path)))["label"].tensor.item() == 0.5
    with pytest.raises(DataError, match=r"a\.jsonl:1: `label` is 0.5, which names no class"):
        list(make_reader("spanbert_text_pairs_jsonl").read(path))


def test_a_label_that_the_model_does_not_know():
    reader = make_reader("spanbert_text_pairs_jsonl")
    vocab = Vocabulary.from_instances(list(reader.read(GLUE / "own.jsonl")))
    strange = reader.text_to_instance(TextPair(id="0", text="x", label="ugly", place="new.jsonl:4"))
    with pytest.raises(
        DataError, match=r"new\.jsonl:4: the label 'ugly' is none of .*: good, bad; correct"
    ):
        strange.index_fields(vocab)


def test_bad_records_are_left_out_on_request(tmp_path, caplog):
    path = tmp_path / "a.jsonl"
    records = [{"text": 1}, {"text": "x", "label": "a"}, {"text": "y", "label": 0.5}]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    read = list(make_reader("spanbert_text_pairs_jsonl", strict=False).read(path))
    assert [one["pair"].metadata.pair.text for one in read] == ["x"]
    assert "2 bad records left out; the first: " in caplog.text
    with pytest.raises(DataError, match=":1: `text` is 1"):
        list(make_reader("spanbert_text_pairs_jsonl").read(path))


def test_labelled_and_unlabelled_texts_do_not_mix(tmp_path, caplog):
    path = tmp_path / "a.jsonl"
    records = [{"text": "x", "label": "a"}, {"text": "y"}, {"text": "z", "label": "b"}]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    with pytest.raises(DataError, match=r"a\.jsonl:2: it has no label, but those before it do"):
        list(make_reader("spanbert_text_pairs_jsonl").read(path))
    read = list(make_reader("spanbert_text_pairs_jsonl", strict=False).read(path))
    assert [one["label"].label for one in read] == ["a", "b"]
    assert "1 bad records left out; the first: " in caplog.text
    folder = GLUE / "CoLA"
    with pytest.raises(DataError, match=r"test\.tsv:2: it has no label"):
        list(make_reader(task="cola").read([folder / "dev.tsv", folder / "test.tsv"]))


def test_workers_share_the_texts_out():
    found = []
    for number in range(2):
        reader = make_reader(task="cola")
        reader._set_worker_info(WorkerInfo(2, number))
        read = list(reader.read(GLUE / "CoLA" / "dev.tsv"))
        found.append([one["pair"].metadata.pair.id for one in read])
    assert found == [["0", "2", "4"], ["1", "3"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "rte", "max_length": 7}, "max_length is 7: it must be 8 or more"),
        ({"task": "rt"}, r"`task` is 'rt', .* did you mean RTE\?"),
        ({"task": "rte", "indexer": {"type": "single_id"}}, "a SingleIdTokenIndexer does not cut"),
    ],
)
def test_wrong_settings(options, message):
    with pytest.raises(ConfigError, match=message):
        make_reader(**options)
