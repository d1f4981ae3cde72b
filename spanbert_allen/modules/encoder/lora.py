"""Low-rank adapters (LoRA) on the encoder, through the `peft` library, which is an extra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor, nn
from transformers import BertModel

from spanbert_allen.common.errors import ConfigError

_DEFAULTS: dict[str, Any] = {
    "rank": 8,
    "alpha": 16,
    "dropout": 0.0,
    "targets": ["query", "value"],
}


def add_adapters(
    encoder: BertModel, settings: Mapping[str, Any], num_trained: int | None = None
) -> None:
    """
    Freeze an encoder and put adapters beside its linear layers: only they are trained.

    # Parameters

    encoder : `BertModel`
        Changed in place.
    settings : `Mapping[str, Any]`
        `rank` (8), `alpha` (16), `dropout` (0.0) and `targets` (`["query", "value"]`), the closing
        parts of the names of the layers.
    num_trained : `int`, optional (default = `None`)
        Only the uppermost so many layers get adapters; by default all.

    # Errors

    `ConfigError` if `peft` is not installed or a setting is unknown.
    """
    unknown = sorted(set(settings) - set(_DEFAULTS))
    if unknown:
        raise ConfigError(
            f"`lora` has no setting `{unknown[0]}`: its settings are {', '.join(_DEFAULTS)}"
        )
    try:
        import peft
    except ImportError as error:
        raise ConfigError("`lora` needs the peft library: pip install peft") from error
    chosen = {**_DEFAULTS, **settings}
    num_layers = encoder.config.num_hidden_layers
    config = peft.LoraConfig(
        r=chosen["rank"],
        lora_alpha=chosen["alpha"],
        lora_dropout=chosen["dropout"],
        target_modules=list(chosen["targets"]),
        layers_to_transform=None
        if num_trained is None
        else list(range(num_layers - num_trained, num_layers)),
    )
    try:
        peft.inject_adapter_in_model(config, encoder)
    except ValueError as error:
        raise ConfigError(f"`lora`: {error}") from error
    for name, parameter in encoder.named_parameters():
        parameter.requires_grad_("lora_" in name or name.startswith("pooler."))


def merged_weights(encoder: nn.Module) -> dict[str, Tensor]:
    """
    Return the weights of an encoder, with low-rank adapters added to the layers they adapt.

    # Parameters

    encoder : `nn.Module`
        A `BertModel`, with adapters or without. Adapters are merged in place.

    # Returns

    `dict[str, Tensor]`
        By the names of a `BertModel` without adapters.
    """
    for module in encoder.modules():
        if hasattr(module, "base_layer"):  # peft's
            cast("Any", module).merge()
    return adapted_weights(encoder)


def adapted_weights(encoder: nn.Module) -> dict[str, Tensor]:
    """
    Return the weights of an encoder beside those of its low-rank adapters.

    # Parameters

    encoder : `nn.Module`
        A `BertModel`, with adapters or without.

    # Returns

    `dict[str, Tensor]`
        By the names of a `BertModel` without adapters.
    """
    return {
        name.replace(".base_layer.", "."): tensor
        for name, tensor in encoder.state_dict().items()
        if ".lora_" not in name
    }
