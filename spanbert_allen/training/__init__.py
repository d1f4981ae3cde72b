"""What training needs beyond AllenNLP's trainer."""

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
from spanbert_allen.training.bert_adam import BertAdam
from spanbert_allen.training.checkpointer import SpanbertCheckpointer
from spanbert_allen.training.coref_rates import CorefRates
from spanbert_allen.training.curves import RunCurves
from spanbert_allen.training.frozen_batches import FrozenBatchSampler
from spanbert_allen.training.instance_lengths import instance_lengths
from spanbert_allen.training.linear_with_warmup import LinearWithWarmup
from spanbert_allen.training.resumable_sampler import ResumableSampler
from spanbert_allen.training.token_budget import TokenBudgetSampler
from spanbert_allen.training.trainer import SpanbertTrainer

__all__ = [
    "BertAdam",
    "CorefRates",
    "FrozenBatchSampler",
    "LinearWithWarmup",
    "ResumableSampler",
    "RunCurves",
    "SpanbertCheckpointer",
    "SpanbertTrainer",
    "TokenBudgetSampler",
    "instance_lengths",
]
