"""Whether every model computes on the device what it computes on the CPU."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from allennlp.common import Registrable
from allennlp.nn.util import move_to_device
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from gpu_parts import tasks
from gpu_parts.bench import Bench, Row
from spanbert_allen.modules.classification.relation_pooling import RelationPooling
from spanbert_allen.modules.coref.antecedents.scorer import AntecedentScorer
from spanbert_allen.modules.coref.losses.link_loss import LinkLoss
from spanbert_allen.modules.coref.mentions.scorer import MentionScorer
from spanbert_allen.modules.coref.refinements.refinement import Refinement
from spanbert_allen.modules.pretraining.objectives.objective import Objective
from spanbert_allen.modules.qa.decoder import AnswerDecoder

UNIT = "relative difference"


def cases(bench: Bench) -> dict[str, Callable[[], tasks.Task]]:
    """Return what makes each model and its batch, by a name."""
    return {**coref_cases(bench), **other_cases(bench)}


def coref_cases(bench: Bench) -> dict[str, Callable[[], tasks.Task]]:
    """Return the heads and every scorer, refinement and loss that is registered."""
    coref = partial(tasks.coref, bench, words=bench.sizes.compared_words)
    made: dict[str, Callable[[], tasks.Task]] = {head: partial(coref, head) for head in tasks.HEADS}
    parts = {"mentions": MentionScorer, "links": AntecedentScorer, "refinement": Refinement}
    for key, kind in parts.items():
        for name in own_names(kind):
            # Some mention scorers learn from the mention loss alone.
            made[name] = partial(
                coref, "light", change={key: {"type": name}}, mention_loss_weight=1.0
            )
    for name in own_names(LinkLoss):
        made[name] = partial(coref, "light", link_loss={"type": name})
    made["mention loss"] = partial(coref, "light", mention_loss_weight=1.0)
    made["words as units"] = partial(coref, "light", units="words")
    return {f"coref, {name}": make for name, make in made.items()}


def other_cases(bench: Bench) -> dict[str, Callable[[], tasks.Task]]:
    """Return the other models, with every decoder, pooling and objective."""
    made: dict[str, Callable[[], tasks.Task]] = {"qa, training": partial(tasks.qa, bench)}
    for name in AnswerDecoder.list_available():
        made[f"qa, {name}"] = partial(tasks.qa, bench, training=False, decoder=name)
    for name in RelationPooling.list_available():
        made[f"relation, {name}"] = partial(tasks.relation, bench, name)
    made["sequence"] = partial(tasks.sequence, bench)
    made["pretraining"] = partial(tasks.pretraining, bench)
    pairs = {"next_sentence": True}
    made["pretraining, next sentence"] = partial(
        tasks.pretraining, bench, model=pairs, reader=pairs, pooler=True
    )
    for name in own_names(Objective):
        made[f"pretraining, {name}"] = partial(
            tasks.pretraining,
            bench,
            model={"objectives": [{"type": name}]},
            reader={"questions": {"type": name}},
        )
    return made


def own_names(kind: type[Registrable]) -> list[str]:
    """Return the names of this package that are registered for a kind of part."""
    return [name for name in kind.list_available() if name.startswith("spanbert_")]


def run(bench: Bench) -> None:
    bench.sizes = bench.sizes.for_comparison()
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

    Compared are the loss, all numbers of the outputs, and all gradients as one vector.
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
        f"output {name}": torch.cat([_as_vector(one) for one in leaves])
        for name, value in outputs.items()
        if (leaves := [one for one in tree_leaves(value) if _is_compared(one)])
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


def _is_compared(value: Any) -> bool:
    """Tell whether an output is a number or has some: scores, and places of what was found."""
    if isinstance(value, Tensor):
        return bool(value.numel())
    return isinstance(value, (int, float)) and math.isfinite(value)


def _as_vector(value: Tensor | float) -> Tensor:
    """Return the numbers of an output as a vector."""
    return torch.as_tensor(value).detach().flatten().double().cpu()
