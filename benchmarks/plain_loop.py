"""The plain transformers loop that our trainer is compared with: batches, optimizer, updates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

Tensors = dict[str, Any]


def make_optimizer(model: Any, learning_rate: float) -> Any:
    import torch

    undecayed = ("bias", "LayerNorm.weight")
    named = [(name, one) for name, one in model.named_parameters() if one.requires_grad]
    groups = [
        {
            "params": [one for name, one in named if name.endswith(undecayed) == is_undecayed],
            "weight_decay": 0.0 if is_undecayed else 0.01,
        }
        for is_undecayed in (False, True)
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, eps=1e-6)


def batches(
    examples: Sequence[Tensors], batch_size: int, collate: Callable[[list[Tensors]], Tensors]
) -> Iterator[Tensors]:
    """Yield the batches of an epoch, grouped by length as transformers' sampler does."""
    from transformers.trainer_pt_utils import LengthGroupedSampler

    lengths = [len(example["input_ids"]) for example in examples]
    order = list(LengthGroupedSampler(batch_size, lengths=lengths))
    for first in range(0, len(order), batch_size):
        yield collate([examples[place] for place in order[first : first + batch_size]])


def padded(examples: Sequence[Tensors], names: Sequence[str]) -> Tensors:
    """Return the columns of these names, padded, and which of their places are no padding."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    batch = {
        name: pad_sequence([example[name] for example in examples], batch_first=True)
        for name in names
    }
    batch["attention_mask"] = pad_sequence(
        [torch.ones_like(example["input_ids"]) for example in examples], batch_first=True
    )
    return batch


def update(
    model: Any, batch: Tensors, optimizer: Any, *, is_bf16: bool, schedule: Any = None
) -> float:
    """Make one update and return its loss."""
    import torch

    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_bf16):
        loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if schedule is not None:
        schedule.step()
    optimizer.zero_grad()
    return float(loss.detach())
