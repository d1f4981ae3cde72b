"""Relations of entities in a user's own texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, cast

from allennlp.data import Instance
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.relation.input import MARKERS_NAMESPACE, TYPE_PAIRS_NAMESPACE
from spanbert_allen.dataset_readers.relation.reader import RelationReader
from spanbert_allen.formats.relation.detection import read_relations, relation_layout
from spanbert_allen.formats.relation.example import RelationExample
from spanbert_allen.formats.spacy.documents import is_doc
from spanbert_allen.models.relation import SpanbertRelation
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.option_checks import checked_option
from spanbert_allen.predictors.record import Record, examples_as_records
from spanbert_allen.predictors.relation.official_file import ENDINGS, official_labels
from spanbert_allen.predictors.relation.output import SCHEMA, relation_json
from spanbert_allen.predictors.relation.requests import (
    KnownTypes,
    RelationRequest,
    request_of_doc,
    request_of_record,
)
from spanbert_allen.predictors.result import Result


@Predictor.register("spanbert_relation")
class RelationPredictor(SpanPredictor):
    """
    The relation of two entities of a text, or of all pairs of its entities, with probabilities. A
    record is one of `spanbert_relation_jsonl`, whose label is passed over, or has `entities`, a
    list of `[start, end, type]` (the type may be left out), instead of a subject and an object;
    if the model sees types, pairs of types that its training data did not have are left out.
    `allennlp predict` also takes files in the layout of TACRED or of SemEval-2010 Task 8; if the
    output is named `.txt` or `.tsv`, it writes the official `id<TAB>label`.

    # Parameters

    model, dataset_reader, frozen, max_pieces_per_batch
        As for `SpanPredictor`. The reader is one of the relation readers: it does not limit the
        form of the records.
    language : `str`, optional (default = the reader's, or `"en"`)
        spaCy's code of the language, to cut texts into words.
    probabilities : `bool`, optional (default = `False`)
        Whether to give the probabilities of all labels.
    """

    schema: ClassVar[str] = SCHEMA
    names: ClassVar[Sequence[str]] = ("id",)
    alone: ClassVar[str] = "text"
    records_at_once: ClassVar[int] = 32

    def __init__(
        self,
        model: Model,
        dataset_reader: RelationReader,
        frozen: bool = True,
        *,
        max_pieces_per_batch: int = 32768,
        language: str | None = None,
        probabilities: bool = False,
    ) -> None:
        super().__init__(model, dataset_reader, frozen, max_pieces_per_batch=max_pieces_per_batch)
        self.language: str = language or getattr(dataset_reader, "language", None) or "en"
        self.probabilities: bool = checked_option("probabilities", probabilities, bool)
        self._relation = cast("SpanbertRelation", model)
        self._reader = dataset_reader
        markers, pairs = (
            model.vocab.get_token_to_index_vocabulary(namespace)
            for namespace in (MARKERS_NAMESPACE, TYPE_PAIRS_NAMESPACE)
        )
        self._known = KnownTypes(None if dataset_reader.mode == "text" else markers, pairs)

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
        probabilities: bool | None = None,
        id: str = "text",
    ) -> JsonDict:
        """
        The relation of two entities, or of all pairs of several; raises `DataError` if something is
        wrong with them.

        # Parameters

        text : `str | spacy.tokens.Doc`, optional
            Raw text; or a `Doc`, whose `ents` are the entities: all pairs within a sentence.
        subject, object : `Sequence[int]`, optional
            `(start, end)`: with `text` in characters, end outside; with `tokens` in words, end
            inside.
        tokens : `Sequence[str]`, optional
            Words, instead of a text.
        subject_type, object_type : `str`, optional
            Types that the model was trained with; modes with `ner` need them.
        entities : `Sequence[Sequence[Any]]`, optional
            Instead of a subject and an object: `(start, end)` or `(start, end, type)` each.
        types : `Mapping[str, str]`, optional
            With a `Doc`, the model's names for its entities' labels where they differ, such as
            `{"ORG": "ORGANIZATION"}`.
        probabilities : `bool`, optional (default = the predictor's)
            Whether to give those of all labels.
        id : `str`, optional (default = `"text"`)
            The name in the result.

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
        predictor = copy(self)
        if probabilities is not None:
            predictor.probabilities = checked_option("probabilities", probabilities, bool)
        instances = [predictor._instance(example) for example in request.examples]
        return Result(request.result(predictor._predicted(instances)))

    def predict_batch_json(self, inputs: Sequence[JsonDict]) -> list[JsonDict]:
        """The results, or error records, for some records, in their order."""
        records = [item if isinstance(item, Record) else Record(item) for item in inputs]
        prepared = [self._prepared_request(record) for record in records]
        instances = [
            instance for item in prepared if not isinstance(item, DataError) for instance in item[1]
        ]
        predicted = iter(self._predict(instances))
        results: list[JsonDict] = []
        for item, record in zip(prepared, records, strict=True):
            if isinstance(item, DataError):
                results.append(self._counted(item, record))
                continue
            request, own = item
            rows = list(islice(predicted, len(own)))
            failed = next((row for row in rows if isinstance(row, Exception)), None)
            good = [row for row in rows if not isinstance(row, Exception)]
            results.append(self._counted(failed or Result(request.result(good)), record))
        return results

    def records(self, path: str) -> Iterator[Record]:
        """The records of a file: lines, or the examples of TACRED's or SemEval's layout."""
        if relation_layout(path) == "records":
            yield from super().records(path)
            return
        yield from examples_as_records(
            lambda on_problem: read_relations(path, on_problem=on_problem), _fields
        )

    def open_output(self, path: str | Path) -> AbstractContextManager[Any]:
        """The official file for a name in `.txt` or `.tsv`, a page for `.html`, else lines."""
        if Path(str(path).removesuffix(".gz")).suffix.lower() in ENDINGS:
            return official_labels(path)
        return super().open_output(path)

    def record_to_instance(self, record: Record) -> Instance:
        """The instance of a record with a subject and an object; `DataError` for another one."""
        request = self._request(record, self.alone)
        if not request.is_single:
            raise DataError("the record has `entities`, which is more than one instance")
        return self._instance(request.examples[0])

    def num_pieces(self, instance: Instance) -> int:
        """The number of word pieces."""
        return len(instance["token_ids"])

    def without_labels(self, instance: Instance) -> Instance:
        """The instance without the label of an annotated example."""
        return Instance({name: field for name, field in instance.fields.items() if name != "label"})

    def result(self, instance: Instance, outputs: Mapping[str, Any]) -> JsonDict:
        """The result for one pair."""
        # Shape: (2, 2)
        spans = instance["entity_spans"].tensor
        return relation_json(
            instance["example"].metadata,
            self._relation.labels,
            outputs["probabilities"].tolist(),
            best=int(outputs["label_ids"]),
            is_cut=bool((spans == 0).all(-1).any()),
            all_labels=self.probabilities,
        )

    def _asked(self, given: JsonDict, types: Mapping[str, str] | None, id: str) -> RelationRequest:
        """What a call of `predict` asks."""
        doc = given["text"]
        if is_doc(doc):
            return request_of_doc(doc, request_id=id, types=types or {}, known=self._known)
        if types is not None:
            raise ConfigError("`types` renames the labels of a spaCy `Doc`; give one, or none")
        fields = {name: value for name, value in given.items() if value is not None}
        return self._request(Record(fields), id)

    def _prepared_request(
        self, record: Record
    ) -> tuple[RelationRequest, list[Instance]] | DataError:
        if record.problem is not None:
            return DataError(record.problem)
        try:
            request = self._request(record, self._default_name(record))
            return request, [self._instance(example) for example in request.examples]
        except DataError as error:
            return error

    def _request(self, record: Record, default_id: str) -> RelationRequest:
        return request_of_record(
            record,
            default_id=default_id,
            language=self.language,
            known=self._known,
        )

    def _instance(self, example: RelationExample) -> Instance:
        instance = self._reader.text_to_instance(example)
        instance.index_fields(self._model.vocab)  # says now if a type is unknown
        return instance


def _fields(example: RelationExample) -> JsonDict:
    """The example as a record of a user's own, without its label."""
    fields: JsonDict = {"id": example.id}
    for role, span in (("subject", example.subject), ("object", example.object)):
        if example.word_chars is None:
            fields[role] = span
        else:
            fields[role] = (example.word_chars[span.start].start, example.word_chars[span.end].end)
    fields |= {"subject_type": example.subject_type, "object_type": example.object_type}
    return fields | ({"tokens": example.words} if example.text is None else {"text": example.text})
