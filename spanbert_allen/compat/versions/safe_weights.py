"""
Weights and training states are read as tensors and plain values, never as a program.

**Cause.** A `.th` file is a pickle, which can run anything when read. Since 2.6 `torch.load`
refuses all but tensors and plain values (`weights_only=True`), which is what we want and also what
stops `--recover`: the cosine schedule, and any metric computed with NumPy, leave NumPy scalars in
`training_state_*.th`, and the refusal is five lines of advice to read the file unsafely.

**Repair.** NumPy's plain scalars are allowed, as they are numbers and nothing else. A file that
holds anything else is refused with one sentence.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from typing import Any, TypeVar

import numpy
import torch
from allennlp.nn import util as nn_util
from allennlp.training.checkpointer import Checkpointer
from packaging.version import Version

from spanbert_allen.common.errors import DataError

SCALARS = (numpy.float64, numpy.float32, numpy.float16, numpy.int64, numpy.int32, numpy.bool_)

_Read = TypeVar("_Read", bound=Callable[..., Any])


def needed() -> bool:
    """From 2.6 on `torch.load` is safe by default; setup.py asks for no older one."""
    return Version(torch.__version__) >= Version("2.6")


def apply() -> None:
    dtypes = [type(numpy.dtype(scalar)) for scalar in SCALARS]
    rebuild: Any = numpy.float64(0).__reduce__()[0]  # how a pickle makes a scalar again
    torch.serialization.add_safe_globals([numpy.dtype, rebuild, *dtypes])
    nn_util.read_state_dict = _refused_in_one_sentence(nn_util.read_state_dict)
    Checkpointer.load_checkpoint = _refused_in_one_sentence(Checkpointer.load_checkpoint)


def _refused_in_one_sentence(read: _Read) -> Callable[..., Any]:
    @functools.wraps(read)
    def reading(*args: Any, **kwargs: Any) -> Any:
        try:
            return read(*args, **kwargs)
        except (
            pickle.UnpicklingError,
            EOFError,
            RuntimeError,
            AttributeError,
            IndexError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:
            # Of the RuntimeErrors, the one of torch's reader of zip files: the file is cut short.
            # The last five come of a pickle that is damaged, or of one that holds no dictionary.
            if isinstance(error, RuntimeError) and "PytorchStreamReader" not in str(error):
                raise
            place = "the weights or training state" if not args else str(_place(args[0]))
            raise DataError(
                "is no whole file of weights by name, or holds Python objects beside tensors and "
                "numbers, which could run a program: nothing of it was used; take a file that "
                "AllenNLP or torch.save(model.state_dict(), ...) has written",
                place,
            ) from error

    return reading


def _place(reader: Any) -> Any:
    """Return what was read: a path, or the latest files of a checkpointer."""
    if isinstance(reader, Checkpointer):
        return " or ".join(reader.find_latest_checkpoint() or ())
    return reader
