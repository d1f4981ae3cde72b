"""Fit the threshold for no relation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
from allennlp.common import Params
from allennlp.data import DataLoader
from allennlp.models.archival import Archive
from torch import Tensor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.metrics.relation.negative_threshold import best_negative_threshold
from spanbert_allen.models.relation import SpanbertRelation


def fit(archive: Archive, data: str) -> tuple[dict[str, Any], list[str]]:
    """
    Return the threshold with the highest micro F1.

    # Parameters

    archive : `Archive`
        A relation model.
    data : `str`
        The annotated data.

    # Returns

    `tuple[dict[str, Any], list[str]]`
        Settings of the model, and lines that tell what they change.
    """
    model = cast("SpanbertRelation", archive.model.eval())
    if model.negative_label is None:
        raise ConfigError(
            "model.negative_label is null: a model without a label for no relation has no threshold"
        )
    margins: list[float] = []
    is_right: list[bool] = []
    num_gold = 0
    for logits, labels in _scores(archive, model, data):
        best, which = logits[:, 1:].max(-1)
        margins += (logits[:, 0] - best).tolist()
        is_right += (which + 1 == labels).tolist()
        num_gold += int((labels != 0).sum())
    found = best_negative_threshold(margins, is_right, num_gold)
    before = model.get_metrics(reset=True)["f1"]
    return {"threshold": found.threshold}, [
        f"threshold  {model.threshold:.4f} -> {found.threshold:.4f}",
        f"f1         {100 * before:.2f} -> {100 * found.f1:.2f}",
    ]


def _scores(
    archive: Archive, model: SpanbertRelation, data: str
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield logits (num_examples, num_labels) and labels (num_examples,) of each batch."""
    settings = archive.config.as_dict(quiet=True)
    loader_params = settings.get("validation_data_loader") or settings["data_loader"]
    loader = DataLoader.from_params(
        params=Params(dict(loader_params)), reader=archive.validation_dataset_reader, data_path=data
    )
    loader.index_with(model.vocab)
    with torch.no_grad():
        for batch in loader:
            if "label" not in batch:
                raise DataError("has an example without a label; give annotated data", data)
            logits, labels = model(**batch)["logits"].cpu(), batch["label"].cpu()
            if labels.dim() > 1:  # of the pairs of each text, and of padding, which has no markers
                is_pair = batch["entity_spans"][..., 0, 0].cpu() > 0
                logits, labels = logits[is_pair], labels[is_pair]
            yield logits, labels
