"""From the vectors of pieces to the vectors of words."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def first_piece(pieces: Tensor, word_ids: Tensor, first_pieces: Tensor) -> Tensor:
    """
    Return the vector of each word's first piece.

    # Parameters

    pieces : `Tensor`
        Shape: (batch_size, num_pieces, dim)
    word_ids : `Tensor`
        Not used. Shape: (batch_size, num_pieces)
    first_pieces : `Tensor`
        -1 for a word without pieces. Shape: (batch_size, num_words)

    # Returns

    `Tensor`
        Zeros for a word without pieces. Shape: (batch_size, num_words, dim)
    """
    if pieces.size(1) == 0:
        return pieces.new_zeros(*first_pieces.shape, pieces.size(2))
    # Shape: (batch_size, num_words, 1)
    has_pieces = (first_pieces >= 0)[..., None]
    rows = torch.arange(len(pieces), device=pieces.device)[:, None]
    return pieces[rows, first_pieces.clamp(min=0)] * has_pieces


def mean_of_pieces(pieces: Tensor, word_ids: Tensor, first_pieces: Tensor) -> Tensor:
    """
    Return the mean of the vectors of each word's pieces.

    A very long word may go over several segments; the special pieces between them do not count.

    # Parameters

    pieces : `Tensor`
        Shape: (batch_size, num_pieces, dim)
    word_ids : `Tensor`
        -1 for special pieces and padding. Shape: (batch_size, num_pieces)
    first_pieces : `Tensor`
        Gives the number of words. Shape: (batch_size, num_words)

    # Returns

    `Tensor`
        Zeros for a word without pieces. Shape: (batch_size, num_words, dim)
    """
    batch_size, num_words = first_pieces.shape
    # The last row gathers what is no word's.
    # Shape: (batch_size, num_pieces)
    targets = torch.where(word_ids < 0, num_words, word_ids)
    # Shape: (batch_size, num_words + 1)
    counts = targets.new_zeros(batch_size, num_words + 1).scatter_add(
        1, targets, torch.ones_like(targets)
    )
    # Shape: (batch_size, num_words + 1, dim)
    sums = pieces.new_zeros(batch_size, num_words + 1, pieces.size(2)).scatter_add(
        1, targets[..., None].expand_as(pieces), pieces
    )
    return (sums / counts.clamp(min=1)[..., None])[:, :-1]


WORD_POOLINGS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "first": first_piece,
    "mean": mean_of_pieces,
}
