"""Windows with terms of pairs, as a head that looks at both ends together adds them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spanbert_allen.modules.qa.decoder import WindowScores
from spanbert_allen.modules.qa.pair_terms import PairTerms


def with_pairs(windows: list[WindowScores], seed: int, *, kept: int = 5) -> list[WindowScores]:
    """Add terms to some windows' spans; they are multiples of a half, so that scores may tie."""
    random = np.random.default_rng(seed)
    made = []
    for window in windows:
        places = np.flatnonzero(window.passage_pieces >= 0)
        firsts, lasts = (
            random.choice(places, min(kept, len(places)), replace=False) for _ in range(2)
        )
        terms = random.integers(-4, 5, (len(firsts), len(lasts))) / 2
        terms[firsts[:, None] > lasts] = -np.inf
        pairs = PairTerms(firsts, lasts, terms, float(random.integers(-4, 5)) / 2)
        made.append(replace(window, pairs=pairs))
    return made


def term_of(window: WindowScores, start: int, end: int) -> float | None:
    """Return the term of a span, looked for one by one; `None` if it is no answer."""
    pairs = window.pairs
    if pairs is None:
        return 0.0
    for row, first in enumerate(pairs.firsts.tolist()):
        for column, last in enumerate(pairs.lasts.tolist()):
            if (first, last) == (start, end) and start <= end:
                return float(pairs.terms[row, column])
    return None


def null_of(window: WindowScores) -> float:
    """Return the score of "no answer" in a window."""
    term = 0.0 if window.pairs is None else window.pairs.null
    return float(window.start_logits[0]) + float(window.end_logits[0]) + term
