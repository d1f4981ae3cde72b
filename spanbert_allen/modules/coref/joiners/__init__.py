"""How clusters of a window are compared with those before it, one way a file."""

from spanbert_allen.modules.coref.joiners.best_pair import BestPair
from spanbert_allen.modules.coref.joiners.cluster_joiner import ClusterJoiner, ClusterVectors
from spanbert_allen.modules.coref.joiners.mean_of_mentions import MeanOfMentions

__all__ = ["BestPair", "ClusterJoiner", "ClusterVectors", "MeanOfMentions"]
