"""The speakers of JSON records: whatever they are given for, a name a word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from spanbert_allen.common.record_checks import RecordError, is_list, pair, shown
from spanbert_allen.common.spans import CharSpan

NO_SPEAKER = "-"
"""The speaker of words that no speaker is given for, where others have one."""


def names_of_units(
    value: object, length: int, unit: str, name: str = "speakers"
) -> list[str] | None:
    """Return one name for each of `length` units, from a list of names or one name for all."""
    if value is None:
        return None
    if isinstance(value, str):
        return [value] * length
    if not is_list(value):
        raise RecordError(f"{name} is {shown(value)}; it must be a list with a name a {unit}")
    if len(value) != length:
        raise RecordError(
            f"{name} has {len(value)} entries for {length} {unit}s; give one name a {unit}"
        )
    return [_name(speaker, f"{name}[{index}]") for index, speaker in enumerate(value)]


def _name(value: object, place: str) -> str:
    if value is None:
        return NO_SPEAKER
    if not isinstance(value, str):
        raise RecordError(f"{place} is {shown(value)}; it must be a name (a string)")
    return value


def speakers_of_sentences(value: object, sentences: Sequence[Sequence[str]]) -> list[str] | None:
    """Return one name a word, from one for all, one a sentence, or lists with one a word."""
    if not is_list(value) or not any(is_list(entry) for entry in value):
        names = names_of_units(value, len(sentences), "sentence")
        if names is None:
            return None
        return [name for name, words in zip(names, sentences, strict=True) for _ in words]
    if len(value) != len(sentences):
        raise RecordError(
            f"speakers has {len(value)} entries for {len(sentences)} sentences; give one a sentence"
        )
    by_word: list[str] = []
    for index, (entry, words) in enumerate(zip(value, sentences, strict=True)):
        names = names_of_units(entry, len(words), "word", f"speakers[{index}]")
        by_word += names if names is not None else [NO_SPEAKER] * len(words)
    return by_word


def speaker_turns(value: object, text: str) -> list[tuple[int, int, str]] | None:
    """Return the character ranges of the speakers, in order."""
    if value is None:
        return None
    if isinstance(value, str):
        return [(0, len(text), value)]
    if not is_list(value):
        raise RecordError(
            f"speakers is {shown(value)}; for a text it must be a list of [start, end, name]"
        )
    turns = []
    for index, entry in enumerate(value):
        if not is_list(entry) or len(entry) != 3:
            raise RecordError(
                f"speakers[{index}] is {shown(entry)}; for a text it must be [start, end, name]"
            )
        start, end = pair(entry[:2], f"speakers[{index}]")
        if not 0 <= start <= end <= len(text):
            raise RecordError(
                f"speakers[{index}] is [{start}, {end}) in a text of {len(text)} characters; "
                "it must lie in the text, the end not before the start"
            )
        turns.append((start, end, _name(entry[2], f"speakers[{index}]")))
    turns.sort(key=lambda turn: turn[:2])
    for (_, end, name), (start, _, next_name) in pairwise(turns):
        if start < end:
            raise RecordError(
                f"speakers: the turns of {name!r} and {next_name!r} overlap from character "
                f"{start} to {end}; let each end before the next begins"
            )
    return turns


def speakers_of_words(
    turns: Sequence[tuple[int, int, str]], word_chars: Sequence[CharSpan]
) -> list[str]:
    """Return the speaker of each word; the text was split at turns, so no word has two."""
    speakers = []
    current = 0
    for start, _ in word_chars:
        while current < len(turns) and turns[current][1] <= start:
            current += 1
        speaks = current < len(turns) and turns[current][0] <= start
        speakers.append(turns[current][2] if speaks else NO_SPEAKER)
    return speakers
