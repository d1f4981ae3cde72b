"""
Relations in a user's own texts as JSON objects, one a line; no torch needed. One record:

- exactly one of `text` (a string) and `tokens` (a list of words);
- `subject` and `object`, each `[start, end]`: for `text` in characters, end outside; for `tokens`
  in words, end inside;
- `subject_type` and `object_type`, optional: such as `PERSON`;
- `label`, optional: the relation, directed from the subject to the object;
- `id`, optional: the record's name.

    {"text": "Anna Bell founded Ringers Ltd.", "subject": [18, 29], "object": [0, 9],
     "subject_type": "ORGANIZATION", "object_type": "PERSON", "label": "org:founded_by"}
    {"tokens": ["Anna", "Bell", "sleeps", "."], "subject": [0, 1], "object": [2, 2],
     "label": "no_relation"}

`null` is the same as leaving a key out. Further keys are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import filled_lines, json_object
from spanbert_allen.common.record_checks import RecordError, list_of_words, pair, shown
from spanbert_allen.common.spans import CharSpan, WordSpan
from spanbert_allen.common.text import split_text
from spanbert_allen.formats.coref.jsonl import default_doc_key
from spanbert_allen.formats.relation.example import UNTYPED, RelationExample
from spanbert_allen.formats.relation.tacred import example_id, optional_name


def read_relation_jsonl(
    path: str | Path, *, language: str = "en", on_problem: OnProblem | None = None
) -> Iterator[RelationExample]:
    """
    The examples of a JSON lines file, in its order.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to cut `text` into words.
    on_problem : `Callable[[DataError], None]`, optional (default = `None`)
        Called for each bad line, which is then passed over. By default the error is raised.
    """
    for number, line in filled_lines(path, must_hold="one JSON object a line"):
        try:
            record = json_object(line, path=path, line=number)
            yield relation_example(
                record,
                default_id=default_doc_key(path, number),
                language=language,
                path=path,
                line=number,
            )
        except DataError as error:
            if on_problem is None:
                raise
            on_problem(error)


def relation_example(
    record: Mapping[str, Any],
    *,
    default_id: str,
    language: str = "en",
    path: str | Path | None = None,
    line: int | None = None,
) -> RelationExample:
    """
    The example of one record; the module's docstring says what a record holds.

    # Parameters

    record : `Mapping[str, Any]`
        The JSON object.
    default_id : `str`
        Its name if it gives none.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language.
    path, line : optional (default = `None`)
        Where the record stands, for error messages.
    """
    try:
        spans = [pair(record.get(role), f"`{role}`") for role in ("subject", "object")]
        words, (subject, object_) = entity_words(record, spans, ("`subject`", "`object`"), language)
        return RelationExample(
            id=default_id if record.get("id") is None else example_id(record, "id"),
            words=words.words,
            subject=subject,
            object=object_,
            subject_type=optional_name(record, "subject_type") or UNTYPED,
            object_type=optional_name(record, "object_type") or UNTYPED,
            label=optional_name(record, "label"),
            text=words.text,
            word_chars=words.chars,
            place="" if path is None else f"{path}:{line}",
        )
    except RecordError as error:
        raise DataError(str(error), path, line) from error


class EntityWords(NamedTuple):
    """The words of a record; with a text, it and where they stand in it."""

    words: Sequence[str]
    text: str | None = None
    chars: Sequence[CharSpan] | None = None


def entity_words(
    record: Mapping[str, Any],
    spans: Sequence[tuple[int, int]],
    names: Sequence[str],
    language: str,
) -> tuple[EntityWords, list[WordSpan]]:
    """
    The words of a record, cut so that entities begin and end with one, and the entities in words.

    # Parameters

    record : `Mapping[str, Any]`
        Holds `text` or `tokens`.
    spans : `Sequence[tuple[int, int]]`
        The entities as the record has them.
    names : `Sequence[str]`
        What to call each in a message.
    language : `str`
        spaCy's code of the language.

    Raises a `RecordError` that says what is wrong.
    """
    given = [name for name in ("text", "tokens") if record.get(name) is not None]
    if len(given) != 1:
        what = "both" if given else "neither"
        raise RecordError(f"the record has {what} of `text` and `tokens`; give exactly one")
    if given == ["tokens"]:
        words = EntityWords(list_of_words(record["tokens"], "`tokens`"))
        _check_words(spans, names, len(words.words))
        return words, [WordSpan(*span) for span in spans]
    text = record["text"]
    if not isinstance(text, str):
        raise RecordError(f"`text` is {shown(text)}; it must be a string")
    for span, name in zip(spans, names, strict=True):
        _check_characters(CharSpan(*span), name, text)
    cuts = {offset for span in spans for offset in span}
    chars = [
        part for word in split_text(text, language=language).word_chars for part in cut(word, cuts)
    ]
    words = EntityWords([text[start:end] for start, end in chars], text, chars)
    return words, [
        _in_words(CharSpan(*span), name, words) for span, name in zip(spans, names, strict=True)
    ]


def cut(word: CharSpan, cuts: set[int]) -> Iterator[CharSpan]:
    """The parts of a word between the offsets that are inside of it."""
    start = word.start
    for offset in sorted(cuts):
        if start < offset < word.end:
            yield CharSpan(start, offset)
            start = offset
    yield CharSpan(start, word.end)


def _check_words(spans: Sequence[tuple[int, int]], names: Sequence[str], num_words: int) -> None:
    for (start, end), name in zip(spans, names, strict=True):
        if not 0 <= start <= end < num_words:
            raise RecordError(
                f"{name} is words {start} to {end}, but there are {num_words}, numbered from 0; "
                "with `tokens` give [first, last], both inside"
            )


def _check_characters(span: CharSpan, name: str, text: str) -> None:
    if not 0 <= span.start < span.end <= len(text):
        raise RecordError(
            f"{name} is characters {span.start} to {span.end}, but the text has {len(text)}; with "
            "`text` give [start, end] in characters from 0, the end outside"
        )
    words = text[span.start : span.end]
    if words != words.strip():
        raise RecordError(f"{name}, {shown(words)}, begins or ends with white space; leave it out")
    for offset, side in ((span.start, "begins"), (span.end, "ends")):
        if 0 < offset < len(text) and text[offset - 1].isalnum() and text[offset].isalnum():
            around = text[max(0, offset - 15) : offset + 15]
            raise RecordError(
                f"{name}, {shown(words)}, {side} inside of a word of {shown(around)}; count "
                "characters from 0, the end outside, or give `tokens`"
            )


def _in_words(span: CharSpan, name: str, words: EntityWords) -> WordSpan:
    inside = [
        number
        for number, word in enumerate(words.chars or ())
        if span.start <= word.start and word.end <= span.end
    ]
    if not inside:
        raise RecordError(f"{name} is made of nothing but invisible characters; mark a word")
    return WordSpan(inside[0], inside[-1])
