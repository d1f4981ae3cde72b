"""The scores of a batch's windows, brought to the CPU and put in the order of their questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from spanbert_allen.modules.layers.transfers import to_cpu
from spanbert_allen.modules.qa.decoder import WindowScores
from spanbert_allen.modules.qa.pair_terms import PairTerms
from spanbert_allen.modules.qa.windows import AnswerWindows, WindowLayout


def question_scores(
    windows: AnswerWindows,
    layouts: Sequence[WindowLayout],
    passage_pieces: Tensor,
    max_context: Tensor,
) -> Iterator[list[WindowScores]]:
    """
    Yield the windows of each question, in order. A device is read once.

    # Parameters

    windows : `AnswerWindows`
        Those of all layouts, in this order.
    layouts : `Sequence[WindowLayout]`
        Where they stand in the batch.
    passage_pieces, max_context : `Tensor`
        On the CPU. Shape: (batch_size, num_pieces)
    """
    pairs = windows.pairs
    of_pairs = () if pairs is None else (pairs.firsts, pairs.lasts, pairs.terms, pairs.null)
    logits, *pair_columns = (
        column.detach().numpy() for column in to_cpu(windows.logits, *of_pairs)
    )
    rows = torch.cat([layout.rows for layout in layouts]).numpy()
    numbers = torch.cat([layout.numbers for layout in layouts]).numpy()
    places = [line for layout in layouts for line in layout.places.numpy()]
    lengths = torch.cat([layout.mask.sum(1) for layout in layouts]).tolist()
    pieces, best = passage_pieces.flatten().numpy(), max_context.flatten().numpy()

    def scores_of(index: int) -> WindowScores:
        length = lengths[index]
        own = places[index][:length]
        terms = None
        if pair_columns:
            firsts, lasts, table, null = (column[index] for column in pair_columns)
            terms = PairTerms(firsts, lasts, table, float(null))
        starts, ends = logits[index, :length, 0], logits[index, :length, 1]
        return WindowScores(starts, ends, pieces[own], best[own], terms)

    order = np.lexsort((numbers, rows))
    cuts = np.searchsorted(rows[order], np.arange(len(passage_pieces) + 1))
    for first, end in pairwise(cuts.tolist()):
        yield [scores_of(index) for index in order[first:end].tolist()]
