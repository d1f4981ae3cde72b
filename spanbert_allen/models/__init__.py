"""The models, each a whole: what a reader gives in, losses, metrics and predictions out."""

from spanbert_allen.models.coref import SpanbertCoref

__all__ = ["SpanbertCoref"]
