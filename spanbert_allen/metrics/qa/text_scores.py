"""Exact match and F1 of an answer's text, as the SQuAD 2.0 and MRQA programs compute them."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable
from typing import Literal

Flavour = Literal["squad", "mrqa"]
"""Whose scores; they differ where normalisation leaves nothing of a text."""

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalize_answer(text: str) -> str:
    """Return the text in lower case, without ASCII punctuation and articles, with single spaces."""
    without_punctuation = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", without_punctuation).split())


def token_f1(prediction: str, gold: str, *, flavour: Flavour = "squad") -> float:
    """
    Return the F1 of the words of two texts, which are normalised first.

    A word counts as often as it occurs. Where nothing is left of one of the texts, SQuAD's F1 is 1
    if nothing is left of the other one either, and MRQA's is 0.
    """
    predicted, wanted = normalize_answer(prediction).split(), normalize_answer(gold).split()
    if flavour == "squad" and not (predicted and wanted):
        return float(predicted == wanted)
    common = sum((Counter(predicted) & Counter(wanted)).values())
    if not common:
        return 0.0
    precision, recall = common / len(predicted), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def question_scores(
    prediction: str, gold: Iterable[str], *, flavour: Flavour = "squad"
) -> tuple[float, float]:
    """
    Return exact match and F1, from 0 to 1, with that right answer which gives the most.

    # Parameters

    prediction : `str`
        The predicted text; empty for "no answer".
    gold : `Iterable[str]`
        The right answers; empty for an unanswerable question. SQuAD's scorer passes over those of
        which normalisation leaves nothing; where none is left, the empty text is right.
    flavour : `str`, optional (default = `"squad"`)
        `squad` or `mrqa`.
    """
    texts = [text for text in gold if flavour == "mrqa" or normalize_answer(text)] or [""]
    normalized = normalize_answer(prediction)
    exact = max(float(normalized == normalize_answer(text)) for text in texts)
    return exact, max(token_f1(prediction, text, flavour=flavour) for text in texts)
