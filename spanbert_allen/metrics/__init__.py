"""
Scores of coreference as pure functions, and the rooms of each task's scores.

Nothing here imports torch. The AllenNLP metrics, in `metric` of each task's folder, do; import
them by name.
"""

from spanbert_allen.metrics.coref.cluster_scores import (
    Alignment,
    align,
    b_cubed,
    blanc,
    ceafe,
    ceafm,
    lea,
    muc,
    score_clusters,
    score_corpus,
)
from spanbert_allen.metrics.coref.score import BlancScore, ClusterScores, Score

__all__ = [
    "Alignment",
    "BlancScore",
    "ClusterScores",
    "Score",
    "align",
    "b_cubed",
    "blanc",
    "ceafe",
    "ceafm",
    "lea",
    "muc",
    "score_clusters",
    "score_corpus",
]
