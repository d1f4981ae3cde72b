import logging

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader
from allennlp.data.dataset_readers import WorkerInfo

from spanbert_allen.common.errors import ConfigError, DataError
from tests.formats.coref.conll.test_reader import FIXTURES

SMALL = FIXTURES / "small.jsonl"


def make_reader(**kwargs):
    indexer = {"type": "spanbert", "model_name": "tiny", "max_length": 32}
    return DatasetReader.from_params(
        Params({"type": "spanbert_coref_jsonl", "indexer": indexer, **kwargs})
    )


def keys(instances):
    return [instance["metadata"].metadata["document"].doc_key for instance in instances]


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text(
        '{"text": "One."}\nnot json\n{"tokens": ["a"], "clusters": [[[0, 1]]]}\n{"text": "Four."}\n'
    )
    return path


def test_instances():
    instances = list(make_reader().read(SMALL))
    assert keys(instances) == ["lamp", "small:3", "words", "small:5"]
    documents = [instance["metadata"].metadata["document"] for instance in instances]
    assert [one.clusters is None for one in documents] == [False, True, False, False]
    assert instances[0]["gold_cluster_ids"].tensor.tolist() == [0, 0, 1, 1]
    assert set(instances[1]["speaker_ids"].tensor.tolist()) == {0, 1, 2}


def test_singletons_can_be_left_out():
    instances = list(make_reader(keep_singletons=False).read(SMALL))
    assert instances[2]["gold_cluster_ids"].tensor.tolist() == [0, 0]
    assert instances[1]["metadata"].metadata["document"].clusters is None


def test_a_language_that_is_none_is_refused():
    with pytest.raises(ConfigError, match=r"language 'klingon': .* choose among af, am"):
        make_reader(language="klingon")


def test_the_language_is_used(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "z.B. so"}')
    (instance,) = make_reader(language="de").read(tmp_path / "a.jsonl")
    assert instance["metadata"].metadata["document"].words == ["z.B.", "so"]


def test_a_bad_record_stops_reading(bad):
    with pytest.raises(DataError, match=r"bad\.jsonl:2: not JSON"):
        list(make_reader().read(bad))


def test_bad_records_can_be_left_out_and_are_counted(bad, caplog):
    reader = make_reader(strict=False)
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert keys(reader.read(bad)) == ["bad:1", "bad:4"]
        assert "2 bad records left out; the first: " in caplog.text
        assert "bad.jsonl:2: not JSON" in caplog.text


def test_workers_share_the_lines():
    shares = []
    for worker in range(2):
        reader = make_reader()
        reader._set_worker_info(WorkerInfo(num_workers=2, id=worker))
        shares.append(keys(reader.read(SMALL)))
    assert shares == [["lamp", "words"], ["small:3", "small:5"]]


def test_a_folder(tmp_path):
    for name in ("b.jsonl", "a.jsonl"):
        (tmp_path / name).write_text('{"tokens": ["a"]}')
    assert keys(make_reader().read(tmp_path)) == ["a:1", "b:1"]


def test_an_empty_file(tmp_path):
    (tmp_path / "a.jsonl").touch()
    with pytest.raises(DataError, match="the file is empty"):
        list(make_reader(strict=False).read(tmp_path / "a.jsonl"))


def test_a_file_of_another_format_is_read_as_what_it_is():
    conll = list(make_reader().read(FIXTURES / "small.conll"))
    assert keys(conll) == ["tc/harbour/00/boat_0", "tc/harbour/00/boat_1", "notes_12"]
    assert conll[0]["gold_cluster_ids"].tensor.tolist() == [0, 1, 1, 0, 0, 1]


def test_a_test_file_without_annotation_is_an_error(tmp_path):
    path = tmp_path / "x.v4_auto_conll"
    row = "\t".join(["x", "0", "0", "word", "NN", "*", "-", "-", "-", "-", "*", "-"])
    path.write_text(f"#begin document (x); part 000\n{row}\n#end document\n")
    with pytest.raises(DataError, match=r"_conll: no document of this file has a cluster: its cor"):
        list(make_reader().read(path))
