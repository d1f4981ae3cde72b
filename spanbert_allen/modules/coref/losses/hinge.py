"""A margin between the best link and the best right one."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.losses.link_loss import LinkLoss
from spanbert_allen.modules.layers.precision import at_least_float32


@LinkLoss.register("spanbert_hinge")
class HingeLoss(LinkLoss):
    """
    Demand a margin between the best link and the best right one.

    This is the slack-rescaled hinge of Wiseman et al. (2015), "Learning Anaphoricity and Antecedent
    Ranking Features for Coreference Resolution", with the costs of Xu and Choi (2020, their
    program). A span whose best link is wrong costs `c (1 + s - s*)`, where `s` is the score of the
    best link, `s*` that of the best right one, and 0 that of "no antecedent"; `c` depends on the
    mistake. A span whose best link is right costs nothing.

    # Parameters

    false_new_delta : `float`, optional (default = `1.5`)
        How much more it costs to link a span to none that has an antecedent: `c` is
        `(1 + false_new_delta) / 2` then, and `(3 - false_new_delta) / 2` for any other mistake.
    """

    def __init__(self, false_new_delta: float = 1.5):
        super().__init__()
        if not -1 <= false_new_delta <= 3:
            raise ConfigError(
                f"model.link_loss.false_new_delta: {false_new_delta} is not between -1 and 3: a "
                "mistake would cost less than nothing"
            )
        self.false_new_cost = (1 + false_new_delta) / 2
        self.other_cost = (3 - false_new_delta) / 2

    def forward(self, scores: Tensor, gold: Tensor) -> Tensor:
        has_antecedent = gold.any(dim=1)
        # Shape: (num_spans, 1 + num_antecedents)
        all_scores = functional.pad(at_least_float32(scores), (1, 0))
        all_gold = torch.cat([~has_antecedent.unsqueeze(1), gold], dim=1)
        # Shape: (num_spans,) all
        highest, chosen = all_scores.max(dim=1)
        right = all_scores.masked_fill(~all_gold, float("-inf")).max(dim=1).values
        is_wrong = ~all_gold.gather(1, chosen.unsqueeze(1)).squeeze(1)
        costs = torch.where(
            has_antecedent & (chosen == 0),
            torch.full_like(highest, self.false_new_cost),
            torch.full_like(highest, self.other_cost),
        )
        return ((1 + highest - right) * costs * is_wrong).sum()
