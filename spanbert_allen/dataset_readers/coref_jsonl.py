"""The reader of coreference documents as JSON lines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.common.coref_jsonl import parse_coref_record
from spanbert_allen.common.coref_records import RawRecord, parse_raw, raw_records
from spanbert_allen.common.document import CorefDocument
from spanbert_allen.common.findings import Findings
from spanbert_allen.dataset_readers.coref_reader import CorefReader, LeftOut


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
        self._findings = Findings()

    def documents(self, file_path: Any) -> Iterator[CorefDocument]:
        """As the base class; bad records that were left out are reported at the end."""
        self._findings = Findings() if self.strict else LeftOut()
        try:
            yield from super().documents(file_path)
        finally:
            self._findings.end_of_file()

    def raw_documents(self, path: str | Path) -> Iterator[RawRecord]:
        """The lines that are not blank."""
        yield from raw_records(path)

    def document(self, raw: RawRecord) -> CorefDocument | None:
        """The document of a line; `None` for a bad one, unless the reader is strict."""
        document = parse_raw(
            raw, parse_coref_record, language=self.language, findings=self._findings
        )
        if document is None or self.keep_singletons:
            return document
        return document.without_singletons()
