"""What a format of coreference files is: how it is read, and how a document is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.lossy import Dropped, Reduction
from spanbert_allen.formats.coref.records import ParseRecord, read_documents

ReadFile = Callable[..., Iterator[CorefDocument]]


@dataclass(frozen=True, kw_only=True)
class CorefFormat:
    """
    Hold what there is to know of a format of coreference files.

    # Parameters

    name, about : `str`
        Its name, and one line of whose it is.
    parse : `ParseRecord`, optional (default = `None`)
        What makes a document of a record, for formats of JSON lines.
    read_file : `ReadFile`, optional (default = `None`)
        What reads a file, for others.
    lines : `Callable[[CorefDocument], str]`, optional (default = `None`)
        What a reduced document is in the file; `None` for formats that are only read.
    head : `str`, optional (default = `""`)
        What a file begins with.
    steps : `Sequence[Reduction]`, optional (default = `()`)
        What is taken off a document so that the file can hold it.
    """

    name: str
    about: str
    parse: ParseRecord | None = None
    read_file: ReadFile | None = None
    lines: Callable[[CorefDocument], str] | None = None
    head: str = ""
    steps: Sequence[Reduction] = ()

    def read(
        self, path: str | Path, *, language: str = "en", findings: Findings | None = None
    ) -> Iterator[CorefDocument]:
        """
        Read the documents of a file.

        # Parameters

        path : `str | Path`
            The file; `.gz` is unpacked, `-` is standard input.
        language : `str`, optional (default = `"en"`)
            spaCy's code of the language, to split texts and words without sentences.
        findings : `Findings`, optional
            What is done with mistakes; by default the first is raised as a `DataError`.
        """
        if self.parse is not None:
            return read_documents(path, self.parse, language=language, findings=findings)
        if self.read_file is None:
            raise ConfigError(f"{self.name} is only written; read another format")
        return self.read_file(path, language=language, findings=findings)

    def reduce(self, document: CorefDocument, dropped: Dropped) -> CorefDocument | None:
        """Return the document as a file can hold it, or `None`; count in `dropped` what is lost."""
        taken: Dropped = Dropped()
        for step in self.steps:
            by_step: Dropped = Dropped()
            reduced = step(document, by_step)
            if reduced is None:  # what else it would have lost no longer matters
                dropped.update(by_step)
                return None
            document = reduced
            taken.update(by_step)
        dropped.update(taken)
        dropped.update(document.not_held)
        return document
