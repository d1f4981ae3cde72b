"""Check coreference files: find every mistake, and count what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.format import CorefFormat

WIDE = 30
"""Words of the widest mention that models consider by default."""


@dataclass
class Summary:
    """
    Count what is in a file; documents with problems are counted only as such.

    # Parameters

    documents, words, sentences : `int`
    documents_without_annotation, documents_with_speakers : `int`
    mentions, clusters : `int`
    singletons : `int`
        Clusters of one mention.
    wide : `int`
        Mentions of more than 30 words.
    over_sentence_ends : `int`
        Mentions that are in more than one sentence: models never consider them.
    crossing : `int`
        Mentions that overlap an earlier one in part.
    repaired : `int`
        Mentions that readers repair, as they say: annotated twice, in several parts.
    problems : `int`
    """

    documents: int = 0
    documents_without_annotation: int = 0
    documents_with_speakers: int = 0
    sentences: int = 0
    words: int = 0
    clusters: int = 0
    singletons: int = 0
    mentions: int = 0
    wide: int = 0
    over_sentence_ends: int = 0
    crossing: int = 0
    repaired: int = 0
    problems: int = 0

    def add(self, document: CorefDocument) -> None:
        """Count a document."""
        self.documents += 1
        self.documents_without_annotation += document.clusters is None
        self.documents_with_speakers += document.speakers is not None
        self.sentences += len(set(document.sentence_ids))
        self.words += len(document.words)
        clusters = document.clusters or ()
        mentions = sorted(chain.from_iterable(clusters), key=lambda one: (one.start, -one.end))
        self.clusters += len(clusters)
        self.singletons += sum(len(cluster) == 1 for cluster in clusters)
        self.mentions += len(mentions)
        self.wide += sum(end - start >= WIDE for start, end in mentions)
        ids = document.sentence_ids
        self.over_sentence_ends += sum(ids[start] != ids[end] for start, end in mentions)
        self.crossing += num_crossing(mentions)

    def lines(self) -> Iterator[str]:
        """Yield a line for each number."""
        names = {
            "wide": f"mentions over {WIDE} words",
            "over_sentence_ends": "mentions over the end of a sentence",
            "crossing": "mentions that cross another",
            "repaired": "mentions repaired",
        }
        for one in fields(self):
            name = names.get(one.name, one.name.replace("_", " "))
            yield f"{name:<36}{getattr(self, one.name):>10}"


class Collected(Findings):
    """
    Note every finding and stop at none.

    # Parameters

    limit : `int`
        How many messages are kept; all are counted.
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.messages: list[str] = []
        self.num_problems = 0
        self._limit = limit

    def problem(self, error: DataError) -> None:
        """Count and keep it."""
        self.num_problems += 1
        self._keep(str(error))

    def repaired(self, error: DataError) -> None:
        """Count and keep it, marked as no problem."""
        self.num_repaired += 1
        self._keep(f"{error} (a warning)")

    def end_of_file(self) -> None:
        """Say nothing, as all messages are kept."""

    def _keep(self, message: str) -> None:
        if len(self.messages) < self._limit:
            self.messages.append(message)

    @property
    def num_unsaid(self) -> int:
        """Return how many messages went over the limit."""
        return self.num_problems + self.num_repaired - len(self.messages)


def validate(
    path: str | Path, file_format: CorefFormat, *, language: str = "en", limit: int = 50
) -> tuple[Summary, Collected]:
    """
    Check a file.

    # Parameters

    path : `str | Path`
        The file.
    file_format : `CorefFormat`
        Its format.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language.
    limit : `int`, optional (default = `50`)
        How many messages to keep.

    # Returns

    `Summary`
    `Collected`
    """
    summary, found = Summary(), Collected(limit)
    names: set[str] = set()
    try:
        for document in file_format.read(path, language=language, findings=found):
            summary.add(document)
            if document.doc_key in names:
                found.problem(
                    DataError(
                        f"two documents are named {document.doc_key}; scores are taken by name, so "
                        "give each its own",
                        path,
                    )
                )
            names.add(document.doc_key)
    except DataError as error:  # what no reader goes on after
        found.problem(error)
    summary.problems, summary.repaired = found.num_problems, found.num_repaired
    return summary, found


def num_crossing(mentions: list[WordSpan]) -> int:
    """Return how many mentions, sorted outermost first, overlap one before them in part."""
    crossing = 0
    around: list[WordSpan] = []
    for mention in mentions:
        around = [one for one in around if one.end >= mention.start]
        crossing += any(one.start < mention.start and one.end < mention.end for one in around)
        around.append(mention)
    return crossing
