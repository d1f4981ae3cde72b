"""Corpora are whole, the same however they were made, and say what is wrong with them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.pretraining import corpus_building
from spanbert_allen.data.pretraining.corpus_building import CorpusSettings, build_corpus
from spanbert_allen.encoders import find_encoder
from spanbert_allen.formats.pretraining.corpus import Corpus
from tests.data.pretraining.corpora import TINY

TEXTS = ["Ida lost her keys. She found them.\n\nTom saw her.", "The end.", "A boy ran. It rained."]


@pytest.fixture
def sources(tmp_path):
    paths = [tmp_path / f"{number}.txt" for number in range(len(TEXTS))]
    for path, text in zip(paths, TEXTS, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_pieces_sentences_and_documents(sources, tmp_path):
    made = build_corpus(sources, tmp_path / "corpus", TINY)
    corpus = Corpus(tmp_path / "corpus")
    assert (made.num_documents, made.num_sentences, made.num_words) == (3, 6, 17)
    tokenizer = PieceTokenizer.from_files(find_encoder("tiny"))
    words = " ".join(TEXTS).split()
    expected = [piece for pieces in tokenizer.pieces_of_each(words) for piece in pieces]
    assert corpus.pieces.tolist() == expected
    assert corpus.document_ends.tolist() == [3, 4, 6]
    assert corpus.sentence_ends[-1] == len(expected)
    assert not (tmp_path / "corpus.parts").exists()


def test_an_interrupted_call_goes_on_with_the_files_that_are_missing(sources, tmp_path):
    class Stopped(Exception):
        pass

    def stop(done, total, words):
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        build_corpus(sources, tmp_path / "corpus", TINY, on_part=stop)
    assert not (tmp_path / "corpus").exists()
    kept = {path: path.stat().st_ino for path in (tmp_path / "corpus.parts").iterdir()}
    assert len(kept) == 2
    seen = []
    build_corpus(
        sources,
        tmp_path / "corpus",
        TINY,
        on_part=lambda done, total, words: seen.append(
            {path: path.stat().st_ino for path in (tmp_path / "corpus.parts").iterdir()}
        ),
    )
    assert kept.items() <= seen[-1].items()
    build_corpus(sources, tmp_path / "again", TINY)
    assert content(tmp_path / "corpus") == content(tmp_path / "again")


def test_an_interrupted_call_does_not_go_on_with_another_vocabulary(sources, tmp_path):
    pieces = list(find_encoder("tiny").vocabulary.pieces)
    path = tmp_path / "vocab.txt"
    settings = CorpusSettings(encoder="tiny", layout="files", vocabulary=str(path))

    def stop(done, total, words):
        raise InterruptedError

    path.write_text("\n".join(pieces) + "\n", encoding="utf-8")
    with pytest.raises(InterruptedError):
        build_corpus(sources, tmp_path / "corpus", settings, on_part=stop)
    i, j = (pieces.index(piece) for piece in ("her", "them"))
    pieces[i], pieces[j] = pieces[j], pieces[i]
    path.write_text("\n".join(pieces) + "\n", encoding="utf-8")
    corpus_building._tokenizer.cache_clear()  # as in a new process
    build_corpus(sources, tmp_path / "corpus", settings)
    build_corpus(sources, tmp_path / "anew", settings)
    assert content(tmp_path / "corpus") == content(tmp_path / "anew")


@pytest.mark.slow
def test_two_processes_make_the_same_corpus(sources, tmp_path):
    build_corpus(sources, tmp_path / "one", TINY)
    build_corpus(sources, tmp_path / "two", TINY, processes=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_processes_write_the_part_of_a_file_that_is_given_twice_once(
    sources, tmp_path, monkeypatch
):
    made = []
    make_part = corpus_building._make_part

    def recorded(source, place, settings):
        made.append(source)
        return make_part(source, place, settings)

    build_corpus([*sources, sources[0]], tmp_path / "one", TINY)
    monkeypatch.setattr(corpus_building, "_make_part", recorded)
    monkeypatch.setattr(
        corpus_building, "ProcessPoolExecutor", lambda number, mp_context: ThreadPoolExecutor(1)
    )
    build_corpus([*sources, sources[0]], tmp_path / "two", TINY, processes=2)
    assert made == sources
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_nothing_is_replaced(sources, tmp_path):
    (tmp_path / "corpus").mkdir()
    with pytest.raises(ConfigError, match="exists already"):
        build_corpus(sources, tmp_path / "corpus", TINY)


def test_files_without_text(tmp_path):
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(DataError, match=r"empty.txt: the files hold no text"):
        build_corpus([tmp_path / "empty.txt"], tmp_path / "corpus", TINY)
    assert {path.name for path in tmp_path.iterdir()} == {"empty.txt"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda pieces: [pieces[1], pieces[0], *pieces[2:]], "needs .PAD. there"),
        (lambda pieces: ["x" if p == "[MASK]" else p for p in pieces], "has no .MASK."),
    ],
)
def test_vocabularies_that_cannot_be_used(sources, tmp_path, change, problem):
    pieces = change(list(find_encoder("tiny").vocabulary.pieces))
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    vocabulary = str(tmp_path / "vocab.txt")
    settings = CorpusSettings(encoder="tiny", layout="files", vocabulary=vocabulary)
    with pytest.raises(ConfigError, match=problem):
        build_corpus(sources, tmp_path / "corpus", settings)


def test_damaged_corpora(sources, tmp_path):
    folder = tmp_path / "corpus"
    with pytest.raises(DataError, match=r"is no corpus, as it has no corpus.json"):
        Corpus(folder)
    build_corpus(sources, folder, TINY)
    whole = (folder / "pieces.bin").read_bytes()
    (folder / "pieces.bin").write_bytes(whole[:-2])
    with pytest.raises(DataError, match=rf"pieces.bin has {len(whole) - 2} bytes instead of"):
        Corpus(folder)
    (folder / "pieces.bin").unlink()
    with pytest.raises(DataError, match=r"pieces.bin is missing: make the corpus again"):
        Corpus(folder)
    (folder / "pieces.bin").write_bytes(whole)
    description = json.loads((folder / "corpus.json").read_text())
    (folder / "corpus.json").write_text(json.dumps(description | {"format": 9}))
    with pytest.raises(DataError, match="is of format 9, and this version reads 1"):
        Corpus(folder)
    (folder / "corpus.json").write_text("{")
    with pytest.raises(DataError, match=r"corpus.json cannot be read"):
        Corpus(folder)


def test_another_encoders_vocabulary(sources, tmp_path):
    build_corpus(sources, tmp_path / "corpus", TINY)
    corpus = Corpus(tmp_path / "corpus")
    corpus.check_vocabulary(find_encoder("tiny").vocabulary, "tiny")
    with pytest.raises(ConfigError, match="the vocabulary of tiny, which is not that of minilm"):
        corpus.check_vocabulary(find_encoder("minilm").vocabulary, "minilm")
