"""Starts, then ends after likely starts: against the formulas written out, in float64."""

import math

import pytest
import torch
from allennlp.common import Lazy
from torch.nn import functional

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref import head as head_module
from spanbert_allen.modules.coref.antecedents.bilinear import BilinearAntecedents
from spanbert_allen.modules.coref.losses.document import document_mention_loss
from spanbert_allen.modules.coref.mentions import candidate_pool, start_to_end
from spanbert_allen.modules.coref.mentions.start_to_end import StartToEndMentions
from spanbert_allen.modules.coref.units import DocumentPieces
from spanbert_allen.modules.coref.windows import CorefWindows, score_in_windows, window_bounds
from tests.modules.coref import naive_coref
from tests.modules.coref.heads import head_of
from tests.modules.coref.test_head import DIM, make_document

VARIANTS = {
    "above a threshold": {},
    "the best": {"threshold": None, "starts_per_unit": 0.3},
    "the best above a threshold": {"threshold": 0.1, "starts_per_unit": 0.2},
    "two layers": {"num_layers": 2},
}


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(start_to_end, "_CANDIDATES_PER_CHUNK", 5)


def make_head(**knobs):
    torch.manual_seed(5)
    own = {name: knobs.pop(name) for name in ("threshold", "starts_per_unit") if name in knobs}
    options = {"max_span_width": 4, "hidden_dim": 9, "num_genres": 3, "kept_per_unit": 0.8}
    parts = {
        "mentions": Lazy(StartToEndMentions, **own),
        "links": Lazy(BilinearAntecedents),
    }
    head = head_of(DIM, **{**options, **knobs}, **parts).double().eval()
    with torch.no_grad():
        for parameter in head.parameters():  # far from ties, biases included
            parameter.copy_(torch.randn_like(parameter) * 0.4)
    return head


def naive_starts(scorer, vectors, also=()):
    """Return the score of each unit as a start, and which are likely."""
    scores = [naive_coref.feedforward(scorer.start_scorer, vector) for vector in vectors]
    order = sorted(range(len(scores)), key=lambda i: -scores[i].item())
    if scorer.starts_per_unit is not None:
        order = order[: math.floor(scorer.starts_per_unit * len(scores))]
    likely = {i for i in order if scorer.threshold is None or scores[i] > scorer.threshold}
    return torch.stack(scores), likely | set(also)


def naive_ends(scorer, vectors, spans):
    pairs = [torch.cat([vectors[i], vectors[j]]) for i, j in spans]
    return torch.stack([naive_coref.feedforward(scorer.end_scorer, pair) for pair in pairs])


def log_odds_of_both(start, end):
    both = torch.sigmoid(start) * torch.sigmoid(end)
    return torch.log(both / (1 - both))


def pieces_with(document, mentions):
    column = torch.arange(len(document.vectors))
    gold = torch.tensor(mentions)
    return DocumentPieces(
        *[column] * 5, gold_spans=gold, gold_cluster_ids=torch.zeros(len(gold), dtype=torch.long)
    )


def spans_of(found):
    return list(zip(*(column.tolist() for column in found), strict=True))


@pytest.mark.parametrize("variant", VARIANTS)
def test_scores_losses_and_gradients_are_the_formulas(variant):
    head = make_head(**VARIANTS[variant])
    mentions = [(2, 3), (9, 9), (20, 21)]
    also = torch.zeros(24, dtype=torch.bool)
    also[[2, 9, 20]] = True
    document = make_document(also_start=also)
    scorer = head.mention_scorer
    results = []
    for naive in (False, True):
        vectors = document.vectors.clone().requires_grad_()
        if naive:
            start_scores, likely = naive_starts(scorer, vectors, also=(2, 9, 20))
            spans = [
                (i, j)
                for i, j in naive_coref.candidates(document.sentence_ids.tolist(), 4)
                if i in likely
            ]
            ends = naive_ends(scorer, vectors, spans)
            scores = log_odds_of_both(start_scores[[i for i, _ in spans]], ends)
            loss = functional.binary_cross_entropy_with_logits(
                start_scores, also.double(), reduction="sum"
            )
            for end, span in zip(ends, spans, strict=True):
                probability = torch.sigmoid(end)
                loss = loss - torch.log(probability if span in mentions else 1 - probability)
        else:
            found = head(document._replace(vectors=vectors))
            spans, scores = spans_of(found.candidates), found.candidate_scores
            loss = document_mention_loss(found, pieces_with(document, mentions), of_all=True)
        head.zero_grad()
        (loss + scores.sum() * 0.1).backward()
        grads = {name: p.grad for name, p in scorer.named_parameters()}
        results.append((spans, scores.detach(), loss.detach(), vectors.grad, grads))
    ours, theirs = results
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1:4], theirs[1:4], strict=True):
        torch.testing.assert_close(mine, other)
    for name, gradient in ours[4].items():
        torch.testing.assert_close(gradient, theirs[4][name], msg=name)


