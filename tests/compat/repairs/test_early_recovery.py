"""
`--recover` where there is no checkpoint yet.

Whole runs are in `tests/training/recovery/test_recover.py`.
"""

from __future__ import annotations

import pytest
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.training import util as training_util

import spanbert_allen.plugin  # noqa: F401


def recover(folder):
    training_util.create_serialization_dir(Params({"a": 1}), str(folder), True, False)


@pytest.mark.parametrize("content", [None, "", '{"a": 1, "b'])
def test_a_start_that_was_cut_off_is_begun_anew(tmp_path, content):
    (tmp_path / "out.log").write_text("")
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    recover(tmp_path)
    assert Params.from_file(str(tmp_path / "config.json")).as_dict() == {"a": 1}


def test_an_empty_folder(tmp_path):
    recover(tmp_path)
    assert (tmp_path / "config.json").is_file()


def test_weights_without_a_checkpoint_go(tmp_path):
    Params({"a": 1}).to_file(str(tmp_path / "config.json"))
    (tmp_path / "best.th").write_bytes(b"")
    recover(tmp_path)
    assert not (tmp_path / "best.th").exists()


def test_weights_with_a_checkpoint_stay(tmp_path):
    Params({"a": 1}).to_file(str(tmp_path / "config.json"))
    (tmp_path / "best.th").write_bytes(b"")
    (tmp_path / "model_state_e1_b0.th").write_bytes(b"")
    recover(tmp_path)
    assert (tmp_path / "best.th").exists()


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("")
    (tmp_path / "best.th").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="gave the wrong directory"):
        recover(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.th", "thesis.txt"]


def test_another_configuration_is_refused_and_nothing_removed(tmp_path):
    Params({"a": 2}).to_file(str(tmp_path / "config.json"))
    (tmp_path / "best.th").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="does not match"):
        recover(tmp_path)
    assert (tmp_path / "best.th").exists()


def test_several_workers_get_a_whole_vocabulary(tmp_path):
    (tmp_path / "data.txt").write_text("a###N b###V\n")
    config = {
        "dataset_reader": {"type": "sequence_tagging"},
        "train_data_path": str(tmp_path / "data.txt"),
        "data_loader": {"batch_size": 1},
        "distributed": {"cuda_devices": [-1, -1]},
    }
    folder = tmp_path / "run"
    (folder / "vocabulary").mkdir(parents=True)
    (folder / "vocabulary" / "labels.txt").write_text("N\n")  # and no more
    params = Params(config)
    params.to_file(str(folder / "config.json"))
    training_util.create_serialization_dir(params, str(folder), True, False)
    vocabulary = Vocabulary.from_files(str(folder / "vocabulary"))
    assert vocabulary.get_token_to_index_vocabulary("labels") == {"N": 0, "V": 1}
    assert params.as_dict(quiet=True) == config


def test_another_number_of_workers(tmp_path):
    Params({"a": 1, "distributed": {"cuda_devices": [0, 1]}}).to_file(str(tmp_path / "config.json"))
    (tmp_path / "model_state_e1_b0.th").write_bytes(b"")
    recover(tmp_path)
