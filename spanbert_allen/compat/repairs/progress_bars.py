"""
Progress bars of the first worker alone.

**Cause.** While several workers train, each of them shows the progress of its own reading, and
they write over one another.

**Repair.** A bar of AllenNLP's is not shown by the other workers.
"""

from __future__ import annotations

from typing import Any

from allennlp.common.tqdm import Tqdm
from allennlp.common.util import is_distributed
from torch import distributed

_tqdm = Tqdm.tqdm


def needed() -> bool:
    return True


def apply() -> None:
    Tqdm.tqdm = staticmethod(tqdm)


def tqdm(*args: Any, **kwargs: Any) -> Any:
    if is_distributed() and distributed.get_rank() > 0:
        kwargs["disable"] = True
    return _tqdm(*args, **kwargs)
