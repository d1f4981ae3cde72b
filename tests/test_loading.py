"""`spanbert_allen.load`: archives and training folders, whatever the model was trained for."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import spanbert_allen
from spanbert_allen.common.errors import ConfigError, DataError
from tests.places import FIXTURES, ROOT

LEARNED = "The keeper lit her lamp.\nIt burned."
EXPECTED = [["The keeper", "her"], ["her lamp", "It"]]


def strings(result: dict) -> list[list[str]]:
    return [[mention["text"] for mention in cluster] for cluster in result["clusters"]]


def test_an_archive_and_its_options(trained_coref: Path) -> None:
    predictor = spanbert_allen.load(trained_coref / "model.tar.gz", probabilities=True)
    result = predictor.predict(LEARNED)
    assert strings(result) == EXPECTED
    assert result["clusters"][0][1]["link_probability"] > 0.5
    assert repr(result).startswith("[1 The keeper] lit [2 [1 her] lamp].\n")
    with pytest.raises(ConfigError, match="`colour` is no option"):
        spanbert_allen.load(trained_coref / "model.tar.gz", colour=True)


def copied(trained: Path, folder: Path, *without: str) -> Path:
    ignored = shutil.ignore_patterns(*without)
    return Path(shutil.copytree(trained, folder / "run", ignore=ignored))


@pytest.mark.parametrize(
    "without",
    [
        ("model.tar.gz",),  # the best weights so far
        ("best.th", "model_state*", "config.json", "vocabulary"),  # the archive and nothing else
        ("best.th", "model.tar.gz"),  # the last checkpoint of a run that was not evaluated
    ],
)
def test_the_folder_of_a_training(trained_coref: Path, tmp_path: Path, without: tuple) -> None:
    run = copied(trained_coref, tmp_path, *without)
    assert strings(spanbert_allen.load(run).predict(LEARNED)) == EXPECTED


def test_settings_are_overridden(trained_coref: Path) -> None:
    overrides = {"model.link_threshold": 1000.0}
    assert (
        spanbert_allen.load(trained_coref, overrides=overrides).predict(LEARNED)["clusters"] == []
    )


def test_what_is_no_training_is_said(trained_coref: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none.tar.gz: no such file or folder"):
        spanbert_allen.load(tmp_path / "none.tar.gz")
    with pytest.raises(DataError, match=r"no config.json is in this folder"):
        spanbert_allen.load(tmp_path)
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(DataError, match="`spanbert-allen import`"):
        spanbert_allen.load(tmp_path)
    run = copied(trained_coref, tmp_path, "best.th", "model.tar.gz", "model_state*")
    with pytest.raises(DataError, match="has saved no weights yet"):
        spanbert_allen.load(run)
    with pytest.raises(ConfigError, match="device 'gpu:zero' is none of torch's"):
        spanbert_allen.load(trained_coref, device="gpu:zero")
    with pytest.raises(ConfigError, match="device 'mps' is not for AllenNLP"):
        spanbert_allen.load(trained_coref, device="mps")


CLASSIFIER = {
    "dataset_reader": {"type": "text_classification_json", "tokenizer": "whitespace"},
    "train_data_path": "set below",
    "model": {
        "type": "basic_classifier",
        "text_field_embedder": {
            "token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 2}}
        },
        "seq2vec_encoder": {"type": "bag_of_embeddings", "embedding_dim": 2},
    },
    "data_loader": {"batch_size": 1},
    "trainer": {"num_epochs": 1, "optimizer": {"type": "sgd", "lr": 0.1}},
}


def test_the_model_of_another_package_is_not_ours(tmp_path: Path) -> None:
    from allennlp.commands.train import train_model
    from allennlp.common import Params

    (tmp_path / "train.jsonl").write_text('{"text": "a b", "label": "1"}\n')
    config = json.loads(json.dumps(CLASSIFIER)) | {"train_data_path": str(tmp_path / "train.jsonl")}
    train_model(Params(config), str(tmp_path / "run"))
    with pytest.raises(ConfigError, match="BasicClassifier is not of this package"):
        spanbert_allen.load(tmp_path / "run")


@pytest.mark.slow
def test_a_program_hears_nothing(trained_coref: Path) -> None:
    program = (
        "import spanbert_allen\n"
        f"print(spanbert_allen.load({str(trained_coref)!r}).predict({LEARNED!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.startswith("[1 The keeper] lit [2 [1 her] lamp].\n")


def test_overrides_that_make_no_model_are_not_laid_on_the_archive():
    archive = FIXTURES / "archives" / "sequence.tar.gz"
    with pytest.raises(DataError, match=r"'colour'.*: check the keys and values of -o"):
        spanbert_allen.load(archive, overrides={"model.colour": "red"})


def test_an_empty_path_is_no_folder():
    """A configuration was missed in the current folder."""
    spanbert_allen.register()
    from allennlp.models import load_archive

    for opened in (spanbert_allen.load, load_archive):
        with pytest.raises(ConfigError, match="the path of the model is empty, as a variable"):
            opened("")


def test_overrides_of_which_nothing_is_read_are_refused():
    archive = FIXTURES / "archives" / "sequence.tar.gz"
    with pytest.raises(ConfigError, match=r"'temperature', of which nothing is read: .*`model.t"):
        spanbert_allen.load(archive, overrides={"temperature": 2.0})
    of_an_evaluation = {"validation_data_loader": {"batch_size": 2}, "numpy_seed": 1}
    overrides = {"model.temperature": 2.0, **of_an_evaluation}
    assert spanbert_allen.load(archive, overrides=overrides).predict("A text.")["label"]
