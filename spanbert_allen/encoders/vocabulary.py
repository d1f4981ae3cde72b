"""The word pieces of an encoder, as `vocab.txt` holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spanbert_allen.common.errors import DataError
from spanbert_allen.encoders.aliases import BERT_CASED_MD5

_MOST_PADDING = 127
"""Tables of vectors are padded to a multiple of 8, 64 or 128 rows."""
SPECIAL_PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_NEEDED = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


@dataclass(frozen=True)
class WordPieceVocabulary:
    """
    The word pieces of an encoder; the id of a piece is its place in `pieces`.

    # Parameters

    pieces : `tuple[str, ...]`
        The lines of `vocab.txt`, stripped of white space.
    added : `frozenset[str]`, optional (default = `frozenset()`)
        The pieces that were added to the vocabulary later, such as `[ENT]`. Standing free in a
        text, they are not cut.
    """

    pieces: tuple[str, ...]
    added: frozenset[str] = frozenset()

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
        return cls.from_pieces([line.strip() for line in lines], place)

    @classmethod
    def from_pieces(cls, pieces: Sequence[str], place: str) -> WordPieceVocabulary:
        """
        Check that a list of word pieces is a BERT vocabulary.

        # Parameters

        pieces : `Sequence[str]`
            In the order of their ids.
        place : `str`
            What to call their source in an error.

        # Errors

        `DataError` if one of [PAD] [UNK] [CLS] [SEP] is not among them.
        """
        missing = [piece for piece in _NEEDED if piece not in pieces]
        if missing:
            raise DataError(
                f"is not a BERT vocabulary, one piece a line: it lacks {' '.join(missing)}", place
            )
        return cls(tuple(pieces))

    def with_added(self, added: Mapping[int, str]) -> WordPieceVocabulary:
        """
        Return the vocabulary with tokens that were added to it.

        # Parameters

        added : `Mapping[int, str]`
            By their ids; those of BERT's special pieces are skipped, and so are ids that leave a
            gap.
        """
        pieces = list(self.pieces)
        names = set()
        for number, piece in sorted(added.items()):
            if number == len(pieces):
                pieces.append(piece)
            if number < len(pieces) and pieces[number] == piece and piece not in SPECIAL_PIECES:
                names.add(piece)
        return WordPieceVocabulary(tuple(pieces), self.added | names)

    def padded(self, size: int) -> WordPieceVocabulary:
        """
        Return the vocabulary with a name for each row that pads the encoder's table of vectors.

        # Parameters

        size : `int`
            The number of rows of the table. A table with many rows more is that of another
            vocabulary; then nothing is added.
        """
        number = len(self.pieces)
        if size % 8 or not 0 < size - number <= _MOST_PADDING:
            return self
        padding = (f"[padding{row}]" for row in range(number, size))  # no text is cut into these
        return WordPieceVocabulary((*self.pieces, *padding), self.added)

    def to_bytes(self) -> bytes:
        """Return the content of `vocab.txt`."""
        return "".join(f"{piece}\n" for piece in self.pieces).encode("utf-8")

    def is_bert_cased(self) -> bool:
        """Tell whether this is BERT's cased list, the vocabulary of SpanBERT."""
        digest = hashlib.md5(self.to_bytes(), usedforsecurity=False).hexdigest()
        return digest == BERT_CASED_MD5

    def has_capitals(self) -> bool:
        """Tell whether a piece has a capital letter, other than in brackets or added later."""
        return any(
            piece != piece.lower() and not (piece.startswith("[") and piece.endswith("]"))
            for piece in self.pieces
            if piece not in self.added
        )
