"""The word pieces that stand around and between texts."""

from __future__ import annotations

from typing import NamedTuple

from spanbert_allen.data.pieces import PieceTokenizer


class SpecialPieces(NamedTuple):
    """Their ids in the vocabulary."""

    cls: int
    sep: int

    @classmethod
    def of(cls, tokenizer: PieceTokenizer) -> SpecialPieces:
        """Those of a tokenizer's vocabulary."""
        return cls(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"))
