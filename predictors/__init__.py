"""Predictors: a user's own text in, spans with offsets into that text out."""

if __name__ != "spanbert_allen.predictors":
    raise ImportError("import spanbert_allen.predictors, not predictors: each class registers once")

from spanbert_allen.predictors import bulk, evaluating
from spanbert_allen.predictors.base import SpanPredictor
from spanbert_allen.predictors.coref.output import coref_json
from spanbert_allen.predictors.coref.predictor import CorefPredictor
from spanbert_allen.predictors.document.predictor import DocumentPredictor
from spanbert_allen.predictors.multitask.predictor import MultitaskPredictor
from spanbert_allen.predictors.pretraining.predictor import PretrainerPredictor
from spanbert_allen.predictors.qa.output import qa_json
from spanbert_allen.predictors.qa.predictor import QAPredictor
from spanbert_allen.predictors.relation.output import relation_json
from spanbert_allen.predictors.relation.predictor import RelationPredictor
from spanbert_allen.predictors.sequence.predictor import SequenceClassifierPredictor

__all__ = [
    "CorefPredictor",
    "DocumentPredictor",
    "MultitaskPredictor",
    "PretrainerPredictor",
    "QAPredictor",
    "RelationPredictor",
    "SequenceClassifierPredictor",
    "SpanPredictor",
    "coref_json",
    "qa_json",
    "relation_json",
]

bulk.install()
evaluating.install()
