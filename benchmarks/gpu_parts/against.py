"""Coreference of allennlp-models and of fastcoref with an encoder of the same shape."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from allennlp.data import Batch, Vocabulary
from allennlp.nn.util import move_to_device
from coref_documents import their_instances, their_model
from coref_speed_sides import FASTCOREF_HEAD, THEIR_SCORERS
from plain_loop import make_optimizer

import spanbert_allen.plugin  # noqa: F401  AllenNLP is mended first
from gpu_parts import tasks, texts
from gpu_parts.bench import Bench
from spanbert_allen.modules.layers.precision import mixed_precision

UNIT = "words/s"


def allennlp_models(bench: Bench) -> None:
    """Time the coreference of allennlp-models with its published scorers; it refuses bf16."""
    measure(bench, allennlp_loss, ("fp32", "fp16"))


def fastcoref(bench: Bench) -> None:
    """Time fastcoref's own model."""
    measure(bench, fastcoref_loss, ("fp32", "bf16"))


def measure(
    bench: Bench,
    make: Callable[[Bench, int], tuple[Any, Callable[[], Any]]],
    precisions: tuple[str, ...],
) -> None:
    for words in bench.sizes.words[:2]:
        for precision in sorted(set(precisions) & set(bench.sizes.precisions)):
            for case, prepare in (("training", update), ("model alone", forward)):
                bench.timed(
                    f"{case}, {words} words",
                    partial(prepare, bench, make, words, precision),
                    precision=precision,
                    amount=words,
                    unit=UNIT,
                )


def update(bench: Bench, make: Any, words: int, precision: str) -> Callable[[], Any]:
    """Return an update of another project's model in a plain loop."""
    model, loss = make(bench, words)
    model.train()
    optimizer = make_optimizer(model, 1e-5)

    def run() -> None:
        with mixed_precision(precision, bench.device):
            value = loss()
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return run


def forward(bench: Bench, make: Any, words: int, precision: str) -> Callable[[], Any]:
    model, loss = make(bench, words)
    model.eval()

    def run() -> None:
        with torch.inference_mode(), mixed_precision(precision, bench.device):
            loss()

    return run


def allennlp_loss(bench: Bench, words: int) -> tuple[Any, Callable[[], Any]]:
    folder, length = tasks.encoder(bench, "base"), bench.sizes.segment_length
    model = their_model(folder, max_length=length, load_weights=False, **THEIR_SCORERS)
    model.to(bench.device)
    # Its scores need scipy, and are not what is measured.
    model._conll_coref_scores = model._mention_recall = lambda *_: None
    batch = Batch(their_instances([texts.document(words)], folder, length))
    batch.index_instances(Vocabulary())
    tensors = batch.as_tensor_dict()
    return model, lambda: model(**move_to_device(tensors, bench.device))["loss"]


def fastcoref_loss(bench: Bench, words: int) -> tuple[Any, Callable[[], Any]]:
    """Make its model and a document in whole segments; its tokenisation is not timed."""
    from fastcoref.coref_models.modeling_fcoref import FCorefModel
    from transformers import BertConfig

    config = BertConfig.from_pretrained(tasks.encoder(bench, "base"))
    config.coref_head = FASTCOREF_HEAD
    model = FCorefModel(config).to(bench.device)
    length = bench.sizes.segment_length
    shape = (1, max(1, words // length), length)
    # Shape: (1, num_segments, segment_length)
    token_ids = torch.randint(200, bench.sizes.vocabulary, shape)
    batch = {
        "input_ids": token_ids.to(bench.device),
        "attention_mask": torch.ones(shape, dtype=torch.long, device=bench.device),
        "leftovers": {"input_ids": [], "attention_mask": []},
    }
    # Shape: (1, num_clusters, cluster_size, 2)
    gold = torch.arange(0, min(words, token_ids.numel()) // 2 * 2 - 1, 8)
    gold = gold[: gold.numel() // 2 * 2].view(1, -1, 2, 1).expand(-1, -1, -1, 2)
    return model, lambda: model(batch, gold_clusters=gold)[0]
