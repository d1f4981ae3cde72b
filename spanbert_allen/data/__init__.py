"""
Words to word pieces, word pieces to segments. Only the indexer needs AllenNLP: where that is not
loaded, it is when the indexer is asked for, so that files can be written in pieces without it.
"""

import sys
from typing import TYPE_CHECKING, Any

from spanbert_allen.data.piece_document import PieceDocument
from spanbert_allen.data.pieces import PieceTokenizer

if TYPE_CHECKING:
    from spanbert_allen.data.indexer import SpanbertIndexer

__all__ = ["PieceDocument", "PieceTokenizer", "SpanbertIndexer"]


def __getattr__(name: str) -> Any:
    if name != "SpanbertIndexer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
    from spanbert_allen.data.indexer import SpanbertIndexer

    return SpanbertIndexer


if "allennlp" in sys.modules:
    __getattr__("SpanbertIndexer")  # it registers itself
