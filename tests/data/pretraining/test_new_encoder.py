"""A new vocabulary has the characters of its texts, and no more pieces than were asked for."""

from __future__ import annotations

import os
import threading

import pytest

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.pretraining.new_encoder import EncoderSizes, write_new_encoder
from spanbert_allen.encoders import find_encoder

ENGLISH = "Ida lost her keys in Oslo. A boy of ten found them on the old tram.\n" * 20


def learn(path, folder, *, size=28_996):
    sizes = EncoderSizes(layers=1, dim=64, max_length=32)
    settings = {"layout": "paragraph-a-line", "vocabulary_size": size, "lower_case": False}
    number = write_new_encoder([path], folder, sizes, **settings)
    files = find_encoder(str(folder))
    assert number == len(files.vocabulary.pieces)
    return files


def test_a_language_of_thousands_of_characters_is_known(tmp_path):
    characters = [chr(0x4E00 + number) for number in range(2500)]
    text = "".join(characters)
    rare = "".join(chr(0x4E00 + number) for number in range(4000, 4050))
    path = tmp_path / "texts.txt"
    path.write_text(f"{text}\n" * 50 + f"{rare}\n", encoding="utf-8")
    files = learn(path, tmp_path / "encoder")
    tokenizer = PieceTokenizer.from_files(files)
    assert tokenizer.tokenize(text) == characters
    # Those that are of no weight in the texts do not fill the vocabulary.
    assert set(tokenizer.tokenize(rare)) == {"[UNK]"}


@pytest.mark.parametrize("size", [7, 40, 60])
def test_there_are_no_more_pieces_than_were_asked_for(tmp_path, size):
    path = tmp_path / "texts.txt"
    path.write_text(ENGLISH, encoding="utf-8")
    assert len(learn(path, tmp_path / "encoder", size=size).vocabulary.pieces) <= size


@pytest.mark.parametrize("size", [-1, 0, 6])
def test_a_size_without_a_place_for_text_is_refused(tmp_path, size):
    path = tmp_path / "texts.txt"
    path.write_text(ENGLISH, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"of {size} pieces has no place for text"):
        learn(path, tmp_path / "encoder", size=size)
    assert not (tmp_path / "encoder").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_read_once(tmp_path):
    path, pipe = tmp_path / "texts.txt", tmp_path / "pipe"
    path.write_text(ENGLISH, encoding="utf-8")
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(ENGLISH,), kwargs={"encoding": "utf-8"})
    writer.start()
    piped = learn(pipe, tmp_path / "piped", size=200)
    writer.join()
    assert characters(piped) == characters(learn(path, tmp_path / "encoder", size=200))


def characters(files):
    return {piece for piece in files.vocabulary.pieces if len(piece) == 1}


def test_nothing_is_replaced(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text(ENGLISH)
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "vocab.txt").write_text("mine")
    with pytest.raises(DataError, match="is there already; name a new folder"):
        learn(path, tmp_path / "encoder")
    assert (tmp_path / "encoder" / "vocab.txt").read_text() == "mine"


def test_what_a_killed_run_left_is_in_nobodys_way(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text(ENGLISH)
    (tmp_path / ".encoder.new").mkdir()
    learn(path, tmp_path / "encoder")
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        ".encoder.new",
        "encoder",
        "texts.txt",
    ]
