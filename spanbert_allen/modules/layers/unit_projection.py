"""The small layer that light scorers see unit vectors through."""

from __future__ import annotations

from torch import Tensor, nn


class UnitProjection(nn.Module):
    """
    Project vectors by Linear, GELU, layer norm and dropout.

    Kirstain et al. (2021), "Coreference Resolution without Span Representations", and fastcoref
    (Otmazgin et al. 2022) do so before their bilinear scorers.

    # Parameters

    dim : `int`
        The width of a unit vector.
    hidden_dim : `int`
        The width of what comes out.
    dropout : `float`
    """

    def __init__(self, dim: int, hidden_dim: int, dropout: float):
        super().__init__()
        self.linear = nn.Linear(dim, hidden_dim)
        # A module: AllenNLP's check of biases before normalisation sees no function in between.
        self.activation = nn.GELU()
        self.norm = nn.LayerNorm(hidden_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor) -> Tensor:
        """
        Apply the projection.

        Shapes: (num_units, dim) to (num_units, hidden_dim)
        """
        projected: Tensor = self.dropout(self.norm(self.activation(self.linear(vectors))))
        return projected
