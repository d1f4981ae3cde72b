import shutil

import pytest
import torch.distributed
from allennlp.common import Params, util
from allennlp.data import DatasetReader
from allennlp.data.dataset_readers import WorkerInfo

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.dataset_readers import CorefConllReader
from tests.formats.coref.conll.test_reader import DATA, FIXTURES, needs_data

SMALL = FIXTURES / "small.conll"


def make_reader(**kwargs):
    indexer = {"type": "spanbert", "model_name": "tiny", "max_length": 32}
    reader = DatasetReader.from_params(
        Params({"type": "spanbert_coref_conll", "indexer": indexer, **kwargs})
    )
    assert isinstance(reader, CorefConllReader)
    return reader


def keys(instances):
    return [instance["metadata"].metadata["document"].doc_key for instance in instances]


def test_instances():
    instances = list(make_reader().read(str(SMALL)))
    assert keys(instances) == ["tc/harbour/00/boat_0", "tc/harbour/00/boat_1", "notes_12"]
    first, second, third = instances
    # Cluster 0 is (0, 0), (8, 8), (10, 10) and cluster 1 (0, 2), (6, 6), (10, 11), in words.
    assert first["gold_cluster_ids"].tensor.tolist() == [0, 1, 1, 0, 0, 1]
    assert set(first["speaker_ids"].tensor.tolist()) == {0, 1, 2}
    assert set(second["speaker_ids"].tensor.tolist()) == {0, 1}
    assert third["gold_spans"].tensor.shape == (0, 2)


def test_singletons():
    path = FIXTURES / "litbank_raw.conll"
    (kept,) = make_reader().read(path)
    (without,) = make_reader(keep_singletons=False).read(path)
    assert len(kept["gold_spans"].tensor) == 6
    assert len(without["gold_spans"].tensor) == 4


def test_folders_and_lists_of_files(tmp_path):
    (tmp_path / "sub").mkdir()
    shutil.copy(SMALL, tmp_path / "sub" / "b.conll")
    shutil.copy(FIXTURES / "litbank_raw.conll", tmp_path / "a_brat.conll")
    (tmp_path / "README").write_text("not data")
    reader = make_reader()
    everything = ["7_the_lamp_brat_0", "tc/harbour/00/boat_0", "tc/harbour/00/boat_1", "notes_12"]
    assert keys(reader.read(tmp_path)) == everything
    assert keys(reader.read([tmp_path / "sub", tmp_path / "a_brat.conll"])) == [
        *everything[1:],
        everything[0],
    ]


def test_max_instances():
    assert len(list(make_reader(max_instances=2).read(SMALL))) == 2


def test_workers_share_the_documents_also_over_files(tmp_path):
    # Three files of one document: dealt out file by file, one worker would get them all.
    for name in "abc":
        text = (FIXTURES / "litbank_raw.conll").read_text().replace("7_the", f"{name}_the")
        (tmp_path / f"{name}.conll").write_text(text)
    shares = []
    for worker in range(2):
        reader = make_reader()
        reader._set_worker_info(WorkerInfo(num_workers=2, id=worker))
        shares.append(keys(reader.read(tmp_path)))
    assert shares == [["a_the_lamp_brat_0", "c_the_lamp_brat_0"], ["b_the_lamp_brat_0"]]


def test_processes_share_the_documents(monkeypatch):
    reader = make_reader()
    monkeypatch.setattr(util, "is_distributed", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    shares = []
    for rank in range(2):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
        shares.append(keys(reader.read(SMALL)))
    assert shares == [["tc/harbour/00/boat_0", "notes_12"], ["tc/harbour/00/boat_1"]]


def test_errors(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        list(make_reader().read(tmp_path / "none.conll"))
    with pytest.raises(DataError, match="no file in this folder has a name ending in conll"):
        list(make_reader().read(tmp_path))
    with pytest.raises(ConfigError, match=r"dataset_reader\.indexer: a SingleIdTokenIndexer does"):
        make_reader(indexer={"type": "single_id"})


@needs_data
def test_litbank_in_pieces():
    instances = list(make_reader(max_instances=3).read(DATA / "litbank" / "dev.conll"))
    for instance in instances:
        document = instance["metadata"].metadata["document"]
        gold = instance["gold_spans"].tensor
        word_ids = instance["word_ids"].tensor
        mentions = sorted(mention for cluster in document.clusters for mention in cluster)
        assert word_ids[gold].tolist() == [list(mention) for mention in mentions]


def test_a_file_of_another_format_is_read_as_what_it_is():
    assert keys(make_reader().read(FIXTURES / "preco.jsonl")) == ["harbour_1", "harbour_2"]
