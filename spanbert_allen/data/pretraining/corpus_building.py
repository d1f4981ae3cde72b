"""Make a corpus of word pieces from files of raw text."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any

import numpy as np

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.paths import refuse_empty_path
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.encoders import EncoderFiles, find_encoder
from spanbert_allen.formats.pretraining.corpus import (
    DESCRIPTION,
    DOCUMENTS,
    PIECES,
    SENTENCES,
    CorpusDescription,
    vocabulary_digest,
)
from spanbert_allen.formats.pretraining.texts import read_sentences

_SENTENCES_AT_ONCE = 4096
_COUNTS = "counts.json"

OnPart = Callable[[int, int, int], None]
"""Called after each file with the files done, the files in all, and the words read so far."""


@dataclass(frozen=True, kw_only=True)
class CorpusSettings:
    """
    What decides which ids a text becomes.

    # Parameters

    encoder : `str`
        An encoder as `find_encoder` takes it; only its vocabulary is used.
    layout : `str`
        One of `texts.LAYOUTS`.
    vocabulary : `str`, optional (default = `None`)
        A `vocab.txt` for an encoder that comes without.
    """

    encoder: str
    layout: str
    vocabulary: str | None = None

    def files(self) -> EncoderFiles:
        """Find the encoder's files."""
        return find_encoder(self.encoder, vocabulary=self.vocabulary)


def build_corpus(
    sources: Sequence[str | Path],
    folder: str | Path,
    settings: CorpusSettings,
    *,
    processes: int = 1,
    on_part: OnPart = lambda done, total, words: None,
) -> CorpusDescription:
    """
    Make a corpus. It appears whole or not at all.

    Each file becomes a part in `<folder>.parts`, which is kept until the corpus is whole: after an
    interruption, the same call goes on with the files that are missing. Memory does not grow with
    the texts.

    # Parameters

    sources : `Sequence[str | Path]`
        Files of text, in the order of the corpus.
    folder : `str | Path`
        The corpus's folder, which must not exist.
    settings : `CorpusSettings`
        How to read and cut the texts.
    processes : `int`, optional (default = `1`)
        How many files are read at the same time.
    on_part : `OnPart`, optional
        Called after each file.

    # Returns

    `CorpusDescription`
        The counts.

    Raises a `ConfigError` if the folder exists or a vocabulary does not begin with `[PAD]`, and a
    `DataError` if the files hold no sentence.
    """
    refuse_empty_path(folder, "what is to be written", "name a new folder")
    folder = Path(folder)
    if folder.exists():
        raise ConfigError(f"{folder} exists already: remove it, or name another folder")
    files = settings.files()
    check_vocabulary(files)
    parts = folder.with_name(f"{folder.name}.parts")
    parts.mkdir(parents=True, exist_ok=True)
    places = [parts / _part_name(Path(source), settings, files) for source in sources]
    words = 0
    jobs = list(zip(map(Path, sources), places, strict=True))
    for done, counted in enumerate(_run(jobs, settings, processes), start=1):
        words += counted
        on_part(done, len(jobs), words)
    description = _join(places, parts / "whole", settings, files)
    if description.num_documents == 0:
        shutil.rmtree(parts)
        raise DataError("the files hold no text: give files with sentences", sources[0])
    (parts / "whole").rename(folder)
    shutil.rmtree(parts)
    return description


def check_vocabulary(files: EncoderFiles) -> None:
    """Raise a `ConfigError` unless the vocabulary has `[PAD]` first and has `[MASK]`."""
    pieces = files.vocabulary.pieces
    if pieces[0] != "[PAD]":
        raise ConfigError(
            f"the first piece in the vocabulary of {files.name} is {pieces[0]!r}: pre-training "
            "needs [PAD] there"
        )
    if "[MASK]" not in pieces:
        raise ConfigError(
            f"the vocabulary of {files.name} has no [MASK]: pre-training cannot mask without it"
        )


def _part_name(source: Path, settings: CorpusSettings, files: EncoderFiles) -> str:
    """Name a part by all that its content follows from."""
    try:
        stat = source.stat()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror}): check the path", source) from error
    state = [str(source.resolve()), stat.st_size, stat.st_mtime_ns, repr(settings)]
    # The encoder of that name may be another one now.
    state += [vocabulary_digest(files.vocabulary), dict(files.tokenizer_config)]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:20]


