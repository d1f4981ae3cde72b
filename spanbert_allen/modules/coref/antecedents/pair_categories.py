"""What kind of pair two mentions are, by their words."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from spanbert_allen.modules.coref.word_lists import WordLists


class PairCategory(IntEnum):
    """The kinds of pairs of Otmazgin et al. (2023), "LingMess"."""

    SAME_PRONOUN = 0
    """Two pronouns of one group."""
    OTHER_PRONOUN = 1
    """Two pronouns of two groups."""
    ENTITY_AND_PRONOUN = 2
    """A pronoun and another mention."""
    SAME_WORDS = 3
    """Two mentions with the same content words."""
    CONTAINED_WORDS = 4
    """One has all content words of the other, and more."""
    OTHER = 5


class PairCategories:
    """
    Tell the category of each pair of top spans, a block of pairs at a time.

    All of it is on the CPU, where the words are.

    # Parameters

    span_words : `Sequence[Sequence[str]]`
        The words of each top span.
    lists : `WordLists`
        Pronouns and function words.
    """

    def __init__(self, span_words: Sequence[Sequence[str]], lists: WordLists):
        groups = [lists.pronoun_group(words) for words in span_words]
        # A pronoun has no content words.
        contents = [
            set() if group else lists.content_words(words)
            for group, words in zip(groups, span_words, strict=True)
        ]
        numbers: dict[str, int] = {}
        columns = [
            numbers.setdefault(word, len(numbers)) for content in contents for word in content
        ]
        # Shape: (num_spans,)
        self._groups = np.array(groups, dtype=np.int64)
        self._sizes = np.array([len(content) for content in contents], dtype=np.int64)
        edges = np.concatenate([[0], self._sizes.cumsum()])
        # Which content words each span has. Shape: (num_spans, num_words)
        self._words = sparse.csr_matrix(
            (np.ones(len(columns), dtype=np.int64), np.array(columns, dtype=np.int64), edges),
            shape=(len(contents), len(numbers)),
        )

    def block(self, first: int, stop: int, num_columns: int) -> Tensor:
        """
        Return the categories of spans `first` to before `stop` with the first `num_columns` spans.

        # Returns

        `Tensor`
            Values of `PairCategory`, on the CPU. Shape: (stop - first, num_columns), uint8
        """
        groups, others = self._groups[first:stop, None], self._groups[:num_columns]
        sizes, other_sizes = self._sizes[first:stop, None], self._sizes[:num_columns]
        # How many content words two spans share. Shape: (stop - first, num_columns)
        shared = (self._words[first:stop] @ self._words[:num_columns].T).toarray()
        is_pronoun, others_are = groups > 0, others > 0
        categories = np.select(
            [
                is_pronoun & others_are & (groups == others),
                is_pronoun & others_are,
                is_pronoun | others_are,
                (shared > 0) & (shared == sizes) & (shared == other_sizes),
                (shared > 0) & ((shared == sizes) | (shared == other_sizes)),
            ],
            list(PairCategory)[:-1],
            default=PairCategory.OTHER,
        )
        return torch.from_numpy(categories.astype(np.uint8))
