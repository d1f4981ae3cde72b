"""A list of word pieces, as `vocab.txt` holds it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from spanbert_allen.common.errors import DataError
from spanbert_allen.encoders.aliases import BERT_CASED_MD5

SPECIAL_PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_NEEDED = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


@dataclass(frozen=True)
class WordPieceVocabulary:
    """
    The word pieces of an encoder; the id of a piece is its place in `pieces`.

    # Parameters

    pieces : `tuple[str, ...]`
        One a line of `vocab.txt`, stripped of white space.
    """

    pieces: tuple[str, ...]

    @classmethod
    def from_bytes(cls, content: bytes, place: str) -> WordPieceVocabulary:
        """
        Read the content of a `vocab.txt`.

        # Parameters

        content : `bytes`
            UTF-8, one piece a line.
        place : `str`
            What to call the file in an error.

        # Errors

        `DataError` if the content is not UTF-8 or one of [PAD] [UNK] [CLS] [SEP] is not in it.
        """
        try:
            lines = content.decode("utf-8-sig").split("\n")
        except UnicodeDecodeError as error:
            raise DataError(f"is not a vocabulary: not UTF-8 ({error.reason})", place) from error
        if lines[-1] == "":
            lines.pop()
        pieces = tuple(line.strip() for line in lines)
        missing = [piece for piece in _NEEDED if piece not in pieces]
        if missing:
            raise DataError(
                f"is not a BERT vocabulary, one piece a line: it lacks {' '.join(missing)}", place
            )
        return cls(pieces)

    def to_bytes(self) -> bytes:
        """The content of `vocab.txt`."""
        return "".join(f"{piece}\n" for piece in self.pieces).encode("utf-8")

    def is_bert_cased(self) -> bool:
        """Whether this is BERT's cased list, the vocabulary of SpanBERT."""
        digest = hashlib.md5(self.to_bytes(), usedforsecurity=False).hexdigest()
        return digest == BERT_CASED_MD5

    def has_capitals(self) -> bool:
        """Whether a piece has a capital letter, bracketed ones such as [CLS] apart."""
        return any(
            piece != piece.lower() and not (piece.startswith("[") and piece.endswith("]"))
            for piece in self.pieces
        )
