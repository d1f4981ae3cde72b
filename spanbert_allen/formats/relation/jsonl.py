"""
Read relations in a user's own texts from JSON objects, one a line.

A record holds:

- exactly one of `text` (a string) and `tokens` (a list of words);
- `subject` and `object`, each `[start, end]`: for `text` in characters, the end outside; for
  `tokens` in words, the end inside;
- `subject_type` and `object_type`, optional: such as `PERSON`;
- `label`, optional: the relation, directed from the subject to the object;
- `id`, optional: the name of the record, a string or a whole number.

    {"text": "Anna Bell founded Ringers Ltd.", "subject": [18, 29], "object": [0, 9],
     "subject_type": "ORGANIZATION", "object_type": "PERSON", "label": "org:founded_by"}
    {"tokens": ["Anna", "Bell", "sleeps", "."], "subject": [0, 1], "object": [2, 2],
     "label": "no_relation"}

Entities in characters may begin and end anywhere: a word is cut at their edges, which makes them
work in languages without spaces between words. White space at the edges of an entity is left out of
it. `null` is the same as leaving a key out. Further keys are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import default_doc_key, filled_lines, json_object
from spanbert_allen.common.record_checks import (
    RecordError,
    list_of_words,
    pair,
    record_id,
    shown,
)
from spanbert_allen.common.spans import CharSpan, WordSpan
from spanbert_allen.common.text import cut_words, is_visible, split_text, whole_characters
from spanbert_allen.formats.relation.example import UNTYPED, RelationExample
from spanbert_allen.formats.relation.names import optional_name


def read_relation_jsonl(
    path: str | Path, *, language: str = "en", on_problem: OnProblem | None = None
) -> Iterator[RelationExample]:
    """
    Read the examples of a JSON lines file, in its order.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split `text` into words.
    on_problem : `Callable[[DataError], None]`, optional (default = `None`)
        Called for each bad line, which is then left out. By default the error is raised.
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
    Return the example of one record; the docstring of the module says what a record holds.

    # Parameters

    record : `Mapping[str, Any]`
        The JSON object.
    default_id : `str`
        The name of a record that gives none.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language.
    path, line : optional (default = `None`)
        Where the record stands, for error messages.
    """
    try:
        spans = [pair(record.get(role), f"`{role}`") for role in ("subject", "object")]
        words, (subject, object_) = entity_words(record, spans, ("`subject`", "`object`"), language)
        return RelationExample(
            id=default_id if record.get("id") is None else record_id(record["id"]),
            words=words.words,
            subject=subject,
            object=object_,
            subject_type=optional_name(record, "subject_type") or UNTYPED,
            object_type=optional_name(record, "object_type") or UNTYPED,
            label=optional_name(record, "label"),
            text=words.text,
            word_chars=words.chars,
            sentence_ids=words.sentence_ids,
            place="" if path is None else f"{path}:{line}",
        )
    except RecordError as error:
        raise DataError(str(error), path, line) from error


def relation_record(example: RelationExample) -> dict[str, Any]:
    """
    Return the record of an example, which `relation_example` reads.

    Of a text it has what the words of the example are cut out of.
    """
    record: dict[str, Any] = {"id": example.id}
    chars = example.word_chars
    first = chars[0].start if chars else 0
    if example.text is not None and chars:
        record["text"] = example.text[first : chars[-1].end]
    else:
        record["tokens"] = list(example.words)
    for role, span in (("subject", example.subject), ("object", example.object)):
        record[role] = (
            [chars[span.start].start - first, chars[span.end].end - first] if chars else list(span)
        )
    record |= {"subject_type": example.subject_type, "object_type": example.object_type}
    return record if example.label is None else record | {"label": example.label}


class EntityWords(NamedTuple):
    """
    Hold the words of a record.

    # Parameters

    words : `Sequence[str]`
        The words.
    text : `str`, optional (default = `None`)
        The text that they were cut out of.
    chars : `Sequence[CharSpan]`, optional (default = `None`)
        With a text, where each word stands in it.
    sentence_ids : `Sequence[int]`, optional (default = `None`)
        With a text, the sentence of each word.
    """

    words: Sequence[str]
    text: str | None = None
    chars: Sequence[CharSpan] | None = None
    sentence_ids: Sequence[int] | None = None


def entity_words(
    record: Mapping[str, Any],
    spans: Sequence[tuple[int, int]],
    names: Sequence[str],
    language: str,
) -> tuple[EntityWords, list[WordSpan]]:
    """
    Return the words of a record, and its entities in words.

    Where an entity begins or ends inside a word, the word is cut.

    # Parameters

    record : `Mapping[str, Any]`
        Holds `text` or `tokens`.
    spans : `Sequence[tuple[int, int]]`
        The entities as the record has them.
    names : `Sequence[str]`
        What to call each entity in a message.
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
        _check_words(spans, names, words.words)
        return words, [WordSpan(*span) for span in spans]
    text = record["text"]
    if not isinstance(text, str):
        raise RecordError(f"`text` is {shown(text)}; it must be a string")
    chars = [
        _characters(CharSpan(*span), name, text) for span, name in zip(spans, names, strict=True)
    ]
    split = cut_words(
        text, split_text(text, language=language), {offset for span in chars for offset in span}
    )
    words = EntityWords(split.words, text, split.word_chars, split.sentence_ids)
    return words, [_in_words(span, name, words) for span, name in zip(chars, names, strict=True)]


def _check_words(
    spans: Sequence[tuple[int, int]], names: Sequence[str], words: Sequence[str]
) -> None:
    for (start, end), name in zip(spans, names, strict=True):
        if not 0 <= start <= end < len(words):
            raise RecordError(
                f"{name} is words {shown(start)} to {shown(end)}, but there are {len(words)}, "
                "numbered from 0; with `tokens` give [first, last], both inside"
            )
        check_not_blank(words[start : end + 1], name)


def check_not_blank(words: Sequence[str], name: str) -> None:
    """
    Raise a `RecordError` for an entity that is made of nothing but white space.

    # Parameters

    words : `Sequence[str]`
        The words of the entity.
    name : `str`
        What to call it in the message.
    """
    if not any(word.strip() for word in words):
        raise RecordError(f"{name} is empty: its words are {shown(list(words))}; mark a word")


def _characters(span: CharSpan, name: str, text: str) -> CharSpan:
    """Return the characters of an entity without white space at its edges."""
    if not 0 <= span.start < span.end <= len(text):
        raise RecordError(
            f"{name} is characters {shown(span.start)} to {shown(span.end)}, but the text has "
            f"{len(text)}; with `text` give [start, end] in characters from 0, the end outside"
        )
    inside = text[span.start : span.end]
    if not inside.strip():
        raise RecordError(f"{name}, {shown(inside)}, is only white space; mark a word")
    start = span.start + len(inside) - len(inside.lstrip())
    return whole_characters(text, CharSpan(start, start + len(inside.strip())))


def _in_words(span: CharSpan, name: str, words: EntityWords) -> WordSpan:
    inside = [
        number
        for number, word in enumerate(words.chars or ())
        if span.start <= word.start and word.end <= span.end
    ]
    if not any(is_visible(words.words[number]) for number in inside):
        raise RecordError(f"{name} is made of nothing but invisible characters; mark a word")
    return WordSpan(inside[0], inside[-1])
