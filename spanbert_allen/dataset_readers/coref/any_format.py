"""The reader of coreference files of any format."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Optional

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.text import checked_language
from spanbert_allen.dataset_readers.coref.reader import CorefReader, LeftOut
from spanbert_allen.formats.coref.conll.reader import read_conll, refuse_unannotated
from spanbert_allen.formats.coref.detection import detect_format
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.format import CorefFormat
from spanbert_allen.formats.coref.records import ParseRecord, RawRecord, parse_raw, raw_records
from spanbert_allen.formats.coref.registry import SUFFIXES, find_format


class UnreadRecord:
    """
    A line of a file of JSON lines that only the worker whose share it is will parse.

    # Parameters

    record : `RawRecord`
        The line.
    parse : `ParseRecord`
        What parses it.
    """

    def __init__(self, record: RawRecord, parse: ParseRecord):
        self.record, self.parse = record, parse


@DatasetReader.register("spanbert_coref")
class CorefFilesReader(CorefReader[UnreadRecord | CorefDocument]):
    """
    Read coreference files of any format.

    The formats are those of `formats.coref.registry`: this project's JSON lines, CoNLL, CoNLL-U and
    those of other programs. Of minimised JSON lines it takes the words and cuts them anew;
    `spanbert_coref_pieces` keeps their pieces. A folder stands for all files in it whose names end
    as such files' do; `.gz` may follow.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`.
    format : `str`, optional (default = `None`)
        The name of the format; by default each file's first line tells it.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split texts into words and sentences.
    keep_singletons : `bool`, optional (default = `True`)
        Whether annotated clusters of one mention are kept. OntoNotes has none; in LitBank they are
        most of the clusters.
    strict : `bool`, optional (default = `True`)
        Whether the first bad document stops reading. With `False` bad documents are left out, and a
        warning at the end tells how many, and what is wrong with the first.
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
        self.language = checked_language(language)
        self.keep_singletons = keep_singletons
        self.strict = strict
        self._findings = Findings()

    def documents(self, file_path: Any) -> Iterator[CorefDocument]:
        """Yield documents as the base class does; report at the end what was left out."""
        self._findings = Findings() if self.strict else LeftOut()
        try:
            yield from super().documents(file_path)
        finally:
            self._findings.end_of_file()

    def raw_documents(self, path: str | Path) -> Iterator[UnreadRecord | CorefDocument]:
        """Yield the lines of JSON lines, or the documents of formats that are cheap to read."""
        file_format = self.format_of(path)
        if file_format.name == "conll":
            yield from refuse_unannotated(read_conll(path, findings=self._findings), path)
            return
        if file_format.parse is None:
            yield from file_format.read(path, language=self.language, findings=self._findings)
            return
        for record in raw_records(path):
            yield UnreadRecord(record, file_format.parse)

    def format_of(self, path: str | Path) -> CorefFormat:
        """Return the format that a file is read in."""
        return find_format(self.format) if self.format else detect_format(path)

    def document(self, raw: UnreadRecord | CorefDocument) -> CorefDocument | None:
        """Return the document, or `None` for a bad one that is left out."""
        document = raw if isinstance(raw, CorefDocument) else self._parsed(raw)
        if document is None or self.keep_singletons:
            return document
        return document.without_singletons()

    def _parsed(self, raw: UnreadRecord) -> CorefDocument | None:
        return parse_raw(raw.record, raw.parse, language=self.language, findings=self._findings)


class CorefFormatReader(CorefFilesReader):
    """
    Base of the readers of one format, which a subclass names.

    A file of another format is read as what its first line says it is: so a model that was trained
    on JSON lines is evaluated on CoNLL files, and the other way round.

    # Parameters

    indexer, language, keep_singletons, strict
        See `CorefFilesReader`.
    """

    format_name: ClassVar[str]
    """The name of the format."""

    def __init__(
        self,
        indexer: TokenIndexer,
        *,
        language: str = "en",
        keep_singletons: bool = True,
        strict: bool = True,
        **kwargs: Any,
    ):
        super().__init__(
            indexer,
            format=self.format_name,
            language=language,
            keep_singletons=keep_singletons,
            strict=strict,
            **kwargs,
        )

    def format_of(self, path: str | Path) -> CorefFormat:
        """Return the file's format, or the own one if the first line tells none."""
        try:
            return detect_format(path)
        except DataError:
            return find_format(self.format_name)  # which tells the file's first mistake
