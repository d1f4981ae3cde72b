"""Find in a text what several models find: clusters, entities, relations and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import islice
from typing import Any, ClassVar

from allennlp.data import DatasetReader
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.record_checks import RecordError, record_id, shown
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.document.entities import doc_with_entities, named_pipeline
from spanbert_allen.predictors.document.options import DocumentOptions, are_questions
from spanbert_allen.predictors.document.output import FOUND, SCHEMA, document_json
from spanbert_allen.predictors.document.parts import (
    PARTS,
    checked_part,
    is_for,
    part_of_archive,
)
from spanbert_allen.predictors.document.request import DocumentRequest, RequestedEntities
from spanbert_allen.predictors.option_checks import changed_options, object_of_options
from spanbert_allen.predictors.prepared import PreparedRecord
from spanbert_allen.predictors.problems import all_or_problem, noted
from spanbert_allen.predictors.record import Record
from spanbert_allen.predictors.relation.predictor import RelationPredictor
from spanbert_allen.predictors.result import Result

_DEFAULTS = {"relation": {"without_negative": True, "by_probability": True}}
"""A document has many pairs of entities: what they have nothing to do with is left out."""


@Predictor.register("spanbert_document")
class DocumentPredictor(SpanPredictor):
    """
    Find clusters, entities, relations between them and answers, in a text and nothing else.

    A record is a text, with `questions` on it if there are any, and with the user's own `entities`
    if there are some. Which parts there are is decided by the models: those of the archive, which
    may have several tasks, and those of further archives. What a part gives for a text is what its
    own predictor gives. Relations are judged within sentences.

    # Parameters

    model, dataset_reader, frozen, max_pieces_per_batch, engine
        As for `SpanPredictor`. The model is one of coreference, relations or answers, or has such
        tasks.
    coref, relation, qa : `str | SpanPredictor`, optional (default = `None`)
        The archive of a further model, or in a program its predictor, for a part that `model` has
        not.
    spacy : `str | spacy.language.Language`, optional (default = `None`)
        A pipeline, or its name, whose entities are taken where a record gives none.
    types : `Mapping[str, str]`, optional (default = `None`)
        What the relation model calls the types of entities, where it differs, such as
        `{"ORG": "ORGANIZATION"}`. Entities of types that it does not know have no relations.
    mentions_as_entities : `bool`, optional (default = `False`)
        Whether the mentions of clusters are the entities, without types, if there are no others.
    questions : `Sequence[str]`, optional (default = `()`)
        What is asked of texts whose records ask nothing.
    options : `Mapping[str, Mapping[str, Any]]`, optional (default = `None`)
        Options of the parts' own predictors, such as `{"qa": {"top_k": 1}}`. If nothing else is
        said, relations are found ones only, the most probable first.
    """

    schema: ClassVar[str] = SCHEMA
    alone: ClassVar[str] = "document"
    needs = (("text",),)
    fields = ("text", "entities", "questions", "speakers", "genre", *FOUND)
    option_names = (*PARTS, "spacy", "types", "mentions_as_entities", "options")
    takes_all_tasks: ClassVar[bool] = True

    def __init__(
        self,
        model: Model,
        dataset_reader: DatasetReader,
        frozen: bool = True,
        *,
        coref: str | SpanPredictor | None = None,
        relation: str | SpanPredictor | None = None,
        qa: str | SpanPredictor | None = None,
        spacy: Any = None,
        types: Mapping[str, str] | None = None,
        mentions_as_entities: bool = False,
        questions: Sequence[str] = (),
        options: Mapping[str, Mapping[str, Any]] | None = None,
        **of_all_predictors: Any,
    ) -> None:
        super().__init__(model, dataset_reader, frozen, **of_all_predictors)
        chosen = object_of_options("options", options, of="the parts' options")
        for part in chosen:
            if part not in PARTS:
                raise ConfigError(
                    f"`options` has `{part}`, which is no part; the parts are {', '.join(PARTS)}"
                )
        given = {"coref": coref, "relation": relation, "qa": qa}
        self.parts: dict[str, SpanPredictor] = {}
        """The predictor of each part that there is a model for."""
        for part, kind in PARTS.items():
            own_options = object_of_options(f"options.{part}", chosen.get(part))
            asked = {**_DEFAULTS.get(part, {}), **own_options}
            own = {**of_all_predictors, **asked}
            source = given[part]
            if isinstance(source, str):
                self.parts[part] = part_of_archive(part, source, own)
            elif source is not None:
                self.parts[part] = checked_part(part, source).with_options(asked)
            elif is_for(model, kind):
                self.parts[part] = kind(model, dataset_reader, frozen, **own)
        if not any(is_for(model, kind) for kind in PARTS.values()):
            raise ConfigError(
                f"a {type(model).__name__} is no part of `spanbert_document`: give the archive of "
                "a model of coreference, relations or answers, and others as options"
            )
        self.pipeline = named_pipeline(spacy) if isinstance(spacy, str) else spacy
        self._set(DocumentOptions(types or {}, mentions_as_entities, questions))
        for part in chosen:
            self._require(part, f"`options` has `{part}`")
        splits_text = self.parts.get("coref", self.parts.get("relation"))
        self.language: str = getattr(splits_text, "language", "en")

    @classmethod
    def of(cls, parts: Mapping[str, SpanPredictor], **options: Any) -> DocumentPredictor:
        """
        Return a predictor of models that are loaded already.

        # Parameters

        parts : `Mapping[str, SpanPredictor]`
            The predictors of `coref`, `relation` and `qa`, or of some of them.
        options
            As for the class.
        """
        first = next(iter(parts.values()))
        return cls(first._model, first._dataset_reader, **parts, **options)

    def with_options(self, options: Mapping[str, Any]) -> DocumentPredictor:
        """Return a predictor of the same models with other fields of `DocumentOptions`."""
        predictor = copy(self)
        predictor._set(changed_options(self.options, options))
        return predictor

    def remarks(self) -> Iterator[str]:
        """Say what the predictors of the parts have to say."""
        for predictor in self.parts.values():
            yield from predictor.remarks()

    def predict(
        self,
        text: str,
        *,
        questions: Sequence[str] | None = None,
        entities: Sequence[Sequence[Any]] | None = None,
        speakers: Any = None,
        genre: str | None = None,
        doc_key: str = "document",
    ) -> JsonDict:
        """
        Return what the models find in a text; raise a `DataError` if something is wrong with it.

        # Parameters

        text : `str`
            The text.
        questions : `Sequence[str]`, optional (default = the predictor's)
            What is asked of it.
        entities : `Sequence[Sequence[Any]]`, optional
            `(start, end)` or `(start, end, type)` each, in characters, the end outside; in the
            place of those of the pipeline.
        speakers, genre : optional
            As for `CorefPredictor.predict`.
        doc_key : `str`, optional (default = `"document"`)
            The text's name in the result.

        # Returns

        `dict[str, Any]`
            What `document_json` describes.
        """
        given = {"questions": questions, "entities": entities, "speakers": speakers, "genre": genre}
        fields = {name: value for name, value in given.items() if value is not None}
        (result,) = self.results_of([self._ready(Record({"text": text, **fields}), doc_key)])
        return result

    def _set(self, options: DocumentOptions) -> None:
        """Use other options; raise a `ConfigError` for one without the part that it is for."""
        if options.questions:
            self._require("qa", "`questions` are given")
        if options.mentions_as_entities:
            self._require("coref", "`mentions_as_entities` is true")
        self.options = options

    def _require(self, part: str, what: str) -> None:
        if part not in self.parts:
            raise ConfigError(
                f"{what}, but there is no model for the part `{part}`: give its archive with the "
                f"option `{part}`, or leave this out"
            )

    def _made_ready(self, record: Record) -> PreparedRecord:
        name = record.get("doc_key")
        try:
            key = self._default_name(record) if name is None else record_id(name, "doc_key")
        except RecordError as error:
            raise DataError(str(error)) from error
        return self._ready(record, key)

    def _ready(self, record: Record, doc_key: str) -> PreparedRecord:
        """Return a record that is ready for all parts; raise a `DataError` for a bad one."""
        text = record.get("text")
        if not isinstance(text, str):
            raise DataError(f"`text` is {shown(text)}; it must be a text")
        asked = DocumentRequest(
            doc_key,
            text,
            self._clusters_ready(record, doc_key),
            self._answers_ready(text, record.get("questions")),
        )
        given = record.get("entities")
        takes_mentions = self.options.mentions_as_entities and self.pipeline is None
        if given is not None or asked.clusters is None or not takes_mentions:
            asked = replace(asked, entities=self._entities_ready(text, given))
        return PreparedRecord(record, pieces=asked.pieces, asked=asked)

    def results_or_problems(self, prepared: Sequence[PreparedRecord]) -> list[JsonDict | Exception]:
        found = iter(self._found([one.asked for one in prepared if one.problem is None]))
        return [one.problem or next(found) for one in prepared]

    def _found(self, texts: Sequence[DocumentRequest]) -> list[JsonDict | Exception]:
        """Return what is found in each text, or why there is nothing; a part sees all at once."""
        clusters = self._of_part("coref", [_some(text.clusters) for text in texts])
        entities = [
            self._entities_or_problem(text, found)
            for text, found in zip(texts, clusters, strict=True)
        ]
        pairs = [[] if isinstance(one, Exception) else _some(one.pairs) for one in entities]
        judged = self._of_part("relation", pairs)
        answers = self._of_part("qa", [text.answers or () for text in texts])
        return [
            _combined(*found)
            for found in zip(texts, clusters, entities, judged, answers, strict=True)
        ]

    def _of_part(
        self, part: str, asked: Sequence[Sequence[PreparedRecord]]
    ) -> list[list[JsonDict] | Exception | None]:
        """Return what a part finds for each text, or why nothing; `None` without such a part."""
        if part not in self.parts:
            return [None] * len(asked)
        found = iter(self.parts[part].results_or_problems([one for ones in asked for one in ones]))
        return [all_or_problem(list(islice(found, len(ones)))) for ones in asked]

    def _entities_or_problem(
        self, text: DocumentRequest, clusters: list[JsonDict] | Exception | None
    ) -> RequestedEntities | Exception:
        if text.entities is not None:
            return text.entities
        if isinstance(clusters, Exception):
            return clusters
        assert clusters is not None  # entities are known, or are the mentions of clusters
        (coref,) = clusters
        try:
            return self._entities_ready(text.text, clusters=coref["clusters"])
        except Exception as error:  # whatever is wrong with it, the other texts go on
            return noted(error)

    def _clusters_ready(self, record: Record, doc_key: str) -> PreparedRecord | None:
        if "coref" not in self.parts:
            return None
        own = {name: record.get(name) for name in ("text", "speakers", "genre")}
        given = {name: value for name, value in own.items() if value is not None}
        return _checked_ready(self.parts["coref"].prepare(given | {"doc_key": doc_key}))

    def _entities_ready(
        self, text: str, given: Any = None, *, clusters: Any = None
    ) -> RequestedEntities:
        """Return the entities of a text, with the pairs of those whose types the model knows."""
        doc = doc_with_entities(
            text, pipeline=self.pipeline, language=self.language, given=given, clusters=clusters
        )
        entities = [
            {
                "start": entity.start_char,
                "end": entity.end_char,
                "text": text[entity.start_char : entity.end_char],
                "type": self.options.types.get(entity.label_, entity.label_),
            }
            for entity in doc.ents
        ]
        predictor = self.parts.get("relation")
        if not isinstance(predictor, RelationPredictor):
            return RequestedEntities(entities)
        judged = [
            place for place, entity in enumerate(entities) if predictor.knows_type(entity["type"])
        ]
        if len(judged) < 2:
            return RequestedEntities(entities)
        ents = doc.ents
        doc.set_ents([ents[place] for place in judged])
        pairs = predictor.prepare_doc(doc, types=self.options.types)
        return RequestedEntities(entities, judged, pairs)

    def _answers_ready(self, text: str, questions: Any) -> list[PreparedRecord] | None:
        if "qa" not in self.parts:
            if questions:
                raise DataError(
                    "the record has `questions`, but there is no model that answers: give its "
                    "archive with the option `qa`"
                )
            return None
        asked = self.options.questions if questions is None else questions
        if not are_questions(asked):
            raise DataError(f"`questions` is {shown(asked)}; it must be a list of questions")
        prepare = self.parts["qa"].prepare
        return [_checked_ready(prepare({"question": one, "context": text})) for one in asked]


def _combined(
    text: DocumentRequest,
    clusters: list[JsonDict] | Exception | None,
    entities: RequestedEntities | Exception,
    judged: list[JsonDict] | Exception | None,
    answers: list[JsonDict] | Exception | None,
) -> JsonDict | Exception:
    """Return the result of a text, or why one of the parts has none."""
    if isinstance(clusters, Exception):
        return clusters
    if isinstance(entities, Exception):
        return entities
    if isinstance(judged, Exception):
        return judged
    if isinstance(answers, Exception):
        return answers
    relations = None
    if judged is not None:
        relations = [entities.placed(one) for result in judged for one in result["relations"]]
    return Result(
        document_json(
            text.doc_key,
            text.text,
            entities.entities,
            coref=None if clusters is None else clusters[0],
            relations=relations,
            answers=answers,
        )
    )


def _some(one: PreparedRecord | None) -> list[PreparedRecord]:
    return [] if one is None else [one]


def _checked_ready(prepared: PreparedRecord) -> PreparedRecord:
    """Return what is ready for a part; raise what is wrong with it."""
    if prepared.problem is not None:
        raise prepared.problem
    return prepared
