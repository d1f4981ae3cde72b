"""The loss of one annotated document: of its links, and of its mentions."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.modules.coref.losses.link_loss import LinkLoss
from spanbert_allen.modules.coref.losses.mention import mention_loss
from spanbert_allen.modules.coref.scored_links import ScoredLinks
from spanbert_allen.modules.coref.units import DocumentPieces, gold_labels
from spanbert_allen.modules.layers.transfers import to_device


def document_link_loss(links: ScoredLinks, units: DocumentPieces, link_loss: LinkLoss) -> Tensor:
    """
    Return the loss of a document's links.

    # Parameters

    links : `ScoredLinks`
        What the head returned.
    units : `DocumentPieces`
        The document, with annotation.
    link_loss : `LinkLoss`
        Scores each link's cost.

    # Returns

    `Tensor`
        Summed over spans. Shape: ()
    """
    # Shape: (num_spans,)
    (labels,) = to_device(links.scores.device, gold_labels(units, *links.spans.on_cpu))
    # Shape: (num_spans, num_antecedents)
    gold = (labels[links.antecedents] == labels.unsqueeze(1)) & (labels >= 0).unsqueeze(1)
    gold = gold & links.scores.isfinite()
    loss: Tensor = link_loss(links.scores, gold)
    if links.also_trained is not None:
        loss = loss + link_loss(links.also_trained, gold)
    return loss


def document_mention_loss(links: ScoredLinks, units: DocumentPieces, *, of_all: bool) -> Tensor:
    """
    Return the loss of a document's mention scores.

    Where mention scores are made of scores of starts and ends, it is the loss of all units as
    starts and of all candidates as ends.

    # Parameters

    links : `ScoredLinks`
        What the head returned.
    units : `DocumentPieces`
        The document, with annotation.
    of_all : `bool`
        Whether all candidates count, or the top spans alone.

    # Returns

    `Tensor`
        Summed over candidates. Shape: ()
    """
    spans = links.candidates if of_all or links.boundaries is not None else links.spans
    scores = links.mention_scores if spans is links.spans else links.candidate_scores
    # Shape: (num_candidates,)
    is_mention = gold_labels(units, *spans.on_cpu) >= 0
    if links.boundaries is None:
        (is_mention,) = to_device(scores.device, is_mention)
        return mention_loss(scores, is_mention)
    # Shape: (num_units,), (num_candidates,)
    is_start, is_mention = to_device(scores.device, starts_of_mentions(units), is_mention)
    start_scores, end_scores = links.boundaries
    return mention_loss(start_scores, is_start) + mention_loss(end_scores, is_mention)


def starts_of_mentions(units: DocumentPieces) -> Tensor:
    """Return whether an annotated mention begins with each unit. Shape: (num_units,), boolean."""
    is_start = torch.zeros_like(units.word_ids, dtype=torch.bool)
    if units.gold_spans is not None:
        is_start[units.gold_spans[:, 0]] = True
    return is_start
