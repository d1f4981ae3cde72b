"""
Coreference by the formulas as they are written: every candidate has its vector, every pair of spans
its row, all in loops or whole matrices. Slow and large on purpose; dropout is not modelled.
"""

import itertools
import math

import torch
from torch.nn import functional

from spanbert_allen.modules.coref.antecedents.nearest import NearestAntecedents
from tests.modules.coref import naive_refinements
from tests.modules.coref.naive_refinements import bucket


def candidates(sentence_ids, width, may_start=None, may_end=None):
    n = len(sentence_ids)
    return [
        (i, j)
        for i in range(n)
        for j in range(i, min(n, i + width))
        if sentence_ids[i] == sentence_ids[j]
        and (may_start is None or bool(may_start[i]))
        and (may_end is None or bool(may_end[j]))
    ]


def feedforward(scorer, features):
    hidden = torch.relu(functional.linear(features, scorer.first.weight, scorer.first.bias))
    for layer in scorer.rest:
        hidden = torch.relu(functional.linear(hidden, layer.weight, layer.bias))
    return functional.linear(hidden, scorer.output.weight, scorer.output.bias).squeeze(-1)


def span_vector(representation, vectors, i, j):
    token_scores = vectors @ representation.token_scorer.weight[0] + (
        representation.token_scorer.bias
    )
    attention = torch.exp(token_scores[i : j + 1]) / torch.exp(token_scores[i : j + 1]).sum()
    if representation.zero_filled_attention:  # as AllenNLP's masked_softmax is written
        filled = torch.zeros(representation.max_span_width).to(token_scores)
        filled[: j - i + 1] = token_scores[i : j + 1]
        attention = filled.softmax(0)[: j - i + 1]
        attention = attention / (attention.sum() + 1e-13)
    head = (attention.unsqueeze(1) * vectors[i : j + 1]).sum(0)
    return torch.cat([vectors[i], vectors[j], representation.width_embedding.weight[j - i], head])


def crosses(a, b):
    (s, e), (t, f) = sorted([a, b])
    return s < t <= e < f


def keep(spans, scores, number, allow_crossing):
    kept = []
    for index in sorted(range(len(spans)), key=lambda k: (-scores[k].item(), k)):
        if len(kept) == number:
            break
        if allow_crossing or not any(crosses(spans[index], spans[k]) for k in kept):
            kept.append(index)
    return sorted(kept, key=lambda k: spans[k])


def feature_row(features, document, left, right, i, j):
    (si, _), (sj, _) = left, right
    rows = {
        "speaker": int(document.speaker_ids[si] == document.speaker_ids[sj]),
        "genre": document.genre_id,
        "distance": bucket(i - j),
        "segment": min(
            max(int(document.segment_ids[si] - document.segment_ids[sj]), 0),
            features.max_segments - 1,
        ),
    }
    return torch.cat([table.weight[rows[name]] for name, table in features.embeddings.items()])


def fine_scores(head, document, spans, vectors, coarse):
    """Every pair of spans' full score. Shape: (num_spans, num_spans), minus infinity above."""
    full = torch.full_like(coarse, -math.inf)
    for i, j in itertools.product(range(len(spans)), repeat=2):
        if j < i:
            parts = [vectors[i], vectors[j], vectors[i] * vectors[j]]
            if head.link_scorer.antecedent_scorer.features.embeddings:
                parts.append(
                    feature_row(
                        head.link_scorer.antecedent_scorer.features,
                        document,
                        spans[i],
                        spans[j],
                        i,
                        j,
                    )
                )
            full[i, j] = coarse[i, j] + feedforward(
                head.link_scorer.antecedent_scorer.feedforward, torch.cat(parts)
            )
    return full


def mention_scores(head, document, spans):
    """The spans' vectors, and the scores that a feed-forward network gives to them."""
    vectors = torch.stack(
        [span_vector(head.span_representation, document.vectors, i, j) for i, j in spans]
    )
    scorer = head.mention_scorer
    scores = feedforward(scorer.feedforward, vectors)
    if scorer.prior_embedding is not None:
        prior = feedforward(scorer.prior_feedforward, scorer.prior_embedding.weight)
        scores = scores + torch.stack([prior[j - i] for i, j in spans])
    return vectors, scores


def links(head, document):
    """Kept spans, their mention scores, and full scores of their best antecedents, else -inf."""
    spans = candidates(
        document.sentence_ids.tolist(), head.max_span_width, document.may_start, document.may_end
    )
    vectors, scores = mention_scores(head, document, spans)
    number = math.floor(
        head.selection.kept_per_unit * (len(document.vectors) + head.selection.uncounted_units)
    )
    number = number if head.selection.max_kept is None else min(number, head.selection.max_kept)
    kept = keep(spans, scores, number, head.selection.allow_crossing)
    spans, vectors, scores = [spans[k] for k in kept], vectors[kept], scores[kept]

    coarse, chosen = coarse_scores(head, vectors, scores)

    def score(vectors):
        full = fine_scores(head, document, spans, vectors, coarse)
        return full.masked_fill(~chosen, -math.inf)

    full = score(vectors)
    if head.refinement is not None:
        full = naive_refinements.refined(head.refinement, vectors, full, score)
    return spans, scores, full


def coarse_scores(head, vectors, scores):
    """All coarse scores, and which links go on. Shape of both: (num_spans, num_spans)"""
    coarse = scores[:, None] + scores[None, :]
    if isinstance(head.link_scorer, NearestAntecedents):
        rows = torch.arange(len(scores))
        distances = rows[:, None] - rows[None, :]
        return coarse, (distances > 0) & (distances <= head.link_scorer.max_antecedents)
    coarse_module = head.link_scorer.coarse_antecedents
    products = coarse_module.projection(vectors) @ vectors.T
    coarse = coarse + (products.T if coarse_module.project_antecedents else products)
    if coarse_module.prior_embedding is not None:
        prior = coarse_module.prior_output(coarse_module.prior_embedding.weight).squeeze(-1)
        coarse = coarse + torch.stack(
            [
                torch.stack([prior[bucket(max(i - j, 0))] for j in range(len(scores))])
                for i in range(len(scores))
            ]
        )
    above = torch.ones_like(coarse).triu().bool()
    coarse = coarse.masked_fill(above, -math.inf)
    chosen = torch.zeros_like(above)
    for i in range(len(scores)):
        for j in sorted(range(i), key=lambda j: -coarse[i, j].item())[
            : coarse_module.max_antecedents
        ]:
            chosen[i, j] = True
    return coarse, chosen


def marginal_loss(full, same_cluster):
    """Shapes: (num_spans, num_spans) twice."""
    total = full.new_zeros(())
    for row, gold in zip(full, same_cluster, strict=True):
        probabilities = torch.cat([row, row.new_zeros(1)]).exp()
        linked = gold & row.isfinite()
        right = torch.cat([linked, ~linked.any().unsqueeze(0)])
        total = total - torch.log(probabilities[right].sum() / probabilities.sum())
    return total
