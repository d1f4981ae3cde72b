"""Workers that each hold a share of the weights, gradients and moments: torch's FSDP2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from allennlp.models import Model
from allennlp.nn.parallel import DdpAccelerator
from allennlp.nn.parallel.ddp_accelerator import DdpWrappedModel
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh
from torch.nn.utils import clip_grad_norm_

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.loop.settings import LoopSettings
from spanbert_allen.training.recovery.full_tensors import (
    gathered,
    shared_out_weights,
)


class Fsdp2WrappedModel(DdpWrappedModel):
    """
    A model whose parameters are shared out among the workers.

    What it saves and loads are whole weights, as those of a model on one worker; all workers must
    call `state_dict`.
    """

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        """Return the whole weights, on the CPU."""
        weights: dict[str, Tensor] = gathered(self.model.state_dict(*args, **kwargs))
        return weights

    def load_state_dict(self, state_dict: Any, strict: bool = True) -> Any:
        """Take this worker's shares of whole weights."""
        return self.model.load_state_dict(shared_out_weights(state_dict, self.model), strict=strict)

    def clip_grad_norm_(self, max_norm: float) -> Tensor:
        """Clip the gradients of all workers together; return their norm."""
        trained = [p for p in self.model.parameters() if p.grad is not None]
        norm: Tensor = gathered(clip_grad_norm_(trained, max_norm))
        return norm

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Keep the gradients of each worker to itself."""
        self.model.set_requires_gradient_sync(False)
        try:
            yield
        finally:
            self.model.set_requires_gradient_sync(True)


@DdpAccelerator.register("spanbert_fsdp2")
class Fsdp2Accelerator(DdpAccelerator):
    """
    Share out weights, gradients and the optimizer's moments among the workers (torch's FSDP2).

    The model is put together for each forward and each backward pass, and shared out again after
    it. Between them a worker of n keeps an n-th, as it always does of the moments, half of what
    Adam needs; with `torch` every worker keeps all. Archives and checkpoints are those of a
    whole model.

    A parameter that no document of an update uses has a gradient of zeros here, and none with
    `torch`: an optimizer with moments or decay moves it. `fp16`, `leftover` "carry" and `compile`
    are refused.

    # Parameters

    local_rank, world_size, cuda_device
        AllenNLP passes them.
    """

    def wrap_model(self, model: Model) -> tuple[Model, DdpWrappedModel]:
        """Share out the parameters of a model, in place."""
        from torch.distributed.fsdp import fully_shard

        if self.cuda_device.type == "cuda":
            model = model.cuda(self.cuda_device)
        mesh = init_device_mesh(self.cuda_device.type, (self.world_size,))
        model.register_forward_hook(_use_all_parameters)  # while they are put together
        # As a whole, and not layer by layer: how often a worker runs the encoder follows from its
        # documents, and workers wait for each other wherever something is put together.
        fully_shard(model, mesh=mesh, reshard_after_forward=True)
        return model, Fsdp2WrappedModel(
            model, local_rank=self.local_rank, world_size=self.world_size
        )


def check_settings(settings: LoopSettings) -> None:
    """
    Check the settings of a trainer whose model is shared out.

    # Errors

    `ConfigError` for one that does not work with that.
    """
    refused = {
        "precision": settings.precision == "fp16",
        "leftover": settings.leftover == "carry",
        "compile": bool(settings.compile),
    }
    for name, is_set in refused.items():
        if is_set:
            raise ConfigError(
                f"`trainer.{name}` {getattr(settings, name)!r} does not work with "
                "`distributed.ddp_accelerator` 'spanbert_fsdp2': change it, or leave the "
                "accelerator out"
            )


def _use_all_parameters(model: Model, _inputs: Any, outputs: dict[str, Any]) -> None:
    """
    Let all parameters have a gradient, on every worker.

    Workers exchange the gradients of the parameters that they have used: all must have used the
    same ones, and a document without links does not use all.
    """
    if outputs.get("loss") is None or not torch.is_grad_enabled():
        return
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    # Shape: ()
    outputs["loss"] = outputs["loss"] + 0.0 * sum(parameter.sum() for parameter in trained)
