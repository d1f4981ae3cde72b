"""Fit the temperature of a classifier of texts."""

from __future__ import annotations

from typing import cast

import torch
from allennlp.models.archival import Archive

from spanbert_allen.commands.calibrate.batches import evaluation_batches, require_label
from spanbert_allen.commands.calibrate.class_temperature import best_temperature, calibration
from spanbert_allen.commands.calibrate.fitted import Fitted
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.models.sequence_classifier import SpanbertSequenceClassifier


def fit(archive: Archive, data: str) -> Fitted:
    """
    Fit the temperature by the negative log likelihood of the right classes.

    # Parameters

    archive : `Archive`
        A classifier of texts or pairs of texts.
    data : `str`
        The annotated data.
    """
    model = cast("SpanbertSequenceClassifier", archive.model.eval())
    if model.regression or model.multi_label:
        key = "regression" if model.regression else "multi_label"
        raise ConfigError(f"model.{key} is true: only a model of one class a text is calibrated")
    rows, right = [], []
    for batch in evaluation_batches(archive, data):
        require_label(batch, data)
        rows.append(model(**batch)["logits"].cpu())
        right.append(batch["label"].cpu())
    # Shape: (num_texts, num_labels), and (num_texts,)
    logits, labels = torch.cat(rows), torch.cat(right)
    temperature = best_temperature(logits, labels)
    before, after = (
        calibration(logits, labels, logits.argmax(-1), one)._asdict()
        for one in (model.temperature, temperature)
    )
    return Fitted({"temperature": temperature}, before, after)
