"""Score the places of a sequence for a question by a product of transformed vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spanbert_allen.modules.layers.fast_linear import FastLinear


class _Transform(nn.Module):
    """A layer with GELU and layer normalisation."""

    def __init__(self, dim: int, layer_norm_eps: float) -> None:
        super().__init__()
        self.dense = FastLinear(dim, dim)
        # A module, as AllenNLP's check takes a bias just before a normalisation for a mistake.
        self.activation = nn.GELU()
        self.layer_norm = nn.LayerNorm(dim, eps=layer_norm_eps)

    def forward(self, vectors: Tensor) -> Tensor:
        """Transform vectors of shape (..., dim) to others of the same shape."""
        transformed: Tensor = self.layer_norm(self.activation(self.dense(vectors)))
        return transformed


class PlaceHead(nn.Module):
    """
    Score the places of a sequence as one end of the answers to questions.

    The score of a place is bilinear in a transformed question and a transformed place (Ram et al.,
    2021, section 4, https://aclanthology.org/2021.acl-long.239).

    # Parameters

    dim : `int`
        The width of the encoder.
    layer_norm_eps : `float`, optional (default = `1e-12`)
        The epsilon of layer normalisation.
    """

    def __init__(self, dim: int, *, layer_norm_eps: float = 1e-12) -> None:
        super().__init__()
        self.question = _Transform(dim, layer_norm_eps)
        self.place = _Transform(dim, layer_norm_eps)
        self.bilinear = FastLinear(dim, dim, bias=False)

    def forward(self, questions: Tensor, places: Tensor) -> Tensor:
        """
        Score every place for every question of its sequence.

        # Parameters

        questions : `Tensor`
            Shape: (batch_size, most_questions, dim)
        places : `Tensor`
            Shape: (batch_size, num_pieces, dim)

        # Returns

        `Tensor`
            Shape: (batch_size, most_questions, num_pieces)
        """
        asked = self.bilinear(self.question(questions))
        return torch.bmm(asked, self.place(places).transpose(1, 2))
