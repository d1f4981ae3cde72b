"""Build the parts of a training, without its data or with the beginning of it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from allennlp.commands.train import TrainModel
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model
from allennlp.training.optimizers import Optimizer

_READERS = ("dataset_reader", "validation_dataset_reader")
_LABEL_NAMESPACES = ("labels", "relation_labels")


def build_without_data(config: Mapping[str, Any]) -> Model:
    """
    Build readers, model and optimizer, with labels made up in place of the data's.

    # Parameters

    config : `Mapping[str, Any]`
        A configuration of `allennlp train`.

    # Returns

    `Model`
        The model, of which only what the optimizer trains requires gradients.
    """
    params = Params(deepcopy(dict(config)))
    for key in _READERS:
        if key in params:
            DatasetReader.from_params(params.pop(key))
    model = Model.from_params(params.pop("model"), vocab=_made_up_vocabulary(config))
    trainer = params.pop("trainer", {})
    frozen = trainer.get("no_grad") or ()
    for name, parameter in model.named_parameters():
        if any(re.search(pattern, name) for pattern in frozen):
            parameter.requires_grad_(False)
    if "optimizer" in trainer:
        named = [pair for pair in model.named_parameters() if pair[1].requires_grad]
        Optimizer.from_params(trainer.pop("optimizer"), model_parameters=named)
    return model


def build_with_data(config: Mapping[str, Any], count: int) -> TrainModel:
    """
    Build a whole training, as `allennlp train` does, from the first examples of each file.

    # Parameters

    config : `Mapping[str, Any]`
        A configuration of `allennlp train`.
    count : `int`
        How many examples to read of each file.
    """
    settings = deepcopy(dict(config))
    for key in _READERS:
        if key in settings:
            settings[key]["max_instances"] = count
    for key in ("evaluation", "include_in_archive", "distributed"):
        settings.pop(key, None)
    for key in ("random_seed", "numpy_seed", "pytorch_seed"):
        settings.pop(key, None)
    with tempfile.TemporaryDirectory() as folder:
        return TrainModel.from_params(Params(settings), serialization_dir=folder, local_rank=0)


def _made_up_vocabulary(config: Mapping[str, Any]) -> Vocabulary:
    """Return a vocabulary with the labels that the configuration names, and two more."""
    vocabulary = Vocabulary(non_padded_namespaces=("*labels", "*tags"))
    made = config.get("vocabulary", {})
    parts = {"": (config["model"], made)}
    for task, model in config["model"].get("tasks", {}).items():  # each with namespaces of its own
        parts[f"{task}."] = model, made.get("tasks", {}).get(task, {})
    for prefix, (model, own) in parts.items():
        for label in [*_named_labels(model, own), "a label", "another label"]:
            for namespace in _LABEL_NAMESPACES:
                vocabulary.add_token_to_namespace(label, prefix + namespace)
    return vocabulary


def _named_labels(model: Mapping[str, Any], vocabulary: Mapping[str, Any]) -> Iterable[str]:
    negative = model.get("negative_label", vocabulary.get("negative_label"))
    weights = model.get("class_weights")
    return [
        *([negative] if isinstance(negative, str) else []),
        *(weights if isinstance(weights, Mapping) else []),
    ]
