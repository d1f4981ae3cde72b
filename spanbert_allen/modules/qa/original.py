"""Decode the answers that the original programs give."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from spanbert_allen.common.spans import CharSpan
from spanbert_allen.data.qa.passage import Passage
from spanbert_allen.modules.qa.decoder import (
    AnswerDecoder,
    DecodedAnswers,
    RankedAnswer,
    WindowScores,
)
from spanbert_allen.modules.qa.projection import joined_pieces, projected

_HIGHEST_NULL = 1_000_000.0  # of the windows' scores of no answer, only lower ones count


class _Candidate(NamedTuple):
    """First and last piece in the passage and their scores; the pieces are -1 for no answer."""

    first: int
    last: int
    start_logit: float
    end_logit: float
    pair_term: float

    @property
    def score(self) -> float:
        """Return the sum of its scores."""
        return self.start_logit + self.end_logit + self.pair_term


class _Entry(NamedTuple):
    """A `RankedAnswer` that has no probability yet."""

    text: str
    chars: CharSpan | None
    start_logit: float
    end_logit: float
    pair_term: float


_EMPTY = _Entry("empty", None, 0.0, 0.0, 0.0)


@AnswerDecoder.register("original")
class OriginalAnswers(AnswerDecoder):
    """
    Give the answers of SpanBERT's programs for SQuAD and MRQA, to compare numbers with theirs.

    They are those of BERT's programs (Devlin et al., 2019). In each window the `n_best` best first
    and last pieces are taken from all positions, question, special pieces and padding among them,
    and only then those pairs dropped that are no answer; so a good answer can be missed, or all.
    Where nothing is left, the answer is the word "empty", at no place. The text is cut out of whole
    words by the characters of its pieces. It has single spaces where the context's words, at
    `chars`, may stand further apart.

    If a question may have no answer, the list has one entry more for that where it is not among the
    best. The original breaks off at a context without pieces then; here that question has no
    answers.

    Registered as an `AnswerDecoder` with name "original".
    """

    def decode(
        self, windows: Sequence[WindowScores], passage: Passage, *, impossible: bool
    ) -> DecodedAnswers:
        """See `AnswerDecoder`."""
        if impossible and not windows:
            return DecodedAnswers(())
        candidates = [one for window in windows for one in self._candidates(window)]
        null_score, null = _null(windows)
        if impossible:
            candidates.append(null)
        candidates.sort(key=lambda one: -one.score)
        entries = self._entries(candidates, passage)
        if impossible and all(entry.text for entry in entries):
            entries.append(_Entry("", None, *null[2:]))
        if len(entries) == int(impossible):
            entries.insert(0, _EMPTY)
        return DecodedAnswers(tuple(_ranked(entries)), null_score if impossible else None)

    def _candidates(self, window: WindowScores) -> Iterator[_Candidate]:
        """Yield the possible answers between the best first and last pieces, in their order."""
        is_passage = window.passage_pieces >= 0
        # Shape: (num_starts,) and (num_ends,), at most `n_best`
        starts, ends = self._best(window.start_logits), self._best(window.end_logits)
        starts = starts[is_passage[starts] & window.max_context[starts]]
        ends = ends[is_passage[ends]]
        # Shape: (num_starts, num_ends)
        lengths = ends - starts[:, None] + 1
        terms = window.terms(starts[:, None], ends[None])
        is_answer = (lengths >= 1) & (lengths <= self.max_answer_length) & (terms > -np.inf)
        for row, column in np.argwhere(is_answer):
            start, end = starts[row], ends[column]
            yield _Candidate(
                int(window.passage_pieces[start]),
                int(window.passage_pieces[end]),
                float(window.start_logits[start]),
                float(window.end_logits[end]),
                float(terms[row, column]),
            )

    def _best(self, logits: np.ndarray) -> np.ndarray:
        """Return the positions of the `n_best` highest logits, the first among equals."""
        best: np.ndarray = np.argsort(-logits, kind="stable")[: self.n_best]
        return best

    def _entries(self, candidates: Iterable[_Candidate], passage: Passage) -> list[_Entry]:
        """Return the first `n_best` candidates that differ in their texts."""
        pieces = passage.pieces()
        entries: dict[str, _Entry] = {}
        for one in candidates:
            if len(entries) == self.n_best:
                break
            text, chars = ("", None) if one.first < 0 else _text(one, passage, pieces)
            entries.setdefault(text, _Entry(text, chars, *one[2:]))
        return list(entries.values())


def _null(windows: Sequence[WindowScores]) -> tuple[float, _Candidate]:
    """Return the lowest score of "no answer" of all windows, and the candidate for it."""
    best = _HIGHEST_NULL, _Candidate(-1, -1, 0.0, 0.0, 0.0)
    for window in windows:
        null = window.null
        if sum(null) < best[0]:
            best = sum(null), _Candidate(-1, -1, *null)
    return best


def _text(one: _Candidate, passage: Passage, pieces: Sequence[str]) -> tuple[str, CharSpan]:
    """Return the text of an answer, and its characters in the context."""
    first, last = passage.piece_words[[one.first, one.last]].tolist()
    words = range(first, last + 1)
    original = " ".join(map(passage.word, words))
    predicted = joined_pieces(pieces[one.first : one.last + 1])
    span = projected(predicted, original, passage.basic)
    start = _place(passage, words, span.start)
    last_place = _place(passage, words, span.end - 1)
    return original[span.start : span.end], CharSpan(start, last_place + 1)


def _place(passage: Passage, words: Iterable[int], index: int) -> int:
    """Return where in the text a character stands; `index` counts a space between two words."""
    for start, end in passage.word_chars[list(words)].tolist():
        if index < end - start:
            return int(start + index)
        index -= end - start + 1
    raise IndexError("behind the last word")


def _ranked(entries: Sequence[_Entry]) -> Iterator[RankedAnswer]:
    # Shape: (num_entries,) both
    scores = np.array([sum(entry[2:]) for entry in entries])
    shares = np.exp(scores - scores.max())
    for entry, share in zip(entries, (shares / shares.sum()).tolist(), strict=True):
        yield RankedAnswer(**entry._asdict(), probability=share)
