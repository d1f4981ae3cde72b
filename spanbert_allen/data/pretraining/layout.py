"""Masked sequences as the tensors of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spanbert_allen.data.pretraining.questions.questions import Answers
from spanbert_allen.data.pretraining.runs import BoundaryTargets, Runs
from spanbert_allen.encoders import WordPieceVocabulary

IntArray = npt.NDArray[np.integer[Any]]


class SpecialIds:
    """
    The ids of special pieces in a vocabulary.

    # Parameters

    vocabulary : `WordPieceVocabulary`
        The vocabulary; it has `[CLS]`, `[SEP]` and `[MASK]`.
    """

    def __init__(self, vocabulary: WordPieceVocabulary) -> None:
        self.cls, self.sep, self.mask = (
            vocabulary.pieces.index(piece) for piece in ("[CLS]", "[SEP]", "[MASK]")
        )


@dataclass(frozen=True, kw_only=True)
class MaskedRows:
    """
    The first or the second sequences of the blocks of a batch, masked.

    # Parameters

    true, seen : `IntArray`
        The pieces, and what the model sees of them. Shape: (batch_size, longest)
    runs : `Runs`
        Which of them are masked.
    targets : `BoundaryTargets`
        What the span-boundary objective predicts.
    answers : `Answers`, optional (default = `None`)
        Where the answers to questions are.
    """

    true: IntArray
    seen: IntArray
    runs: Runs
    targets: BoundaryTargets
    answers: Answers | None = None


class BatchLayout:
    """
    Put sequences behind each other: `[CLS]`, then each sequence with `[SEP]` behind it.

    # Parameters

    sequences : `Sequence[MaskedRows]`
        The first sequences of all blocks, and the second ones if there are any.
    """

    def __init__(self, sequences: Sequence[MaskedRows]) -> None:
        self._sequences = sequences
        # Where each sequence begins in its block. Shapes: (batch_size,)
        self._offsets = [np.ones_like(sequences[0].runs.lengths)]
        for sequence in sequences:
            self._offsets.append(self._offsets[-1] + sequence.runs.lengths + 1)
        # Shape: (batch_size,)
        self._lengths = self._offsets.pop()
        self._longest = int(self._lengths.max())

    def pieces(self, special: SpecialIds) -> dict[str, Tensor]:
        """
        Return what the model sees, and which sequence each piece belongs to.

        # Parameters

        special : `SpecialIds`
            What stands around sequences.

        # Returns

        `dict[str, Tensor]`
            `token_ids`; `segment_ids`, which is -1 at padding and 0 elsewhere; and `type_ids`, the
            number of the sequence. Shape: (batch_size, longest)
        """
        shape = (len(self._lengths), self._longest)
        token_ids, type_ids = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        token_ids[:, 0] = special.cls
        every = np.arange(len(self._lengths))
        for number, (sequence, offsets) in enumerate(
            zip(self._sequences, self._offsets, strict=True)
        ):
            lengths = sequence.runs.lengths
            if number:
                rows, columns = (np.arange(sequence.seen.shape[1]) < lengths[:, None]).nonzero()
                token_ids[rows, offsets[rows] + columns] = sequence.seen[rows, columns]
                type_ids[rows, offsets[rows] + columns] = number
                type_ids[every, offsets + lengths] = number
            else:  # they all begin behind [CLS], and what is behind them is 0
                token_ids[:, 1 : 1 + sequence.seen.shape[1]] = sequence.seen
            token_ids[every, offsets + lengths] = special.sep
        is_real = np.arange(self._longest) < self._lengths[:, None]
        return {
            "token_ids": torch.from_numpy(token_ids),
            "segment_ids": torch.from_numpy(np.where(is_real, 0, -1)),
            "type_ids": torch.from_numpy(type_ids),
        }

    def masked(self) -> dict[str, Tensor]:
        """Return `masked_places` and `masked_pieces`; see `SpanbertPretrainer.forward`."""
        places, pieces = [], []
        for sequence, offsets in zip(self._sequences, self._offsets, strict=True):
            rows, columns = sequence.runs.rows, sequence.runs.pieces
            places.append(rows * self._longest + offsets[rows] + columns)
            pieces.append(sequence.true[rows, columns])
        return {"masked_places": _joined(places), "masked_pieces": _joined(pieces)}

    def boundaries(self) -> dict[str, Tensor]:
        """Return `boundary_lefts` and so on; see `SpanbertPretrainer.forward`."""
        lefts, rights, positions, pieces = [], [], [], []
        for sequence, offsets in zip(self._sequences, self._offsets, strict=True):
            targets = sequence.targets
            start = targets.rows * self._longest + offsets[targets.rows]
            lefts.append(start + targets.lefts)
            rights.append(start + targets.rights)
            positions.append(targets.positions)
            pieces.append(sequence.true[targets.rows, targets.pieces])
        return {
            "boundary_lefts": _joined(lefts),
            "boundary_rights": _joined(rights),
            "boundary_positions": _joined(positions),
            "boundary_pieces": _joined(pieces),
        }

    def questions(self) -> dict[str, Tensor]:
        """
        Return where questions and their answers are in each block.

        # Returns

        `dict[str, Tensor]`
            `question_columns`, and `answer_starts` and `answer_ends`, the last piece of an answer
            being inside. A row with fewer questions than another has -1 behind them.
            Shape: (batch_size, most_questions)
        """
        rows, *columns = (
            np.concatenate(parts) for parts in zip(*self._shifted_answers(), strict=True)
        )
        order = rows.argsort(kind="stable")
        rows = rows[order]
        counts = np.bincount(rows, minlength=len(self._lengths))
        # The place of each question in its row. Shape: (num_questions,)
        places = np.arange(len(rows)) - (counts.cumsum() - counts)[rows]
        tensors = {}
        names = ("question_columns", "answer_starts", "answer_ends")
        for name, values in zip(names, columns, strict=True):
            table = np.full((len(counts), int(counts.max())), -1, np.int64)
            table[rows, places] = values[order]
            tensors[name] = torch.from_numpy(table)
        return tensors

    def _shifted_answers(self) -> list[tuple[IntArray, ...]]:
        """Return rows, questions, and starts and ends of answers of each sequence, in blocks."""
        found = []
        for sequence, offsets in zip(self._sequences, self._offsets, strict=True):
            assert sequence.answers is not None
            rows, *places = sequence.answers
            found.append((rows, *(place + offsets[rows] for place in places)))
        return found


def _joined(arrays: Sequence[IntArray]) -> Tensor:
    return torch.from_numpy(np.concatenate(arrays))