def test_fewer_pairs_are_scored_than_enumeration_has(monkeypatch):
    head = make_head(threshold=None, starts_per_unit=0.1)
    counts = []
    finish = head.mention_scorer.end_scorer.finish
    monkeypatch.setattr(
        head.mention_scorer.end_scorer,
        "finish",
        lambda rows: counts.append(len(rows)) or finish(rows),
    )
    document = make_document(400)
    with torch.no_grad():
        found = head(document)
    enumerated = naive_coref.candidates(document.sentence_ids.tolist(), 4)
    assert sum(counts) == len(found.candidates.starts) <= 40 * 4
    assert sum(counts) < len(enumerated) / 5


def test_without_a_likely_start_there_are_no_mentions():
    found = make_head(threshold=1e9)(make_document())
    assert not len(found.spans.starts) and not len(found.candidates.starts)
    assert found.boundaries.start_scores.shape == (24,)


@pytest.mark.parametrize("num_units", [0, 1, 2, 3])
def test_documents_of_almost_nothing(num_units):
    found = make_head(kept_per_unit=0.4)(make_document(num_units))
    assert len(found.spans.starts) <= int(0.4 * num_units)


def test_given_spans_are_scored_whether_their_starts_are_likely_or_not():
    head, document = make_head(threshold=1e9), make_document()
    spans = start_to_end.SpanCandidates(torch.tensor([1, 5]), torch.tensor([9, 5]))
    found = head(document._replace(given_spans=spans))
    starts, _ = naive_starts(head.mention_scorer, document.vectors)
    ends = naive_ends(head.mention_scorer, document.vectors, spans_of(spans))
    torch.testing.assert_close(found.mention_scores, log_odds_of_both(starts[[1, 5]], ends))


def test_windows_have_the_boundaries_of_the_whole():
    head, document = make_head(), make_document(60)
    whole = head(document)
    found = score_in_windows(head, document, CorefWindows(length=20, overlap=9, remembered=3))
    assert spans_of(found.candidates) == spans_of(whole.candidates)
    for mine, other in zip(found.boundaries, whole.boundaries, strict=True):
        torch.testing.assert_close(mine, other)
    torch.testing.assert_close(found.candidate_scores, whole.candidate_scores)


def test_long_windows_beside_a_short_one_have_no_boundaries(monkeypatch):
    monkeypatch.setattr(head_module, "UNITS_PER_STRETCH", 25)
    monkeypatch.setattr(candidate_pool, "UNITS_PER_STRETCH", 25)
    document = make_document(60)._replace(needs_candidates=False)
    head, windows = make_head(), CorefWindows(length=30, overlap=5, remembered=0)
    lengths = [w.end - w.start for w in window_bounds(document.sentence_ids, windows)]
    assert min(lengths) <= 25 < max(lengths)
    found = score_in_windows(head, document, windows)
    assert found.boundaries is None
    monkeypatch.undo()
    whole = score_in_windows(head, document, windows)
    assert whole.boundaries is not None and spans_of(found.spans) == spans_of(whole.spans)
    torch.testing.assert_close(found.scores, whole.scores)


def test_scores_are_float32_under_mixed_precision():
    document = make_document()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = make_head().float()(document._replace(vectors=document.vectors.float()))
    tensors = (found.mention_scores, found.scores, *found.boundaries)
    assert {tensor.dtype for tensor in tensors} == {torch.float32}


def test_every_unit_as_a_start_is_refused():
    with pytest.raises(ConfigError, match="neither `threshold` nor `starts_per_unit`"):
        make_head(threshold=None)
