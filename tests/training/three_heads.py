"""A model of which a text uses only a part, to be imported by the programs that train it."""

from __future__ import annotations

from typing import Any

from allennlp.data import TextFieldTensors, Vocabulary
from allennlp.models import Model
from allennlp.modules import TextFieldEmbedder
from allennlp.nn.util import get_text_field_mask
from allennlp.training.metrics import Average, CategoricalAccuracy
from torch import Tensor, nn


@Model.register("test_three_heads")
class ThreeHeads(Model):
    """The number of a text's words says by which head it is classified."""

    def __init__(self, vocab: Vocabulary, text_field_embedder: TextFieldEmbedder):
        super().__init__(vocab)
        self.embedder = text_field_embedder
        dim = text_field_embedder.get_output_dim()
        self.heads = nn.ModuleList([nn.Linear(dim, 2) for _ in range(3)])
        self.never_used = nn.Linear(dim, dim)
        self.accuracy = CategoricalAccuracy()
        self.num_words = Average()

    def forward(self, tokens: TextFieldTensors, label: Tensor, **rest: Any) -> dict[str, Tensor]:
        num_words = int(get_text_field_mask(tokens).sum())
        # Shape: (1, 2)
        logits = self.heads[num_words % 3](self.embedder(tokens).mean(dim=1))
        self.accuracy(logits, label)
        self.num_words(num_words)
        return {"loss": nn.functional.cross_entropy(logits, label)}

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        return {
            "accuracy": self.accuracy.get_metric(reset),
            "num_words": self.num_words.get_metric(reset),
        }