def _run(
    jobs: Sequence[tuple[Path, Path]], settings: CorpusSettings, processes: int
) -> Iterator[int]:
    """Make the parts that are missing; yield the words of each part, in order."""
    if processes == 1:
        for source, place in jobs:
            yield _make_part(source, place, settings)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        # A file that is given twice has one part, which two processes must not write at a time.
        futures: dict[Path, Future[int]] = {
            place: pool.submit(_make_part, source, place, settings)
            for place, source in {place: source for source, place in jobs}.items()
        }
        try:
            for _, place in jobs:
                yield futures[place].result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _make_part(source: Path, place: Path, settings: CorpusSettings) -> int:
    """Write the arrays of a file's text unless they are there; return its number of words."""
    if not place.is_dir():
        beside = place.with_name(f"{place.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        counts = _write_part(source, beside, settings)
        (beside / _COUNTS).write_text(json.dumps(counts), encoding="utf-8")
        beside.rename(place)
    words: int = json.loads((place / _COUNTS).read_text(encoding="utf-8"))["words"]
    return words


def _write_part(source: Path, folder: Path, settings: CorpusSettings) -> dict[str, int]:
    tokenizer, dtype = _tokenizer(settings)
    words = pieces = sentences = 0
    sentences_of_document = 0
    with (
        (folder / PIECES).open("wb") as piece_file,
        (folder / SENTENCES).open("wb") as sentence_file,
        (folder / DOCUMENTS).open("wb") as document_file,
    ):
        stream = read_sentences(source, settings.layout)
        while batch := list(islice(stream, _SENTENCES_AT_ONCE)):
            # One look-up for all words: nearly all of them have been met before.
            cut = [[] if sentence is None else sentence.split() for sentence in batch]
            known = iter(tokenizer.pieces_of_each(list(chain.from_iterable(cut))))
            ids: list[int] = []
            ends: list[int] = []
            documents: list[int] = []
            for sentence, of_sentence in zip(batch, cut, strict=True):
                before = len(ids)
                ids.extend(chain.from_iterable(islice(known, len(of_sentence))))
                words += len(of_sentence)
                if len(ids) > before:
                    ends.append(pieces + len(ids))
                    sentences += 1
                    sentences_of_document += 1
                if sentence is None and sentences_of_document:
                    documents.append(sentences)
                    sentences_of_document = 0
            pieces += len(ids)
            np.asarray(ids, dtype).tofile(piece_file)
            np.asarray(ends, "<i8").tofile(sentence_file)
            np.asarray(documents, "<i8").tofile(document_file)
    return {"words": words, "pieces": pieces, "sentences": sentences}


@cache
def _tokenizer(settings: CorpusSettings) -> tuple[PieceTokenizer, np.dtype[Any]]:
    """Make a tokenizer, which remembers the words that it has cut, once for all files."""
    files = settings.files()
    tokenizer = PieceTokenizer.from_files(files, keep_special_strings=False)
    return tokenizer, _description(files, "", 0, 0, 0, 0).piece_dtype


def _description(
    files: EncoderFiles, encoder: str, words: int, pieces: int, sentences: int, documents: int
) -> CorpusDescription:
    return CorpusDescription(
        encoder=encoder,
        vocabulary_sha256=vocabulary_digest(files.vocabulary),
        vocabulary_size=len(files.vocabulary.pieces),
        num_pieces=pieces,
        num_words=words,
        num_sentences=sentences,
        num_documents=documents,
    )


def _join(
    places: Sequence[Path], target: Path, settings: CorpusSettings, files: EncoderFiles
) -> CorpusDescription:
    """Write the arrays of all parts behind each other."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    words = pieces = sentences = documents = 0
    with (
        (target / PIECES).open("wb") as piece_file,
        (target / SENTENCES).open("wb") as sentence_file,
        (target / DOCUMENTS).open("wb") as document_file,
    ):
        for place in places:
            counts = json.loads((place / _COUNTS).read_text(encoding="utf-8"))
            with (place / PIECES).open("rb") as part:
                shutil.copyfileobj(part, piece_file, 1 << 20)
            _copy_shifted(place / SENTENCES, sentence_file, pieces)
            documents += _copy_shifted(place / DOCUMENTS, document_file, sentences)
            words += counts["words"]
            pieces += counts["pieces"]
            sentences += counts["sentences"]
    description = _description(files, settings.encoder, words, pieces, sentences, documents)
    (target / DESCRIPTION).write_text(description.to_json(), encoding="utf-8")
    return description


def _copy_shifted(path: Path, target: IO[bytes], shift: int) -> int:
    """Copy an array of ends, each moved by what came before; return how many there are."""
    copied = 0
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            # Shape: (num_ends,)
            ends = np.frombuffer(block, "<i8") + shift
            ends.tofile(target)
            copied += len(ends)
    return copied
