"""Parameters of several workers under the names that they have on one."""

from __future__ import annotations

from allennlp.models import Model
from allennlp.nn.parallel import DdpAccelerator
from allennlp.nn.parallel.ddp_accelerator import DdpWrappedModel


class PlainNames(DdpAccelerator):
    """
    Wrap a model as another accelerator does, but let its parameters keep their names.

    torch's DDP puts `module.` in front of each, and AllenNLP's trainer asks the wrapped model for
    the names: parameter groups and `no_grad` that begin with `^embedder` would match nothing.

    # Parameters

    accelerator : `DdpAccelerator`
        The other one.
    """

    def __init__(self, accelerator: DdpAccelerator) -> None:
        super().__init__(accelerator.local_rank, accelerator.world_size, accelerator.cuda_device)
        self._accelerator = accelerator

    def wrap_model(self, model: Model) -> tuple[Model, DdpWrappedModel]:
        model, wrapped = self._accelerator.wrap_model(model)
        if wrapped.model is not model:
            wrapped.model.named_parameters = model.named_parameters
        return model, wrapped
