"""One annotated text of the sample corpus, free of its markup."""

from __future__ import annotations

from dataclasses import dataclass

from spanbert_allen.common.spans import CharSpan

SPLITS = ("train", "dev", "test")
GENRES = ("news", "fiction", "dialogue", "encyclopaedic", "instructions", "reviews")
TYPES = ("PERSON", "ORGANIZATION", "CITY", "TITLE", "NUMBER", "DATE", "MISC")
NO_RELATION = "no_relation"
RELATIONS = {
    "per:title": ("PERSON", "TITLE"),
    "per:employee_of": ("PERSON", "ORGANIZATION"),
    "org:founded_by": ("ORGANIZATION", "PERSON"),
    "per:spouse": ("PERSON", "PERSON"),
    "per:children": ("PERSON", "PERSON"),
    "per:cities_of_residence": ("PERSON", "CITY"),
    "org:city_of_headquarters": ("ORGANIZATION", "CITY"),
    "per:age": ("PERSON", "NUMBER"),
}
"""The types of subject and object of each relation; `no_relation` takes any of `TYPES`."""


@dataclass(frozen=True)
class Turn:
    """What one speaker says, up to the next speaker."""

    speaker: str
    span: CharSpan


@dataclass(frozen=True)
class Question:
    """A question; its `answer` is `None` if the text does not give one."""

    question: str
    answer: CharSpan | None


@dataclass(frozen=True)
class Relation:
    """A relation directed from subject to object, or `no_relation`."""

    label: str
    subject: CharSpan
    subject_type: str
    object: CharSpan
    object_type: str


@dataclass(frozen=True, kw_only=True)
class SampleText:
    """
    One text of the sample corpus. All spans count characters of `text`.

    # Parameters

    name : `str`
        The file's name without its ending.
    split, genre : `str`
        One of `SPLITS`, one of `GENRES`: the first two parts of the name.
    title : `str`
        What the text is called; not part of `text`.
    text : `str`
        The text without markup and speakers' names; paragraphs are separated by an empty line,
        turns by a line end.
    turns : `tuple[Turn, ...]`
        The turns of a dialogue; empty in the other genres.
    clusters : `tuple[tuple[CharSpan, ...], ...]`
        The mentions of each entity in text order; clusters in the order of their first mention.
    questions, relations : `tuple[Question, ...]`, `tuple[Relation, ...]`
        The questions and the relations, in the order of the file.
    """

    name: str
    split: str
    genre: str
    title: str
    text: str
    turns: tuple[Turn, ...]
    clusters: tuple[tuple[CharSpan, ...], ...]
    questions: tuple[Question, ...]
    relations: tuple[Relation, ...]

    def at(self, span: CharSpan) -> str:
        """Return the characters of a span."""
        return self.text[span.start : span.end]
