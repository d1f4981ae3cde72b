"""
GAP (Webster et al. 2018): a pronoun and two names in a text, and which of the two it means.

As a document: the pronoun's cluster holds the name it means, if it means one; the others are
clusters of one mention. Predictions go back as the file that GAP's scorer reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import read_lines
from spanbert_allen.common.record_checks import RecordError, shown
from spanbert_allen.common.spans import CharSpan, Cluster, WordSpan
from spanbert_allen.common.text import cut_words, split_text
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.lossy import Dropped, is_encodable
from spanbert_allen.formats.coref.mentions import CharResolver

COLUMNS = (
    "ID", "Text", "Pronoun", "Pronoun-offset",
    "A", "A-offset", "A-coref", "B", "B-offset", "B-coref", "URL",
)  # fmt: skip
HEADER = "\t".join(COLUMNS) + "\n"
PRONOUNS = frozenset(["she", "her", "hers", "he", "him", "his"])
_URL = {"URLs of texts (documents)": 1}
_DIGITS = 12
_TRUTH = {"TRUE": True, "FALSE": False}


@dataclass(frozen=True, kw_only=True)
class GapExample:
    """
    Hold a row of a GAP file.

    # Parameters

    id, text : `str`
    pronoun, a, b : `CharSpan`
        In the text.
    a_coref, b_coref : `bool | None`
        Whether the pronoun means that name; `None` where the file does not say.
    """

    id: str
    text: str
    pronoun: CharSpan
    a: CharSpan
    b: CharSpan
    a_coref: bool | None
    b_coref: bool | None

    def to_document(self, language: str = "en") -> CorefDocument:
        """Return the document of the row; not annotated where the file does not say."""
        spans = (self.pronoun, self.a, self.b)
        edges = [edge for span in spans for edge in span]
        split = cut_words(self.text, split_text(self.text, language=language), edges)
        places = CharResolver(self.text, split)
        named = zip(("Pronoun", "A", "B"), spans, strict=True)
        pronoun, a, b = (places.span(list(span), name) for name, span in named)
        own: list[WordSpan] = [pronoun]
        others: list[Cluster] = []
        for name, means in ((a, self.a_coref), (b, self.b_coref)):
            if means:
                own.append(name)
            else:
                others.append((name,))
        is_annotated = self.a_coref is not None and self.b_coref is not None
        return CorefDocument(
            doc_key=self.id,
            words=split.words,
            sentence_ids=split.sentence_ids,
            text=self.text,
            word_chars=split.word_chars,
            clusters=sorted([tuple(sorted(own)), *others]) if is_annotated else None,
        )


def read_gap(
    path: str | Path, *, language: str = "en", findings: Findings | None = None
) -> Iterator[CorefDocument]:
    """Read the documents of a file, a row each; parameters as for `read_documents`."""
    findings = findings or Findings()
    for line, row in _rows(path, findings):
        try:
            document = _example(row).to_document(language)
            yield replace(document, not_held=_URL) if row.get("URL") else document
        except RecordError as error:
            findings.problem(DataError(str(error), path, line))
            findings.left_out()
    findings.end_of_file()


def read_gap_examples(path: str | Path) -> Iterator[GapExample]:
    """Read the rows of a file."""
    for line, row in _rows(path, Findings()):
        try:
            yield _example(row)
        except RecordError as error:
            raise DataError(str(error), path, line) from error


def gap_line(document: CorefDocument) -> str:
    """Return the row of a document that `one_row` lets pass; there is no URL."""
    found = _pronoun_and_names(document)
    assert found is not None
    pronoun, *names = found
    fields = [document.doc_key, document.text, *_text_and_start(document, pronoun)]
    own = next(cluster for cluster in document.clusters or () if pronoun in cluster)
    for name in names:
        fields += [*_text_and_start(document, name), str(name in own).upper()]
    return "\t".join([*fields, ""]) + "\n"


def one_row(
    document: CorefDocument, dropped: Dropped, *, language: str = "en"
) -> CorefDocument | None:
    """Keep only documents that a row reads back as: the same text with the same clusters."""
    if _pronoun_and_names(document) is not None and _is_one_field(document):
        row = dict(zip(COLUMNS, gap_line(document).rstrip("\n").split("\t"), strict=True))
        try:
            again = _example(row).to_document(language)
        except RecordError:
            again = None
        if again is not None and _in_characters(again) == _in_characters(document):
            return document
    dropped["documents left out: not a pronoun and two names in a text"] += 1
    return None


def prediction_lines(
    examples: Iterable[GapExample], clusters: Mapping[str, Sequence[Sequence[CharSpan]]]
) -> Iterator[str]:
    """
    Return the lines that GAP's scorer reads: the id, and whether the pronoun means each name.

    It does if the pronoun is in a cluster with a mention that lies in the name, or the name in it.

    # Parameters

    examples : `Iterable[GapExample]`
        The rows to predict.
    clusters : `Mapping[str, Sequence[Sequence[CharSpan]]]`
        Predicted clusters by the rows' ids; a row without one has none.
    """
    for example in examples:
        own = [
            mention
            for cluster in clusters.get(example.id, ())
            if example.pronoun in cluster
            for mention in cluster
            if mention != example.pronoun
        ]
        means = [
            any(_lies_in(one, name) or _lies_in(name, one) for one in own)
            for name in (example.a, example.b)
        ]
        yield "\t".join([example.id, *(str(one).upper() for one in means)]) + "\n"


def _lies_in(inner: CharSpan, outer: CharSpan) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _rows(path: str | Path, findings: Findings) -> Iterator[tuple[int, dict[str, str]]]:
    names: list[str] = []
    for line, text in read_lines(path):
        fields = text.split("\t")
        if line == 1:
            names = fields
            missing = [name for name in COLUMNS[:9] if name not in names and "coref" not in name]
            if missing:
                raise DataError(
                    f"no GAP file: the first line must name the columns, but has no "
                    f"{', '.join(missing)}",
                    path,
                    1,
                )
        elif len(fields) != len(names):
            problem = f"{len(fields)} columns, but the first line names {len(names)}"
            findings.problem(DataError(problem, path, line))
            findings.left_out()
        else:
            yield line, dict(zip(names, fields, strict=True))
    if not names:
        raise DataError("the file is empty; the first line must name the columns", path)


def _example(row: Mapping[str, str]) -> GapExample:
    text = row["Text"]
    return GapExample(
        id=row["ID"],
        text=text,
        pronoun=_place(row, "Pronoun", text),
        a=_place(row, "A", text),
        b=_place(row, "B", text),
        a_coref=_truth(row, "A-coref"),
        b_coref=_truth(row, "B-coref"),
    )


def _place(row: Mapping[str, str], name: str, text: str) -> CharSpan:
    words, offset = row[name], row[f"{name}-offset"]
    start = int(offset) if offset.isdecimal() and len(offset) < _DIGITS else -1
    if not words or text[max(start, 0) : max(start, 0) + len(words)] != words or start < 0:
        raise RecordError(
            f"{name} is {shown(words)}, which does not stand at character {shown(offset)} of Text"
        )
    return CharSpan(start, start + len(words))


def _truth(row: Mapping[str, str], name: str) -> bool | None:
    value = row.get(name, "")
    if value and value.upper() not in _TRUTH:
        raise RecordError(f"{name} is {shown(value)}; it must be TRUE or FALSE")
    return _TRUTH.get(value.upper())


def _pronoun_and_names(document: CorefDocument) -> list[WordSpan] | None:
    """Return the pronoun and the two names in the order of the text, if these are annotated."""
    mentions = sorted(mention for cluster in document.clusters or () for mention in cluster)
    pronouns = [
        (start, end)
        for start, end in mentions
        if start == end and document.words[start].lower() in PRONOUNS
    ]
    if len(mentions) != 3 or len(pronouns) != 1:
        return None
    pronoun = WordSpan(*pronouns[0])
    names = [mention for mention in mentions if mention != pronoun]
    together = [cluster for cluster in document.clusters or () if len(cluster) > 1]
    return [pronoun, *names] if all(pronoun in cluster for cluster in together) else None


def _is_one_field(document: CorefDocument) -> bool:
    fields = document.doc_key + document.text
    return is_encodable(fields) and not any(mark in fields for mark in "\t\n\r")


def _in_characters(document: CorefDocument) -> list[list[CharSpan]]:
    return [[document.chars_of(mention) for mention in one] for one in document.clusters or ()]


def _text_and_start(document: CorefDocument, mention: WordSpan) -> list[str]:
    start, end = document.chars_of(mention)
    return [document.text[start:end], str(start)]
