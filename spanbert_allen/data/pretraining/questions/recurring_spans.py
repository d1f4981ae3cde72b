"""Splinter's questions: spans that occur more than once in a block."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.pretraining.draws import Draws, Purpose
from spanbert_allen.data.pretraining.masking.masking import Rows
from spanbert_allen.data.pretraining.questions.ngrams import Ngrams, Words, hash_words
from spanbert_allen.data.pretraining.questions.questions import (
    Questioner,
    Questions,
    QuestionSpans,
)
from spanbert_allen.data.pretraining.questions.stop_words import read_stop_words

IntArray = npt.NDArray[np.integer[Any]]


class Cluster(NamedTuple):
    """
    The occurrences of a recurring span.

    # Parameters

    length : `int`
        Its number of words.
    starts : `list[int]`
        The first word of each occurrence, in order; they do not overlap.
    """

    length: int
    starts: list[int]


@QuestionSpans.register("spanbert_recurring_spans")
class RecurringSpans(QuestionSpans):
    """
    Choose spans that recur in a block, and leave one occurrence of each for an answer.

    This is the recurring-span selection of Ram et al. (2021), "Few-Shot Question Answering by
    Pretraining Span Selection" (https://aclanthology.org/2021.acl-long.239). Recurring
    spans consist of whole words of letters and digits, not of stop words alone. Longer ones go
    first, and none overlaps another. Of the spans of a block, in random order, all occurrences but
    a random one become questions while the budget lasts.

    There are three differences from the authors' program. A span counts its length in words, not in
    pieces. A replaced span leaves no padding behind, so that places are the same as in a text of
    the user's. And a span with more occurrences than the budget has left is passed over, where
    theirs replaces some of them, which leaves several right answers of which one counts.

    Registered as a `QuestionSpans` with name "spanbert_recurring_spans".

    # Parameters

    longest : `int`, optional (default = `10`)
        The most words of a span.
    stop_words : `str`, optional (default = `"en"`)
        A language that lists are there for, or the path of a list of your own, a word a line.
    max_questions, rate, piece
        As for `QuestionSpans`.
    """

    def __init__(
        self,
        *,
        longest: int = 10,
        stop_words: str = "en",
        max_questions: int = 30,
        rate: float = 0.15,
        piece: str | None = None,
    ) -> None:
        super().__init__(max_questions=max_questions, rate=rate, piece=piece)
        if longest < 1:
            raise ConfigError(f"`longest` of the questions is {longest}: it must be 1 or more")
        self.longest = longest
        self._stop_words = read_stop_words(stop_words)

    def of_vocabulary(self, tokenizer: PieceTokenizer) -> Questioner:
        """See `QuestionSpans`."""
        forms = {form for word in self._stop_words for form in (word, word.title(), word.upper())}
        cut = [pieces for pieces in tokenizer.pieces_of_each(sorted(forms)) if pieces]
        flat = np.asarray([piece for pieces in cut for piece in pieces], np.int64)
        sizes = [len(pieces) for pieces in cut]
        stop_hashes = hash_words(flat, np.cumsum([0, *sizes[:-1]])) if sizes else flat
        return _RecurringQuestioner(self, tokenizer, stop_hashes)


class _RecurringQuestioner(Questioner):
    def __init__(
        self, settings: RecurringSpans, tokenizer: PieceTokenizer, stop_hashes: npt.NDArray[Any]
    ) -> None:
        self._settings = settings
        pieces = tokenizer.vocabulary
        # Shapes: (vocabulary_size,)
        self._begins_word = np.asarray([not piece.startswith("##") for piece in pieces])
        self._is_plain = np.asarray([_is_plain(piece.removeprefix("##")) for piece in pieces])
        self._stop_hashes = stop_hashes

    def __call__(self, ids: IntArray, rows: Rows, draws: Draws) -> Questions:
        """See `Questioner`."""
        words = Words.of(ids, rows, begins_word=self._begins_word, is_plain=self._is_plain)
        clusters = self._clusters(words)
        columns = np.arange(ids.shape[1])[None]
        # Shapes: (num_rows, longest)
        orders = draws.uniform(Purpose.RECURRING_SPAN, columns)
        lefts = draws.uniform(Purpose.LEFT_OCCURRENCE, columns)
        by_row: defaultdict[int, list[tuple[float, Cluster, int]]] = defaultdict(list)
        for cluster in clusters:
            row, column = words.rows[cluster.starts[0]], words.starts[cluster.starts[0]]
            left = int(lefts[row, column] * len(cluster.starts))
            by_row[int(row)].append((float(orders[row, column]), cluster, left))
        budgets = self._settings.budgets(rows.lengths)
        # The words of each question and of its answer, the last one counted.
        found: list[tuple[int, int, int, int]] = []
        for row, of_row in by_row.items():
            left_over = int(budgets[row])
            for _, (length, starts), left in sorted(of_row):
                if len(starts) - 1 > left_over:
                    continue
                left_over -= len(starts) - 1
                answer, last = starts[left], length - 1
                found += [
                    (start, start + last, answer, answer + last)
                    for start in starts
                    if start != answer
                ]
        # Shape: (num_questions, 4)
        chosen = np.asarray(sorted(found), np.int64).reshape(-1, 4)
        question_first, question_last, answer_first, answer_last = chosen.T
        return Questions(
            rows=words.rows[question_first],
            starts=words.starts[question_first],
            ends=words.ends[question_last],
            answer_starts=words.starts[answer_first],
            answer_ends=words.ends[answer_last],
        )

    def _clusters(self, words: Words) -> list[Cluster]:
        """Return recurring spans that do not overlap, the longest first."""
        # How many words before each one are no stop words. Shape: (num_words + 1,)
        is_content = ~np.isin(words.hashes, self._stop_hashes)
        before = np.concatenate([[0], is_content.cumsum()])
        is_taken = bytearray(len(words.rows))
        clusters: list[Cluster] = []
        for ngrams in reversed(list(words.recurring(self._settings.longest))):
            length = ngrams.length
            has_content = before[ngrams.starts + length] > before[ngrams.starts]
            for starts in _occurrences(ngrams, has_content):
                free: list[int] = []
                for start in starts:
                    overlaps = free and start < free[-1] + length
                    if not overlaps and is_taken.find(1, start, start + length) < 0:
                        free.append(start)
                if len(free) > 1:
                    clusters.append(Cluster(length, free))
                    for start in free:
                        is_taken[start : start + length] = b"\1" * length
        return clusters


def _occurrences(ngrams: Ngrams, wanted: npt.NDArray[np.bool_]) -> list[list[int]]:
    """Return the first words of each sequence's occurrences, in the order of the text."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    groups, starts = ngrams.groups[wanted].tolist(), ngrams.starts[wanted].tolist()
    for group, start in zip(groups, starts, strict=True):
        found[group].append(start)
    return list(found.values())


def _is_plain(text: str) -> bool:
    """Return whether a text has letters, marks and digits only."""
    return all(unicodedata.category(character)[0] in "LMN" for character in text)
