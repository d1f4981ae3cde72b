"""
A corpus of word pieces in flat files that are mapped into memory, not read.

A corpus is a folder of three arrays and a description: `pieces.bin` has the ids of all pieces in
order, `sentences.bin` where each sentence ends among them, `documents.bin` where each document ends
among the sentences. `corpus.json` has counts and the vocabulary that the ids belong to.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.encoders import WordPieceVocabulary

DESCRIPTION = "corpus.json"
PIECES, SENTENCES, DOCUMENTS = "pieces.bin", "sentences.bin", "documents.bin"
FORMAT = 1

IntArray = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class CorpusDescription:
    """
    What is known of a corpus without its arrays.

    # Parameters

    encoder : `str`
        The encoder whose vocabulary was used, as the user named it.
    vocabulary_sha256 : `str`
        The digest of that vocabulary; see `vocabulary_digest`.
    vocabulary_size : `int`
        The number of its pieces.
    num_pieces, num_words, num_sentences, num_documents : `int`
        Counts; words are what white space separates.
    format : `int`, optional (default = `FORMAT`)
        The version of this layout.
    """

    encoder: str
    vocabulary_sha256: str
    vocabulary_size: int
    num_pieces: int
    num_words: int
    num_sentences: int
    num_documents: int
    format: int = FORMAT

    @property
    def piece_dtype(self) -> np.dtype[Any]:
        """Return the type of an id: two bytes where the vocabulary allows it."""
        return np.dtype("<u2" if self.vocabulary_size <= 1 << 16 else "<i4")

    def to_json(self) -> str:
        """Return the content of `corpus.json`."""
        return json.dumps(asdict(self), indent=2) + "\n"


def vocabulary_digest(vocabulary: WordPieceVocabulary) -> str:
    """Return the SHA-256 of a vocabulary's pieces, one a line."""
    return hashlib.sha256(vocabulary.to_bytes()).hexdigest()


class Corpus:
    """
    A corpus on disk.

    # Parameters

    folder : `str | Path`
        Its folder.

    Raises a `DataError` if there is no whole corpus in the folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.description = _read_description(self.folder)
        counts = self.description
        # Shape: (num_pieces,)
        self.pieces = self._array(PIECES, counts.piece_dtype, counts.num_pieces)
        # Shape: (num_sentences,)
        self.sentence_ends = self._array(SENTENCES, np.dtype("<i8"), counts.num_sentences)
        # Shape: (num_documents,)
        self.document_ends = self._array(DOCUMENTS, np.dtype("<i8"), counts.num_documents)

    @property
    def files(self) -> list[Path]:
        """Return the files that it is made of."""
        return [self.folder / name for name in (DESCRIPTION, PIECES, SENTENCES, DOCUMENTS)]

    def check_vocabulary(self, vocabulary: WordPieceVocabulary, name: str) -> None:
        """
        Raise a `ConfigError` if the ids are not those of an encoder's vocabulary.

        # Parameters

        vocabulary : `WordPieceVocabulary`
            The encoder's.
        name : `str`
            The encoder's name, for the message.
        """
        if vocabulary_digest(vocabulary) != self.description.vocabulary_sha256:
            raise ConfigError(
                f"{self.folder} was made with the vocabulary of {self.description.encoder}, which "
                f"is not that of {name}: make it again with `spanbert-allen corpus --encoder "
                f"{name}`, or train that encoder"
            )

    def _array(self, name: str, dtype: np.dtype[Any], length: int) -> IntArray:
        path = self.folder / name
        expected = length * dtype.itemsize
        found = path.stat().st_size if path.is_file() else -1
        if found != expected:
            state = "is missing" if found < 0 else f"has {found} bytes instead of {expected}"
            raise DataError(f"{name} {state}: make the corpus again", self.folder)
        if length == 0:
            return np.empty(0, dtype)
        return np.memmap(path, dtype, mode="r", shape=(length,))


def _read_description(folder: Path) -> CorpusDescription:
    try:
        content = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        description = CorpusDescription(**content)
    except FileNotFoundError as error:
        raise DataError(
            f"is no corpus, as it has no {DESCRIPTION}: make one with `spanbert-allen corpus`",
            folder,
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{DESCRIPTION} cannot be read ({error}): make the corpus again", folder
        ) from error
    if description.format != FORMAT:
        raise DataError(
            f"is of format {description.format}, and this version reads {FORMAT}: make the corpus "
            "again",
            folder,
        )
    if description.num_documents == 0:
        raise DataError("the corpus is empty: give it texts", folder)
    return description
