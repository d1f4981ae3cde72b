"""Coreference of a user's own text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from allennlp.data import DatasetReader, Instance
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.coref_jsonl import default_doc_key, document_from_record
from spanbert_allen.common.document import CorefDocument
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.coref_json import SCHEMA, coref_json
from spanbert_allen.predictors.record import Record


@Predictor.register("spanbert_coref")
class CorefPredictor(SpanPredictor):
    """
    Clusters of mentions with their offsets into the text as given. A record is one of
    `spanbert_coref_jsonl`, `{"document": "..."}` or, as a line of its own, a JSON string; its
    clusters, if it has some, are passed over.

    # Parameters

    model, dataset_reader, frozen, max_pieces_per_batch
        As for `SpanPredictor`. The reader is any of the coreference readers: it does not limit the
        form of the records.
    language : `str`, optional (default = the reader's, or `"en"`)
        spaCy's code of the language, for text and words without sentences.
    """

    schema: ClassVar[str] = SCHEMA

    def __init__(
        self,
        model: Model,
        dataset_reader: DatasetReader,
        frozen: bool = True,
        *,
        max_pieces_per_batch: int = 32768,
        language: str | None = None,
    ) -> None:
        super().__init__(model, dataset_reader, frozen, max_pieces_per_batch=max_pieces_per_batch)
        self.language: str = language or getattr(dataset_reader, "language", None) or "en"

    def predict(
        self,
        text: str | None = None,
        *,
        words: Sequence[str] | None = None,
        sentences: Sequence[Sequence[str]] | None = None,
        speakers: Any = None,
        genre: str | None = None,
        doc_key: str = "document",
    ) -> JsonDict:
        """
        Resolves one document, given in exactly one of three ways. Raises `DataError` if something
        is wrong with it.

        # Parameters

        text : `str`, optional
            Raw text.
        words : `Sequence[str]`, optional
            Words; sentences are found by rule, the words stay as they are.
        sentences : `Sequence[Sequence[str]]`, optional
            Words in sentences; both stay as they are.
        speakers : optional (default = `None`)
            Who speaks: with `text`, a name or a list of `(start, end, name)`, characters, end
            outside; with `words`, a name a word; with `sentences`, a name a sentence or a word.
        genre : `str`, optional (default = `None`)
            The genre, one of those the model was trained on.
        doc_key : `str`, optional (default = `"document"`)
            The document's name in the result.

        # Returns

        `dict[str, Any]`
            What `coref_json` describes.
        """
        given = {
            "text": text,
            "tokens": words,
            "sentences": sentences,
            "speakers": speakers,
            "genre": genre,
            "doc_key": doc_key,
        }
        record = Record({name: value for name, value in given.items() if value is not None})
        (result,) = self._predict([self.record_to_instance(record)])
        if isinstance(result, Exception):
            raise result
        return result

    def predict_documents(self, documents: Iterable[CorefDocument]) -> list[JsonDict]:
        """The results, or error records, for some documents, in their order."""
        reader = self._dataset_reader
        return self.predict_batch_instance([reader.text_to_instance(item) for item in documents])

    def record_to_instance(self, record: Record) -> Instance:
        """The instance of a record; raises `DataError` for a bad one."""
        fields = {name: value for name, value in record.items() if name != "clusters"}
        if isinstance(fields.get("document"), str) and "text" not in fields:
            fields["text"] = fields.pop("document")
        key = "document" if record.line is None else default_doc_key(self.source, record.line)
        document = document_from_record(fields, default_key=key, language=self.language)
        return self._dataset_reader.text_to_instance(document)

    def num_pieces(self, instance: Instance) -> int:
        """The number of word pieces of an instance."""
        return len(instance["metadata"].metadata["pieces"].token_ids)

    def without_labels(self, instance: Instance) -> Instance:
        """
        The instance without annotated clusters, which only some documents of a data set may have,
        while all of a batch have the same fields.
        """
        fields = {
            name: field for name, field in instance.fields.items() if not name.startswith("gold_")
        }
        return Instance(fields)

    def result(self, instance: Instance, outputs: Mapping[str, Any]) -> JsonDict:
        """The result for one instance; a document without word pieces has no clusters."""
        return coref_json(
            instance["metadata"].metadata["document"],
            outputs.get("clusters", []),
            outputs.get("mention_scores", []),
            outputs.get("link_scores", []),
        )
