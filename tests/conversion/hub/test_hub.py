"""Models to the hub and back, with a stand-in for it that nothing leaves this machine for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

import spanbert_allen
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.conversion.hub import pushing
from spanbert_allen.conversion.hub.card import hub_card, with_licence
from spanbert_allen.conversion.hub.names import HubName, hub_name
from spanbert_allen.modules.pretraining.pretrained_heads import BOUNDARIES_FILE
from tests.places import FIXTURES
from tests.test_old_archives import EXPECTED, assert_same

METRICS = {"best_validation_coref_f1": 0.71234, "test_coref_f1": 0.7, "training_loss": 3.0}


@pytest.fixture
def hub(monkeypatch, tmp_path) -> Path:
    """A folder that stands for the hub, with a folder for each model."""
    place = tmp_path / "hub"

    class Hub:
        made: ClassVar[dict[str, bool]] = {}

        def create_repo(self, repo, *, private, exist_ok):
            assert exist_ok
            if not (place / repo).is_dir():
                (place / repo).mkdir(parents=True)
                self.made[repo] = private
            return f"https://huggingface.co/{repo}"

        def repo_info(self, repo):
            return SimpleNamespace(private=self.made[repo])

        def file_exists(self, repo, name):
            return (place / repo / name).is_file()

        def create_commit(self, repo, operations, *, commit_message):
            for one in operations:
                with one.as_file() as file:
                    (place / repo / one.path_in_repo).write_bytes(file.read())

    def download(repo, name, *, revision=None):
        path = place / repo / name
        if not path.is_file() or revision == "v9":
            raise LocalEntryNotFoundError("the hub was not reached")
        return str(path)

    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    return place


@pytest.fixture
def training(tmp_path) -> Path:
    """The folder of a coreference training, which has more in it than is published."""
    folder = tmp_path / "out" / "run"
    folder.mkdir(parents=True)
    shutil.copyfile(FIXTURES / "archives" / "coref.tar.gz", folder / "model.tar.gz")
    (folder / "metrics.json").write_text(json.dumps(METRICS))
    (folder / "notes.txt").write_text("mine alone")
    return folder


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_coreference_model_goes_to_the_hub_and_comes_back(hub, training, capsys):
    assert main(["push", str(training), "ida/keys", "--license", "cc-by-4.0", "--private"]) == 0
    assert "https://huggingface.co/ida/keys: model.tar.gz, config.json" in capsys.readouterr().out
    there = hub / "ida" / "keys"
    files = {"model.tar.gz", "config.json", "vocab.txt", "tokenizer_config.json", "README.md"}
    assert names_in(there) == files
    assert huggingface_hub.HfApi.made == {"ida/keys": True}
    call = EXPECTED["coref"]
    for name in ("ida/keys", "ida/keys@v1"):
        result = spanbert_allen.load(name).predict(*call["arguments"], **call["options"])
        assert_same(result, call["result"])


def test_the_card_carries_licence_scores_data_command_and_use(hub, training):
    main(["push", str(training / "model.tar.gz"), "ida/keys", "--license", "cc-by-4.0"])
    card = (hub / "ida" / "keys" / "README.md").read_text()
    assert card.startswith("---\nlicense: cc-by-4.0\nlibrary_name: spanbert_allen\n")
    assert "- coreference-resolution\n" in card
    assert "| coref_f1 | 0.7123 |" in card
    assert "On test data:\n\n| score | value |\n|---|---|\n| coref_f1 | 0.7 |" in card
    assert "training_loss" not in card
    config = json.loads((hub / "ida" / "keys" / "config.json").read_text())
    data = Path(config["train_data_path"])
    assert f"`{data.name}` for training" in card
    assert data.name == str(data) or str(data) not in card  # no folders of this machine
    assert "spanbert-allen train config.json -s out/run" in card
    assert 'spanbert_allen.load("ida/keys")' in card


def test_no_licence_is_said_to_be_unknown_and_a_card_that_is_there_stays(hub, training):
    main(["push", str(training), "ida/keys"])
    card = hub / "ida" / "keys" / "README.md"
    assert card.read_text().startswith("---\nlicense: unknown\n")
    assert "has named no licence for it" in card.read_text()
    card.write_text("written by hand")
    (training / "metrics.json").unlink()
    main(["push", str(training), "ida/keys", "--license", "mit"])
    assert card.read_text() == "written by hand"
    shutil.rmtree(hub / "ida" / "keys")
    main(["push", str(training), "ida/keys", "--card-only"])
    assert names_in(card.parent) == {"README.md"}
    assert "| score |" not in card.read_text()


def test_of_an_exported_folder_what_export_made_goes_there(hub, tmp_path, capsys):
    for task, options in (("qa", []), ("sequence", ["--format", "onnx"])):
        folder = tmp_path / task
        main(["export", str(FIXTURES / "archives" / f"{task}.tar.gz"), str(folder), *options])
        made = names_in(folder)
        for name in (".git", "data"):
            (folder / name).mkdir()
        for name in (".secret", "notes.txt", "vocab.txt.bak", "train.json"):
            (folder / name).touch()
        capsys.readouterr()
        main(["push", str(folder), f"ida/{task}", "--license", "mit"])
        assert names_in(hub / "ida" / task) == made | {"README.md"}
        left = "data/, notes.txt, train.json, vocab.txt.bak"
        assert f"`export` does not make them: {left}\n" in capsys.readouterr().err
        main(["push", str(folder), f"ida/{task}", "--license", "mit", "--card-only"])
        assert "left here" not in capsys.readouterr().err
    card = (hub / "ida" / "qa" / "README.md").read_text()
    assert card.startswith("---\nlicense: mit\nlibrary_name: transformers\n")


def test_the_span_boundary_head_is_among_what_export_makes():
    assert BOUNDARIES_FILE in pushing._EXPORTED["model.safetensors"]


def test_what_is_public_already_gets_no_private_model(hub, training):
    main(["push", str(training), "ida/keys"])
    (hub / "ida" / "keys" / "model.tar.gz").unlink()
    with pytest.raises(DataError, match="ida/keys: is on the hub already, where everybody sees it"):
        main(["push", str(training), "ida/keys", "--private"])
    assert "model.tar.gz" not in names_in(hub / "ida" / "keys")


def test_the_card_of_a_model_of_several_tasks_loads_one_of_them_and_names_all_files():
    tasks = {"people": {"type": "spanbert_relation"}, "qa": {"type": "spanbert_qa"}}
    data = {"people": "/home/ida/people.jsonl", "qa": ["/home/ida/one.json", "two.json"]}
    config = {"model": {"type": "spanbert_multitask", "tasks": tasks}, "train_data_path": data}
    card = hub_card("ida/both", config, {}, None)
    assert "tags:\n- relation-extraction\n- question-answering\n- spanbert\n" in card
    assert 'load("ida/both", task="people")\nmodel.predict("Ida left Oslo.", (0, 3)' in card
    assert "`people.jsonl` and `one.json` and `two.json` for training" in card
    assert "/home" not in card


def test_a_licence_takes_its_place_in_the_front_matter_once():
    card = "---\nlicense: mit\nlanguage: en\n---\n\n# A\n"
    assert with_licence(card, None) == card
    assert with_licence(card, "cc0-1.0") == card.replace("mit", "cc0-1.0")
    assert with_licence("# A\n", None) == "---\nlicense: unknown\n---\n\n# A\n"


def test_a_path_is_no_name_on_the_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert hub_name("ida/keys") == HubName("ida/keys")
    assert hub_name("ida/keys@v1.0") == HubName("ida/keys", "v1.0")
    (tmp_path / "out").mkdir()
    for path in (
        "out/run",
        "model.tar.gz",
        "a/b/c",
        "/ida/keys",
        "./keys",
        "../keys",
        "no/model.tar.gz",
    ):
        assert hub_name(path) is None, path


def test_what_the_hub_does_not_have_or_take_is_a_sentence(hub, training, tmp_path, monkeypatch):
    for name in ("ida/nothing", "ida/keys@v9"):
        with pytest.raises(DataError, match=r"nor could its model\.tar\.gz be had from the hub"):
            spanbert_allen.load(name)
    with pytest.raises(ConfigError, match="'keys' is no name of a model on the hub"):
        main(["push", str(training), "keys"])
    with pytest.raises(DataError, match="no such file"):
        main(["push", str(tmp_path / "none"), "ida/keys"])
    with pytest.raises(DataError, match="neither the folder of a training that has ended"):
        main(["push", str(tmp_path), "ida/keys"])

    def refuse(*_, **__):
        raise OSError("401 Unauthorized\nsome trace")

    monkeypatch.setattr(huggingface_hub.HfApi, "create_commit", refuse)
    with pytest.raises(DataError, match=r"did not take it \(OSError: 401 Unauthorized\): check"):
        main(["push", str(training), "ida/keys"])
