"""
Archives of AllenNLP's own coreference model, `coref` of allennlp-models.

An archive, also one of 2020, is a configuration as JSON and a state dict, in a `model.tar.gz` or a
folder. Whatever that model does differently from Joshi et al.'s becomes a setting of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from allennlp.models import archival

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.conversion.coref.checkpoint import CorefCheckpoint, WeightNames
from spanbert_allen.encoders import WeightsFile
from spanbert_allen.modules.encoder.weights import read_weights

_WEIGHTS = ("weights.th", "best.th")
_UNITS = {"pretrained_transformer_mismatched": "words", "pretrained_transformer": "pieces"}
_NO_MATTER = ("type", "initializer", "regularizer", "ddp_accelerator")
_PAIRS = "head.link_scorer.antecedent_scorer."


@contextmanager
def opened(source: Path) -> Iterator[Path]:
    """Give the folder of an archive's files while the context lasts."""
    if source.is_dir():
        yield source
        return
    with archival.extracted_archive(source) as folder:
        yield Path(folder)


def model_type(folder: Path) -> Any:
    """Return the type of the model of an archive, or `None` if it has none."""
    model = _read_config(folder).get("model")
    return model.get("type") if isinstance(model, dict) else None


def read_allennlp(folder: Path, place: Path) -> CorefCheckpoint:
    """
    Read an archive of AllenNLP's.

    # Parameters

    folder : `Path`
        The archive's files.
    place : `Path`
        The archive, for errors.
    """
    config = _read_config(folder)
    weights_path = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if weights_path is None:
        raise DataError(f"has no weights: neither {' nor '.join(_WEIGHTS)}", place)
    settings = _Settings(config, place)
    names = WeightNames(read_weights(WeightsFile(weights_path)), place)
    _rename(names, settings)
    weights = names.finish()
    # The gate opens for the old vector there, for the new one here.
    for name in ("head.refinement.gate.weight", "head.refinement.gate.bias"):
        if name in weights:
            weights[name] = -weights[name]
    # Widths beyond those of candidates have rows that are never looked up.
    table = "head.span_representation.width_embedding.weight"
    weights[table] = weights[table][: settings.max_span_width].clone()
    vocabulary = folder / "vocabulary" / f"{settings.namespace}.txt"
    return CorefCheckpoint(
        weights=weights,
        model=settings.model(),
        indexer={"max_length": settings.max_length, "cut_anywhere": True},
        reader={"keep_singletons": not settings.without_singletons},
        encoder_name=settings.encoder_name,
        vocabulary=vocabulary.read_bytes() if vocabulary.is_file() else None,
        lower_case=settings.lower_case,
    )


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / archival.CONFIG_NAME
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"has no {archival.CONFIG_NAME}", folder) from error
    except ValueError as error:
        raise DataError(f"is not JSON ({error})", path) from error
    if not isinstance(config, dict):
        raise DataError("is not a JSON object", path)
    return config


