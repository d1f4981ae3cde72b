"""The models, each a whole: what a reader gives in, losses, metrics and predictions out."""

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
from spanbert_allen.models.coref import SpanbertCoref
from spanbert_allen.models.multitask import SpanbertMultitask
from spanbert_allen.models.pretrainer import SpanbertPretrainer
from spanbert_allen.models.qa import SpanbertQA
from spanbert_allen.models.relation import SpanbertRelation
from spanbert_allen.models.sequence_classifier import SpanbertSequenceClassifier

__all__ = [
    "SpanbertCoref",
    "SpanbertMultitask",
    "SpanbertPretrainer",
    "SpanbertQA",
    "SpanbertRelation",
    "SpanbertSequenceClassifier",
]
