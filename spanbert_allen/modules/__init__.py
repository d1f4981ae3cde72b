"""The parts of a model: the encoder and what stands on it."""

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
from spanbert_allen.modules.biaffine_mentions import BiaffineMentions
from spanbert_allen.modules.bilinear_links import BilinearLinks
from spanbert_allen.modules.exact_answers import ExactAnswers
from spanbert_allen.modules.nearest_links import NearestLinks
from spanbert_allen.modules.original_answers import OriginalAnswers
from spanbert_allen.modules.pipeline_answers import PipelineAnswers
from spanbert_allen.modules.relation_pooling import RelationPooling
from spanbert_allen.modules.spanbert_embedder import SpanbertEmbedder

__all__ = [
    "BiaffineMentions",
    "BilinearLinks",
    "ExactAnswers",
    "NearestLinks",
    "OriginalAnswers",
    "PipelineAnswers",
    "RelationPooling",
    "SpanbertEmbedder",
]
