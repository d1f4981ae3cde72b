"""Whether every model computes on the device what it computes on the CPU."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from allennlp.nn.util import move_to_device
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from gpu_parts import tasks
from gpu_parts.bench import Bench, Row

UNIT = "relative difference"
REFINEMENTS = ("attended_antecedent", "cluster_merging", "span_clustering", "max_antecedent")


def cases(bench: Bench) -> dict[str, Callable[[], tasks.Task]]:
    """Return what makes each model and its batch, by a name."""
    words = bench.sizes.compared_words
    made: dict[str, Callable[[], tasks.Task]] = {
        "coref, published": lambda: tasks.coref(bench, "published", words),
        "coref, light": lambda: tasks.coref(bench, "light", words),
        "coref, nearest antecedents": lambda: tasks.coref(
            bench, "published", words, change={"links": {"type": "spanbert_nearest_links"}}
        ),
        "coref, hinge loss": lambda: tasks.coref(
            bench, "published", words, link_loss={"type": "spanbert_hinge"}
        ),
        "coref, mention loss": lambda: tasks.coref(bench, "light", words, mention_loss_weight=1.0),
        "coref, words as units": lambda: tasks.coref(bench, "light", words, units="words"),
    }
    for name in REFINEMENTS:
        change = {"refinement": {"type": f"spanbert_{name}"}}
        made[f"coref, {name}"] = lambda change=change: tasks.coref(
            bench, "published", words, change=change
        )
    made["qa, training"] = lambda: tasks.qa(bench)
    for decoder in ("exact", "original", "pipeline"):
        made[f"qa, {decoder}"] = lambda decoder=decoder: tasks.qa(
            bench, training=False, decoder=decoder
        )
    for pooling in ("cls", "entity_start", "entity_mean"):
        made[f"relation, {pooling}"] = lambda pooling=pooling: tasks.relation(bench, pooling)
    made["sequence"] = lambda: tasks.sequence(bench)
    made["pretraining"] = lambda: tasks.pretraining(bench)
    return made


def run(bench: Bench) -> None:
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    for name, make in cases(bench).items():
        bench.start()
        try:
            torch.manual_seed(1)
            task = make()
            value, worst = compare(task, bench.device)
            bench.add(Row(case=name, unit=UNIT, value=value, note=worst, peak_gb=bench.peak_gb()))
        except Exception as error:
            bench.failed(name, UNIT, error)


def compare(task: tasks.Task, device: torch.device) -> tuple[float, str]:
    """
    Run a model on both devices, without dropout; return the largest difference, and of what.

    Compared are the loss, all floating-point outputs, and all gradients as one vector.
    """
    without_dropout(task.model)
    here = results(task.model, task.batch)
    there = results(copy.deepcopy(task.model).to(device), move_to_device(task.batch, device))
    differences = {name: difference(one, there[name]) for name, one in here.items()}
    worst = max(differences, key=lambda name: differences[name])
    return differences[worst], f"largest in {worst}"


def results(model: nn.Module, batch: dict[str, Any]) -> dict[str, Tensor]:
    """Return what a model computes, in evaluation and then in training, by a name."""
    model.zero_grad()
    model.eval()
    with torch.no_grad():
        outputs = model(**batch)
    found = {
        f"output {name}": torch.cat([one.detach().flatten().double().cpu() for one in leaves])
        for name, value in outputs.items()
        if (leaves := [one for one in tree_leaves(value) if _is_float(one)])
    }
    loss = model.train()(**batch).get("loss")
    if loss is not None:
        loss.backward()
        gradients = [one.grad for one in model.parameters() if one.grad is not None]
        found["loss"] = loss.detach().reshape(1).double().cpu()
        found["gradients"] = torch.cat([one.flatten().double().cpu() for one in gradients])
    return found


def difference(reference: Tensor, other: Tensor) -> float:
    """Return the length of the difference over that of the reference; infinite for other shapes."""
    # Shape of both: (any,)
    if reference.shape != other.shape or not bool(other.isfinite().all()):
        return float("inf")
    return float((other - reference).norm() / reference.norm().clamp_min(1e-12))


def without_dropout(model: nn.Module) -> None:
    """Switch off every dropout, whatever its module calls its probability."""
    for module in model.modules():
        for name, value in vars(module).items():
            is_probability = name == "p" or "dropout" in name
            if is_probability and isinstance(value, float):
                setattr(module, name, 0.0)


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and bool(value.numel())
