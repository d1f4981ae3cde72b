"""The parts of a model: the encoder and what stands on it."""

from spanbert_allen.modules.spanbert_embedder import SpanbertEmbedder

__all__ = ["SpanbertEmbedder"]
