"""The coreference column of CoNLL files: brackets to clusters and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import shown
from spanbert_allen.common.spans import WordSpan

NO_LABEL = frozenset(["", "-", "_"])
_BRACKET = re.compile(r"(\()?0*([0-9]+)(\))?")
# In files made for a scorer, inner words of a mention may bear its bare number.
_BARE = re.compile(r"(?:^|(?<=\|))[0-9]+(?:\||$)")
# Files of the official scorer's test suite leave the `|` out: `(1(3` is as clear as `(1|(3`.
_LABEL = re.compile(r"(?:\([0-9]+\)?|[0-9]+\))(?:\|?(?:\([0-9]+\)?|[0-9]+\)))*")


class BracketReader:
    """
    Read the coreference column of one document, word by word.

    Each cluster id has its own stack of open mentions, kept across sentences: a closing bracket
    ends the mention of that id opened last, so mentions of one id may nest but not cross.

    # Parameters

    path : `str | Path`, optional (default = `None`)
        The file, for error messages.
    """

    def __init__(self, path: str | Path | None = None):
        self._path = path
        self._open: dict[str, list[tuple[int, int]]] = {}
        self._mentions: dict[str, list[tuple[WordSpan, int]]] = {}

    def add(self, word: int, label: str, line: int) -> None:
        """
        Read the label of one word.

        # Parameters

        word : `int`
            The word's index in the document.
        label : `str`
            E.g. `(3|(5)|2)`; `-`, `_` and nothing stand for no bracket.
        line : `int`
            The line of the file, for error messages.
        """
        if label in NO_LABEL:
            return
        if not holds_brackets(label):
            raise DataError(
                f"the last column holds {shown(label)}; it must be `-` or brackets around cluster "
                "numbers, such as `(3`, `3)` or `(3)|(5`",
                self._path,
                line,
            )
        for opens, cluster, closes in _BRACKET.findall(label):
            starts = self._open.setdefault(cluster, [])
            self._mentions.setdefault(cluster, [])
            if opens:
                starts.append((word, line))
            if closes:
                self._close(cluster, word, label, line)

    def unclosed(self) -> list[DataError]:
        """Return what never closed, in the order of the clusters' first brackets."""
        return [
            DataError(
                f"the bracket `({cluster[:60]}` opened here never closes; add `{cluster[:60]})` at "
                "the last word of the mention",
                self._path,
                line,
            )
            for cluster, starts in self._open.items()
            for _, line in starts
        ]

    def finish(self) -> list[list[tuple[WordSpan, int]]]:
        """
        Return the clusters of the document, in the order of their first brackets.

        Each mention comes with the line where it closes, in the order of closing. Mentions may
        repeat, as the file has them.
        """
        return list(self._mentions.values())

    def _close(self, cluster: str, word: int, label: str, line: int) -> None:
        if not self._open[cluster]:
            raise DataError(
                f"{shown(label)} closes a mention of cluster {cluster[:60]}, but none is open; add "
                f"`({cluster[:60]}` at the first word of the mention",
                self._path,
                line,
            )
        start, _ = self._open[cluster].pop()
        self._mentions[cluster].append((WordSpan(start, word), line))


def holds_brackets(label: str) -> bool:
    """Return whether the text is a coreference label with at least one bracket, as `(3|5)`."""
    return _LABEL.fullmatch(label) is not None


def without_bare_numbers(label: str) -> str:
    """Return a label without cluster numbers that no bracket is at, as `(3` for `(3|5`."""
    return _BARE.sub("", label).strip("|")


def bracket_labels(clusters: Sequence[Iterable[WordSpan]], num_words: int) -> list[str]:
    """
    Return the coreference column of a document.

    At each word closing brackets come first (the mention begun last first), then one-word
    mentions, then opening brackets (the longest first), as readers of either order expect.

    # Parameters

    clusters : `Sequence[Iterable[WordSpan]]`
        The clusters; their numbers are their places in the sequence. A repeated mention of a
        cluster is written once.
    num_words : `int`
        How many words the document has.

    # Returns

    `list[str]`
        One label a word; `-` for none.

    Raises a `DataError` if two mentions of one cluster cross: the format cannot say which bracket
    belongs to which. Crossing mentions of different clusters are no problem.
    """
    opening: list[list[tuple[int, int]]] = [[] for _ in range(num_words)]
    closing: list[list[tuple[int, int]]] = [[] for _ in range(num_words)]
    single: list[list[int]] = [[] for _ in range(num_words)]
    for number, cluster in enumerate(clusters):
        mentions = sorted(set(cluster), key=lambda mention: (mention.start, -mention.end))
        _refuse_crossing(mentions)
        for start, end in mentions:
            if start == end:
                single[start].append(number)
            else:
                opening[start].append((-end, number))
                closing[end].append((-start, number))
    labels = []
    for opened, closed, alone in zip(opening, closing, single, strict=True):
        parts = [f"{number})" for _, number in sorted(closed)]
        parts += [f"({number})" for number in alone]
        parts += [f"({number}" for _, number in sorted(opened)]
        labels.append("|".join(parts) or "-")
    return labels


def _refuse_crossing(mentions: Sequence[WordSpan]) -> None:
    """Raise if any two of the mentions, sorted outermost first, overlap without nesting."""
    around: list[WordSpan] = []
    for mention in mentions:
        while around and around[-1].end < mention.start:
            around.pop()
        if around and around[-1].end < mention.end:
            raise DataError(
                f"words {around[-1].start}-{around[-1].end} and {mention.start}-{mention.end} are "
                "mentions of one cluster and cross: CoNLL brackets cannot hold both; write jsonl"
            )
        around.append(mention)
