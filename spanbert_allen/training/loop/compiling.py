"""Compilation of a model by torch."""

from __future__ import annotations

import torch

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder


def compile_model(model: torch.nn.Module, backend: bool | str) -> list[torch.nn.Module]:
    """
    Compile the encoders of a model in place.

    The names of parameters stay as they are, so checkpoints and archives do not change. The head is
    not compiled, as its shapes follow from the text. A model without an encoder of this package is
    compiled as a whole.

    # Parameters

    model : `torch.nn.Module`
        Not yet compiled.
    backend : `bool | str`
        `True` for torch's default, `inductor`, which needs a C++ compiler on the CPU; or the name
        of another.

    # Returns

    The compiled modules. They are compiled at their first use, which may take a minute.

    Raises `ConfigError` for an unknown backend.
    """
    name = "inductor" if backend is True else str(backend)
    known = torch.compiler.list_backends(exclude_tags=())
    if name not in known:
        raise ConfigError(
            f"`trainer.compile` is {backend!r}: it must be true, false or one of {', '.join(known)}"
        )
    encoders = [m.encoder for m in model.modules() if isinstance(m, SpanbertEmbedder)]
    modules = encoders or [model]
    for module in modules:
        module.compile(backend=name, dynamic=True)
    return modules
