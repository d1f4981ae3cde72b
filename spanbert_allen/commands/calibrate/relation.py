"""Fit the threshold for no relation, and the temperature of a relation model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from allennlp.models.archival import Archive
from torch import Tensor

from spanbert_allen.commands.calibrate.batches import evaluation_batches, require_label
from spanbert_allen.commands.calibrate.class_temperature import best_temperature, calibration
from spanbert_allen.commands.calibrate.fitted import Fitted
from spanbert_allen.metrics.relation.negative_threshold import best_negative_threshold
from spanbert_allen.models.relation import SpanbertRelation


def fit(archive: Archive, data: str) -> Fitted:
    """
    Fit the temperature by the likelihood of the right labels, and the threshold by micro F1.

    A model without a label for no relation has no threshold. The threshold is one of logits, which
    the temperature does not change.

    # Parameters

    archive : `Archive`
        A relation model.
    data : `str`
        The annotated data.
    """
    model = cast("SpanbertRelation", archive.model.eval())
    rows, right = zip(*_scores(archive, model, data), strict=True)
    # Shape: (num_examples, num_labels), and (num_examples,)
    logits, labels = torch.cat(rows), torch.cat(right)
    settings = {"temperature": best_temperature(logits, labels)}
    before, after = {}, {}
    chosen = model.chosen(logits)
    if model.negative_label is not None:
        best, which = logits[:, 1:].max(-1)
        found = best_negative_threshold(
            (logits[:, 0] - best).tolist(),
            (which + 1 == labels).tolist(),
            int((labels != 0).sum()),
        )
        before = {"threshold": model.threshold, "f1": 100 * model.get_metrics(reset=True)["f1"]}
        after = {"threshold": found.threshold, "f1": 100 * found.f1}
        settings["threshold"] = model.threshold = found.threshold
    before |= calibration(logits, labels, chosen, model.temperature)._asdict()
    after |= calibration(logits, labels, model.chosen(logits), settings["temperature"])._asdict()
    return Fitted(settings, before, after)


def _scores(
    archive: Archive, model: SpanbertRelation, data: str
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield logits (num_examples, num_labels) and labels (num_examples,) of each batch."""
    for batch in evaluation_batches(archive, data):
        require_label(batch, data)
        logits, labels = model(**batch)["logits"].cpu(), batch["label"].cpu()
        if labels.dim() > 1:  # of the pairs of each text, and of padding, which has no markers
            is_pair = batch["entity_spans"][..., 0, 0].cpu() > 0
            logits, labels = logits[is_pair], labels[is_pair]
        yield logits, labels
