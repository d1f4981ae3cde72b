"""Losses of classification."""

from spanbert_allen.modules.classification.losses.class_loss import ClassLoss
from spanbert_allen.modules.classification.losses.cross_entropy import CrossEntropyLoss
from spanbert_allen.modules.classification.losses.focal import FocalLoss

__all__ = ["ClassLoss", "CrossEntropyLoss", "FocalLoss"]
