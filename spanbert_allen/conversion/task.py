"""A task whose models are converted, from and to transformers' form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from allennlp.data import Vocabulary
from allennlp.models import Model
from torch import Tensor, nn

SOURCE_LABELS_KEY = "source_labels"
"""The key of an archive's configuration under which the order of its source's outputs stands."""
SETTINGS_KEY = "spanbert_allen"
"""The key of transformers' `config.json` under which exported models keep settings of ours."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """
    What a model that is imported says about itself.

    # Parameters

    name : `str`
        Its file, folder or hub id.
    encoder : `Mapping[str, Any]`
        The settings of indexer and embedder alike: `model_name` and, if needed, `vocabulary`.
    config : `Mapping[str, Any]`
        Its `config.json`.
    num_outputs : `int`
        The outputs of its head.
    max_positions : `int`
        The most pieces that its encoder takes.
    """

    name: str
    encoder: Mapping[str, Any]
    config: Mapping[str, Any]
    num_outputs: int
    max_positions: int

    @property
    def head_dropout(self) -> dict[str, float]:
        """Return the setting of the dropout before the head, as transformers reads it there."""
        value = self.config.get("classifier_dropout")
        if value is None:
            value = self.config.get("hidden_dropout_prob")
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1:
            return {}
        return {"dropout": float(value)}

    @property
    def temperature(self) -> dict[str, float]:
        """Return the setting of a temperature that an exported model has kept."""
        return {name: float(value) for name, value in self.kept(("temperature",)).items()}

    def setting(self, options: Mapping[str, Any], name: str, default: Any) -> Any:
        """Return what the user gives, else what an exported model has kept, else the default."""
        if options.get(name) is not None:
            return options[name]
        kept = self.config.get(SETTINGS_KEY)
        value = kept.get(name) if isinstance(kept, Mapping) else None
        return default if value is None else value

    def keeps_none(self, name: str) -> bool:
        """Tell whether an exported model says of a setting that it has none."""
        kept = self.config.get(SETTINGS_KEY)
        return isinstance(kept, Mapping) and kept.get(name, name) is None

    def kept(self, names: Sequence[str]) -> dict[str, Any]:
        """Return those of some settings that an exported model has kept."""
        values = {name: self.setting({}, name, None) for name in names}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Blueprint:
    """
    What a model is built from.

    # Parameters

    config : `dict[str, Any]`
        Its configuration.
    vocabulary : `Vocabulary`, optional
        AllenNLP's; empty by default.
    outputs : `Sequence[int]`, optional (default = `None`)
        Which output of the source becomes each of its outputs; `None` if the order is the same.
    source_labels : `Sequence[str]`, optional (default = `None`)
        The names of the source's outputs in its order, where that is another.
    """

    config: dict[str, Any]
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    outputs: Sequence[int] | None = None
    source_labels: Sequence[str] | None = None


class ExportedTask(ABC):
    """A task whose models transformers has a class for."""

    model_type: ClassVar[str]
    """The name under which our model is registered."""
    architecture: ClassVar[str]
    """The class of transformers."""
    pipeline_tag: ClassVar[str]
    """The hub's name of the task."""
    trained_how: ClassVar[str] = "Fine-tuned"
    """The first word of the model card."""

    @abstractmethod
    def load_head(self, theirs: nn.Module, model: Model, outputs: Sequence[int] | None) -> None:
        """
        Copy the weights of our head into transformers' model.

        # Parameters

        theirs : `nn.Module`
            Of the class `architecture`.
        model : `Model`
            Ours.
        outputs : `Sequence[int]`, optional
            Which output of ours becomes each of theirs; `None` if the order is the same.
        """

    def files_beside(self, model: Model) -> dict[str, dict[str, Tensor]]:
        """Return weights that transformers has no place for, by the names of their files."""
        del model
        return {}

    def bert_settings(self, model: Model, config: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return what a model adds to transformers' `config.json`.

        Raises `ConfigError` for a model that transformers has no form for.

        # Parameters

        model : `Model`
            Ours.
        config : `Mapping[str, Any]`
            What it was trained with.
        """
        del model, config
        return {}

    def card_section(self, model: Model, config: Mapping[str, Any]) -> list[str]:
        """
        Return what the model card says about its use, as lines of Markdown.

        # Parameters

        model : `Model`
            Ours.
        config : `Mapping[str, Any]`
            What it was trained with.
        """
        del model, config
        return []


class Task(ExportedTask):
    """A task whose models are both imported and exported; its head is one linear layer."""

    head: ClassVar[str]
    """The name of the head's linear layer, in our model as in transformers'."""
    uses_pooler: ClassVar[bool]
    """Whether the head stands on the encoder's pooler."""
    options: ClassVar[Sequence[str]]
    """The names of the options that an import takes."""

    @abstractmethod
    def blueprint(self, source: Source, options: Mapping[str, Any]) -> Blueprint:
        """
        Return our configuration and vocabulary.

        Settings that `-o` may want to change for predictions are
        written out: it changes nothing that is not there.

        # Parameters

        source : `Source`
            What is imported.
        options : `Mapping[str, Any]`
            By the names of `options`; `None` for what is not given.
        """

    def load_head(self, theirs: nn.Module, model: Model, outputs: Sequence[int] | None) -> None:
        """See `ExportedTask`."""
        rows = slice(None) if outputs is None else list(outputs)
        head = model.get_submodule(self.head)
        ours = {name: tensor[rows] for name, tensor in head.state_dict().items()}
        theirs.get_submodule(self.head).load_state_dict(ours)


def kept_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of ours as an addition to transformers' `config.json`."""
    return {SETTINGS_KEY: {name: value for name, value in settings.items() if value is not None}}


def prediction_reader(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings of the reader that predicts: training's may be one of several sets."""
    reader: Mapping[str, Any] = config.get("validation_dataset_reader") or config["dataset_reader"]
    return reader


def prediction_loader() -> dict[str, Any]:
    """Return the data loader of imported models."""
    sampler = {"type": "spanbert_token_budget", "max_pieces": 16384, "shuffle": False}
    return {"batch_sampler": sampler}
