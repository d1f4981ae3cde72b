"""Higher-order inference: refinements of the scores of links, one a file."""

from spanbert_allen.modules.coref.refinements.attended_antecedent import AttendedAntecedent
from spanbert_allen.modules.coref.refinements.cluster_merging import ClusterMerging
from spanbert_allen.modules.coref.refinements.max_antecedent import MaxAntecedent
from spanbert_allen.modules.coref.refinements.refinement import RefinedScores, Refinement
from spanbert_allen.modules.coref.refinements.span_clustering import SpanClustering

__all__ = [
    "AttendedAntecedent",
    "ClusterMerging",
    "MaxAntecedent",
    "RefinedScores",
    "Refinement",
    "SpanClustering",
]
