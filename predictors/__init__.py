"""Predictors: a user's own text in, spans with offsets into that text out."""

if __name__ != "spanbert_allen.predictors":
    raise ImportError("import spanbert_allen.predictors, not predictors: each class registers once")

from spanbert_allen.predictors.base import SpanPredictor
from spanbert_allen.predictors.bulk import install
from spanbert_allen.predictors.coref import CorefPredictor
from spanbert_allen.predictors.coref_json import coref_json

__all__ = ["CorefPredictor", "SpanPredictor", "coref_json"]

install()
