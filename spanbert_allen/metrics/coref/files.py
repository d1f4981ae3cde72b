"""Score one file of coreference clusters against another, without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import reduce
from itertools import zip_longest
from operator import add

import numpy as np

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.coref.clusterings import NO_WORD, Clustering
from spanbert_allen.metrics.coref.cluster_errors import ClusterErrors, count_errors
from spanbert_allen.metrics.coref.cluster_scores import align, mention_score, score_clusters
from spanbert_allen.metrics.coref.resampling import Counts
from spanbert_allen.metrics.coref.score import ClusterScores, Score

_NUM_CLUSTER_COUNTS = len(list(ClusterScores()))
METRICS = ("mentions", "muc", "b_cubed", "ceafe", "conll", "lea", "ceafm", "blanc")
"""The scores, in the order they are shown in; `conll` is the mean of the three before it."""


@dataclass(frozen=True)
class ClusteringScores:
    """
    Hold all that is counted of a document, or of many after adding them up.

    # Parameters

    clusters : `ClusterScores`
    mentions : `Score`
        Mentions found, whatever their clusters.
    errors : `ClusterErrors`
    """

    clusters: ClusterScores = field(default_factory=ClusterScores)
    mentions: Score = field(default_factory=Score)
    errors: ClusterErrors = field(default_factory=ClusterErrors)

    def __add__(self, other: ClusteringScores) -> ClusteringScores:
        return ClusteringScores(
            self.clusters + other.clusters,
            self.mentions + other.mentions,
            self.errors + other.errors,
        )

    def named(self) -> dict[str, dict[str, float]]:
        """Return precision, recall and F1 of each of `METRICS`, from 0 to 1."""
        found = {"mentions": self.mentions}
        found |= {n: getattr(self.clusters, n) for n in METRICS if n not in ("mentions", "conll")}
        scores = {
            name: {"precision": score.precision, "recall": score.recall, "f1": score.f1}
            for name, score in found.items()
        }
        scores["conll"] = {
            "precision": self.clusters.conll_precision,
            "recall": self.clusters.conll_recall,
            "f1": self.clusters.conll_f1,
        }
        return {name: scores[name] for name in METRICS}

    def described(self) -> dict[str, dict[str, float] | dict[str, int]]:
        """Return the scores and the counts of mistakes, as they are written."""
        return {**self.named(), "errors": asdict(self.errors)}


def score_documents(
    gold: Mapping[str, Clustering],
    predicted: Mapping[str, Clustering],
    *,
    keep_singletons: bool = True,
) -> dict[str, ClusteringScores]:
    """
    Return the scores of each document, by its name; `total` adds them up.

    # Parameters

    gold, predicted : `Mapping[str, Clustering]`
        As `check_pairs` wants them.
    keep_singletons : `bool`, optional (default = `True`)
        Whether clusters of one mention count; if not, they are removed on both sides.
    """
    scores = {}
    for name, document in gold.items():
        key, response = document.clusters, predicted[name].clusters
        scores[name] = ClusteringScores(
            score_clusters(key, response, keep_singletons=keep_singletons),
            mention_score(align(key, response, keep_singletons=keep_singletons)),
            count_errors(key, response, keep_singletons=keep_singletons),
        )
    return scores


def total(scores: Mapping[str, ClusteringScores]) -> ClusteringScores:
    """Return the scores of all documents together."""
    return reduce(add, scores.values(), ClusteringScores())


def counts_of(scores: Mapping[str, ClusteringScores]) -> Counts:
    """Return what `f1_scores` reads, of shape (num_documents, num_counts)."""
    return np.array([[*row.clusters, *row.mentions] for row in scores.values()])


def f1_scores(counts: Counts) -> dict[str, float]:
    """Return the F1 of each of `METRICS` from summed counts of shape (num_counts,)."""
    numbers = counts.tolist()
    clusters = ClusterScores.from_numbers(numbers[:_NUM_CLUSTER_COUNTS])
    scores = ClusteringScores(clusters, Score(*numbers[_NUM_CLUSTER_COUNTS:]))
    return {name: score["f1"] for name, score in scores.named().items()}


def check_pairs(
    gold: Mapping[str, Clustering],
    predicted: Mapping[str, Clustering],
    path: str,
    *,
    missing_as_empty: bool = False,
) -> dict[str, Clustering]:
    """
    Return the prediction of each annotated document.

    Raises a `DataError` where one is missing or was not possible, has no annotation, or is of other
    words. `<name>_0`, as programs name part 0 of a document, is found as `<name>`, and the other
    way round.

    # Parameters

    gold, predicted : `Mapping[str, Clustering]`
        The annotated and the predicted documents, by their names.
    path : `str`
        The predictions' file, for error messages.
    missing_as_empty : `bool`, optional (default = `False`)
        Whether a document without a prediction counts as predicted without clusters.
    """
    predicted = _named_as(gold, predicted)
    unknown = [name for name in predicted if name not in gold]
    if unknown:
        raise DataError(
            f"{_named(unknown)} not in the annotated data, which begins with {next(iter(gold))}; "
            "give predictions for the same documents, under the same names",
            path,
        )
    missing = [name for name in gold if name not in predicted or predicted[name].failure]
    if missing and not missing_as_empty:
        first = predicted.get(missing[0])
        reason = f" ({first.failure})" if first and first.failure else ""
        raise DataError(
            f"{_named(missing)} without a prediction{reason}; predict all documents, or say "
            "--missing-as-empty to count them as predicted without clusters",
            path,
        )
    pairs = {name: predicted.get(name) or _nothing(name) for name in gold}
    for name, clustering in pairs.items():
        _check_words(gold[name], clustering, path)
    return pairs


def _named_as(
    gold: Mapping[str, Clustering], predicted: Mapping[str, Clustering]
) -> dict[str, Clustering]:
    """Return the predictions under the names of the annotated documents, where they match."""

    def name_in_gold(name: str) -> str:
        other = name.removesuffix("_0") if name.endswith("_0") else f"{name}_0"
        return other if name not in gold and other in gold and other not in predicted else name

    return {name_in_gold(name): clustering for name, clustering in predicted.items()}


def _nothing(name: str) -> Clustering:
    return Clustering(doc_key=name, clusters=[], failure="it is not predicted")


def _named(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"the document {names[0]} is"
    return f"{len(names)} documents, {names[0]} the first, are"


def _check_words(gold: Clustering, predicted: Clustering, path: str) -> None:
    """Raise if the prediction is seen to be of other words than the annotation."""
    num_words = len(gold.words)
    for span in (span for cluster in predicted.clusters for span in cluster):
        if not 0 <= span.start <= span.end or (num_words and span.end >= num_words):
            raise DataError(
                f"document {gold.doc_key}: the mention of words {span.start} to {span.end} is "
                f"outside its {num_words} words; give predictions for the same documents",
                path,
            )
        text = predicted.texts.get(span)
        if text is not None and num_words:
            words = gold.words[span.start : span.end + 1]
            if NO_WORD not in words and _letters("".join(words)) != _letters(text):
                raise _other_words(gold.doc_key, span.start, " ".join(words), text, path)
    if predicted.words and num_words:
        for index, (left, right) in enumerate(zip_longest(gold.words, predicted.words)):
            if left is None or right is None:
                ours, theirs = len(gold.words), len(predicted.words)
                raise _other_words(gold.doc_key, index, f"{ours} words", f"{theirs} words", path)
            if NO_WORD not in (left, right) and _letters(left) != _letters(right):
                raise _other_words(gold.doc_key, index, left, right, path)


def _letters(text: str) -> str:
    """Return the text without what writers of CoNLL files may change: white space."""
    return "".join(text.split()).replace("_", "")


def _other_words(name: str, word: int, gold: str, predicted: str, path: str) -> DataError:
    return DataError(
        f"document {name}: at word {word} the annotated data has {gold!r}, this file has "
        f"{predicted!r}; give predictions for the same words",
        path,
    )
