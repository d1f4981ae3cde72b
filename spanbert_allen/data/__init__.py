"""Words to word pieces, word pieces to segments."""

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
from spanbert_allen.data.indexer import SpanbertIndexer
from spanbert_allen.data.piece_document import PieceDocument
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.relation_vocabulary import RelationVocabulary

__all__ = ["PieceDocument", "PieceTokenizer", "RelationVocabulary", "SpanbertIndexer"]
