"""The labels and markers of relation classification, in the order of the original program."""

# AllenNLP builds this class from its annotations: see indexer.py.
# ruff: noqa: UP007, UP045

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Optional, Union

from allennlp.data import Instance, Vocabulary

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.relation.fields import LABELS_NAMESPACE
from spanbert_allen.data.relation.markers import (
    LABEL_TYPES_NAMESPACE,
    MARKERS_NAMESPACE,
    TYPE_PAIRS_NAMESPACE,
    requested_markers,
)
from spanbert_allen.formats.relation.detection import read_relations
from spanbert_allen.formats.relation.example import NO_RELATION
from spanbert_allen.formats.relation.negative_label import negative_label_problem
from spanbert_allen.formats.relation.tacred_preset import TACRED_LABELS, TACRED_MARKERS

logger = logging.getLogger(__name__)

NON_PADDED = (
    *("*tags", "*labels"),
    *(MARKERS_NAMESPACE, TYPE_PAIRS_NAMESPACE, LABEL_TYPES_NAMESPACE),
)
_PRESETS: dict[str, dict[str, Sequence[str]]] = {
    "labels": {"tacred": TACRED_LABELS},
    "markers": {"tacred": TACRED_MARKERS},
}


@Vocabulary.register("spanbert_relation", constructor="from_relations")
class RelationVocabulary(Vocabulary):
    """
    Hold the names that a trained relation model carries along beside its weights.

    What it predicts never depends on which file is read first.

    AllenNLP's vocabulary gets these namespaces: `relation_labels`, the negative label and then the
    others by how often they occur in the training data; `relation_markers`, in the order in which
    examples ask for them; `relation_type_pairs`, the types that subjects and objects had together,
    so that among many entities only such pairs are judged; and `relation_label_types`, the types
    that the examples of each label had. The first marker becomes the word piece [unused1], and so
    on; an encoder whose vocabulary has too few of these pieces can do without types (mode `text`).
    A warning says if the negative label is hardly that of the training data.

    Registered as a `Vocabulary` with name "spanbert_relation". Set `datasets_for_vocab_creation` to
    `["train"]` beside it: labels are counted in training data only.

    # Parameters

    instances : `Iterable[Instance]`
        The instances, which AllenNLP gives.
    negative_label : `str`, optional (default = `"no_relation"`)
        The label for no relation, which becomes output 0; `None` if there is no such label.
    labels : `Union[str, list[str]]`, optional (default = `None`)
        All labels in their order, instead of counting them, or `tacred`: those of the model that
        SpanBERT's authors released.
    markers : `Union[str, list[str]]`, optional (default = `None`)
        All markers in their order, instead of collecting them, or `tacred`, as for `labels`.
    marker_files : `list[str]`, optional (default = `None`)
        Files whose examples ask for their markers before the instances do: the original program
        with `--do_eval` goes through dev first.
    """

    @classmethod
    def from_relations(
        cls,
        instances: Iterable[Instance],
        *,
        negative_label: Optional[str] = NO_RELATION,
        labels: Union[str, list[str], None] = None,
        markers: Union[str, list[str], None] = None,
        marker_files: Optional[list[str]] = None,
    ) -> "RelationVocabulary":
        """Make the vocabulary of the training data; see the class."""
        counts: dict[str, dict[str, int]] = defaultdict(Counter)
        for path in marker_files or ():
            for example in read_relations(path):
                for marker in requested_markers(example):
                    counts[MARKERS_NAMESPACE][marker] += 1
        if labels is None or markers is None:
            for instance in instances:
                instance.count_vocab_items(counts)
        problem = negative_label_problem(counts[LABELS_NAMESPACE], negative_label)
        if labels is None and problem is not None:
            logger.warning(
                "%s: set `negative_label` of the vocabulary and of the model to the label for no "
                "relation of the data, or both to null if it has none",
                problem,
            )
        vocabulary = cls.from_lists(
            _by_frequency(counts[LABELS_NAMESPACE], negative_label)
            if labels is None
            else _chosen("labels", labels),
            list(counts[MARKERS_NAMESPACE]) if markers is None else _chosen("markers", markers),
            list(counts[TYPE_PAIRS_NAMESPACE]),
            list(counts[LABEL_TYPES_NAMESPACE]),
        )
        # As AllenNLP's own: where `balanced` weights of labels are counted.
        vocabulary._retained_counter = {LABELS_NAMESPACE: dict(counts[LABELS_NAMESPACE])}
        return vocabulary

    @classmethod
    def from_lists(
        cls,
        labels: Iterable[str],
        markers: Iterable[str],
        type_pairs: Iterable[str] = (),
        label_types: Iterable[str] = (),
    ) -> "RelationVocabulary":
        """
        Make a vocabulary of names that are known.

        # Parameters

        labels, markers : `Iterable[str]`
            The labels and the markers, in their order.
        type_pairs, label_types : `Iterable[str]`, optional (default = `()`)
            What `type_pair` and `label_types` call the types that occur together, and with a label.
        """
        vocabulary = cls(non_padded_namespaces=NON_PADDED)
        for namespace, names in (
            (LABELS_NAMESPACE, labels),
            (MARKERS_NAMESPACE, markers),
            (TYPE_PAIRS_NAMESPACE, type_pairs),
            (LABEL_TYPES_NAMESPACE, label_types),
        ):
            for name in names:
                vocabulary.add_token_to_namespace(name, namespace)
        return vocabulary


def _by_frequency(counts: dict[str, int], negative_label: str | None) -> list[str]:
    """Return the negative label, then the most frequent; equally frequent ones as they came."""
    others = (label for label in counts if label != negative_label)
    ordered = sorted(others, key=lambda label: -counts[label])
    return ordered if negative_label is None else [negative_label, *ordered]


def _chosen(key: str, value: str | list[str]) -> Sequence[str]:
    if not isinstance(value, str):
        return value
    if value not in _PRESETS[key]:
        known = ", ".join(_PRESETS[key])
        raise ConfigError(f"vocabulary.{key}: {value!r} is no preset; give a list, or {known}")
    return _PRESETS[key][value]
