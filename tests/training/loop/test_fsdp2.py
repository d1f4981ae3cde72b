"""
What an accelerator that shares out parameters asks of a training.

Trainings with it are in `tests/test_torchrun.py`.
"""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.loop.fsdp2 import check_settings
from spanbert_allen.training.loop.settings import LoopSettings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"precision": "fp16"}, "`trainer.precision` 'fp16' does not work with"),
        ({"leftover": "carry"}, "`trainer.leftover` 'carry' does not work with"),
        ({"compile": True}, "`trainer.compile` True does not work with"),
    ],
)
def test_settings_that_need_whole_parameters_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        check_settings(LoopSettings(**settings))


def test_other_settings_are_taken():
    check_settings(LoopSettings(precision="bf16", leftover="drop"))
