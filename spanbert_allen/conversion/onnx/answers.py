"""The heads of question answering as operations of ONNX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.onnx.activations import gelu
from spanbert_allen.conversion.onnx.graph import GraphWriter
from spanbert_allen.modules.qa.heads import AnswerHead

_SHAPE = ("batch", "pieces")


def write_answers(graph: GraphWriter, head: AnswerHead, vectors: str) -> str:
    """
    Add a head with its outputs, and return the name that it is registered under.

    Every head has the outputs `start_logits` and `end_logits`, of each piece.

    # Parameters

    graph : `GraphWriter`
        The graph.
    head : `AnswerHead`
        The head; `ConfigError` for one that is not of this package.
    vectors : `str`
        Shape: (batch_size, num_pieces, dim)
    """
    for name, write in _HEADS.items():
        if type(head) is AnswerHead.by_name(name):
            write(graph, head, vectors)
            return name
    raise ConfigError(
        f"the head {type(head).__name__} of this model has no form in ONNX here, only "
        f'{", ".join(_HEADS)} have; predict with `engine` "onnx", which takes every head'
    )


def _independent(graph: GraphWriter, head: Any, vectors: str) -> Sequence[str]:
    """Add the two scores of each piece, of shape (batch_size, num_pieces) both; return them."""
    scores = graph.linear(vectors, head.weight, head.bias, is_head=True)
    both = [graph.add("Gather", scores, graph.constant(number), axis=2) for number in range(2)]
    _put_out(graph, both)
    return both


def _question_aware(graph: GraphWriter, head: Any, vectors: str) -> None:
    """Add the products of each piece and the question, see `QuestionAwareAnswers`."""
    one = graph.constant([1])
    if head.asks_piece:
        places = graph.input("question_places", np.int64, ("batch",))
        index = graph.add("Unsqueeze", places, one)
        # Shape: (batch_size, 1, dim)
        question = graph.add("Unsqueeze", graph.add("GatherND", vectors, index, batch_dims=1), one)
    else:
        question = graph.add("Gather", vectors, graph.constant([0]), axis=1)
    logits = []
    for end in (head.start, head.end):
        asked = _transformed(graph, end.question, question)
        asked = graph.linear(asked, end.bilinear.weight, is_head=True)
        by_place = graph.add("Transpose", _transformed(graph, end.place, vectors), perm=[0, 2, 1])
        # Shape: (batch_size, 1, num_pieces)
        products = graph.add("MatMul", asked, by_place)
        logits.append(graph.add("Squeeze", products, one))
    _put_out(graph, logits)


def _biaffine(graph: GraphWriter, head: Any, vectors: str) -> None:
    """
    Add the scores of the ends and of spans between the best of them, see `BiaffineAnswers`.

    The input `passage_mask` is 1 for the pieces of the passage. The outputs beside the logits are
    the fields of `PairScores`: `first_pieces`, `last_pieces`, `pair_terms` and `null_terms`.
    """
    starts, ends = _independent(graph, head, vectors)
    mask = graph.input("passage_mask", np.int64, _SHAPE)
    is_passage = graph.add("Greater", mask, graph.constant(0))
    # Shape of each: (batch_size, num_kept)
    firsts, is_first = _best(graph, starts, is_passage, head.num_kept)
    lasts, is_last = _best(graph, ends, is_passage, head.num_kept)
    # The best first piece is a last one, too, once. Shape of each: (batch_size, 1)
    zero, one, along = graph.constant([0]), graph.constant([1]), graph.constant([1])
    best, is_best = (graph.add("Slice", rows, zero, one, along) for rows in (firsts, is_first))
    is_there = graph.add("And", graph.add("Equal", lasts, best), is_last)
    is_new = graph.add(
        "Equal",
        graph.add("ReduceSum", graph.cast(is_there, np.int64), along, keepdims=1),
        graph.constant(0),
    )
    # Shape of both: (batch_size, num_kept + 1)
    lasts = graph.add("Concat", lasts, best, axis=1)
    is_last = graph.add("Concat", is_last, graph.add("And", is_new, is_best), axis=1)
    # Shape: (batch_size, num_kept, num_kept + 1)
    columns = [graph.add("Unsqueeze", rows, graph.constant([2])) for rows in (firsts, is_first)]
    rows = [graph.add("Unsqueeze", cells, graph.constant([1])) for cells in (lasts, is_last)]
    is_both = graph.add("And", columns[1], rows[1])
    is_span = graph.add("And", graph.add("LessOrEqual", columns[0], rows[0]), is_both)
    asked, reached = _span_ends(graph, head, vectors, firsts, lasts)
    terms = graph.add("MatMul", asked, graph.add("Transpose", reached, perm=[0, 2, 1]))
    terms = graph.add("Where", is_span, terms, graph.constant(-np.inf, np.float32))
    none = graph.add("Mul", best, graph.constant(0))
    asked, reached = _span_ends(graph, head, vectors, none, none)
    # Shape: (batch_size,)
    null = graph.add(
        "ReduceSum", graph.add("Mul", asked, reached), graph.constant([1, 2]), keepdims=0
    )
    kept = head.num_kept
    graph.output("first_pieces", firsts, ("batch", kept), np.int64)
    graph.output("last_pieces", lasts, ("batch", kept + 1), np.int64)
    graph.output("pair_terms", terms, ("batch", kept, kept + 1))
    graph.output("null_terms", null, ("batch",))


def _best(graph: GraphWriter, scores: str, is_passage: str, number: int) -> tuple[str, str]:
    """Add the best pieces of the passage, (batch_size, number), and which of them are some."""
    nothing = graph.constant(-np.inf, np.float32)
    scores = graph.add("Where", is_passage, scores, nothing)
    padded = graph.add("Pad", scores, graph.constant([0, 0, 0, number]), nothing)
    values, places = graph.add_many("TopK", padded, graph.constant([number]), num_results=2, axis=1)
    length = graph.add("Gather", graph.add("Shape", scores), graph.constant(1))
    last = graph.add("Sub", length, graph.constant(1))
    return graph.add("Min", places, last), graph.add("Greater", values, nothing)


def _span_ends(
    graph: GraphWriter, head: Any, vectors: str, firsts: str, lasts: str
) -> tuple[str, str]:
    """
    Add the two factors of spans' terms.

    Shapes: (batch_size, num_places) to (batch_size, num_places, hidden_dim), both.
    """
    transformed = []
    for layer, places in ((head.first, firsts), (head.last, lasts)):
        index = graph.add("Unsqueeze", places, graph.constant([2]))
        chosen = graph.add("GatherND", vectors, index, batch_dims=1)
        hidden = graph.linear(chosen, layer.weight, layer.bias, is_head=True)
        transformed.append(gelu(graph, hidden))
    asked = graph.linear(transformed[0], head.bilinear.weight, is_head=True)
    return asked, transformed[1]


def _transformed(graph: GraphWriter, part: Any, rows: str) -> str:
    """Add a layer with GELU and layer normalisation, as `PlaceHead` has them; the shape stays."""
    hidden = gelu(graph, graph.linear(rows, part.dense.weight, part.dense.bias, is_head=True))
    norm = part.layer_norm
    return graph.layer_norm(hidden, norm.weight, norm.bias, epsilon=float(norm.eps))


def _put_out(graph: GraphWriter, logits: Sequence[str]) -> None:
    for name, scores in zip(("start_logits", "end_logits"), logits, strict=True):
        graph.output(name, scores, _SHAPE)


_HEADS: dict[str, Callable[[GraphWriter, Any, str], object]] = {
    "spanbert_independent_answers": _independent,
    "spanbert_question_aware_answers": _question_aware,
    "spanbert_biaffine_answers": _biaffine,
}
"""By the names that heads are registered under."""
