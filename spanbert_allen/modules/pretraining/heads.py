"""The heads that predict masked pieces: from their own vectors, and from their boundary."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, gelu

from spanbert_allen.modules.layers.chunking import row_bounds, run_chunks
from spanbert_allen.modules.layers.fast_linear import FastLinear, linear
from spanbert_allen.modules.layers.precision import at_least_float32

_TARGETS_AT_ONCE = 1024


class PieceLosses(NamedTuple):
    """
    Predictions of pieces, compared with the true ones.

    # Parameters

    losses : `Tensor`
        The negative log-probability of each target, in nats. Shape: (num_targets,)
    correct : `Tensor`
        1 where the target is the most probable piece, else 0. Shape: (num_targets,)
    """

    losses: Tensor
    correct: Tensor


class TopPieces(NamedTuple):
    """
    The most probable pieces.

    # Parameters

    pieces : `Tensor`
        Their ids, the most probable first. Shape: (num_targets, k)
    probabilities : `Tensor`
        Among all pieces. Shape: (num_targets, k)
    """

    pieces: Tensor
    probabilities: Tensor


class MaskedPieceHead(nn.Module):
    """
    Turn the vector of a masked piece into one to compare with word embeddings: BERT's head.

    # Parameters

    dim : `int`
        The width of the encoder.
    vocabulary_size : `int`
        The number of pieces.
    layer_norm_eps : `float`, optional (default = `1e-12`)
        The epsilon of layer normalisation.
    """

    def __init__(self, dim: int, vocabulary_size: int, *, layer_norm_eps: float = 1e-12) -> None:
        super().__init__()
        self.dense = FastLinear(dim, dim)
        self.layer_norm = nn.LayerNorm(dim, eps=layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))

    def forward(self, vectors: Tensor) -> Tensor:
        """Transform vectors of shape (num_targets, dim) to others of the same shape."""
        hidden: Tensor = self.layer_norm(gelu(self.dense(vectors)))
        return hidden


class BoundaryHead(nn.Module):
    """
    Turn the vectors around a span and a position in it into one to compare with word embeddings.

    The span-boundary objective of Joshi et al. (2020), section 3.2: two layers with GELU and layer
    normalisation on both vectors and the embedding of the position.

    # Parameters

    dim : `int`
        The width of the encoder.
    vocabulary_size : `int`
        The number of pieces.
    max_targets : `int`, optional (default = `15`)
        The number of positions.
    position_dim : `int`, optional (default = `200`)
        The width of a position's embedding.
    layer_norm_eps : `float`, optional (default = `1e-12`)
        The epsilon of layer normalisation.
    """

    def __init__(
        self,
        dim: int,
        vocabulary_size: int,
        *,
        max_targets: int = 15,
        position_dim: int = 200,
        layer_norm_eps: float = 1e-12,
    ) -> None:
        super().__init__()
        self.positions = nn.Embedding(max_targets, position_dim)
        self.dense1 = FastLinear(2 * dim + position_dim, dim)
        self.layer_norm1 = nn.LayerNorm(dim, eps=layer_norm_eps)
        self.dense2 = FastLinear(dim, dim)
        self.layer_norm2 = nn.LayerNorm(dim, eps=layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))

    def forward(self, lefts: Tensor, rights: Tensor, positions: Tensor) -> Tensor:
        """
        Transform boundaries and positions.

        # Parameters

        lefts, rights : `Tensor`
            The vectors of both ends. Shape: (num_targets, dim)
        positions : `Tensor`
            The position of each target in its span, from 0. Shape: (num_targets,)

        # Returns

        `Tensor`
            Shape: (num_targets, dim)
        """
        # Shape: (num_targets, 2 * dim + position_dim)
        inputs = torch.cat([lefts, rights, self.positions(positions).to(lefts.dtype)], dim=-1)
        hidden = self.layer_norm1(gelu(self.dense1(inputs)))
        again: Tensor = self.layer_norm2(gelu(self.dense2(hidden)))
        return again


def piece_losses(hidden: Tensor, embeddings: Tensor, bias: Tensor, targets: Tensor) -> PieceLosses:
    """
    Compare transformed vectors with all word embeddings.

    No table of all targets and all pieces is held beyond what `run_chunks` keeps.

    # Parameters

    hidden : `Tensor`
        Shape: (num_targets, dim)
    embeddings : `Tensor`
        The word embeddings of the encoder. Shape: (vocabulary_size, dim)
    bias : `Tensor`
        Shape: (vocabulary_size,)
    targets : `Tensor`
        The true pieces. Shape: (num_targets,)

    # Returns

    `PieceLosses`
        In float32 or better.
    """
    if not len(targets):
        empty = hidden.sum() * 0 + hidden.new_zeros(0)
        return PieceLosses(empty, empty.detach())

    def compare(rows: Tensor, wanted: Tensor) -> Tensor:
        # Shape: (num_rows, vocabulary_size)
        logits = at_least_float32(linear(rows, embeddings, bias))
        losses = cross_entropy(logits, wanted, reduction="none")
        return torch.stack([losses, (logits.argmax(-1) == wanted).to(losses.dtype)], dim=-1)

    chunks = [
        (hidden[start:stop], targets[start:stop])
        for start, stop in row_bounds(len(targets), _TARGETS_AT_ONCE)
    ]
    # Shape: (num_targets, 2)
    both = run_chunks(compare, chunks, len(targets), row_size=len(embeddings))
    return PieceLosses(both[:, 0], both[:, 1].detach())


def top_pieces(hidden: Tensor, embeddings: Tensor, bias: Tensor, k: int) -> TopPieces:
    """
    Return the pieces whose word embeddings fit transformed vectors best.

    # Parameters

    hidden : `Tensor`
        Shape: (num_targets, dim)
    embeddings : `Tensor`
        The word embeddings of the encoder. Shape: (vocabulary_size, dim)
    bias : `Tensor`
        Shape: (vocabulary_size,)
    k : `int`
        How many; all of them if the vocabulary has fewer.
    """
    # Shape: (num_targets, vocabulary_size)
    shares = at_least_float32(linear(hidden, embeddings, bias)).softmax(-1)
    best = shares.topk(min(k, len(embeddings)), dim=-1)
    return TopPieces(best.indices, best.values)
