"""Predict relations of entities in a user's own texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import torch
from allennlp.data import Instance
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.files import ending_of
from spanbert_allen.common.spans import CharSpan, WordSpan
from spanbert_allen.data.relation.input import RelationSequence, Window
from spanbert_allen.data.relation.markers import (
    MARKERS_NAMESPACE,
    TYPE_PAIRS_NAMESPACE,
    TYPED_WORDS,
)
from spanbert_allen.data.relation.pairs import PairsSequence
from spanbert_allen.dataset_readers.relation.reader import RelationReader
from spanbert_allen.formats.relation.detection import read_relations, relation_layout
from spanbert_allen.formats.relation.example import RelationExample
from spanbert_allen.formats.relation.jsonl import relation_record
from spanbert_allen.formats.spacy.documents import is_doc
from spanbert_allen.models.relation import SpanbertRelation
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.option_checks import changed_options, language_of
from spanbert_allen.predictors.prepared import PreparedRecord
from spanbert_allen.predictors.record import Record, examples_as_records
from spanbert_allen.predictors.relation.allowed_labels import AllowedLabels
from spanbert_allen.predictors.relation.official_file import ENDINGS, official_labels
from spanbert_allen.predictors.relation.options import RelationOptions
from spanbert_allen.predictors.relation.output import (
    PREDICTED,
    SCHEMA,
    relation_json,
    with_relations_chosen,
)
from spanbert_allen.predictors.relation.requests import (
    KnownTypes,
    RelationRequest,
    request_of_doc,
    request_of_record,
    window_of,
)
from spanbert_allen.predictors.result import Result


@Predictor.register("spanbert_relation")
class RelationPredictor(SpanPredictor):
    """
    Predict the relation of two entities of a text, or of all pairs of its entities.

    A record is one of `spanbert_relation_jsonl`, whose label is ignored, or has `entities`, a list
    of `[start, end, type]` (the type may be left out), instead of a subject and an object, or is a
    result, whose pairs are predicted anew; if the model sees types, pairs of types that its
    training data did not have are left out. The model reads the part of a long text that is around
    the two entities; a record may ask for another part by `window`. `allennlp predict` also takes
    files in the layout of TACRED or of SemEval-2010 Task 8, whose long texts are cut as the reader
    cuts them; if the output is named `.txt` or `.tsv`, it writes the official `id<TAB>label`.

    # Parameters

    model, dataset_reader, frozen, max_pieces_per_batch, task, engine
        As for `SpanPredictor`. The reader is one of the relation readers; it does not limit the
        form of the records.
    language : `str`, optional (default = the reader's, or `"en"`)
        spaCy's code of the language, to split texts into words.
    probabilities : `bool`, optional (default = `False`)
        Whether to give the probabilities of all labels.
    allowed_types : `bool`, optional (default = `False`)
        Whether a label is possible only for types of entities that it had in the training data. The
        label for no relation always is. Probabilities are those of the possible labels.
    without_negative : `bool`, optional (default = `False`)
        Whether to leave pairs out of `relations` that are predicted to have no relation.
    by_probability : `bool`, optional (default = `False`)
        Whether `relations` begins with the most probable one. Otherwise pairs are in the order of
        the entities.
    """

    schema: ClassVar[str] = SCHEMA
    names: ClassVar[Sequence[str]] = ("id",)
    alone: ClassVar[str] = "text"
    needs = (("subject", "object"), ("entities",))
    fields = (
        *("text", "tokens", "subject", "object", "subject_type", "object_type"),
        *("entities", "label", "window"),
    )
    option_names = ("probabilities", "allowed_types", "without_negative", "by_probability")
    records_at_once: ClassVar[int] = 32

    def __init__(
        self,
        model: Model,
        dataset_reader: RelationReader,
        frozen: bool = True,
        *,
        language: str | None = None,
        probabilities: bool = False,
        allowed_types: bool = False,
        without_negative: bool = False,
        by_probability: bool = False,
        **of_all_predictors: Any,
    ) -> None:
        super().__init__(model, dataset_reader, frozen, **of_all_predictors)
        self._relation = cast("SpanbertRelation", self._model)
        self._reader = cast("RelationReader", self._dataset_reader)
        self.language = language_of(self._reader, language)
        markers, pairs = (
            self._model.vocab.get_token_to_index_vocabulary(namespace)
            for namespace in (MARKERS_NAMESPACE, TYPE_PAIRS_NAMESPACE)
        )
        mode, shared = self._reader.mode, self._reader.unknown_type
        self._known = KnownTypes(
            None if mode == "text" else markers, pairs, shared, are_words=mode == TYPED_WORDS
        )
        self._allowed = AllowedLabels(
            self._model.vocab, self._relation.labels, self._relation.negative_label
        )
        self._set(RelationOptions(probabilities, allowed_types, without_negative, by_probability))
        self.max_pairs: int | None = None
        """How many pairs the entities of a record may have; any number, if `None`."""
        self._num_cut = self._num_gaps = 0

    @property
    def entity_types(self) -> list[str] | None:
        """Return the types that entities may have; `None` if the model sees none or takes any."""
        return list(self._known.trained) or None

    def predict(
        self,
        text: Any = None,
        subject: Sequence[int] | None = None,
        object: Sequence[int] | None = None,
        *,
        tokens: Sequence[str] | None = None,
        subject_type: str | None = None,
        object_type: str | None = None,
        entities: Sequence[Sequence[Any]] | None = None,
        types: Mapping[str, str] | None = None,
        id: str = "text",
        **options: bool | None,
    ) -> JsonDict:
        """
        Return the relation of two entities, or of all pairs of several.

        Raises a `DataError` if something is wrong with them.

        # Parameters

        text : `str | spacy.tokens.Doc`, optional
            Raw text; or a `Doc`, whose `ents` are the entities: all pairs within a sentence.
        subject, object : `Sequence[int]`, optional
            `(start, end)`: with `text` in characters, the end outside; with `tokens` in words, the
            end inside.
        tokens : `Sequence[str]`, optional
            Words, instead of a text.
        subject_type, object_type : `str`, optional
            Types that the model was trained with; modes with `ner` need them.
        entities : `Sequence[Sequence[Any]]`, optional
            Instead of a subject and an object: `(start, end)` or `(start, end, type)` each.
        types : `Mapping[str, str]`, optional
            With a `Doc`, the model's names for the labels of its entities where the two differ,
            such as `{"ORG": "ORGANIZATION"}`.
        id : `str`, optional (default = `"text"`)
            The name in the result.
        options : `bool`, optional (default = the predictor's)
            `probabilities`, `allowed_types`, `without_negative`, `by_probability`: see the class.

        # Returns

        `dict[str, Any]`
            What `relation_json` describes, and for all pairs `joined_json`.
        """
        given = {
            "text": text,
            "tokens": tokens,
            "subject": subject,
            "object": object,
            "subject_type": subject_type,
            "object_type": object_type,
            "entities": entities,
        }
        request = self._asked(given, types, id)
        changes = {name: value for name, value in options.items() if value is not None}
        predictor = self.with_options(changes)
        (result,) = predictor.results_of([predictor._ready(Record({}), request, "entities")])
        return result

    def prepare_doc(self, doc: Any, *, types: Mapping[str, str]) -> PreparedRecord:
        """Make all pairs of entities of a spaCy `Doc` ready; arguments as for `predict`."""
        request = self._asked({"text": doc}, types, self.alone)
        return self._ready(Record({}), request, "entities")

    def knows_type(self, type_: str) -> bool:
        """Return whether the model judges entities of a type."""
        return self._known.judges(type_)

    def with_options(self, options: Mapping[str, Any]) -> RelationPredictor:
        """Return a predictor of the same model with other fields of `RelationOptions`."""
        predictor = copy(self)
        predictor._set(changed_options(self.options, options))
        return predictor

    def records(self, path: str) -> Iterator[Record]:
        """Yield the records of a file: lines, or the examples of TACRED's or SemEval's layout."""
        if relation_layout(path) == "records":
            yield from super().records(path)
            return
        yield from examples_as_records(
            lambda on_problem: read_relations(path, language=self.language, on_problem=on_problem),
            lambda example: (
                relation_record(replace(example, label=None)) | {"window": self._reader.window}
            ),
        )

    def remarks(self) -> Iterator[str]:
        """Say how many pairs lost something that matters."""
        if self._num_cut:
            yield (
                f"in {self._num_cut} pairs an entity, its type or a marker of it is lost, at least "
                "in part, as the text is too long (`is_cut`)"
            )
        if self._num_gaps:
            yield (
                f"in {self._num_gaps} pairs the entities are too far apart, and what is between "
                "them is left out (`seen`)"
            )

    def open_output(self, path: str | Path) -> AbstractContextManager[Any]:
        """Open the official file for a name in `.txt` or `.tsv`, a page for `.html`, else lines."""
        if ending_of(path) in ENDINGS:
            return official_labels(path)
        return super().open_output(path)

    def record_to_instance(self, record: Record) -> Instance:
        """Return the instance of a record of one pair; raise a `DataError` for another record."""
        request = self._request(record, self.alone)
        if not request.is_single:
            raise DataError("the record has `entities`, which is more than one instance")
        return self._instances(request.examples, window_of(record))[0]

    def num_pieces(self, instance: Instance) -> int:
        """Return the number of word pieces."""
        return len(instance["token_ids"])

    def name_of(self, instance: Instance) -> JsonDict:
        """Return the id of the pair; those of the pairs of a text are several."""
        example = instance["example"].metadata
        return {"id": example.id} if isinstance(example, RelationExample) else {}

    def without_labels(self, instance: Instance) -> Instance:
        """Return the instance without the label of an annotated example."""
        return Instance({name: field for name, field in instance.fields.items() if name != "label"})

    def result(self, instance: Instance, outputs: Mapping[str, Any]) -> JsonDict:
        """Return the result for one pair, or `pairs`, those for the pairs of a text."""
        example, sequence = instance["example"].metadata, instance["token_ids"].sequence
        rows = outputs["probabilities"], outputs["label_ids"]
        if isinstance(example, RelationExample):
            return self._result_of_pair(example, sequence, *rows)
        # Where other texts have more pairs there is padding behind.
        return {
            "pairs": [
                self._result_of_pair(one, sequence, *row)
                for one, *row in zip(example, *rows, strict=False)
            ]
        }

    def predict_batch_instance(self, instances: Sequence[Instance]) -> list[JsonDict]:
        """Return the results, or error records, for all pairs of some instances, in their order."""
        results: list[JsonDict] = []
        for instance, result in zip(
            instances, super().predict_batch_instance(instances), strict=True
        ):
            examples = instance["example"].metadata
            if "error" in result and isinstance(examples, list):
                results.extend(Result(result | {"id": one.id}) for one in examples)
            else:
                results.extend(_of_pairs(result))
        return results

    def _result_of_pair(
        self,
        example: RelationExample,
        sequence: RelationSequence | PairsSequence,
        probabilities: npt.NDArray[np.floating],
        label_id: Any,
    ) -> JsonDict:
        self._num_cut += sequence.is_entity_cut
        self._num_gaps += len(sequence.kept) > 1
        _, chars = example.source()
        is_whole = sequence.kept == (WordSpan(0, len(example.words) - 1),)
        best = int(label_id)
        if self.options.allowed_types:
            types = self._known.as_known(example.subject_type, example.object_type)
            probabilities = self._allowed.probabilities(probabilities, *types)
            # Logits, up to a constant: the threshold is one of logits.
            logits = torch.from_numpy(probabilities).log() * self._relation.temperature
            best = int(self._relation.chosen(logits))
        return relation_json(
            example,
            self._relation.labels,
            probabilities.tolist(),
            best=best,
            is_cut=sequence.is_entity_cut,
            seen=None if is_whole else [_chars(span, chars) for span in sequence.kept],
            all_labels=self.options.probabilities,
        )

    def _set(self, options: RelationOptions) -> None:
        """Use other options; raise a `ConfigError` for one that this model cannot have."""
        self.options = options
        if options.allowed_types and not self._allowed.are_known:
            raise ConfigError(
                "`allowed_types`: the archive does not say which types its labels had in training; "
                "leave the option out, or train the model anew"
            )

    def _chosen(self, result: JsonDict) -> JsonDict:
        """Return the result with the relations that were asked for."""
        negative = self._relation.negative_label if self.options.without_negative else None
        return with_relations_chosen(
            result, without=negative, by_probability=self.options.by_probability
        )

    def _asked(self, given: JsonDict, types: Mapping[str, str] | None, id: str) -> RelationRequest:
        """Return what a call of `predict` asks."""
        doc = given["text"]
        fields = {name: value for name, value in given.items() if value is not None}
        if is_doc(doc):
            if len(fields) > 1:
                raise ConfigError(
                    f"a spaCy `Doc` has its own words and entities; leave `{list(fields)[1]}` out"
                )
            return request_of_doc(
                doc,
                request_id=id,
                types=types or {},
                known=self._known,
                max_pairs=self.max_pairs,
            )
        if types is not None:
            raise ConfigError("`types` renames the labels of a spaCy `Doc`; give one, or none")
        return self._request(Record(fields), id)

    def _made_ready(self, record: Record) -> PreparedRecord:
        request = self._request(record, self._default_name(record))
        return self._ready(record, request, window_of(record))

    def _ready(self, record: Record, request: RelationRequest, window: Window) -> PreparedRecord:
        instances = self._instances(request.examples, window)
        return PreparedRecord(
            record, instances, sum(map(self.num_pieces, instances)), asked=request
        )

    def _joined(self, prepared: PreparedRecord, rows: Sequence[JsonDict]) -> JsonDict:
        pairs = [pair for row in rows for pair in _of_pairs(row)]
        return Result(self._chosen(prepared.asked.result(pairs)))

    def _own_fields(self, record: Record) -> JsonDict:
        is_result = record.get("schema") == SCHEMA
        predicted = PREDICTED if is_result else ()
        return {k: v for k, v in super()._own_fields(record).items() if k not in predicted}

    def _request(self, record: Record, default_id: str) -> RelationRequest:
        return request_of_record(
            record,
            default_id=default_id,
            language=self.language,
            known=self._known,
            max_pairs=self.max_pairs,
        )

    def _instances(self, examples: Sequence[RelationExample], window: Window) -> list[Instance]:
        instances = self._reader.instances_of(examples, window)
        for instance in instances:
            instance.index_fields(self._model.vocab)  # says now if a type is unknown
        return instances


def _of_pairs(result: JsonDict) -> list[JsonDict]:
    """Return the results for the pairs of an instance, which may be one."""
    return cast("list[JsonDict]", result.get("pairs", [result]))


def _chars(words: WordSpan, chars: Sequence[CharSpan]) -> CharSpan:
    return CharSpan(chars[words.start].start, chars[words.end].end)