class _Settings:
    """
    What a configuration of AllenNLP's says, checked to be something that we can do.

    # Parameters

    config : `Mapping[str, Any]`
    place : `Path`
        The archive, for errors.
    """

    def __init__(self, config: Mapping[str, Any], place: Path):
        self._place = place
        model = dict(config["model"])
        # The reader of training leaves long documents' ends out: only if there is no other.
        reader = config.get("validation_dataset_reader") or config.get("dataset_reader") or {}
        self._read_embedder(model.pop("text_field_embedder", {}), reader)
        context = model.pop("context_layer", {})
        self._require(context.get("type") == "pass_through", "context_layer", context)
        self.mention_network = self._network("mention_feedforward", model)
        self.pair_network = self._network("antecedent_feedforward", model)
        self.feature_size = int(model.pop("feature_size"))
        widest = int(model.pop("max_span_width"))
        self.max_span_width = min(widest, int(reader.get("max_span_width", widest)))
        self.kept_per_word = float(model.pop("spans_per_word"))
        self.max_antecedents = int(model.pop("max_antecedents"))
        self.coarse_to_fine = bool(model.pop("coarse_to_fine", False))
        self.order = int(model.pop("inference_order", 1))
        self.lexical_dropout = float(model.pop("lexical_dropout", 0.2))
        self.without_singletons = bool(reader.get("remove_singleton_clusters", False))
        others = sorted(set(model) - set(_NO_MATTER))
        self._require(not others, ", ".join(others), "unknown")

    def _require(self, condition: bool, key: str, value: Any) -> None:
        if not condition:
            raise ConfigError(
                f"{self._place}: its model has `{key}` {json.dumps(value)}, which spanbert_coref "
                "has no counterpart of: the model cannot be imported"
            )

    def _read_embedder(self, embedder: Mapping[str, Any], reader: Mapping[str, Any]) -> None:
        embedders = embedder.get("token_embedders", embedder)
        embedders = {key: value for key, value in embedders.items() if isinstance(value, dict)}
        self._require(len(embedders) == 1, "text_field_embedder", sorted(embedders))
        ((self.key, settings),) = embedders.items()
        self._require(settings.get("type") in _UNITS, f"{self.key}.type", settings.get("type"))
        self.units = _UNITS[settings["type"]]
        for key, usual in (
            ("last_layer_only", True),
            ("sub_module", None),
            ("sub_token_mode", "avg"),
        ):
            value = settings.get(key, usual)
            self._require(value == usual, f"{self.key}.{key}", value)
        has_pieces = reader.get("wordpiece_modeling_tokenizer") is not None
        self._require(
            has_pieces == (self.units == "pieces"),
            "wordpiece_modeling_tokenizer",
            "in its reader" if has_pieces else "not in its reader",
        )
        indexer = reader.get("token_indexers", {}).get(self.key, {})
        self.encoder_name = str(settings["model_name"])
        self.max_length = settings.get("max_length") or indexer.get("max_length")
        self.namespace = indexer.get("namespace", "tags")
        tokenizer = indexer.get("tokenizer_kwargs") or settings.get("tokenizer_kwargs") or {}
        self.lower_case = tokenizer.get("do_lower_case")

    def _network(self, key: str, model: dict[str, Any]) -> dict[str, Any]:
        """`hidden_dim`, `num_layers` and `dropout` of a feed-forward network."""
        network = model.pop(key)
        num_layers = int(network["num_layers"])
        values = {}
        for name in ("hidden_dims", "activations", "dropout"):
            value = network.get(name, 0.0)
            each = value if isinstance(value, list) else [value]
            self._require(len(set(map(str, each))) == 1, f"{key}.{name}", value)
            values[name] = each[0]
        activation = values["activations"]
        activation = activation.get("type") if isinstance(activation, dict) else activation
        self._require(activation == "relu", f"{key}.activations", activation)
        self._require(num_layers >= 1, f"{key}.num_layers", num_layers)
        return {
            "hidden_dim": int(values["hidden_dims"]),
            "num_layers": num_layers,
            "dropout": float(values["dropout"]),
        }

    def model(self) -> dict[str, Any]:
        """Return the settings of `spanbert_coref`."""
        kind = "coarse_to_fine" if self.coarse_to_fine else "nearest"
        links: dict[str, Any] = {"type": f"spanbert_{kind}_links"}
        if self.coarse_to_fine:
            links["project_antecedents"] = True
        links |= {
            name: value
            for name, value in self.pair_network.items()
            if value != self.mention_network[name]
        }
        head: dict[str, Any] = {
            "max_span_width": self.max_span_width,
            "kept_per_unit": self.kept_per_word,
            "max_kept": None,
            "allow_crossing": True,
            "zero_filled_attention": True,
            "max_antecedents": self.max_antecedents,
            **self.mention_network,
            "feature_size": self.feature_size,
            "input_dropout": 0.0,
            "width_prior": False,
            "distance_prior": False,
            "features": ["distance"],
            "links": links,
        }
        if self.units == "pieces":
            head["uncounted_units"] = 2
        if self.order > 1:
            head["refinement"] = {
                "type": "spanbert_attended_antecedent",
                "times": self.order - 1,
                "scalar_gate": True,
            }
        return {"units": self.units, "unit_dropout": self.lexical_dropout, "head": head}


def _rename(names: WeightNames, settings: _Settings) -> None:
    transformer = f"_text_field_embedder.token_embedder_{settings.key}."
    if settings.units == "words":
        transformer += "_matched_embedder."
    transformer += "transformer_model."
    names.skip(f"{transformer}pooler.")
    names.skip(f"{transformer}embeddings.position_ids")
    names.take_all(transformer, "embedder.encoder.")
    for theirs, ours, network in (
        ("mention", "head.mention_scorer.", settings.mention_network),
        ("antecedent", _PAIRS, settings.pair_network),
    ):
        for layer in range(network["num_layers"]):
            place = "first" if layer == 0 else f"rest.{layer - 1}"
            names.take_linear(
                f"_{theirs}_feedforward._module._linear_layers.{layer}",
                f"{ours}feedforward.{place}",
            )
        names.take_linear(f"_{theirs}_scorer._module", f"{ours}feedforward.output")
    spans = "head.span_representation."
    names.take(
        "_endpoint_span_extractor._span_width_embedding.weight", f"{spans}width_embedding.weight"
    )
    names.take_linear("_attentive_span_extractor._global_attention._module", f"{spans}token_scorer")
    names.take("_distance_embedding.weight", f"{_PAIRS}features.embeddings.distance.weight")
    if settings.coarse_to_fine:
        names.take_linear("_coarse2fine_scorer", "head.link_scorer.coarse_antecedents.projection")
    if settings.order > 1:
        names.take_linear("_span_updating_gated_sum._gate", "head.refinement.gate")
