"""Windows of a passage that fit the encoder together with a question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spanbert_allen.data.piece_document import IntArray

NUM_SPECIAL = 3
"""[CLS] question [SEP] window [SEP]"""


def window_spans(num_pieces: int, room: int, stride: int) -> list[tuple[int, int]]:
    """
    Return the first piece and the end, which is outside, of each window of a passage.

    A window takes as many pieces as there is room for, and the next one begins `stride` pieces
    later, until one reaches the end of the passage. An empty passage has no window.

    # Parameters

    num_pieces : `int`
        How many pieces the passage has.
    room : `int`
        How many pieces of the passage a window takes; at least 1.
    stride : `int`
        At least 1. If it is more than the room, windows follow each other without overlap.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    while num_pieces and (not spans or spans[-1][1] < num_pieces):
        spans.append((start, min(start + room, num_pieces)))
        start += min(room, stride)
    return spans


def best_windows(spans: Sequence[tuple[int, int]], num_pieces: int) -> IntArray:
    """
    Return for each piece the number of the window in which it has most context.

    As in the original, the context of a piece is the smaller of the numbers of pieces to its left
    and to its right in the window, plus a hundredth of the window's length; the first window among
    equals is taken.

    # Parameters

    spans : `Sequence[tuple[int, int]]`
        As `window_spans` gives them.
    num_pieces : `int`
        How many pieces the passage has.

    # Returns

    `IntArray`
        Shape: (num_pieces,)
    """
    # Shape: (num_pieces,) both
    best = np.zeros(num_pieces, np.int64)
    best_scores = np.full(num_pieces, -1.0)
    for number, (start, end) in enumerate(spans):
        # Shape: (window_length,)
        left = np.arange(end - start)
        scores = np.minimum(left, left[::-1]) + 0.01 * (end - start)
        is_better = scores > best_scores[start:end]
        best[start:end][is_better] = number
        best_scores[start:end][is_better] = scores[is_better]
    return best
