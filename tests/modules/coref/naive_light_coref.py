"""
The light scorers by their formulas: a score for every pair of units, and for every pair of spans.
Dropout is not modelled. The rest of the head, and its losses, are `naive_coref`'s.
"""

import math

import torch
from torch.nn import functional

from spanbert_allen.modules.coref.mentions.feedforward import FeedForwardMentions
from tests.modules.coref import naive_coref


def projected(projection, vector):
    hidden = projection.linear.weight @ vector + projection.linear.bias
    hidden = hidden * 0.5 * (1 + torch.erf(hidden / math.sqrt(2)))
    centred = hidden - hidden.mean()
    normed = centred / torch.sqrt((centred**2).mean() + projection.norm.eps)
    return normed * projection.norm.weight + projection.norm.bias


def mention_scores(scorer, vectors, spans):
    scores = []
    for i, j in spans:
        start = projected(scorer.start_projection, vectors[i])
        end = projected(scorer.end_projection, vectors[j])
        score = start @ scorer.start_scorer.weight[0] + scorer.start_scorer.bias[0]
        score = (
            score
            + end @ scorer.end_scorer.weight[0]
            + (start @ scorer.bilinear.weight @ end / math.sqrt(len(start)))
        )
        if scorer.width_scores is not None:
            score = score + scorer.width_scores.weight[j - i, 0]
        scores.append(score)
    return torch.stack(scores)


def span_vector(scorer, units, i, j):
    parts = [
        projected(scorer.start_projection, units[i]),
        projected(scorer.end_projection, units[j]),
    ]
    if scorer.head_projection is not None:
        inside = units[i : j + 1]
        weights = (inside @ scorer.token_scorer.weight[0]).exp()
        head = (weights / weights.sum()) @ inside
        parts.append(projected(scorer.head_projection, head))
    return torch.cat(parts)


def products(scorer, own, other):
    """Start with start, start with end and so on, and what the bias adds."""
    weight = scorer.bilinear.weight
    total = scorer.bilinear.bias @ other
    size = scorer.start_projection.linear.out_features
    parts = [slice(first, first + size) for first in range(0, len(own), size)]
    for a in parts:
        for b in parts:
            total = total + other[b] @ weight[b, a] @ own[a]
    return total / math.sqrt(len(own))


def full_scores(scorer, document, spans, vectors, scores):
    """Shape: (num_spans, num_spans), minus infinity where the column is not before the row."""
    full = torch.full((len(spans), len(spans)), -math.inf, dtype=vectors.dtype)
    features = scorer.pair_scores.features
    for i in range(len(spans)):
        for j in range(i):
            full[i, j] = scores[i] + scores[j] + products(scorer, vectors[i], vectors[j])
            if features.embeddings:
                row = naive_coref.feature_row(features, document, spans[i], spans[j], i, j)
                full[i, j] = full[i, j] + row.sum()
    return full


def with_fine_scores(scorer, document, spans, vectors, full):
    """Add what the network says of the pairs that are kept."""
    if scorer.fine_scorer is None:
        return full
    network = scorer.fine_scorer
    rows = [projected(scorer.fine_projection, vector) for vector in vectors]
    added = full.clone()
    for i in range(len(spans)):
        for j in range(i):
            parts = [rows[i], rows[j], rows[i] * rows[j]]
            if network.features.embeddings:
                parts.append(
                    naive_coref.feature_row(network.features, document, spans[i], spans[j], i, j)
                )
            added[i, j] = full[i, j] + naive_coref.feedforward(
                network.feedforward, torch.cat(parts)
            )
    return added


def links(head, document):
    """As `naive_coref.links`."""
    spans = naive_coref.candidates(document.sentence_ids.tolist(), head.max_span_width)
    if isinstance(head.mention_scorer, FeedForwardMentions):
        _, scores = naive_coref.mention_scores(head, document, spans)
    else:
        scores = mention_scores(head.mention_scorer, document.vectors, spans)
    number = math.floor(head.selection.kept_per_unit * len(document.vectors))
    kept = naive_coref.keep(spans, scores, number, head.selection.allow_crossing)
    spans, scores = [spans[k] for k in kept], scores[kept]
    scorer = head.link_scorer
    vectors = torch.stack([span_vector(scorer, document.vectors, i, j) for i, j in spans])
    full = full_scores(scorer, document, spans, vectors, scores)
    chosen = torch.zeros_like(full).bool()
    for i in range(len(spans)):
        for j in sorted(range(i), key=lambda j: -full[i, j].item())[: scorer.max_antecedents]:
            chosen[i, j] = True
    full = full.masked_fill(~chosen, -math.inf)
    full = with_fine_scores(scorer, document, spans, vectors, full)
    if head.refinement is not None:
        gate = head.refinement.gate
        weights = functional.pad(full, (1, 0)).softmax(dim=1)
        attended = weights[:, :1] * vectors + weights[:, 1:] @ vectors
        opened = torch.sigmoid(gate(torch.cat([vectors, attended], dim=1)))
        vectors = opened * attended + (1 - opened) * vectors
        full = full_scores(scorer, document, spans, vectors, scores)
        full = full.masked_fill(~chosen, -math.inf)
        full = with_fine_scores(scorer, document, spans, vectors, full)
    return spans, scores, full
