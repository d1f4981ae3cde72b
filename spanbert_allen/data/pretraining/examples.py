"""The blocks of a corpus as masked batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from spanbert_allen.data.pretraining.blocks import Pairs
from spanbert_allen.data.pretraining.draws import Draws
from spanbert_allen.data.pretraining.layout import BatchLayout, MaskedRows, SpecialIds
from spanbert_allen.data.pretraining.masking.masking import BoolArray, Masking, Rows
from spanbert_allen.data.pretraining.questions.questions import Questioner
from spanbert_allen.data.pretraining.replacement import Replacement
from spanbert_allen.data.pretraining.runs import Runs
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
    questions : `tuple[Questioner, int]`, optional (default = `None`)
        Finds questions in the blocks, and the id of the piece that stands for them.
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
        questions: tuple[Questioner, int] | None = None,
        tags: BoolArray | None,
        seed: int,
    ) -> None:
        # A plain view of the mapped file, which NumPy reads faster. Shape: (num_pieces,)
        self._pieces = np.asarray(corpus.pieces)
        self._blocks, self._pairs = blocks, pairs
        self._maskings = maskings
        self._replacement, self._boundaries = replacement, boundaries
        self._questions = questions
        self._tags, self._seed = tags, seed
        self._special = SpecialIds(vocabulary)
        # Shape: (vocabulary_size,)
        self._starts_word = np.asarray([not piece.startswith("##") for piece in vocabulary.pieces])
        # Pieces with [CLS] and one or two [SEP]. Shape: (num_blocks,)
        lengths = blocks[:, 1] - blocks[:, 0] + 2
        if pairs is not None:
            lengths = lengths + pairs.spans[:, 1] - pairs.spans[:, 0] + 1
        self.lengths: list[int] = lengths.tolist()
        """The pieces of each block, special ones counted; questions make it shorter."""

    @property
    def masking_names(self) -> list[str]:
        """Return the names of the masking schemes."""
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
        spans = [self._blocks[chosen]]
        if self._pairs is not None:
            spans.append(self._pairs.spans[chosen])
        layout = BatchLayout(
            [
                self._masked(
                    one, Draws(self._seed, epoch, chosen * len(spans) + number), masking, progress
                )
                for number, one in enumerate(spans)
            ]
        )
        pieces = layout.pieces(self._special)
        batch: dict[str, Any] = {**layout.masked(), **layout.boundaries()}
        if self._pairs is None:
            del pieces["type_ids"]
        else:
            batch["is_random"] = torch.from_numpy(self._pairs.is_random[chosen])
        if self._questions is not None:
            batch["further"] = layout.questions()
        batch["max_boundary_targets"] = self._boundaries.most_targets
        return {**pieces, **batch, "masking": [masking] * len(chosen)}

    def _masked(self, spans: IntArray, draws: Draws, masking: str, progress: float) -> MaskedRows:
        """
        Read sequences, ask questions about them and mask them.

        # Parameters

        spans : `IntArray`
            The first piece of each, and the one behind its last. Shape: (batch_size, 2)
        draws : `Draws`
            The random numbers.
        masking, progress
            As for `batch`.
        """
        lengths = spans[:, 1] - spans[:, 0]
        columns = np.arange(lengths.max())[None]
        # Shapes: (batch_size, longest)
        is_inside = columns < lengths[:, None]
        places = np.minimum(spans[:, :1] + columns, spans[:, 1:] - 1)
        ids: IntArray = np.where(is_inside, self._pieces[places], 0).astype(np.int64)
        starts_word = self._starts_word[ids] & is_inside
        starts_word[:, 0] = True
        tagged = None if self._tags is None else self._tags[places] & is_inside
        rows = Rows(lengths=lengths, starts_word=starts_word, tagged=tagged)
        answers = None
        if self._questions is not None:
            find, piece = self._questions
            ids, rows, answers = find(ids, rows, draws).ask(ids, rows, piece)
        runs = Runs(self._maskings[masking](rows, draws, progress), rows.lengths)
        settings = self._boundaries
        return MaskedRows(
            true=ids,
            seen=self._replacement(ids, runs, draws, self._pieces, self._special.mask),
            runs=runs,
            targets=runs.boundary_targets(settings.most_targets, external=settings.external),
            answers=answers,
        )
