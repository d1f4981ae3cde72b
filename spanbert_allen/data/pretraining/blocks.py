"""A corpus cut into blocks, the examples of pre-training."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.pretraining.corpus import Corpus

IntArray = npt.NDArray[np.integer[Any]]


class Pairs(NamedTuple):
    """
    The second sequences of blocks for next-sentence prediction.

    # Parameters

    spans : `IntArray`
        The first piece of each second sequence and the piece behind its last.
        Shape: (num_blocks, 2)
    is_random : `IntArray`
        1 where the second sequence is from another document, else 0. Shape: (num_blocks,)
    """

    spans: IntArray
    is_random: IntArray


def single_blocks(corpus: Corpus, max_pieces: int, *, reproduce: bool = False) -> IntArray:
    """
    Cut documents into blocks of whole sentences.

    A block has as many sentences of one document as fit. The last block of a document is short.

    # Parameters

    corpus : `Corpus`
        The corpus.
    max_pieces : `int`
        The most pieces of a block, special pieces not counted.
    reproduce : `bool`, optional (default = `False`)
        What becomes of a sentence longer than a block. By default it is cut into blocks of its own.
        The original program leaves it out; and if it is the last one of its document, the block
        before it is lost as well.

    # Returns

    `IntArray`
        The first piece of each block and the piece behind its last. Shape: (num_blocks, 2)

    Raises a `DataError` if no sentence is left.
    """
    ends = corpus.sentence_ends
    blocks: list[tuple[int, int]] = []
    first_sentence = 0
    for behind_last in corpus.document_ends.tolist():
        start = int(ends[first_sentence - 1]) if first_sentence else 0
        # Where the sentences of this document end, from `first_sentence` on.
        own = ends[first_sentence:behind_last].tolist()
        _cut_document(start, own, max_pieces, reproduce, blocks)
        first_sentence = behind_last
    if not blocks:
        raise DataError(
            f"has no block, as `reproduce` leaves out sentences of more than {max_pieces} pieces, "
            "and with them what stands before the last one: raise `max_length`, or set `reproduce` "
            "to false",
            corpus.folder,
        )
    return np.asarray(blocks, np.int64)


def _cut_document(
    start: int, ends: list[int], most: int, reproduce: bool, blocks: list[tuple[int, int]]
) -> None:
    place = 0
    while place < len(ends):
        # The sentences that end within reach.
        behind = bisect_right(ends, start + most, place)
        is_cut_off = behind == place
        if is_cut_off:
            if not reproduce:
                blocks += [
                    (at, min(at + most, ends[place])) for at in range(start, ends[place], most)
                ]
            elif place == len(ends) - 1 and place and blocks and blocks[-1][1] == start:
                blocks.pop()
            behind = place + 1
        else:
            blocks.append((start, ends[behind - 1]))
        start, place = ends[behind - 1], behind


def pair_blocks(
    corpus: Corpus,
    max_pieces: int,
    *,
    seed: int,
    short_share: float = 0.1,
    reproduce: bool = False,
) -> tuple[IntArray, Pairs]:
    """
    Cut documents into pairs of sequences for next-sentence prediction, as BERT's were made.

    Half of the second sequences follow the first in its document, the others are from another
    document, and the sentences whose place they take begin the next pair. Both are made shorter by
    single pieces from their ends until the pair fits.

    # Parameters

    corpus : `Corpus`
        Two documents or more.
    max_pieces : `int`
        The most pieces of both sequences, special pieces not counted.
    seed : `int`
        What the random choices follow from; the pairs are the same in every epoch.
    short_share : `float`, optional (default = `0.1`)
        How many pairs are made for a random length, from 2 to one piece less than the most.
    reproduce : `bool`, optional (default = `False`)
        What the original program does. Of three or more sentences the first sequence never takes
        all but one. No random sequence is from the last document. And the document of a random
        sequence is drawn eleven times at most, so that it may be the first sequence's own.

    # Returns

    `tuple[IntArray, Pairs]`
        The first sequences, of shape (num_blocks, 2), and the second.

    Raises a `DataError` for a corpus of one document, which has no "elsewhere".
    """
    num_documents = len(corpus.document_ends)
    if num_documents < 2:
        raise DataError(
            "the corpus has one document only, and next-sentence prediction needs sequences of "
            "another one: give more documents, or set `next_sentence` to false",
            corpus.folder,
        )
    random = np.random.default_rng(seed)
    cutter = _PairCutter(corpus, max_pieces, short_share, random, reproduce=reproduce)
    firsts: list[tuple[int, int]] = []
    seconds: list[tuple[int, int]] = []
    labels: list[int] = []
    for document in range(num_documents):
        for first, second, is_random in cutter.pairs_of(document):
            firsts.append(first)
            seconds.append(second)
            labels.append(is_random)
    return np.asarray(firsts, np.int64), Pairs(
        np.asarray(seconds, np.int64), np.asarray(labels, np.int64)
    )


_MOST_REDRAWS = 10


class _PairCutter:
    def __init__(
        self,
        corpus: Corpus,
        most: int,
        short_share: float,
        random: np.random.Generator,
        *,
        reproduce: bool,
    ) -> None:
        self._corpus, self._most, self._short_share = corpus, most, short_share
        self._random, self._reproduce = random, reproduce
        # Behind the last sentence of each document. Shape: (num_documents + 1,)
        self._documents = np.concatenate([[0], corpus.document_ends])

    def _edges(self, document: int) -> list[int]:
        """Return where each sentence of a document begins, and where its last one ends."""
        first, behind = self._documents[document : document + 2].tolist()
        start = int(self._corpus.sentence_ends[first - 1]) if first else 0
        return [start, *self._corpus.sentence_ends[first:behind].tolist()]

    def pairs_of(self, document: int) -> Iterator[tuple[tuple[int, int], tuple[int, int], int]]:
        """Yield both sequences of each pair, and whether the second one is random."""
        edges = self._edges(document)
        place, last = 0, len(edges) - 1
        while place < last:
            target = self._most
            if self._random.random() < self._short_share:
                target = int(self._random.integers(2, max(3, self._most)))
            # As many sentences as reach the target, or all that are left.
            behind = min(last, bisect_left(edges, edges[place] + target, place + 1))
            count = behind - place
            # The second sequence keeps a sentence at least; the original's upper bound is one less.
            most_first = count - 1 - self._reproduce
            size = 1 if count <= 2 else int(self._random.integers(1, most_first + 1))
            first = (edges[place], edges[place + size])
            is_random = count == 1 or self._random.random() < 0.5
            if is_random:
                second = self._elsewhere(document, target - (first[1] - first[0]))
                place += size
            else:
                second = (first[1], edges[behind])
                place = behind
            yield *self._fitted(first, second), int(is_random)

    def _elsewhere(self, document: int, wanted: int) -> tuple[int, int]:
        edges = self._edges(self._other(document))
        place = int(self._random.integers(len(edges) - 1))
        behind = min(len(edges) - 1, bisect_left(edges, edges[place] + max(1, wanted), place + 1))
        return edges[place], edges[behind]

    def _other(self, document: int) -> int:
        """Draw the document of a random sequence."""
        num_others = len(self._documents) - 2
        drawn = int(self._random.integers(num_others))
        if not self._reproduce:
            return drawn + (drawn >= document)
        for _ in range(_MOST_REDRAWS):
            if drawn != document:
                break
            drawn = int(self._random.integers(num_others))
        return drawn

    def _fitted(
        self, first: tuple[int, int], second: tuple[int, int]
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        sequences = [list(first), list(second)]
        while sum(end - start for start, end in sequences) > self._most:
            lengths = [end - start for start, end in sequences]
            longer = sequences[0] if lengths[0] > lengths[1] else sequences[1]
            if self._random.random() < 0.5:
                longer[0] += 1
            else:
                longer[1] -= 1
        (a, b), (c, d) = sequences
        return (a, b), (c, d)
