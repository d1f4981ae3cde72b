"""The blocks of a corpus as masked batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spanbert_allen.data.pretraining.blocks import Pairs
from spanbert_allen.data.pretraining.draws import Draws
from spanbert_allen.data.pretraining.masking.masking import BoolArray, Masking, Rows
from spanbert_allen.data.pretraining.replacement import Replacement
from spanbert_allen.data.pretraining.runs import BoundaryTargets, Runs
from spanbert_allen.encoders import WordPieceVocabulary
from spanbert_allen.formats.pretraining.corpus import Corpus

IntArray = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class BoundarySettings:
    """
    How the span-boundary objective takes its targets.

    # Parameters

    most_targets : `int`, optional (default = `15`)
        How many pieces of a span are predicted; the paper's runs had 15.
    external : `bool`, optional (default = `True`)
        Whether a boundary is outside of its span; see `Runs.boundary_targets`.
    """

    most_targets: int = 15
    external: bool = True


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


class Examples:
    """
    Blocks of a corpus, masked whenever a batch is made.

    # Parameters

    corpus : `Corpus`
        The corpus.
    vocabulary : `WordPieceVocabulary`
        Its vocabulary.
    blocks : `IntArray`
        The first sequence of each block. Shape: (num_blocks, 2)
    pairs : `Pairs`, optional
        The second sequences, or `None`.
    maskings : `dict[str, Masking]`
        The masking schemes by name. A block gets each of them in turn, epoch by epoch.
    replacement : `Replacement`
        What stands for a masked piece.
    boundaries : `BoundarySettings`
        The targets of the span-boundary objective.
    tags : `BoolArray`, optional
        Which pieces of the corpus are tagged, for a masking that needs it. Shape: (num_pieces,)
    seed : `int`
        What all masks follow from.
    """

    def __init__(
        self,
        corpus: Corpus,
        vocabulary: WordPieceVocabulary,
        blocks: IntArray,
        pairs: Pairs | None,
        *,
        maskings: dict[str, Masking],
        replacement: Replacement,
        boundaries: BoundarySettings,
        tags: BoolArray | None,
        seed: int,
    ) -> None:
        self._corpus, self._blocks, self._pairs = corpus, blocks, pairs
        self._maskings = maskings
        self._replacement, self._boundaries = replacement, boundaries
        self._tags, self._seed = tags, seed
        self._special = SpecialIds(vocabulary)
        # Shape: (vocabulary_size,)
        self._starts_word = np.asarray([not piece.startswith("##") for piece in vocabulary.pieces])
        # Pieces with [CLS] and one or two [SEP]. Shape: (num_blocks,)
        lengths = blocks[:, 1] - blocks[:, 0] + 2
        if pairs is not None:
            lengths = lengths + pairs.spans[:, 1] - pairs.spans[:, 0] + 1
        self.lengths: list[int] = lengths.tolist()

    @property
    def masking_names(self) -> list[str]:
        """The names of the masking schemes."""
        return list(self._maskings)

    def __len__(self) -> int:
        return len(self._blocks)

    def batch(
        self, numbers: Sequence[int], *, epoch: int, masking: str, progress: float = 0.0
    ) -> dict[str, Any]:
        """
        Make a batch.

        # Parameters

        numbers : `Sequence[int]`
            The blocks.
        epoch : `int`
            The epoch, which the masks depend on.
        masking : `str`
            The name of the masking scheme.
        progress : `float`, optional (default = `0.0`)
            The part of the epochs that has passed; see `Masking`.

        # Returns

        `dict[str, Any]`
            The arguments of `SpanbertPretrainer.forward`.
        """
        chosen = np.asarray(numbers, np.int64)
        sequences = [_Sequences(self._blocks[chosen], np.ones(len(chosen), np.int64))]
        if self._pairs is not None:
            spans = self._pairs.spans[chosen]
            sequences.append(_Sequences(spans, sequences[0].lengths + 2))
        longest = max(self.lengths[number] for number in numbers)
        # Shape: (batch_size, longest)
        token_ids = np.zeros((len(chosen), longest), np.int64)
        segment_ids = np.full((len(chosen), longest), -1, np.int64)
        type_ids = np.zeros((len(chosen), longest), np.int64)
        token_ids[:, 0] = self._special.cls
        masked: list[tuple[IntArray, IntArray]] = []
        targets: list[tuple[BoundaryTargets, IntArray, IntArray]] = []
        for number, part in enumerate(sequences):
            draws = Draws(self._seed, epoch, chosen * len(sequences) + number)
            runs, true, seen = self._masked(part, draws, masking, progress)
            rows, columns = part.inside.nonzero()
            places = part.offsets[rows] + columns
            token_ids[rows, places] = seen[rows, columns]
            type_ids[rows, places] = number
            ends = part.offsets + part.lengths
            token_ids[np.arange(len(chosen)), ends] = self._special.sep
            type_ids[np.arange(len(chosen)), ends] = number
            rows, columns = runs.mask.nonzero()
            masked.append((rows * longest + part.offsets[rows] + columns, true[rows, columns]))
            targets.append((self._targets(runs), part.offsets, true))
        lengths = np.asarray([self.lengths[number] for number in numbers])
        segment_ids[np.arange(longest) < lengths[:, None]] = 0
        return {
            "token_ids": torch.from_numpy(token_ids),
            "segment_ids": torch.from_numpy(segment_ids),
            "masked_places": _joined([place for place, _ in masked]),
            "masked_pieces": _joined([piece for _, piece in masked]),
            **_boundary_tensors(targets, longest),
            **self._pair_tensors(chosen, type_ids),
            "masking": [masking] * len(chosen),
        }

    def _targets(self, runs: Runs) -> BoundaryTargets:
        settings = self._boundaries
        return runs.boundary_targets(settings.most_targets, external=settings.external)

    def _pair_tensors(self, chosen: IntArray, type_ids: IntArray) -> dict[str, Tensor]:
        if self._pairs is None:
            return {}
        labels = self._pairs.is_random[chosen]
        return {"type_ids": torch.from_numpy(type_ids), "is_random": torch.from_numpy(labels)}

    def _masked(
        self, part: _Sequences, draws: Draws, masking: str, progress: float
    ) -> tuple[Runs, IntArray, IntArray]:
        """Return what is masked, the true pieces and those that the model sees."""
        # Shape: (batch_size, longest of this part)
        ids = np.where(part.inside, self._corpus.pieces[part.pieces], 0).astype(np.int64)
        starts_word = self._starts_word[ids] & part.inside
        starts_word[:, 0] = True
        tagged = None if self._tags is None else self._tags[part.pieces] & part.inside
        rows = Rows(lengths=part.lengths, starts_word=starts_word, tagged=tagged)
        runs = Runs(self._maskings[masking](rows, draws, progress), part.lengths)
        seen = self._replacement(ids, runs, draws, self._corpus.pieces, self._special.mask)
        return runs, ids, seen


class _Sequences:
    """The sequences of one place in the blocks of a batch: the first ones, or the second."""

    def __init__(self, spans: IntArray, offsets: IntArray) -> None:
        self.offsets = offsets
        """Where each begins in its block. Shape: (batch_size,)"""
        self.lengths: IntArray = spans[:, 1] - spans[:, 0]
        """Shape: (batch_size,)"""
        columns = np.arange(self.lengths.max())[None]
        self.inside: BoolArray = columns < self.lengths[:, None]
        """Shape: (batch_size, longest)"""
        self.pieces: IntArray = np.minimum(spans[:, :1] + columns, spans[:, 1:] - 1)
        """The place of each piece in the corpus. Shape: (batch_size, longest)"""


def _joined(arrays: Sequence[IntArray]) -> Tensor:
    return torch.from_numpy(np.concatenate(arrays))


def _boundary_tensors(
    targets: Sequence[tuple[BoundaryTargets, IntArray, IntArray]], longest: int
) -> dict[str, Tensor]:
    lefts, rights, positions, pieces = [], [], [], []
    for found, offsets, true in targets:
        start = found.rows * longest + offsets[found.rows]
        lefts.append(start + found.lefts)
        rights.append(start + found.rights)
        positions.append(found.positions)
        pieces.append(true[found.rows, found.pieces])
    return {
        "boundary_lefts": _joined(lefts),
        "boundary_rights": _joined(rights),
        "boundary_positions": _joined(positions),
        "boundary_pieces": _joined(pieces),
    }
