"""BERT's embeddings and layers as operations of ONNX."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.onnx.activations import ACTIVATIONS
from spanbert_allen.conversion.onnx.graph import GraphWriter
from spanbert_allen.modules.encoder.lora import merged_weights

_MASKED = float(np.finfo(np.float32).min)
"""What is added to the score of attention to a piece that is not attended to."""


class EncoderWriter:
    """
    Write the parts of an encoder into a graph.

    # Parameters

    graph : `GraphWriter`
        The graph.
    encoder : `Any`
        A `BertModel`. Low-rank adapters in it are merged into its weights, in place.

    # Errors

    `ConfigError` for an encoder with an activation or with positions that are not written here.
    """

    def __init__(self, graph: GraphWriter, encoder: Any) -> None:
        config = encoder.config
        positions = getattr(config, "position_embedding_type", "absolute")
        if config.hidden_act not in ACTIVATIONS or positions != "absolute":
            raise ConfigError(
                f"an encoder with the activation {config.hidden_act!r} and {positions} positions "
                f"has no form in ONNX here, only {', '.join(ACTIVATIONS)} and absolute ones; "
                'predict with torch, which is `engine` "torch"'
            )
        self._graph = graph
        self._config = config
        self._weights = merged_weights(encoder)

    def added_mask(self, mask: str, groups: str | None = None) -> str:
        """
        Turn a mask into what is added to the scores of attention.

        # Parameters

        mask : `str`
            1 for a piece that is attended to. Shape: (batch_size, num_pieces)
        groups : `str`, optional (default = `None`)
            As `SpanbertEmbedder.encode` takes them. Shape: (batch_size, num_pieces)

        # Returns

        `str`
            Shape: (batch_size, 1, 1, num_pieces), or with groups (batch_size, 1, num_pieces,
            num_pieces)
        """
        graph = self._graph
        seen = graph.add("Greater", mask, graph.constant(0))
        seen = graph.add("Unsqueeze", seen, graph.constant([1, 2]))
        if groups is not None:
            keys = graph.add("Unsqueeze", groups, graph.constant([1, 2]))
            queries = graph.add("Unsqueeze", groups, graph.constant([1, 3]))
            is_text = graph.add("Equal", keys, graph.constant(0))
            is_same = graph.add("Equal", keys, queries)
            seen = graph.add("And", seen, graph.add("Or", is_text, is_same))
        nothing, masked = (graph.constant(value, np.float32) for value in (0.0, _MASKED))
        return graph.add("Where", seen, nothing, masked)

    def embeddings(self, token_ids: str, type_ids: str | None, position_ids: str | None) -> str:
        """
        Add the embeddings.

        # Parameters

        token_ids, type_ids, position_ids : `str`
            As `SpanbertEmbedder.encode` takes them; `None` for type 0, and for positions from 0 on.
            Shape: (batch_size, num_pieces)

        # Returns

        `str`
            Shape: (batch_size, num_pieces, dim)
        """
        graph = self._graph
        words, types, positions = (
            self._of(f"embeddings.{name}_embeddings.weight")
            for name in ("word", "token_type", "position")
        )
        vectors = graph.add("Gather", graph.weights(words), token_ids)
        typed = (
            graph.weights(types[0])
            if type_ids is None
            else graph.add("Gather", graph.weights(types), type_ids)
        )
        if position_ids is None:
            zero, one = graph.constant(0), graph.constant(1)
            length = graph.add("Gather", graph.add("Shape", token_ids), one)
            position_ids = graph.add("Range", zero, length, one)
        placed = graph.add("Gather", graph.weights(positions), position_ids)
        summed = graph.add("Add", graph.add("Add", vectors, typed), placed)
        return self._norm(summed, "embeddings.LayerNorm")

    def layers(self, hidden: str, mask: str) -> str:
        """
        Add all layers.

        # Parameters

        hidden : `str`
            What `embeddings` gives. Shape: (batch_size, num_pieces, dim)
        mask : `str`
            What is added to the scores of attention; sizes may be 1 where they do not matter.
            Shape: (batch_size, 1, num_pieces, num_pieces)

        # Returns

        `str`
            Shape: (batch_size, num_pieces, dim)
        """
        for number in range(self._config.num_hidden_layers):
            hidden = self._layer(hidden, mask, f"encoder.layer.{number}")
        return hidden

    def pooled(self, vectors: str) -> str:
        """
        Add BERT's pooler of the vectors of [CLS].

        Shapes: (batch_size, dim), both.
        """
        weight, bias = (self._of(f"pooler.dense.{kind}") for kind in ("weight", "bias"))
        return self._graph.add("Tanh", self._graph.linear(vectors, weight, bias, is_head=True))

    def _layer(self, hidden: str, mask: str, name: str) -> str:
        graph = self._graph
        attended = self._linear(
            self._attention(hidden, mask, name), f"{name}.attention.output.dense"
        )
        hidden = self._norm(
            graph.add("Add", attended, hidden), f"{name}.attention.output.LayerNorm"
        )
        inner = self._linear(hidden, f"{name}.intermediate.dense")
        active = ACTIVATIONS[self._config.hidden_act](graph, inner)
        outer = self._linear(active, f"{name}.output.dense")
        return self._norm(graph.add("Add", outer, hidden), f"{name}.output.LayerNorm")

    def _attention(self, hidden: str, mask: str, name: str) -> str:
        """
        Add the attention of a layer, up to its own linear layer.

        Shapes: (batch_size, num_pieces, dim), both.
        """
        graph, heads = self._graph, self._config.num_attention_heads
        size = self._config.hidden_size // heads
        # The scores are divided by the square root of the size here, at no cost in a run.
        shares = {
            f"{name}.attention.self.query": 1 / math.sqrt(size),
            f"{name}.attention.self.key": 1,
            f"{name}.attention.self.value": 1,
        }
        weight, bias = (
            torch.cat([self._of(f"{part}.{kind}") * share for part, share in shares.items()])
            for kind in ("weight", "bias")
        )
        # One product for all three. Shape of each part: (batch_size, num_pieces, dim)
        split = graph.add_many("Split", graph.linear(hidden, weight, bias), num_results=3, axis=-1)
        by_head = graph.constant([0, 0, heads, size])
        queries, keys, values = (graph.add("Reshape", part, by_head) for part in split)
        # Shape, of queries and values: (batch_size, heads, num_pieces, size)
        queries, values = (
            graph.add("Transpose", part, perm=[0, 2, 1, 3]) for part in (queries, values)
        )
        # Shape: (batch_size, heads, size, num_pieces)
        keys = graph.add("Transpose", keys, perm=[0, 2, 3, 1])
        # Shape: (batch_size, heads, num_pieces, num_pieces)
        shares_of_pieces = graph.add(
            "Softmax", graph.add("Add", graph.add("MatMul", queries, keys), mask), axis=-1
        )
        # Shape: (batch_size, num_pieces, heads, size)
        summed = graph.add("MatMul", shares_of_pieces, values)
        together = graph.add("Transpose", summed, perm=[0, 2, 1, 3])
        return graph.add("Reshape", together, graph.constant([0, 0, heads * size]))

    def _linear(self, rows: str, name: str) -> str:
        return self._graph.linear(rows, self._of(f"{name}.weight"), self._of(f"{name}.bias"))

    def _norm(self, rows: str, name: str) -> str:
        weight, bias = (self._of(f"{name}.{kind}") for kind in ("weight", "bias"))
        epsilon = float(self._config.layer_norm_eps)
        return self._graph.layer_norm(rows, weight, bias, epsilon=epsilon)

    def _of(self, name: str) -> Tensor:
        return self._weights[name]
