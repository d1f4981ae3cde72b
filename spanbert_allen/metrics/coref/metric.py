"""The coreference scores as an AllenNLP metric."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from allennlp.nn.util import dist_reduce_sum
from allennlp.training.metrics import Metric

from spanbert_allen.compat.workers import is_idle
from spanbert_allen.metrics.coref.cluster_scores import Clusters, score_clusters
from spanbert_allen.metrics.coref.score import ClusterScores


@Metric.register("spanbert_coref_f1")
class CorefF1(Metric):
    """
    Measure the CoNLL-2012 score and its parts, equal to the official scorer's, and LEA.

    Nothing is truncated to two decimals, as the official scorer does. Counts are kept per worker
    and summed over workers when the scores are asked for, so workers may see different numbers of
    documents, but all must ask at the same time.

    # Parameters

    keep_singletons : `bool`, optional (default = `True`)
        Whether clusters of one mention count, as for the official scorer. If not, they are removed
        from the annotated and the predicted clusters alike.
    also_without_singletons : `bool`, optional (default = `False`)
        Whether to give every score a second time with singletons removed, under its name followed
        by `_no_singletons`.
    all_metrics : `bool`, optional (default = `False`)
        Whether to report, beside each F1, its precision and recall, and CEAFm and BLANC.
    """

    supports_distributed = True

    def __init__(
        self,
        *,
        keep_singletons: bool = True,
        also_without_singletons: bool = False,
        all_metrics: bool = False,
    ) -> None:
        self.keep_singletons = keep_singletons
        self.all_metrics = all_metrics
        self._modes = {"": keep_singletons}
        if also_without_singletons:
            self._modes["_no_singletons"] = False
        self._totals: dict[str, ClusterScores] = {}
        self.reset()

    def __call__(self, predicted: Sequence[Clusters], gold: Sequence[Clusters]) -> None:
        """
        Count some documents.

        # Parameters

        predicted, gold : `Sequence[Iterable[Iterable[Hashable]]]`
            The clusters of each document, mentions being anything that compares equal where both
            sides mean the same span, e.g. `WordSpan` on both.
        """
        if len(predicted) != len(gold):
            raise ValueError(f"{len(predicted)} documents predicted, but {len(gold)} annotated")
        if is_idle():
            return
        for suffix, keep_singletons in self._modes.items():
            for response, key in zip(predicted, gold, strict=True):
                self._totals[suffix] += score_clusters(
                    key, response, keep_singletons=keep_singletons
                )

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """
        Return the scores of all documents so far, on all workers, each from 0 to 1.

        They are `coref_precision`, `coref_recall` and `coref_f1` (means over MUC, B³ and CEAFe),
        `muc_f1`, `b_cubed_f1`, `ceafe_f1` and `lea_f1`.
        """
        metrics: dict[str, float] = {}
        for suffix, total in self._totals.items():
            # Shape: (num_counts,)
            counts = dist_reduce_sum(torch.tensor(list(total), dtype=torch.float64))
            scores = self._named(ClusterScores.from_numbers(counts.tolist()))
            metrics |= {name + suffix: value for name, value in scores.items()}
        if reset:
            self.reset()
        return metrics

    def reset(self) -> None:
        """Forget all documents of this worker."""
        self._totals = {suffix: ClusterScores() for suffix in self._modes}

    def _named(self, scores: ClusterScores) -> dict[str, float]:
        named = {
            "coref_precision": scores.conll_precision,
            "coref_recall": scores.conll_recall,
            "coref_f1": scores.conll_f1,
        }
        names = ["muc", "b_cubed", "ceafe", "lea"]
        if self.all_metrics:
            names += ["ceafm", "blanc"]
        for name in names:
            score = getattr(scores, name)
            named[f"{name}_f1"] = score.f1
            if self.all_metrics:
                named[f"{name}_precision"] = score.precision
                named[f"{name}_recall"] = score.recall
        return named
