"""Make the encoder's input of a text or a pair: cut to length, with BERT's token types."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spanbert_allen.data.pieces import SpecialPieces


def kept_of_pair(num_first: int, num_second: int, room: int) -> tuple[int, int]:
    """
    Return how many pieces of each text of a pair are kept.

    The last piece of the longer text is dropped until both fit, on a tie that of the second text.

    # Parameters

    num_first, num_second : `int`
        How many pieces the texts have.
    room : `int`
        How many there is room for in all.
    """
    surplus = max(num_first + num_second - room, 0)
    # Down to the same length first, then in turns, beginning with the second.
    of_longer = min(surplus, abs(num_first - num_second))
    if num_first > num_second:
        num_first -= of_longer
    else:
        num_second -= of_longer
    rest = surplus - of_longer
    return num_first - rest // 2, num_second - (rest + 1) // 2


def is_pair_cut(first: Sequence[int], second: Sequence[int], max_length: int) -> bool:
    """
    Return whether `pair_columns` cuts something off.

    # Parameters

    first, second : `Sequence[int]`
        Word pieces; `second` is empty for a single text.
    max_length : `int`
        The most pieces, special ones counted.
    """
    return len(first) + len(second) + (3 if second else 2) > max_length


def pair_columns(
    first: Sequence[int],
    second: Sequence[int],
    special: SpecialPieces,
    *,
    max_length: int,
    fixed_length: bool = False,
) -> dict[str, npt.NDArray[np.generic]]:
    """
    Return the columns of [CLS] first [SEP], and of second [SEP] if there is a second text.

    The token type of the first part is 0, that of the second is 1.

    # Parameters

    first, second : `Sequence[int]`
        Word pieces; `second` is empty for a single text.
    special : `SpecialPieces`
        The special pieces.
    max_length : `int`
        The most pieces, special ones counted. What is longer is cut, see `kept_of_pair`.
    fixed_length : `bool`, optional (default = `False`)
        Whether to pad to `max_length`.

    # Returns

    `dict[str, ndarray]`
        `token_ids`, `type_ids`, `segment_ids`, which is 0 throughout, and, with a fixed length,
        `attended`: false for padding. Each of shape (num_pieces,).
    """
    num_second = 0
    if second:
        num_first, num_second = kept_of_pair(len(first), len(second), max_length - 3)
    else:
        num_first = min(len(first), max_length - 2)
    # Shape: (num_real,)
    pieces = [special.cls, *first[:num_first], special.sep]
    first_of_second = len(pieces)
    if second:
        pieces += [*second[:num_second], special.sep]
    length = max_length if fixed_length else len(pieces)
    columns: dict[str, npt.NDArray[np.generic]] = {
        "token_ids": np.zeros(length, np.int32),
        "segment_ids": np.zeros(length, np.int16),
        "type_ids": np.zeros(length, np.int8),
    }
    columns["token_ids"][: len(pieces)] = pieces
    columns["type_ids"][first_of_second : len(pieces)] = 1
    if fixed_length:
        columns["attended"] = np.arange(length) < len(pieces)
    return columns
