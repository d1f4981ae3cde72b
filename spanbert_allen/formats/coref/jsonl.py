"""
Coreference documents as JSON objects, one a line.

A record has:

- exactly one of `text` (a string), `tokens` (a list of words), `sentences` (a list of lists of
  words);
- `doc_key`, optional: the document's name;
- `speakers`, optional: one name for all; or for `text` a list of `[start, end, name]` in
  characters, end outside; for `tokens` a name a token; for `sentences` a name a sentence, or a list
  of names a sentence, one a word;
- `genre`, optional: a string;
- `clusters`, optional: a list of lists of mentions, `[start, end]`: for `text` in characters, end
  outside; for `tokens` and `sentences` in words counted over the whole document, end inside.

`null` is the same as leaving a key out. Further keys, such as the `ner` and `relations` of DyGIE's
files, are not read, and `convert` tells so. Words are cut where mentions of a `text` begin or end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import RecordError, is_list, list_of_words, shown
from spanbert_allen.common.text import cut_words, sentence_ids_of_words, split_text
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings, RecordFindings
from spanbert_allen.formats.coref.mentions import (
    CharResolver,
    WordResolver,
    clusters_of_words,
    mention_edges,
)
from spanbert_allen.formats.coref.records import RecordContext, read_documents
from spanbert_allen.formats.coref.speakers import (
    names_of_units,
    speaker_turns,
    speakers_of_sentences,
    speakers_of_words,
)

LAYOUTS = ("text", "tokens", "sentences")
_KEYS = frozenset([*LAYOUTS, "doc_key", "speakers", "genre", "clusters"])


def read_coref_jsonl(
    path: str | Path, *, language: str = "en", findings: Findings | None = None
) -> Iterator[CorefDocument]:
    """
    Read the documents of a JSON lines file.

    # Parameters

    path : `str | Path`
        The file; `.gz` is unpacked, `-` is standard input.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, for `text` and `tokens`.
    findings : `Findings`, optional
        What is done with mistakes; by default the first is raised as a `DataError` with its line.
    """
    return read_documents(path, parse_coref_record, language=language, findings=findings)


def document_from_record(
    record: Mapping[str, Any],
    *,
    default_key: str,
    language: str = "en",
    path: str | Path | None = None,
    line: int | None = None,
) -> CorefDocument:
    """
    Return the document of one record; the module's docstring says what a record holds.

    # Parameters

    record : `Mapping[str, Any]`
        The JSON object.
    default_key : `str`
        The document's name if the record gives none.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split `text` into words and `text` and `tokens` into
        sentences.
    path, line : optional (default = `None`)
        Where the record stands, for error messages.

    Raises a `DataError` for a record that is not as described, and for a mention that occurs twice,
    or that does not begin and end where words do.
    """
    context = RecordContext(
        default_key=default_key,
        language=language,
        findings=RecordFindings(Findings(), path, line),
    )
    try:
        return parse_coref_record(record, context)
    except RecordError as error:
        raise DataError(str(error), path, line) from error


def parse_coref_record(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
    """Return the document of a record; raise a `RecordError` for one that is none."""
    given = [layout for layout in LAYOUTS if record.get(layout) is not None]
    if len(given) != 1:
        what = f"has {' and '.join(given)}" if given else "has none"
        raise RecordError(f"the record {what}; give exactly one of text, tokens, sentences")
    genre = record.get("genre")
    if genre is not None and not isinstance(genre, str):
        raise RecordError(f"genre is {shown(genre)}; it must be a string such as 'nw'")
    doc_key = context.key(record.get("doc_key"))
    make = {"text": _from_text, "tokens": _from_tokens, "sentences": _from_sentences}[given[0]]
    document = make(record, doc_key, genre, context)
    further = [str(key) for key, value in record.items() if key not in _KEYS and value]
    not_held = {f"the key {shown(key)} (documents)": 1 for key in further}
    return replace(document, not_held=not_held) if further else document


def _from_text(
    record: Mapping[str, Any], doc_key: str, genre: str | None, context: RecordContext
) -> CorefDocument:
    text = record["text"]
    if not isinstance(text, str):
        raise RecordError(f"text is {shown(text)}; it must be a string")
    turns = speaker_turns(record.get("speakers"), text)
    # A sentence ends where one speaker gives way to another, or to none.
    breaks = chain.from_iterable((start, end) for start, end, _ in turns or ())
    split = split_text(text, language=context.language, breaks=breaks)
    split = cut_words(text, split, mention_edges(record.get("clusters"), text))
    return CorefDocument(
        doc_key=doc_key,
        words=split.words,
        sentence_ids=split.sentence_ids,
        text=text,
        word_chars=split.word_chars,
        speakers=None if turns is None else speakers_of_words(turns, split.word_chars),
        genre=genre,
        clusters=clusters_of_words(
            record.get("clusters"), CharResolver(text, split), findings=context.findings
        ),
    )


def _from_tokens(
    record: Mapping[str, Any], doc_key: str, genre: str | None, context: RecordContext
) -> CorefDocument:
    words = list_of_words(record["tokens"], "tokens")
    speakers = names_of_units(record.get("speakers"), len(words), "token")
    changes = [
        index
        for index in range(1, len(words))
        if speakers is not None and speakers[index] != speakers[index - 1]
    ]
    sentence_ids = sentence_ids_of_words(words, language=context.language, breaks=changes)
    sentences: list[list[str]] = [[] for _ in range(sentence_ids[-1] + 1 if words else 0)]
    for word, sentence in zip(words, sentence_ids, strict=True):
        sentences[sentence].append(word)
    return CorefDocument.from_sentences(
        doc_key,
        sentences,
        speakers=speakers,
        genre=genre,
        clusters=clusters_of_words(
            record.get("clusters"), WordResolver(words), findings=context.findings
        ),
    )


def _from_sentences(
    record: Mapping[str, Any], doc_key: str, genre: str | None, context: RecordContext
) -> CorefDocument:
    if not is_list(record["sentences"]):
        raise RecordError(
            f"sentences is {shown(record['sentences'])}; it must be a list of lists of words"
        )
    sentences = [
        list_of_words(sentence, f"sentences[{index}]")
        for index, sentence in enumerate(record["sentences"])
    ]
    return CorefDocument.from_sentences(
        doc_key,
        sentences,
        speakers=speakers_of_sentences(record.get("speakers"), sentences),
        genre=genre,
        clusters=clusters_of_words(
            record.get("clusters"),
            WordResolver(list(chain(*sentences))),
            findings=context.findings,
        ),
    )
