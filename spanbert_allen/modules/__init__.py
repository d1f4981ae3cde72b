"""The parts of a model: the encoder and what stands on it."""

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
from spanbert_allen.modules.classification.relation_pooling import RelationPooling
from spanbert_allen.modules.coref.antecedents.bilinear import BilinearAntecedents
from spanbert_allen.modules.coref.antecedents.category import CategoryAntecedents
from spanbert_allen.modules.coref.antecedents.nearest import NearestAntecedents
from spanbert_allen.modules.coref.mentions.biaffine import BiaffineMentions
from spanbert_allen.modules.coref.mentions.start_to_end import StartToEndMentions
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.qa.exact import ExactAnswers
from spanbert_allen.modules.qa.original import OriginalAnswers
from spanbert_allen.modules.qa.pipeline import PipelineAnswers

__all__ = [
    "BiaffineMentions",
    "BilinearAntecedents",
    "CategoryAntecedents",
    "ExactAnswers",
    "NearestAntecedents",
    "OriginalAnswers",
    "PipelineAnswers",
    "RelationPooling",
    "SpanbertEmbedder",
    "StartToEndMentions",
]
