"""
Refinements by the formulas as they are written. Scores are whole matrices of shape (num_spans,
num_spans), minus infinity where there is no link; dropout is not modelled.
"""

import math

import torch
from torch.nn import functional

from spanbert_allen.modules.coref.refinements import (
    AttendedAntecedent,
    ClusterMerging,
    MaxAntecedent,
)


def bucket(size):
    return size if size <= 4 else min(9, math.floor(math.log2(size)) + 3)


def best_link(row):
    """The best antecedent of a row, -1 for none."""
    best = max(range(len(row)), key=lambda j: (row[j].item(), -j))
    return best if row[best] > 0 else -1


def summary(refinement, vectors, full):
    if isinstance(refinement, AttendedAntecedent):
        rows = []
        for own, row in zip(vectors, full, strict=True):
            weights = torch.exp(torch.cat([row, row.new_zeros(1)]))
            rows.append((weights / weights.sum()) @ torch.cat([vectors, own.unsqueeze(0)]))
        return torch.stack(rows)
    links = [best_link(row) for row in full]
    if isinstance(refinement, MaxAntecedent):
        return torch.stack([vectors[i if j < 0 else j] for i, j in enumerate(links)])
    clusters = [{i} for i in range(len(links))]
    for i, j in enumerate(links):
        if j >= 0:
            clusters[j] |= clusters[i]
            for k in clusters[j]:
                clusters[k] = clusters[j]
    rows = []
    for cluster in clusters:
        members = vectors[sorted(cluster)]
        weights = torch.exp(refinement.span_scorer(members))
        rows.append((weights / weights.sum() * members).sum(0))
    return torch.stack(rows)


def gated(refinement, vectors, full, rescore):
    for _ in range(refinement.times):
        told = summary(refinement, vectors, full)
        gate = torch.sigmoid(refinement.gate(torch.cat([vectors, told], dim=1)))
        vectors = gate * told + (1 - gate) * vectors
        full = rescore(vectors)
    return full


def merged(refinement, vectors, full):
    """Clusters are lists of vectors' indices; a span knows its cluster's vector and size."""
    scorer = refinement.feedforward
    cluster_of, vector_of, size_of = {}, {}, {}
    order = list(range(len(vectors)))
    if refinement.easy_first:
        order.sort(key=lambda i: -full[i].max().item())
    rows = [None] * len(vectors)
    for i in order:
        row = list(full[i])
        for j in range(i):
            if j in cluster_of and full[i, j].isfinite():
                e = vector_of[cluster_of[j]]
                size = refinement.size_embedding.weight[bucket(size_of[cluster_of[j]])]
                hidden = torch.relu(scorer.first(torch.cat([vectors[i], e, vectors[i] * e, size])))
                for layer in scorer.rest:
                    hidden = torch.relu(layer(hidden))
                row[j] = row[j] + scorer.output(hidden)[0]
        rows[i] = torch.stack(row)
        j = max(range(len(row)), key=lambda j: (row[j].item(), -j))
        if row[j] < 0:
            continue
        if i not in cluster_of and j not in cluster_of:
            cluster_of[j] = len(vector_of)
            vector_of[cluster_of[j]], size_of[cluster_of[j]] = vectors[j], 1
        into, new = (j, i) if i not in cluster_of else (i, j)
        target = cluster_of[into]
        other = cluster_of.get(new)
        if other is not None and refinement.self_merging:
            other = target
        added, count = (vectors[new], 1) if other is None else (vector_of[other], size_of[other])
        if refinement.reduce == "max":
            vector_of[target] = torch.maximum(vector_of[target], added)
        else:
            total = size_of[target] + count
            vector_of[target] = (vector_of[target] * size_of[target] + added * count) / total
        size_of[target] += count
        cluster_of[new] = target
    return torch.stack(rows)


def refined(refinement, vectors, full, rescore):
    if isinstance(refinement, ClusterMerging):
        return merged(refinement, vectors, full)
    return gated(refinement, vectors, full, rescore)


def hinge_loss(full, same_cluster, delta):
    total = full.new_zeros(())
    for row, gold in zip(full, same_cluster, strict=True):
        linked = gold & row.isfinite()
        all_scores = functional.pad(row, (1, 0))
        right = functional.pad(linked, (1, 0), value=not linked.any())
        highest, best = all_scores.max(0)
        if not right[best]:
            false_new = bool(linked.any()) and int(best) == 0
            cost = (3 - delta) / 2 + (delta - 1) * false_new
            total = total + cost * (1 + highest - all_scores[right].max())
    return total
