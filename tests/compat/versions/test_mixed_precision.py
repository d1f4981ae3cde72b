"""No deprecation is reported at a training step."""

from __future__ import annotations

import warnings

import torch
from allennlp.nn.parallel import ddp_accelerator
from allennlp.training import gradient_descent_trainer

import spanbert_allen.plugin  # noqa: F401
from tests.compat.tiny_training import trainer


def test_training_warns_of_nothing_deprecated(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        warnings.simplefilter("error", DeprecationWarning)
        trainer(tmp_path, {"type": "constant"}, 1).train()


def test_the_names_mean_what_they_meant():
    amp = gradient_descent_trainer.amp
    assert ddp_accelerator.amp is amp
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # there may be no GPU
        scaler, casting = amp.GradScaler(), amp.autocast(False)
    assert isinstance(scaler, torch.amp.GradScaler)
    assert (casting.device, casting.fast_dtype, casting._enabled) == ("cuda", torch.float16, False)
