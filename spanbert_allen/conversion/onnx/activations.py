"""Activations as operations of ONNX."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from spanbert_allen.conversion.onnx.graph import GraphWriter


def gelu(graph: GraphWriter, rows: str) -> str:
    """Add the form of GELU that runtimes know and compute at once."""
    root, one, half = (graph.constant(value, np.float32) for value in (math.sqrt(2), 1.0, 0.5))
    share = graph.add("Add", graph.add("Erf", graph.add("Div", rows, root)), one)
    return graph.add("Mul", graph.add("Mul", rows, share), half)


def _gelu_by_tanh(graph: GraphWriter, rows: str) -> str:
    scale, cubic, one, half = (
        graph.constant(value, np.float32) for value in (math.sqrt(2 / math.pi), 0.044715, 1.0, 0.5)
    )
    cube = graph.add("Mul", graph.add("Mul", graph.add("Mul", rows, rows), rows), cubic)
    inner = graph.add("Tanh", graph.add("Mul", graph.add("Add", rows, cube), scale))
    return graph.add("Mul", graph.add("Mul", rows, graph.add("Add", inner, one)), half)


ACTIVATIONS: dict[str, Callable[[GraphWriter, str], str]] = {
    "gelu": gelu,
    "gelu_new": _gelu_by_tanh,
    "gelu_pytorch_tanh": _gelu_by_tanh,
    "relu": lambda graph, rows: graph.add("Relu", rows),
    "tanh": lambda graph, rows: graph.add("Tanh", rows),
}
"""How the activations of transformers are written, by the names that it has for them."""
