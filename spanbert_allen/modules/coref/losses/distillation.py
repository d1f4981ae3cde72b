"""How far a student's links are from those of its teacher."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from spanbert_allen.modules.layers.precision import at_least_float32


def distillation_loss(scores: Tensor, teacher: Tensor, *, temperature: float) -> Tensor:
    """
    Return the divergence of a student's antecedents from its teacher's, summed over spans.

    For each span it is `m KL(q / m || p)`. `p` is the student's distribution over its candidate
    antecedents and "no antecedent", and `q` is what the teacher's distribution gives to these, `m`
    in all: what the teacher gives to antecedents that the student did not keep cannot be learnt
    here, so a span counts by the share that can. The temperature divides the scores of both, and
    its square multiplies the loss (Hinton et al. 2015, "Distilling the Knowledge in a Neural
    Network", section 2).

    # Parameters

    scores : `Tensor`
        The student's. Minus infinity where there is no antecedent; 0 is the score of no antecedent.
        Shape: (num_spans, num_antecedents)
    teacher : `Tensor`
        The logarithm of `q`, "no antecedent" first; minus infinity where the teacher gives nothing.
        A row may be so throughout. Shape: (num_spans, 1 + num_antecedents)
    temperature : `float`
        What the scores are divided by; `q` is of scores that were divided by it.

    # Returns

    `Tensor`
        Shape: ()
    """
    padded = functional.pad(at_least_float32(scores), (1, 0)) / temperature
    absent = teacher.isneginf() | padded.isneginf()
    # Shape: (num_spans, 1 + num_antecedents)
    of_teacher = teacher.to(padded.dtype).masked_fill(absent, float("-inf"))
    of_student = padded.log_softmax(dim=1)
    shares = of_teacher.exp()
    # Shape: (num_spans,)
    totals = shares.sum(dim=1)
    apart = (of_teacher - of_student).masked_fill(absent, 0.0)
    entropies = torch.special.entr(totals)  # -m log m
    return temperature**2 * ((shares * apart).sum(dim=1) + entropies).sum()
