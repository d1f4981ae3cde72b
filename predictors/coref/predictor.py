"""Coreference of a user's own text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

from allennlp.common import Params
from allennlp.common.util import lazy_groups_of
from allennlp.data import DatasetReader, Instance
from allennlp.data.fields import MetadataField
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.record_checks import shown
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.jsonl import document_from_record
from spanbert_allen.formats.spacy.documents import document_of_doc, is_doc
from spanbert_allen.modules.coref.decoder import DecodedClusters
from spanbert_allen.modules.coref.windows import CorefWindows
from spanbert_allen.modules.layers.precision import checked_precision
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.coref.options import CorefOptions
from spanbert_allen.predictors.coref.output import SCHEMA, coref_json
from spanbert_allen.predictors.coref.records import DocumentRecord, coref_records
from spanbert_allen.predictors.record import Record
from spanbert_allen.results.writing.doc_mention_rules import DocRules, has_tags
from spanbert_allen.results.writing.mention_rules import MentionRules, WordRules
from spanbert_allen.results.writing.resolved_text import resolved_text
from spanbert_allen.results.writing.writers import format_of


@Predictor.register("spanbert_coref")
class CorefPredictor(SpanPredictor):
    """
    Clusters of mentions with their offsets into the text as given. A record is one of
    `spanbert_coref_jsonl`, `{"document": "..."}` or, as a line of its own, a JSON string; its
    clusters, if it has some, are passed over. `allennlp predict` also takes files of the other
    coreference formats, known by their first lines, and writes what the output's name ends in: see
    `FORMATS` of `integrations.result_files`.

    # Parameters

    model, dataset_reader, frozen, max_pieces_per_batch
        As for `SpanPredictor`. The reader is any of the coreference readers: it does not limit the
        form of the records.
    language : `str`, optional (default = the reader's, or `"en"`)
        spaCy's code of the language, for text and words without sentences.
    windows : `CorefWindows | Mapping[str, Any]`, optional (default = the model's)
        For books: the model's head sees documents in windows; a mapping has the settings of
        `CorefWindows`, as in `--predictor-args '{"windows": {"length": 4000}}'`.
    precision : `str`, optional (default = the model's)
        What encoder and head compute in; `bf16` is fastest where the processor has it:
        `--predictor-args '{"precision": "bf16"}'`.
    singleton_threshold, link_threshold, top_antecedents, probabilities, sentences, resolved_text
        As for `CorefOptions`, for all documents.
    """

    schema: ClassVar[str] = SCHEMA
    alone: ClassVar[str] = "document"
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
        **options: Any,
    ) -> None:
        super().__init__(model, dataset_reader, frozen, max_pieces_per_batch=max_pieces_per_batch)
        if isinstance(windows, Mapping):
            windows = CorefWindows.from_params(Params(dict(windows)))
        if not isinstance(windows, CorefWindows | None):
            raise ConfigError(
                f"`windows` is {shown(windows)}; give settings of windows, such as "
                '{"length": 4000}'
            )
        if windows is not None:
            model.windows = windows
        if precision is not None:
            model.precision = checked_precision(precision)
        self.language: str = language or getattr(dataset_reader, "language", None) or "en"
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
        **options: Any,
    ) -> JsonDict:
        """
        Resolves one document, given in exactly one of three ways. Raises `DataError` if something
        is wrong with it.

        # Parameters

        text : `str | spacy.tokens.Doc`, optional
            Raw text; or a spaCy document, whose tokens, and sentences if it has some, stay as they
            are, see `document_of_doc`.
        words : `Sequence[str]`, optional
            Words; sentences are found by rule, the words stay as they are.
        sentences : `Sequence[Sequence[str]]`, optional
            Words in sentences; both stay as they are.
        speakers : optional (default = `None`)
            Who speaks: with `text`, a name or a list of `(start, end, name)`, characters, end
            outside; with `words`, a name a word; with `sentences`, a name a sentence or a word.
            A model trained without speakers does not heed them.
        genre : `str`, optional (default = `None`)
            The genre, one of those the model was trained on.
        doc_key : `str`, optional (default = `"document"`)
            The document's name in the result.
        options
            As for `CorefOptions`, but `sentences`, which is for the predictor as a whole.

        # Returns

        `dict[str, Any]`
            What `coref_json` describes; with `resolved_text`, also that.
        """
        given = {
            "text": text,
            "tokens": words,
            "sentences": sentences,
            "speakers": speakers,
            "genre": genre,
            "doc_key": doc_key,
        }
        fields = {name: value for name, value in given.items() if value is not None}
        chosen = self.options.changed(options)
        instance = self._instance_of(text if _is_whole(fields) else fields, chosen, doc_key)
        (result,) = self._predicted([instance])
        return result

    def predict_many(self, inputs: Iterable[Any], **options: Any) -> list[JsonDict]:
        """
        The results, or error records, for some documents, in their order. They are packed into
        batches, which the results do not depend on.

        # Parameters

        inputs : `Iterable[str | Doc | CorefDocument | Mapping[str, Any]]`
            Texts, spaCy documents, documents, or records of `spanbert_coref_jsonl`.
        options
            As for `predict`.
        """
        items = list(inputs)
        return list(self.predict_stream(items, batch_size=max(1, len(items)), **options))

    def predict_stream(
        self, inputs: Iterable[Any], *, batch_size: int = 64, **options: Any
    ) -> Iterator[JsonDict]:
        """As `predict_many`, for more documents than memory holds: so many at a time."""
        chosen = self.options.changed(options)
        for batch in lazy_groups_of(enumerate(inputs, start=1), batch_size):
            records: list[Record] = []
            prepared: list[Instance | Exception] = []
            for number, item in batch:
                records.append(Record(dict(item) if isinstance(item, Mapping) else {}))
                try:
                    prepared.append(self._instance_of(item, chosen, f"input:{number}"))
                except DataError as error:
                    prepared.append(error)
            yield from self._results(prepared, records)

    def records(self, path: str) -> Iterator[Record]:
        """The documents of a file, in any of the coreference formats."""
        return coref_records(path, language=self.language)

    def open_output(self, path: str | Path) -> AbstractContextManager[Any]:
        """What takes the lines of output, in the format that the name ends in."""
        wanted = format_of(path)
        if wanted == "conll":
            self.options = self.options.changed({"sentences": True})
        elif wanted == "resolved":
            self.options = self.options.changed({"resolved_text": True})
        return super().open_output(path) if wanted == "jsonl" else self.open_as(wanted, path)

    def record_to_instance(self, record: Record) -> Instance:
        """The instance of a record; raises `DataError` for a bad one."""
        return self._instance_of(record, self.options, self._default_name(record))

    def num_pieces(self, instance: Instance) -> int:
        """The number of word pieces of an instance."""
        return len(instance["metadata"].metadata["pieces"].token_ids)

    def without_labels(self, instance: Instance) -> Instance:
        """
        The instance without annotated clusters, which only some documents of a data set may have,
        while all of a batch have the same fields.
        """
        return self._to_predict(instance, self.options, None)

    def result(self, instance: Instance, outputs: Mapping[str, Any]) -> JsonDict:
        """The result for one instance; a document without word pieces has no clusters."""
        metadata = instance["metadata"].metadata
        options: CorefOptions = metadata["options"]
        decoded = DecodedClusters(*(outputs.get(name, []) for name in DecodedClusters._fields))
        result = coref_json(metadata["document"], decoded, options)
        if options.resolved_text:
            rules = metadata["rules"] or WordRules(self.language)
            result["resolved_text"] = resolved_text(result, rules=rules)
        return result

    def _instance_of(self, item: Any, options: CorefOptions, doc_key: str) -> Instance:
        """The instance of what a user may give, predicted with these options."""
        rules: MentionRules | None = None
        if isinstance(item, CorefDocument):
            document = item
        elif isinstance(item, DocumentRecord):
            document = item.document
        elif is_doc(item):
            document = document_of_doc(item, doc_key=doc_key)
            rules = DocRules(item) if has_tags(item) else WordRules(item.lang_)
        else:
            document = document_from_record(
                _fields(item), default_key=doc_key, language=self.language
            )
        return self._to_predict(self._dataset_reader.text_to_instance(document), options, rules)

    @staticmethod
    def _to_predict(
        instance: Instance, options: CorefOptions, rules: MentionRules | None
    ) -> Instance:
        asked = {"options": options, "decoding": options.decoding, "rules": rules}
        fields = {
            name: field for name, field in instance.fields.items() if not name.startswith("gold_")
        }
        fields["metadata"] = MetadataField(instance["metadata"].metadata | asked)
        return Instance(fields)


def _fields(item: Any) -> dict[str, Any]:
    """The record without its clusters."""
    if isinstance(item, str):
        return {"text": item}
    if not isinstance(item, Mapping):
        raise DataError(f"{shown(item)} is no document; give a text, a spaCy Doc or a record")
    fields = {name: value for name, value in item.items() if name != "clusters"}
    if isinstance(fields.get("document"), str) and "text" not in fields:
        fields["text"] = fields.pop("document")
    return fields


def _is_whole(fields: Mapping[str, Any]) -> bool:
    """Whether a spaCy document was given, which says itself who speaks, and nothing else."""
    if not is_doc(fields.get("text")):
        return False
    others = sorted(fields.keys() - {"text", "doc_key"})
    if others:
        raise DataError(
            f"{' and '.join(others)} beside a spaCy Doc; set the extensions `token._.speaker` and "
            "`doc._.genre`, and leave the rest to the Doc"
        )
    return True
