"""The reader of coreference documents as JSON lines."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.common.coref_jsonl import default_doc_key, document_from_record, no_records
from spanbert_allen.common.document import CorefDocument
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import json_object, read_lines
from spanbert_allen.dataset_readers.coref_reader import CorefReader

logger = logging.getLogger(__name__)


class RawRecord(NamedTuple):
    """A line that is not parsed yet."""

    path: str | Path
    line: int
    text: str


@DatasetReader.register("spanbert_coref_jsonl")
class CorefJsonlReader(CorefReader[RawRecord]):
    """
    Reads JSON lines, plain or `.gz`; the module `common.coref_jsonl` says what a record holds. A
    folder is read as all files in it that end in `.jsonl`.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split texts into words and sentences.
    keep_singletons : `bool`, optional (default = `True`)
        Whether annotated clusters of one mention are kept.
    strict : `bool`, optional (default = `True`)
        Whether the first bad record stops reading. `False`: bad records are left out, and a warning
        at the end says how many, and what is wrong with the first.
    """

    file_suffixes = (".jsonl",)

    def __init__(
        self,
        indexer: TokenIndexer,
        *,
        language: str = "en",
        keep_singletons: bool = True,
        strict: bool = True,
        **kwargs: Any,
    ):
        super().__init__(indexer, **kwargs)
        self.language = language
        self.keep_singletons = keep_singletons
        self.strict = strict
        self._bad: list[DataError] = []

    def documents(self, file_path: Any) -> Iterator[CorefDocument]:
        """As the base class; bad records that were left out are reported at the end."""
        self._bad.clear()
        try:
            yield from super().documents(file_path)
        finally:
            if self._bad:
                count, first = len(self._bad), self._bad[0]
                logger.warning("%d bad records left out; the first: %s", count, first)

    def raw_documents(self, path: str | Path) -> Iterator[RawRecord]:
        """The lines that are not blank."""
        is_empty = True
        for line, text in read_lines(path):
            if text.strip():
                is_empty = False
                yield RawRecord(path, line, text)
        if is_empty:
            raise no_records(path)

    def document(self, raw: RawRecord) -> CorefDocument | None:
        """The document of a line; `None` for a bad one, unless the reader is strict."""
        try:
            document = document_from_record(
                json_object(raw.text, path=raw.path, line=raw.line),
                default_key=default_doc_key(raw.path, raw.line),
                language=self.language,
                path=raw.path,
                line=raw.line,
            )
        except DataError as error:
            if self.strict:
                raise
            self._bad.append(error)
            return None
        return document if self.keep_singletons else document.without_singletons()
