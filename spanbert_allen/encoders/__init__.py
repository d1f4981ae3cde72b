"""
Encoders and the places of their files: aliases, folders, hub ids, tar archives.

Nothing here imports torch or AllenNLP.
"""

from spanbert_allen.encoders.aliases import ALIASES, Alias
from spanbert_allen.encoders.encoder_files import EncoderFiles
from spanbert_allen.encoders.finding import find_encoder
from spanbert_allen.encoders.sources import WeightsFile
from spanbert_allen.encoders.vocabulary import WordPieceVocabulary

__all__ = [
    "ALIASES",
    "Alias",
    "EncoderFiles",
    "WeightsFile",
    "WordPieceVocabulary",
    "find_encoder",
]
