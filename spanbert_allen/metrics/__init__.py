"""
Scores. The pure functions only: the AllenNLP metrics around them, `coref_f1` and `mention_recall`,
import torch and are imported by name.
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
