"""Import and export relation classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from allennlp.data import DatasetReader
from allennlp.models import Model

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.label_names import (
    check_number,
    given_names,
    label_settings,
    own_names,
    refuse_several_labels,
    refuse_several_numbers,
)
from spanbert_allen.conversion.task import (
    SETTINGS_KEY,
    Blueprint,
    Source,
    Task,
    kept_settings,
    prediction_loader,
    prediction_reader,
)
from spanbert_allen.data.relation.markers import (
    LABEL_TYPES_NAMESPACE,
    MARKERS_NAMESPACE,
    TYPE_PAIRS_NAMESPACE,
    TYPED_WORDS,
)
from spanbert_allen.data.relation.vocabulary import RelationVocabulary
from spanbert_allen.dataset_readers.relation.reader import RelationReader
from spanbert_allen.formats.relation.example import NO_RELATION
from spanbert_allen.formats.relation.tacred_preset import TACRED_LABELS, TACRED_MARKERS
from spanbert_allen.models.relation import SpanbertRelation

_ROLES = ("SUBJ=", "OBJ=")
_ENDS = ("/SUBJ=", "/OBJ=")

_OF_READER = ("unknown_type", "language")
"""Settings of the reader that predictions depend on; kept where they are set."""

PRESET = "tacred"
"""Names the labels, and the markers, of the model that SpanBERT's authors released."""


class RelationTask(Task):
    """Import and export relation classifiers on the pooled [CLS]; see `Task`."""

    model_type = "spanbert_relation"
    head = "classifier"
    architecture = "BertForSequenceClassification"
    pipeline_tag = "text-classification"
    uses_pooler = True
    options = ("max_length", "mode", "labels", "markers", "negative_label", "threshold")

    def blueprint(self, source: Source, options: Mapping[str, Any]) -> Blueprint:
        """See `Task`."""
        refuse_several_labels(source)
        refuse_several_numbers(source)
        labels = source_labels = _labels(source, options.get("labels"))
        markers = _markers(source, options.get("markers"), labels)
        usual = None if source.keeps_none("negative_label") else NO_RELATION
        negative = source.setting(options, "negative_label", usual)
        outputs = None
        if negative not in labels:
            if options.get("negative_label") is not None:
                raise ConfigError(
                    f"--negative-label: {negative!r} is none of the labels of {source.name}: "
                    f"{', '.join(labels)}; leave it out if there is none for no relation"
                )
            negative = None
        elif labels[0] != negative:
            # Ours is output 0, as in the vocabulary that is trained with.
            outputs = sorted(range(len(labels)), key=lambda number: labels[number] != negative)
            labels = [labels[number] for number in outputs]
        mode = source.setting(options, "mode", "ner")
        _check_markers(markers, mode, labels)
        max_length = source.setting(options, "max_length", 128)
        scorer = source.setting({}, "scorer", None)
        threshold = source.setting(options, "threshold", 0.0)
        embedder = {"type": "spanbert", "dtype": "float32", "pooler": True, **source.encoder}
        config = {
            "dataset_reader": {
                "type": "spanbert_relation",
                "indexer": {"type": "spanbert", **source.encoder},
                "mode": mode,
                "max_length": min(max_length, source.max_positions),
                "window": "start",
                **source.kept((*_OF_READER, "window")),
            },
            "vocabulary": {"type": "spanbert_relation", "negative_label": negative},
            "validation_data_loader": prediction_loader(),
            "data_loader": prediction_loader(),
            "model": {
                "type": self.model_type,
                "embedder": embedder,
                "pooling": {"type": "cls"},
                "negative_label": negative,
                "threshold": threshold,
                **source.temperature,
                **source.head_dropout,
                **({} if scorer is None else {"scorer": scorer}),
            },
        }
        # With markers that are given, an exported model's types may be called otherwise.
        pairs, types = (
            None if options.get("markers") else source.setting({}, name, None)
            for name in ("type_pairs", "label_types")
        )
        vocabulary = RelationVocabulary.from_lists(labels, markers, pairs or (), types or ())
        moved = None if outputs is None else source_labels
        return Blueprint(config, vocabulary, outputs, moved)

    def bert_settings(self, model: Model, config: Mapping[str, Any]) -> dict[str, Any]:
        """See `Task`."""
        ours = cast("SpanbertRelation", model)
        if not ours.pooling.uses_pooler:
            raise ConfigError(
                f"a relation model with the pooling {type(ours.pooling).__name__} has no form in "
                "transformers, whose class stands on the pooled [CLS]; train one with the pooling "
                "`cls`"
            )
        if ours.hidden_layer is not None:
            raise ConfigError(
                "a relation model with a hidden layer has no form in transformers, whose class "
                "stands on the pooled [CLS]; train one with `hidden_layer` null"
            )
        reader = prediction_reader(config)
        kept = {
            "max_length": reader.get("max_length"),
            "mode": reader.get("mode"),
            **{name: reader.get(name) for name in _OF_READER},
            "window": _window(reader),
            "markers": _names(ours, MARKERS_NAMESPACE),
            "type_pairs": _names(ours, TYPE_PAIRS_NAMESPACE),
            "label_types": _names(ours, LABEL_TYPES_NAMESPACE),
            "threshold": ours.threshold,
            "temperature": None if ours.temperature == 1 else ours.temperature,
            "scorer": config["model"].get("scorer"),
        }
        settings = kept_settings(kept)
        settings[SETTINGS_KEY]["negative_label"] = ours.negative_label  # also if there is none
        return label_settings(ours.labels, ours.classifier.dropout) | settings

    def card_section(self, model: Model, config: Mapping[str, Any]) -> list[str]:
        """See `Task`."""
        del config
        ours = cast("SpanbertRelation", model)
        lines = [
            "The input is a sentence with markers in place of the two entities, or around them.",
            "They are word pieces, which transformers' tokenizer does not put in; an archive that",
            "`spanbert-allen import --task relation` makes of this model does.",
            "",
            "| marker | word piece |",
            "|---|---|",
        ]
        markers = _names(ours, MARKERS_NAMESPACE)
        lines += [f"| {name} | [unused{number}] |" for number, name in enumerate(markers, start=1)]
        return [*lines, ""]


