"""
The model of coref-hoi by its formulas, in float64, from a state dict of that program: every
candidate has its vector, every pair its row. The order of the features of pairs is a parameter, as
Joshi et al.'s own program has another.
"""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace

import torch
from transformers import BertConfig, BertModel

from tests.modules.coref.naive_coref import candidates, keep
from tests.modules.coref.naive_refinements import best_link, bucket, merged
from tests.places import TINY_ENCODER

HOI_ORDER = ("speaker", "genre", "segment", "distance")
TENSORFLOW_ORDER = ("speaker", "genre", "distance", "segment")
GENRES = ["bc", "bn", "mz", "nw", "pt", "tc", "wb"]


class NaiveHoi:
    """
    `links` gives kept spans, mention scores and full scores; minus infinity where no link is.

    `options`: `depth`, `higher_order`, `reduce`, `easy_first`, `max_antecedents`.
    """

    def __init__(self, weights, order=HOI_ORDER, **options):
        self.w = {name: tensor.double() for name, tensor in weights.items()}
        self.order = order
        self.options = {"depth": 1, "higher_order": None, "max_antecedents": 50, **options}
        self.bert = BertModel(BertConfig.from_pretrained(TINY_ENCODER)).double().eval()
        bert = {n.removeprefix("bert."): t for n, t in self.w.items() if n.startswith("bert.")}
        self.bert.load_state_dict(bert, strict=False)

    def linear(self, name, x):
        return x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]

    def network(self, name, x):
        layers = sorted(
            int(key.split(".")[1])
            for key in self.w
            if key.startswith(f"{name}.") and key.endswith("weight")
        )
        for layer in layers[:-1]:
            x = torch.relu(self.linear(f"{name}.{layer}", x))
        return self.linear(f"{name}.{layers[-1]}", x).squeeze(-1)

    def encode(self, token_ids, segment_ids):
        rows = []
        for segment in range(int(segment_ids.max()) + 1):
            ids = token_ids[segment_ids == segment].unsqueeze(0)
            rows.append(self.bert(input_ids=ids).last_hidden_state[0])
        return torch.cat(rows)

    def span(self, x, i, j):
        inside = x[i : j + 1]
        head = inside.mean(0)
        if "mention_token_attn.weight" in self.w:
            scores = self.linear("mention_token_attn", inside)
            head = (torch.exp(scores) / torch.exp(scores).sum() * inside).sum(0)
        return torch.cat([x[i], x[j], self.w["emb_span_width.weight"][j - i], head])

    def links(self, document, genre):
        x = self.encode(document["token_ids"], document["segment_ids"])
        width = len(self.w["emb_span_width.weight"])
        spans = candidates(document["sentence_ids"].tolist(), width)
        g = torch.stack([self.span(x, i, j) for i, j in spans])
        m = self.network("span_emb_score_ffnn", g)
        if "emb_span_width_prior.weight" in self.w:
            prior = self.network("span_width_score_ffnn", self.w["emb_span_width_prior.weight"])
            m = m + torch.stack([prior[j - i] for i, j in spans])
        kept = keep(spans, m, math.floor(0.4 * len(x)), allow_crossing=False)
        spans, g, m = [spans[k] for k in kept], g[kept], m[kept]
        coarse, chosen = self.coarse(g, m)
        known = [
            (document["speaker_ids"][start], document["segment_ids"][start]) for start, _ in spans
        ]
        phi = {
            (i, j): self.features(known[i], known[j], i, j, genre)
            for i, j in itertools.product(range(len(spans)), repeat=2)
            if chosen[i, j]
        }

        def score(g):
            full = torch.full_like(coarse, -math.inf)
            for (i, j), row in phi.items():
                pair = torch.cat([g[i], g[j], g[i] * g[j], row])
                full[i, j] = coarse[i, j] + self.network("coref_score_ffnn", pair)
            return full

        return spans, m, self.refined(g, score)

    def coarse(self, g, m):
        products = self.linear("coarse_bilinear", g) @ g.T
        coarse = m[:, None] + m[None, :] + products
        if "emb_antecedent_distance_prior.weight" in self.w:
            table = self.w["emb_antecedent_distance_prior.weight"]
            prior = self.linear("antecedent_distance_score_ffnn", table).squeeze(-1)
            for i, j in itertools.product(range(len(m)), repeat=2):
                if j < i:
                    coarse[i, j] += prior[bucket(i - j)]
        chosen = torch.zeros_like(coarse, dtype=torch.bool)
        for i in range(len(m)):
            best = sorted(range(i), key=lambda j: -coarse[i, j].item())
            chosen[i, best[: self.options["max_antecedents"]]] = True
        return coarse, chosen

    def features(self, left, right, i, j, genre):
        last = len(self.w.get("emb_segment_distance.weight", ())) - 1
        rows = {
            "speaker": ("emb_same_speaker", int(left[0] == right[0])),
            "genre": ("emb_genre", GENRES.index(genre)),
            "segment": ("emb_segment_distance", min(max(int(left[1] - right[1]), 0), last)),
            "distance": ("emb_top_antecedent_distance", bucket(i - j)),
        }
        used = [name for name in self.order if f"{rows[name][0]}.weight" in self.w]
        if "speaker" not in used:
            used.remove("genre")
        return torch.cat([self.w[f"{rows[name][0]}.weight"][rows[name][1]] for name in used])

    def refined(self, g, score):
        full = score(g)
        higher_order = self.options["higher_order"]
        if higher_order == "cluster_merging":
            return merged(self.cluster_scorer(), g, full)
        for _ in range(self.options["depth"] - 1):
            r = self.news(higher_order, g, full)
            gate = torch.sigmoid(self.linear("gate_ffnn", torch.cat([g, r], dim=1)))
            g = gate * r + (1 - gate) * g
            full = score(g)
        return full

    def news(self, higher_order, g, full):
        if higher_order == "attended_antecedent":
            weights = torch.cat([torch.zeros(len(g), 1).double(), full], dim=1).softmax(dim=1)
            return weights[:, :1] * g + weights[:, 1:] @ g
        links = [best_link(row) for row in full]
        if higher_order == "max_antecedent":
            return g[[i if j < 0 else j for i, j in enumerate(links)]]
        cluster_of = list(range(len(g)))
        for i, j in enumerate(links):  # antecedents stand before
            cluster_of[i] = cluster_of[j] if j >= 0 else i
        rows = []
        for cluster in cluster_of:
            members = g[[k for k, other in enumerate(cluster_of) if other == cluster]]
            weights = self.linear("span_attn_ffnn", members).softmax(dim=0)
            rows.append((weights * members).sum(0))
        return torch.stack(rows)

    def cluster_scorer(self):
        feedforward = SimpleNamespace(
            first=lambda x: self.linear("cluster_score_ffnn.0", x),
            rest=[],
            output=lambda x: self.linear("cluster_score_ffnn.3", x),
        )
        return SimpleNamespace(
            feedforward=feedforward,
            size_embedding=SimpleNamespace(weight=self.w["emb_cluster_size.weight"]),
            reduce=self.options.get("reduce", "mean"),
            easy_first=self.options.get("easy_first", False),
            self_merging=self.options.get("easy_first", False),
        )


