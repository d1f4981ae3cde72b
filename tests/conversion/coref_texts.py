"""Texts and comparisons for imported coreference models."""

from __future__ import annotations

from pathlib import Path

import torch
from allennlp.data import Batch, Vocabulary
from allennlp.models import load_archive

from spanbert_allen.formats.coref.document import CorefDocument

TEXT = """
The mother saw her son in the old garden near Paris .
He smiled at her because the children were unbelievably happy that morning .
Mary and her two daughters went to London yesterday .
When they told the doctor about it , she asked them why nobody had written .
Peter :
Our boat lost its captain , but a young officer kept the ship on course .
George thought that the company would never pay him for his third book .
"""
SENTENCES = [line.split() for line in TEXT.strip().split("\n")]
WITH_EMPTY_WORDS = [["\u200b", *SENTENCES[0]], *SENTENCES[1:-1], [*SENTENCES[-1][:5], "\u200b"]]
"""A zero-width space has no pieces."""


def document(sentences=SENTENCES, **fields) -> CorefDocument:
    return CorefDocument.from_sentences("bn/text_0", sentences, **fields)


class Imported:
    """An archive of ours, and what its model says of a document."""

    def __init__(self, path: Path):
        archive = load_archive(path)
        self.archive = archive
        self.model = archive.model.eval()
        self._seen = []
        self.model.head.register_forward_hook(
            lambda _, inputs, output: self._seen.append((*inputs, output))
        )

    def links(self, text: CorefDocument):
        """The units and the links of a document, and its clusters of words."""
        instance = self.archive.validation_dataset_reader.text_to_instance(text)
        batch = Batch([instance])
        batch.index_instances(Vocabulary())
        with torch.no_grad():
            output = self.model(**batch.as_tensor_dict())
        units, links = self._seen.pop()
        return units, links, output["clusters"][0]


def kept_spans(links) -> list[tuple[int, int]]:
    return list(zip(links.spans.starts.tolist(), links.spans.ends.tolist(), strict=True))


def best_antecedents(links) -> list[int]:
    """The antecedent of each kept span, -1 for none."""
    return [
        max(zip([0.0, *row], [-1, *others], strict=True))[1]
        for row, others in zip(links.scores.tolist(), links.antecedents.tolist(), strict=True)
    ]


def candidate_antecedents(links) -> list[set[int]]:
    """What could be linked to each kept span."""
    return [
        {other for score, other in zip(row, others, strict=True) if score > float("-inf")}
        for row, others in zip(links.scores.tolist(), links.antecedents.tolist(), strict=True)
    ]