def _window(reader: Mapping[str, Any]) -> str:
    """Return what a reader keeps of a long text, by its configuration."""
    kind = cast("type[RelationReader]", DatasetReader.by_name(reader["type"]))
    return str(reader.get("window", kind.default_window))


def _labels(source: Source, given: Sequence[str] | None) -> list[str]:
    if given is not None and list(given) == [PRESET]:
        labels: list[str] | None = list(TACRED_LABELS)
    else:
        labels = given_names("--labels", given) or own_names(source)
    if labels is None and source.num_outputs == len(TACRED_LABELS):
        labels = list(TACRED_LABELS)
    if labels is None:
        raise ConfigError(
            f"--labels: {source.name} does not name its {source.num_outputs} outputs, and TACRED "
            f"has {len(TACRED_LABELS)}; give a file with one label a line, in their order"
        )
    check_number("--labels", labels, source)
    return labels


def _markers(source: Source, given: Sequence[str] | None, labels: Sequence[str]) -> list[str]:
    if given is not None and list(given) == [PRESET]:
        return list(TACRED_MARKERS)
    markers = given_names("--markers", given) or source.setting({}, "markers", None)
    if markers is None and tuple(labels) == TACRED_LABELS:
        markers = list(TACRED_MARKERS)
    if markers is None:
        raise ConfigError(
            f"--markers: {source.name} does not say what [unused1], [unused2], ... stand for; "
            "give a file with one name a line, in their order: SUBJ_START, SUBJ_END, "
            "OBJ_START, OBJ_END, then SUBJ=TYPE and OBJ=TYPE"
        )
    return list(markers)


def _check_markers(markers: Sequence[str], mode: str, labels: Sequence[str]) -> None:
    """Raise a `ConfigError` for names that cannot be the markers of a model of this mode."""
    swapped = sorted(set(markers) & set(labels))
    if swapped:
        raise ConfigError(
            f"--markers: {swapped[0]!r} is a label as well; markers are SUBJ_START, SUBJ_END, "
            "OBJ_START, OBJ_END, and SUBJ=TYPE and OBJ=TYPE"
        )
    needed = [f"{role}_{end}" for role in ("SUBJ", "OBJ") for end in ("START", "END")]
    missing = [name for name in needed if mode.startswith("text") and name not in markers]
    roles = {"text": (), TYPED_WORDS: (), "typed_entity_marker": (*_ROLES, *_ENDS)}
    missing += [
        f"{role}TYPE"
        for role in roles.get(mode, _ROLES)
        if not any(marker.startswith(role) for marker in markers)
    ]
    if missing:
        raise ConfigError(
            f"--markers: the mode `{mode}` needs {', '.join(missing)}, which the names given lack; "
            "give the names of [unused1], [unused2], ... in their order, or another --mode"
        )


def _names(model: SpanbertRelation, namespace: str) -> list[str]:
    """Return the names of a namespace of the model's vocabulary, by their numbers."""
    numbers = model.vocab.get_token_to_index_vocabulary(namespace)
    return sorted(numbers, key=numbers.__getitem__)
