"""A reader and a model without an encoder: words that are equal but for case corefer."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from allennlp.data import DatasetReader, Instance, Vocabulary
from allennlp.data.fields import MetadataField, TensorField
from allennlp.models import Model

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.modules.coref.decoder import RankedAntecedent
from spanbert_allen.predictors import CorefPredictor


class FakeReader(DatasetReader):
    """One piece a word; the word "gone" has none."""

    def text_to_instance(self, document: CorefDocument) -> Instance:  # type: ignore[override]
        token_ids = np.array([1 for word in document.words if word != "gone"], dtype=np.int64)
        fields = {
            "token_ids": TensorField(token_ids),
            "metadata": MetadataField(
                {"document": document, "pieces": SimpleNamespace(token_ids=token_ids)}
            ),
        }
        return Instance(fields)


class FakeModel(Model):
    """Clusters of equal words, "CRASH" as on a machine that is too small."""

    def __init__(self) -> None:
        super().__init__(Vocabulary())
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.batches: list[list[str]] = []

    def forward(self, token_ids: torch.Tensor, metadata: list[dict]) -> dict[str, Any]:
        documents = [item["document"] for item in metadata]
        self.batches.append([document.doc_key for document in documents])
        if any("CRASH" in document.words for document in documents):
            raise RuntimeError("not enough memory: you tried to allocate 9 TB\nat line 3")
        clusters = [clusters_of(document) for document in documents]
        return {
            "clusters": clusters,
            "mention_scores": [[[1.23456] * len(c) for c in doc] for doc in clusters],
            "link_scores": [
                [[0.5 if i else None for i in range(len(c))] for c in doc] for doc in clusters
            ],
            "link_probabilities": [
                [[0.25 if i else None for i in range(len(c))] for c in doc] for doc in clusters
            ],
            "antecedents": [
                [[ranked(c, i, item) for i in range(len(c))] for c in doc]
                for doc, item in zip(clusters, metadata, strict=True)
            ],
        }


def ranked(cluster: list[WordSpan], number: int, item: dict) -> list[RankedAntecedent]:
    """The mention before, and none, as far as they are asked for."""
    none = RankedAntecedent(None, 0.0, 0.75)
    before = [RankedAntecedent(cluster[number - 1], 0.5, 0.25)] if number else []
    return [none, *before][: item["decoding"].top_antecedents]


def clusters_of(document: CorefDocument) -> list[list[WordSpan]]:
    places: dict[str, list[WordSpan]] = {}
    for index, word in enumerate(document.words):
        places.setdefault(word.lower(), []).append(WordSpan(index, index))
    return [spans for spans in places.values() if len(spans) > 1]


def fake_predictor(**options: Any) -> CorefPredictor:
    return CorefPredictor(FakeModel(), FakeReader(), **options)
