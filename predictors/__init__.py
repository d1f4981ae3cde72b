"""Predictors: a user's own text in, spans with offsets into that text out."""

if __name__ != "spanbert_allen.predictors":
    raise ImportError("import spanbert_allen.predictors, not predictors: each class registers once")

from spanbert_allen.predictors.base import SpanPredictor
from spanbert_allen.predictors.bulk import install
from spanbert_allen.predictors.coref import CorefPredictor
from spanbert_allen.predictors.coref_json import coref_json
from spanbert_allen.predictors.qa import QAPredictor
from spanbert_allen.predictors.qa_json import qa_json
from spanbert_allen.predictors.relation import RelationPredictor
from spanbert_allen.predictors.relation_json import relation_json
from spanbert_allen.predictors.sequence_classifier import SequenceClassifierPredictor

__all__ = [
    "CorefPredictor",
    "QAPredictor",
    "RelationPredictor",
    "SequenceClassifierPredictor",
    "SpanPredictor",
    "coref_json",
    "qa_json",
    "relation_json",
]

install()
