"""What training needs beyond AllenNLP's trainer."""

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
from spanbert_allen.training.batches.frozen import FrozenBatchSampler
from spanbert_allen.training.batches.lengths import instance_lengths
from spanbert_allen.training.batches.multitask_loader import MultitaskLoader
from spanbert_allen.training.batches.pretraining_loader import PretrainingLoader
from spanbert_allen.training.batches.sampler import ResumableSampler
from spanbert_allen.training.batches.token_budget import TokenBudgetSampler
from spanbert_allen.training.loop.fsdp2 import Fsdp2Accelerator
from spanbert_allen.training.loop.trainer import SpanbertTrainer
from spanbert_allen.training.monitoring.curves import RunCurves
from spanbert_allen.training.monitoring.mlflow import MlflowCallback
from spanbert_allen.training.optimizers.bert_adam import BertAdam
from spanbert_allen.training.recovery.checkpointer import SpanbertCheckpointer
from spanbert_allen.training.schedules.coref import CorefRates
from spanbert_allen.training.schedules.linear_with_warmup import LinearWithWarmup

__all__ = [
    "BertAdam",
    "CorefRates",
    "FrozenBatchSampler",
    "Fsdp2Accelerator",
    "LinearWithWarmup",
    "MlflowCallback",
    "MultitaskLoader",
    "PretrainingLoader",
    "ResumableSampler",
    "RunCurves",
    "SpanbertCheckpointer",
    "SpanbertTrainer",
    "TokenBudgetSampler",
    "instance_lengths",
]
