import json
import logging
import pickle
from dataclasses import replace

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.data.dataset_readers import WorkerInfo
from allennlp.models import Model

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.coref.conll.reader import read_conll
from tests.formats.coref.conll.test_conllu import FERRY
from tests.formats.coref.conll.test_reader import FIXTURES
from tests.formats.coref.test_minimised import RECORD as MINIMISED

OTHERS = {
    "small.jsonlines": json.dumps(MINIMISED) + "\n",
    "small.conllu": "\n".join([*FERRY, ""]),
}


def make_reader(**kwargs):
    indexer = {"type": "spanbert", "model_name": "tiny", "max_length": 32}
    return DatasetReader.from_params(
        Params({"type": "spanbert_coref", "indexer": indexer, **kwargs})
    )


def documents(instances):
    return [instance["metadata"].metadata["document"] for instance in instances]


def test_files_of_any_format(tmp_path):
    """Each file's own, in one folder."""
    (tmp_path / "a.jsonl").write_text((FIXTURES / "preco.jsonl").read_text())
    (tmp_path / "b.conll").write_text((FIXTURES / "small.conll").read_text())
    (tmp_path / "c.txt").write_text("[The cook] said [she] slept.\n")
    read = documents(make_reader().read(tmp_path))
    keys = [one.doc_key for one in read]
    assert (keys[:2], keys[-1]) == (["harbour_1", "harbour_2"], "c:1")
    assert keys[2:-1] == [one.doc_key for one in read_conll(FIXTURES / "small.conll")]
    assert read[0].clusters == [((0, 2), (7, 7)), ((5, 5),), ((9, 9), (11, 11)), ((11, 12),)]
    assert read[-1].clusters == [((0, 1), (3, 3))]


def test_singletons_can_be_left_out():
    (first, second) = make_reader(keep_singletons=False).read(FIXTURES / "preco.jsonl")
    assert len(set(first["gold_cluster_ids"].tensor.tolist())) == 2
    assert second["gold_spans"].tensor.shape == (0, 2)


def test_a_named_format(tmp_path):
    path = tmp_path / "f"
    path.write_text('{"text": ["Ida", "ran"], "clusters": [[[0, 2]]]}\n')
    (document,) = documents(make_reader(format="fastcoref").read(path))
    assert document.clusters == [((0, 1),)]
    with pytest.raises(DataError, match="f:1: text is "):
        list(make_reader(format="jsonl").read(path))
    with pytest.raises(ConfigError, match="there is no coreference format 'xml'"):
        make_reader(format="xml")


def test_bad_documents_can_be_left_out(tmp_path, caplog):
    lines = (FIXTURES / "small.conll").read_text().replace("(7|(3\n", "(7|(3|\n")
    (tmp_path / "a.conll").write_text(lines)
    whole = documents(make_reader().read(FIXTURES / "small.conll"))
    with pytest.raises(DataError, match=r"a\.conll:\d+: the last column holds '\(7\|\(3\|'"):
        list(make_reader().read(tmp_path / "a.conll"))
    with caplog.at_level(logging.WARNING):
        read = documents(make_reader(strict=False).read(tmp_path / "a.conll"))
    assert read == [one for one in whole if one.doc_key != "tc/harbour/00/boat_1"]
    assert "bad records left out; the first: " in caplog.text


def test_readers_can_be_sent_to_other_processes():
    for format in (None, "minimised"):
        reader = pickle.loads(pickle.dumps(make_reader(format=format)))
        assert reader.format == format


def test_workers_share_the_documents():
    keys = []
    for worker in range(2):
        reader = make_reader()
        reader._set_worker_info(WorkerInfo(num_workers=2, id=worker))
        keys.append([one.doc_key for one in documents(reader.read(FIXTURES / "preco.jsonl"))])
    assert keys == [["harbour_1"], ["harbour_2"]]


@pytest.mark.parametrize("name", ["small.conll", "small.jsonl", "preco.jsonl", *OTHERS])
def test_a_reader_of_one_format_reads_a_file_of_any_other(name, tmp_path):
    """So a model that was trained on JSON lines is evaluated on CoNLL files, and the other way."""
    path = FIXTURES / name
    if name in OTHERS:
        (path := tmp_path / name).write_text(OTHERS[name])
    expected = list(make_reader().documents(path))
    assert any(document.clusters for document in expected)
    for reader in ("spanbert_coref_jsonl", "spanbert_coref_conll"):
        assert list(make_reader(type=reader).documents(path)) == expected


def test_annotated_mentions_may_be_given_to_the_model():
    """In training and evaluation, without a mention found beside them; a text has none to give."""
    reader = make_reader(mentions="gold")
    first, _ = instances = list(reader.read(FIXTURES / "preco.jsonl"))
    assert first["metadata"].metadata["given_spans"].tolist() == first["gold_spans"].tensor.tolist()
    assert (
        "given_spans"
        not in next(iter(make_reader().read(FIXTURES / "preco.jsonl")))["metadata"].metadata
    )
    embedder = {"type": "spanbert", "model_name": "tiny"}
    model = Model.from_params(
        Params({"type": "spanbert_coref", "embedder": embedder, "head": {"hidden_dim": 9}}),
        vocab=Vocabulary(),
    )
    assert model.train().forward_on_instance(first)["loss"] > 0
    model.eval().forward_on_instances(instances)
    assert model.get_metrics(reset=True)["mention_recall"] == 1
    for instance, output in zip(instances, model.forward_on_instances(instances), strict=True):
        gold = instance["metadata"].metadata["document"].clusters
        found = {mention for cluster in output["clusters"] for mention in cluster}
        assert found <= {mention for cluster in gold for mention in cluster}
    without = replace(first["metadata"].metadata["document"], clusters=None)
    assert "given_spans" not in reader.text_to_instance(without)["metadata"].metadata
    with pytest.raises(ConfigError, match="mentions: 'all' is neither 'found' nor 'gold'"):
        make_reader(mentions="all")
