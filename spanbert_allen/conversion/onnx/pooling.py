"""The poolings of relation models as operations of ONNX."""

from __future__ import annotations

import numpy as np

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.onnx.graph import GraphWriter
from spanbert_allen.modules.classification.relation_pooling import (
    EntityMeanPooling,
    EntityStartPooling,
    RelationPooling,
)


class PairWriter:
    """
    Write the vectors of pairs of entities into a graph.

    # Parameters

    graph : `GraphWriter`
        The graph.
    many : `bool`
        Whether a text has any number of pairs, and not one.
    dim : `int`
        The size of a pair's vector.
    """

    def __init__(self, graph: GraphWriter, *, many: bool, dim: int) -> None:
        self._graph = graph
        self._shape = [0, -1, dim] if many else [0, dim]

    def pooled(self, pooling: RelationPooling, vectors: str, spans: str) -> str:
        """
        Add a pooling.

        # Parameters

        pooling : `RelationPooling`
            One on the pieces of entities; `ConfigError` for one that is not of this package.
        vectors : `str`
            Shape: (batch_size, num_pieces, dim)
        spans : `str`
            First and last piece of the subject and of the object.
            Shape: (batch_size, 2, 2), or of many pairs (batch_size, num_pairs, 2, 2)

        # Returns

        `str`
            Shape: (batch_size, 2 * dim), or of many pairs (batch_size, num_pairs, 2 * dim)
        """
        graph = self._graph
        # Shape: (batch_size, 2 * num_pairs, 2)
        ends = graph.add("Reshape", spans, graph.constant([0, -1, 2]))
        # Shape of both: (batch_size, 2 * num_pairs, 1)
        first, last = graph.add_many("Split", ends, num_results=2, axis=2)
        if isinstance(pooling, EntityStartPooling):
            chosen = graph.add("GatherND", vectors, first, batch_dims=1)
        elif isinstance(pooling, EntityMeanPooling):
            chosen = self._means(vectors, first, last)
        else:
            raise ConfigError(
                f"the pooling {type(pooling).__name__} has no form in ONNX here; predict with "
                '`engine` "onnx", which takes every pooling'
            )
        return graph.add("Reshape", chosen, graph.constant(self._shape))

    def _means(self, vectors: str, first: str, last: str) -> str:
        """
        Add the mean over the pieces of each span.

        Shape: (batch_size, 2 * num_pairs, dim)
        """
        graph = self._graph
        zero, one = graph.constant(0), graph.constant(1)
        length = graph.add("Gather", graph.add("Shape", vectors), one)
        # Shape: (num_pieces,)
        places = graph.add("Range", zero, length, one)
        is_in = graph.add(
            "And",
            graph.add("LessOrEqual", first, places),
            graph.add("LessOrEqual", places, last),
        )
        # Shape: (batch_size, 2 * num_pairs, num_pieces)
        inside = graph.cast(is_in, np.float32)
        counts = graph.add("ReduceSum", inside, graph.constant([-1]), keepdims=1)
        return graph.add("MatMul", graph.add("Div", inside, counts), vectors)
