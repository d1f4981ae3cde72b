"""The predictor that resolves coreference in a user's own text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from pathlib import Path
from typing import Any, ClassVar

from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.common.util import lazy_groups_of
from allennlp.data import DatasetReader, Instance
from allennlp.data.fields import MetadataField
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.engines import TORCH
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.record_checks import shown
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.spacy.documents import document_of_doc, is_doc
from spanbert_allen.modules.coref.decoder import DecodedClusters
from spanbert_allen.modules.coref.windows import CorefWindows
from spanbert_allen.modules.layers.precision import checked_precision
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.coref.given_mentions import (
    GivenMentions,
    document_with_mentions,
    with_mentions_of_doc,
)
from spanbert_allen.predictors.coref.inputs import input_fields, is_whole_doc, several_inputs
from spanbert_allen.predictors.coref.options import CorefOptions
from spanbert_allen.predictors.coref.output import SCHEMA, coref_json
from spanbert_allen.predictors.coref.records import DocumentRecord, coref_records
from spanbert_allen.predictors.option_checks import checked_option, language_of, refuse_unknown
from spanbert_allen.predictors.prepared import PreparedRecord
from spanbert_allen.predictors.problems import noted
from spanbert_allen.predictors.record import Record
from spanbert_allen.results.writing.doc_mention_rules import DocRules, has_tags
from spanbert_allen.results.writing.mention_rules import MentionRules, WordRules
from spanbert_allen.results.writing.resolved_text import head_mentions, resolved_text
from spanbert_allen.results.writing.writers import format_of


@Predictor.register("spanbert_coref")
class CorefPredictor(SpanPredictor):
    """
    Find clusters of mentions, with their offsets into the text as given.

    A record is one of `spanbert_coref_jsonl`, `{"document": "..."}` or, as a line of its own, a
    JSON string. Its `clusters` are passed over; its `mentions`, if it has some, are linked, and no
    others are proposed; its `given_clusters` stay together, and are added to. `allennlp predict`
    also takes files of the other coreference formats, which it tells by their first lines, and
    writes the format that the output's name ends in: see `FORMATS` of `results.writing.writers`.

    # Parameters

    model : `Model`
        The model `spanbert_coref`.
    dataset_reader : `DatasetReader`
        Any of the coreference readers: it does not limit the form of the records.
    frozen : `bool`, optional (default = `True`)
        See `SpanPredictor`, as for the next one.
    max_pieces_per_batch : `int`, optional (default = `32768`)
    language : `str`, optional (default = the reader's, or `"en"`)
        spaCy's code of the language, for text and words without sentences.
    windows : `CorefWindows | Mapping[str, Any]`, optional (default = the model's)
        For books: the model's head sees documents in windows. A mapping has the settings of
        `CorefWindows`, as in `--predictor-args '{"windows": {"length": 4000}}'`.
    precision : `str`, optional (default = the model's)
        The precision of encoder and head; `bf16` is fastest on processors that have it:
        `--predictor-args '{"precision": "bf16"}'`.
    encode_together : `bool`, optional (default = the model's, `False`)
        Whether the documents of a batch share the encoder's forward passes. That is faster for many
        short documents, but the last digits of scores then depend on the batch.
    task : `str`, optional (default = `None`)
        See `SpanPredictor`, as for the next one.
    engine : `str`, optional (default = `"torch"`)
    options
        The fields of `CorefOptions`, for all documents.
    """

    schema: ClassVar[str] = SCHEMA
    alone: ClassVar[str] = "document"
    needs = (("text",), ("document",), ("tokens",), ("sentences",))
    fields = (
        *("text", "document", "tokens", "sentences"),
        *("speakers", "genre", "clusters", "mentions", "given_clusters"),
        *("heads", "resolved_text"),  # of a result, which is predicted anew
    )
    option_names = (
        *("singleton_threshold", "link_threshold", "top_antecedents", "probabilities"),
        *("join_given", "resolved_text", "windows", "precision", "encode_together"),
    )
    records_at_once: ClassVar[int] = 32

    def __init__(
        self,
        model: Model,
        dataset_reader: DatasetReader,
        frozen: bool = True,
        *,
        max_pieces_per_batch: int = 32768,
        language: str | None = None,
        windows: CorefWindows | Mapping[str, Any] | None = None,
        precision: str | None = None,
        encode_together: bool | None = None,
        task: str | None = None,
        engine: str = TORCH,
        **options: Any,
    ) -> None:
        refuse_unknown(type(self), options, CorefOptions)
        super().__init__(
            model,
            dataset_reader,
            frozen,
            max_pieces_per_batch=max_pieces_per_batch,
            task=task,
            engine=engine,
        )
        if isinstance(windows, Mapping):
            try:
                windows = CorefWindows.from_params(Params(dict(windows)))
            except (ConfigurationError, TypeError) as error:
                raise ConfigError(f"`windows` is {shown(windows)}: {error}") from error
        if not isinstance(windows, CorefWindows | None):
            raise ConfigError(
                f"`windows` is {shown(windows)}; give settings of windows, such as "
                '{"length": 4000}'
            )
        if windows is not None:
            self._model.windows = windows
        if precision is not None:
            self._model.precision = checked_precision(precision)
        if checked_option("encode_together", encode_together, bool | None) is not None:
            self._model.encode_together = encode_together
        self.language = language_of(self._dataset_reader, language)
        self.options = CorefOptions().changed(options)

    def predict(
        self,
        text: Any = None,
        *,
        words: Sequence[str] | None = None,
        sentences: Sequence[Sequence[str]] | None = None,
        speakers: Any = None,
        genre: str | None = None,
        doc_key: str = "document",
        mentions: Any = None,
        given_clusters: Any = None,
        **options: Any,
    ) -> JsonDict:
        """
        Resolve one document, given in exactly one of three ways.

        Raises a `DataError` if something is wrong with it.

        # Parameters

        text : `str | spacy.tokens.Doc`, optional
            Raw text; or a spaCy document, whose tokens, and sentences if it has some, stay as they
            are, see `document_of_doc`.
        words : `Sequence[str]`, optional
            Words; sentences are found by rule, the words stay as they are.
        sentences : `Sequence[Sequence[str]]`, optional
            Words in sentences; both stay as they are.
        speakers : optional (default = `None`)
            Who speaks: with `text`, a name or a list of `(start, end, name)`, in characters, end
            outside; with `words`, a name a word; with `sentences`, a name a sentence or a word.
            A model trained without speakers does not use them.
        genre : `str`, optional (default = `None`)
            The genre, one of those that the model was trained on.
        doc_key : `str`, optional (default = `"document"`)
            The document's name in the result.
        mentions : optional (default = `None`)
            The mentions to link; no others are proposed. A list of `(start, end)`: with `text`, in
            characters, end outside; with `words` and `sentences`, in words of the document, end
            inside. With a spaCy document its `Span`s will do as well.
        given_clusters : optional (default = `None`)
            Lists of mentions of one entity each, counted as in `mentions`, such as a cast list.
            Each list stays together, and two of them stay apart, unless `join_given` is set. The
            model adds mentions of its own, or with `mentions` these alone.
        options
            The fields of `CorefOptions`, except `sentences`, which is set for the predictor as a
            whole.

        # Returns

        `dict[str, Any]`
            See `coref_json`. Also `heads`: for each cluster the index of its head mention, see
            `head_mentions`; and `resolved_text` if it is asked for.
        """
        given = {
            "text": text,
            "tokens": words,
            "sentences": sentences,
            "speakers": speakers,
            "genre": genre,
            "doc_key": doc_key,
            "mentions": mentions,
            "given_clusters": given_clusters,
        }
        fields = {name: value for name, value in given.items() if value is not None}
        chosen = self.options.changed(options)
        if is_whole_doc(fields):
            instance = self._instance_of_doc(text, chosen, doc_key, mentions, given_clusters)
        else:
            instance = self._instance_of(fields, chosen, doc_key)
        (result,) = self._predicted([instance])
        return result

    def predict_many(self, inputs: Iterable[Any], **options: Any) -> list[JsonDict]:
        """
        Return the results, or error records, for some documents, in their order.

        They are packed into batches, which the results do not depend on.

        # Parameters

        inputs : `Iterable[str | Doc | CorefDocument | Mapping[str, Any]]`
            Texts, spaCy documents, documents, or records of `spanbert_coref_jsonl`. Raises a
            `DataError` for a single one in place of several.
        options
            As for `predict`.
        """
        items = list(several_inputs(inputs))
        return list(self.predict_stream(items, batch_size=max(1, len(items)), **options))

    def predict_stream(
        self, inputs: Iterable[Any], *, batch_size: int = 64, **options: Any
    ) -> Iterator[JsonDict]:
        """Do as `predict_many` for more documents than memory holds, `batch_size` at a time."""
        chosen = self.options.changed(options)
        for batch in lazy_groups_of(enumerate(several_inputs(inputs), start=1), batch_size):
            prepared: list[PreparedRecord] = []
            for number, item in batch:
                fields = dict(item) if isinstance(item, Mapping) else {}
                record = item if isinstance(item, Record) else Record(fields)
                try:
                    if (problem := self.problem_of(record)) is not None:
                        raise DataError(problem)
                    instance = self._instance_of(item, chosen, f"input:{number}")
                    prepared.append(PreparedRecord(record, [instance]))
                except Exception as error:
                    prepared.append(PreparedRecord(record, problem=noted(error)))
            yield from self.predict_prepared(prepared)

    def with_options(self, options: Mapping[str, Any]) -> CorefPredictor:
        """Return a predictor of the same model with other fields of `CorefOptions`."""
        predictor = copy(self)
        predictor.options = self.options.changed(options)
        return predictor

    def records(self, path: str) -> Iterator[Record]:
        """Yield the documents of a file in any of the coreference formats."""
        return coref_records(path, language=self.language)

    def open_output(self, path: str | Path) -> AbstractContextManager[Any]:
        """Return what takes the lines of output and writes the format that the name ends in."""
        wanted = format_of(path)
        if wanted == "conll":
            self.options = self.options.changed({"sentences": True})
        elif wanted == "resolved":
            self.options = self.options.changed({"resolved_text": True})
        return super().open_output(path) if wanted == "jsonl" else self.open_as(wanted, path)

    def record_to_instance(self, record: Record) -> Instance:
        """Return the instance of a record; raises a `DataError` for a bad one."""
        return self._instance_of(record, self.options, self._default_name(record))

    def num_pieces(self, instance: Instance) -> int:
        """Return the number of word pieces of an instance."""
        return len(instance["metadata"].metadata["pieces"].token_ids)

    def name_of(self, instance: Instance) -> JsonDict:
        """Return the name of the document."""
        return {"doc_key": instance["metadata"].metadata["document"].doc_key}

    def without_labels(self, instance: Instance) -> Instance:
        """
        Return the instance without annotated clusters.

        Its mentions stay given if the reader gives the annotated ones: then they are what an
        evaluation scores.
        """
        given = {"given_spans": instance["metadata"].metadata.get("given_spans")}
        return self._to_predict(instance, self.options, None, given)

    def result(self, instance: Instance, outputs: Mapping[str, Any]) -> JsonDict:
        """Return the result for one instance; a document without word pieces has no clusters."""
        if not outputs.get("are_finite", True):
            raise DataError(
                "the model's scores for this document are not finite numbers; if they are so for "
                "all documents, the model is broken and must be trained anew"
            )
        metadata = instance["metadata"].metadata
        options: CorefOptions = metadata["options"]
        decoded = DecodedClusters(*(outputs.get(name, []) for name in DecodedClusters._fields))
        result = coref_json(metadata["document"], decoded, options)
        rules = metadata["rules"] or WordRules(self.language)
        result["heads"] = head_mentions(result, rules=rules)
        if options.resolved_text:
            result["resolved_text"] = resolved_text(result, rules=rules)
        return result

    def _instance_of(self, item: Any, options: CorefOptions, doc_key: str) -> Instance:
        """Return the instance of what a user may give, predicted with these options."""
        if is_doc(item):
            return self._instance_of_doc(item, options, doc_key)
        if isinstance(item, CorefDocument | DocumentRecord):
            document = item if isinstance(item, CorefDocument) else item.document
            return self._made(document, None, options)
        document, given = document_with_mentions(
            input_fields(item), default_key=doc_key, language=self.language
        )
        return self._made(document, given, options)

    def _instance_of_doc(
        self,
        doc: Any,
        options: CorefOptions,
        doc_key: str,
        mentions: Any = None,
        given_clusters: Any = None,
    ) -> Instance:
        """Return the instance of a spaCy document."""
        document, given = with_mentions_of_doc(
            document_of_doc(doc, doc_key=doc_key), mentions, given_clusters
        )
        rules = DocRules(doc) if has_tags(doc) else WordRules(doc.lang_)
        return self._made(document, given, options, rules=rules)

    def _made(
        self,
        document: CorefDocument,
        given: GivenMentions | None,
        options: CorefOptions,
        *,
        rules: MentionRules | None = None,
    ) -> Instance:
        """Return the instance of a document, whose clusters are what is given, or nothing."""
        instance = self._dataset_reader.text_to_instance(document)
        metadata = {} if given is None else given.metadata(document, instance)
        return self._to_predict(instance, options, rules, metadata)

    @staticmethod
    def _to_predict(
        instance: Instance,
        options: CorefOptions,
        rules: MentionRules | None,
        given: Mapping[str, Any] | None = None,
    ) -> Instance:
        """Return the instance without labels, with what the model and `result` need to know."""
        asked = {
            "options": options,
            "decoding": options.decoding,
            "rules": rules,
            "given_spans": None,  # whatever the reader gives
            **(given or {}),
        }
        fields = {
            name: field for name, field in instance.fields.items() if not name.startswith("gold_")
        }
        fields["metadata"] = MetadataField(instance["metadata"].metadata | asked)
        return Instance(fields)
