"""The quickstart of pre-training: corpora of the sample or a text file, masked spans filled."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from spanbert_allen.commands import quickstart
from spanbert_allen.commands.quickstart import pretraining
from spanbert_allen.commands.quickstart.pretraining import record_of_masked, write_corpora
from spanbert_allen.commands.quickstart.tasks import DEFAULT_MASKED_TEXT
from spanbert_allen.common.errors import DataError, UserError
from spanbert_allen.formats.pretraining.corpus import Corpus
from tests.commands.quickstart.test_coref import options, repository  # noqa: F401  a fixture


@pytest.fixture(autouse=True)
def tiny_vocabulary(monkeypatch):
    monkeypatch.setattr(pretraining, "ENCODER", "tiny")


def test_masked_spans():
    record = record_of_masked("A { small dog} ran {home}.")
    assert record["text"] == "A small dog ran home."
    assert [record["text"][start:end] for start, end in record["spans"]] == ["small dog", "home"]
    assert record_of_masked("A [MASK] ran.") == {"id": "quickstart", "text": "A [MASK] ran."}
    assert len(record_of_masked(DEFAULT_MASKED_TEXT)["spans"]) == 4


@pytest.mark.parametrize("text", ["A dog ran.", "A {dog} ran [MASK].", "A {dog ran.", "A {} ran."])
def test_a_text_that_does_not_say_what_to_fill(text):
    with pytest.raises(UserError, match=r"must say what to fill, such as 'She lost her {keys}"):
        record_of_masked(text)


def test_pre_training(
    repository: Path,  # noqa: F811
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for _ in range(2):  # corpora of a run before are replaced
        assert quickstart.run(options("--task", "pretraining", "--text", "The {dog} ran.")) == 0
    said = capsys.readouterr().out
    assert re.search(r"1/3 Train on the sample corpus \(\d\d,\d+ train word pieces, ", said)
    assert "test: pieces of masked spans found, of 100: 25.0\n" in said
    assert "The dog ran.\nTHE DOG RAN.\n" in said
    out = repository / "out" / "quickstart"
    assert json.loads((out / "text.jsonl").read_text())["spans"] == [[4, 7]]


def test_a_text_file(tmp_path):
    (tmp_path / "mine.txt").write_text("\n\n".join(f"The dog ran {n} times." for n in range(20)))
    write_corpora(tmp_path / "data", tmp_path / "mine.txt")
    sizes = {
        split: len(Corpus(tmp_path / "data" / f"corpus_{split}").pieces)
        for split in ("train", "dev", "test")
    }
    assert sizes["train"] > 6 * sizes["dev"] > 0 and sizes["test"] > 0
    (tmp_path / "short.txt").write_text("One.\n\nTwo.")
    with pytest.raises(DataError, match=r"has 2 paragraphs, .* give a text of 10 or more"):
        write_corpora(tmp_path / "data", tmp_path / "short.txt")
    with pytest.raises(DataError, match=r"cannot be read as UTF-8 .*; check the path"):
        write_corpora(tmp_path / "data", tmp_path / "none.txt")
    with pytest.raises(UserError, match="--text-file is for --task pretraining"):
        quickstart.run(options("--text-file", "mine.txt", "--out", str(tmp_path / "out")))
    with pytest.raises(UserError, match="--question is for --task qa"):
        quickstart.run(options("--question", "Who?", "--out", str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()
