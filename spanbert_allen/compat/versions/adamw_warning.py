"""
AllenNLP's `huggingface_adamw` without a notice at each start.

**Cause.** It subclasses transformers' own AdamW, which says at each construction that it is
deprecated; 4.49 is the last transformers that has it and the one that this package installs.

**Repair.** The notice has a switch, which AllenNLP's constructor cannot reach: its default is set
to quiet. The optimizer itself is the same.
"""

from __future__ import annotations

import inspect

from transformers import AdamW

_SWITCH = "no_deprecation_warning"


def needed() -> bool:
    parameters = inspect.signature(AdamW.__init__).parameters
    return next(reversed(parameters)) == _SWITCH


def apply() -> None:
    *others, _ = AdamW.__init__.__defaults__
    AdamW.__init__.__defaults__ = (*others, True)
