"""
Files of a vocabulary are whole.

`tests/training/recovery/test_recover.py` kills runs that write them.
"""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from allennlp.data import Vocabulary

import spanbert_allen.plugin  # noqa: F401

COUNTER = {"tokens": {"tree": 3, "a\nb": 2}, "labels": {"yes": 2, "no": 1}}


def words(folder):
    vocabulary = Vocabulary.from_files(str(folder))
    return {name: vocabulary.get_token_to_index_vocabulary(name) for name in COUNTER}


def test_saving_and_reading(tmp_path):
    vocabulary = Vocabulary(counter=COUNTER)
    (tmp_path / ".part").mkdir()
    (tmp_path / ".part" / "tags.txt").write_text("of a killed run")
    vocabulary.save_to_files(str(tmp_path))
    assert words(tmp_path)["labels"] == {"yes": 0, "no": 1}
    assert words(tmp_path)["tokens"]["a\nb"] == 3
    names = {path.name for path in tmp_path.iterdir()} - {".lock"}
    assert names == {"labels.txt", "tokens.txt", "non_padded_namespaces.txt"}


def test_a_failure_leaves_the_files_of_before(tmp_path, monkeypatch):
    Vocabulary(counter=COUNTER).save_to_files(str(tmp_path))
    before = words(tmp_path)
    opened = []

    def fails(path, *args):
        opened.append(path)
        if len(opened) == 3:
            raise OSError("no room")
        return Path(path).open(*args[:1], encoding=args[1])

    monkeypatch.setattr(codecs, "open", fails)
    with pytest.raises(OSError, match="no room"):
        Vocabulary(counter={"tokens": {"b": 1}, "labels": {"c": 1}}).save_to_files(str(tmp_path))
    monkeypatch.undo()
    assert words(tmp_path) == before
