"""The shipped configurations by name, as paths and as copies that stand anywhere."""

from __future__ import annotations

import pytest

from spanbert_allen import shipped_configs
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError
from tests.places import ROOT
from tests.training_configs.evaluating import evaluate_all, shipped


def test_every_configuration_is_listed_with_what_it_is_for(capsys):
    assert main(["config"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = {
        path.relative_to(ROOT / "training_configs")
        for path in ROOT.glob("training_configs/*/**/*.jsonnet")
    }
    assert [line.split()[0] for line in lines] == sorted(
        path.with_suffix("").as_posix() for path in found
    )
    assert all(len(line.split()) > 3 for line in lines)
    assert all(line.count("(") == line.count(")") for line in lines)  # no half sentences


@pytest.mark.parametrize("name", ["coref/own_data", "coref/own_data.jsonnet"])
def test_the_path_of_one(capsys, name):
    assert main(["config", name]) == 0
    printed = capsys.readouterr().out
    assert printed == f"{ROOT / 'training_configs' / 'coref' / 'own_data.jsonnet'}\n"


def test_a_misspelt_name_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match="`coref/own_dat`: did you mean coref/own_data"):
        main(["config", "coref/own_dat"])


def test_copies_anywhere_are_the_same_configurations(tmp_path):
    copies = {}
    folders = {}
    for name in shipped_configs.config_names():
        copies[name] = tmp_path / name.replace("/", "_")
        assert main(["config", name, "--copy", str(copies[name])]) == 0
        assert "import '../" not in copies[name].read_text()
        # One that stands alone and one that imports its neighbour; all of them take half a minute.
        alone = "(import '" not in copies[name].read_text()
        folders[name.split("/")[0], alone] = name
    chosen = sorted(folders.values())
    made = evaluate_all({n: copies[n] for n in chosen}, folder=str(shipped_configs.PARENT))
    assert made == {name: shipped()[name] for name in chosen}


def test_a_copy_on_standard_output_is_the_configuration_alone(capsys):
    assert main(["config", "coref/own_data", "--copy", "-"]) == 0
    assert capsys.readouterr().out == shipped_configs.standalone_text("coref/own_data")


def test_the_command_for_a_copy_can_be_pasted(tmp_path, capsys):
    copy = tmp_path / "my copy.jsonnet"
    assert main(["config", "coref/own_data", "--copy", str(copy)]) == 0
    assert f"`spanbert-allen train '{copy}' -s out/run`" in capsys.readouterr().out


def test_a_copy_replaces_nothing(tmp_path):
    copy = tmp_path / "mine.jsonnet"
    copy.write_text("{}")
    with pytest.raises(ConfigError, match="is there already"):
        main(["config", "coref/own_data", "--copy", str(copy)])
    assert copy.read_text() == "{}"
    with pytest.raises(ConfigError, match="--copy needs the name"):
        main(["config", "--copy", str(copy)])


def test_a_checkout_without_links(tmp_path, monkeypatch):
    """Where git writes links as text files, the repository's own folder serves."""
    (tmp_path / "spanbert_allen").mkdir()
    (tmp_path / "spanbert_allen" / "training_configs").write_text("../training_configs")
    monkeypatch.setattr(shipped_configs, "PARENT", tmp_path)
    assert shipped_configs.configs_folder() == tmp_path / "training_configs"
