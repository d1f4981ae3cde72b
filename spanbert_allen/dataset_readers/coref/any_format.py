"""The reader of coreference files of any format."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Optional

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.dataset_readers.coref.reader import CorefReader, LeftOut
from spanbert_allen.formats.coref.detection import detect_format
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.records import ParseRecord, RawRecord, parse_raw, raw_records
from spanbert_allen.formats.coref.registry import SUFFIXES, find_format


class UnreadRecord:
    """A line of a file of JSON lines, and what reads it: only the worker whose share it is does."""

    def __init__(self, record: RawRecord, parse: ParseRecord):
        self.record, self.parse = record, parse


@DatasetReader.register("spanbert_coref")
class CorefFilesReader(CorefReader[UnreadRecord | CorefDocument]):
    """
    Reads coreference files of any format that `common.coref_formats` lists: this project's JSON
    lines, CoNLL, fastcoref's, PreCo's, wl-coref's, WinoBias's, GAP's, and minimised JSON lines, of
    which it takes the words and cuts them anew (`spanbert_coref_pieces` keeps the pieces). A folder
    is read as all files in it whose names end as such files' do; `.gz` may follow.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`.
    format : `str`, optional (default = `None`)
        The name of the format; by default each file's first line tells it.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split texts into words and sentences.
    keep_singletons : `bool`, optional (default = `True`)
        Whether annotated clusters of one mention are kept.
    strict : `bool`, optional (default = `True`)
        Whether the first bad document stops reading. `False`: bad ones are left out, and a warning
        at the end says how many, and what is wrong with the first.
    """

    file_suffixes: ClassVar[Sequence[str]] = SUFFIXES

    def __init__(
        self,
        indexer: TokenIndexer,
        *,
        format: Optional[str] = None,  # noqa: UP045  AllenNLP reads it
        language: str = "en",
        keep_singletons: bool = True,
        strict: bool = True,
        **kwargs: Any,
    ):
        super().__init__(indexer, **kwargs)
        if format is not None:
            find_format(format)  # raises for one that there is not
        self.format = format
        self.language = language
        self.keep_singletons = keep_singletons
        self.strict = strict
        self._findings = Findings()

    def documents(self, file_path: Any) -> Iterator[CorefDocument]:
        """As the base class; bad documents that were left out are reported at the end."""
        self._findings = Findings() if self.strict else LeftOut()
        try:
            yield from super().documents(file_path)
        finally:
            self._findings.end_of_file()

    def raw_documents(self, path: str | Path) -> Iterator[UnreadRecord | CorefDocument]:
        """The lines of JSON lines; documents of other formats, whose reading is the cheap part."""
        file_format = find_format(self.format) if self.format else detect_format(path)
        if file_format.parse is None:
            yield from file_format.read(path, language=self.language, findings=self._findings)
            return
        for record in raw_records(path):
            yield UnreadRecord(record, file_format.parse)

    def document(self, raw: UnreadRecord | CorefDocument) -> CorefDocument | None:
        """The document; `None` for a bad one, unless the reader is strict."""
        document = raw if isinstance(raw, CorefDocument) else self._parsed(raw)
        if document is None or self.keep_singletons:
            return document
        return document.without_singletons()

    def _parsed(self, raw: UnreadRecord) -> CorefDocument | None:
        return parse_raw(raw.record, raw.parse, language=self.language, findings=self._findings)
