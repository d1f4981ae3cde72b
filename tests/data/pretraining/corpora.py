"""Small corpora for tests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from spanbert_allen.data.pretraining.corpus_building import CorpusSettings, build_corpus
from spanbert_allen.encoders import find_encoder
from spanbert_allen.formats.pretraining.corpus import (
    DESCRIPTION,
    DOCUMENTS,
    PIECES,
    SENTENCES,
    Corpus,
    CorpusDescription,
    vocabulary_digest,
)
from spanbert_allen.sample_corpus import sample_texts

TINY = CorpusSettings(encoder="tiny", layout="files")


def sample_corpus(folder: Path) -> Path:
    """Make a corpus of the sample texts with the tiny encoder's vocabulary; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"text": sample.text}) + "\n" for sample in sample_texts("train")]
    (folder / "texts.jsonl").write_text("".join(lines), encoding="utf-8")
    build_corpus([folder / "texts.jsonl"], folder / "corpus", TINY)
    return folder / "corpus"


def corpus_of_sizes(folder: Path, documents: list[list[int]]) -> Corpus:
    """Write a corpus whose sentences have the given numbers of pieces."""
    folder.mkdir(parents=True)
    sizes = [size for document in documents for size in document]
    vocabulary = find_encoder("tiny").vocabulary
    description = CorpusDescription(
        encoder="tiny",
        vocabulary_sha256=vocabulary_digest(vocabulary),
        vocabulary_size=len(vocabulary.pieces),
        num_pieces=sum(sizes),
        num_words=sum(sizes),
        num_sentences=len(sizes),
        num_documents=len(documents),
    )
    (folder / DESCRIPTION).write_text(description.to_json(), encoding="utf-8")
    pieces = np.arange(sum(sizes)) % 500 + 100
    pieces.astype(description.piece_dtype).tofile(folder / PIECES)
    np.cumsum(sizes).astype("<i8").tofile(folder / SENTENCES)
    np.cumsum([len(document) for document in documents]).astype("<i8").tofile(folder / DOCUMENTS)
    return Corpus(folder)
