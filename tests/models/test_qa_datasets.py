"""One question answering model of several data sets: their shares, and a report for each."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from allennlp.commands.evaluate import evaluate_from_archive
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.data import DataLoader, DatasetReader, Vocabulary

import spanbert_allen
from spanbert_allen.configuration.building import build_without_data
from spanbert_allen.configuration.sizes import sizes_of
from spanbert_allen.formats.qa.mrqa import read_mrqa
from spanbert_allen.metrics.qa.metric import AnswerScores
from tests.places import FIXTURES, ROOT
from tests.training_configs.evaluating import evaluate

spanbert_allen.register()
MRQA = FIXTURES / "qa" / "mrqa"
CONFIG = ROOT / "training_configs" / "qa" / "mrqa_all_minilm.jsonnet"
KNOBS = f"""
  encoder:: (import '{ROOT}/training_configs/lib/encoders.libsonnet').tiny,
  max_length:: 60,
  max_question_length:: 20,
  trained_layers:: 'all',
  weights+:: {{ NewsQA: 3 }},
  batches_per_epoch:: 16,
  trainer_knobs:: {{ max_pieces:: 60 }},
"""


@pytest.fixture(scope="module")
def config() -> dict:
    return evaluate(CONFIG, KNOBS)


@pytest.fixture(scope="module")
def archive(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mrqa") / "run"
    params = json.loads(json.dumps(config))
    params["trainer"]["cuda_device"] = -1
    train_model(Params(params), str(folder))
    return folder / "model.tar.gz"


def tasks_of(config: dict, epochs: list[int]) -> list[list[tuple]]:
    """The data set and the pieces of each batch of some epochs."""
    loader = DataLoader.from_params(
        Params(json.loads(json.dumps(config["data_loader"]))),
        reader=DatasetReader.from_params(Params(json.loads(json.dumps(config["dataset_reader"])))),
        data_path=config["train_data_path"],
    )
    loader.index_with(Vocabulary())
    found = []
    for epoch in epochs:
        loader.begin_epoch(epoch)
        found.append([(batch["task"][0], batch["token_ids"].tolist()) for batch in loader])
    return found


def test_the_batches_of_an_epoch_have_the_shares_of_the_weights_and_follow_from_its_number(config):
    first, second = tasks_of(config, [0, 1])
    assert Counter(name for name, _ in first) == Counter(
        {name: 6 if name == "NewsQA" else 2 for name in config["train_data_path"]}
    )
    assert tasks_of(config, [1]) == [second] != [first]  # as a run that is resumed there


def test_check_builds_it_and_tells_its_largest_batch(config):
    sizes = sizes_of(build_without_data(config), config)
    assert sizes.pieces == 60 and sizes.step_bytes


def test_an_evaluation_of_a_folder_reports_each_data_set_and_their_mean(archive):
    together = evaluate_from_archive(archive, str(MRQA / "dev"))
    for name in ("NewsQA", "SQuAD"):
        alone = evaluate_from_archive(archive, str(MRQA / "dev" / f"{name}.jsonl.gz"))
        for kind in ("exact", "f1"):
            assert together[f"{name}_{kind}"] == pytest.approx(alone[kind])
            assert alone[f"mean_{kind}"] == pytest.approx(alone[kind])
    assert together["mean_f1"] == pytest.approx((together["NewsQA_f1"] + together["SQuAD_f1"]) / 2)
    predicted = spanbert_allen.load(archive).predict("What burned?", "The lamp burned.")
    assert predicted["answer"] in predicted["context"]


def test_the_header_says_the_data_set():
    for path, name in ((MRQA / "dev" / "NewsQA.jsonl.gz", "NewsQA"), (MRQA.parent, "Made")):
        file = path / "mrqa.jsonl" if path.is_dir() else path
        assert {one.dataset for one in read_mrqa(file)} == {name}


def test_the_mean_is_over_data_sets_and_not_over_questions():
    metric = AnswerScores(by_dataset=True, impossible_answers=True, threshold=1.0)
    assert metric.get_metric()["mean_f1"] == 0
    metric("e", "Rome", ["Rome"])
    assert metric.get_metric()["mean_f1"] == 100  # files of SQuAD's layout name no data set
    metric("a", "Oslo", ["Oslo"], dataset="One")
    metric("b", "Rome", ["Oslo"], dataset="Two")
    metric("c", "Rome", [], 2.0, dataset="Two")
    metric("d", "Rome", ["Oslo"], dataset="Two")
    metric.add_failure("f", ["Oslo"], dataset="Two")
    scores = metric.get_metric()
    assert (scores["One_exact"], scores["Two_exact"], scores["mean_exact"]) == (100, 25, 62.5)
    assert scores["exact"] == 50
    assert not any(name.startswith("_") for name in scores)