def hoi_weights(*, scale=0.35, depth=1, **without) -> dict[str, torch.Tensor]:
    """A random state dict of that program, on an encoder of the sizes of `tiny`."""
    torch.manual_seed(11)
    dim, size, hidden, width, segments = 20, 4, 24, 5, 3
    span = 3 * dim + size
    num_features = 4 - (2 if without.get("metadata") else 0) - bool(without.get("segment"))
    bert = BertModel(BertConfig.from_pretrained(TINY_ENCODER)).state_dict()
    weights = {
        f"bert.{name}": tensor * (8 if tensor.dim() > 1 else 1) for name, tensor in bert.items()
    }

    def table(name, rows):
        weights[f"{name}.weight"] = torch.randn(rows, size) * scale

    def linear(name, size_in, size_out):
        weights[f"{name}.weight"] = torch.randn(size_out, size_in) * scale
        weights[f"{name}.bias"] = torch.randn(size_out) * scale

    def network(name, size_in):
        for layer in range(depth):
            linear(f"{name}.{3 * layer}", hidden if layer else size_in, hidden)
        linear(f"{name}.{3 * depth}", hidden, 1)

    table("emb_span_width", width)
    table("emb_genre", len(GENRES))
    table("emb_top_antecedent_distance", 10)
    network("span_emb_score_ffnn", span)
    linear("coarse_bilinear", span, span)
    network("coref_score_ffnn", 3 * span + num_features * size)
    if not without.get("heads"):
        linear("mention_token_attn", dim, 1)
    if not without.get("metadata"):
        table("emb_same_speaker", 2)
    if not without.get("segment"):
        table("emb_segment_distance", segments)
    if not without.get("priors"):
        table("emb_span_width_prior", width)
        network("span_width_score_ffnn", size)
        table("emb_antecedent_distance_prior", 10)
        linear("antecedent_distance_score_ffnn", size, 1)
    if without.get("gate") is False:
        linear("gate_ffnn", 2 * span, span)
    if without.get("span_clustering") is False:
        linear("span_attn_ffnn", span, 1)
    if without.get("cluster_merging") is False:
        table("emb_cluster_size", 10)
        network("cluster_score_ffnn", 3 * span + size)
    return weights
