"""
`config.json` is whole at every moment.

**Cause.** A training run writes it anew each time that it starts, in place. A run that is ended in
that moment, while it recovers, leaves half of it, and no `--recover` goes on from the checkpoints
beside it any more.

**Repair.** It is written beside its place and then renamed.
"""

from __future__ import annotations

import functools
import json

from allennlp.common import Params

from spanbert_allen.common.files import replace_file

_to_file = Params.to_file


def needed() -> bool:
    return True


def apply() -> None:
    Params.to_file = to_file


@functools.wraps(_to_file)
def to_file(
    self: Params, params_file: str, preference_orders: list[list[str]] | None = None
) -> None:
    with replace_file(params_file) as file:
        json.dump(self.as_ordered_dict(preference_orders), file, indent=4)
