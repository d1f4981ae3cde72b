"""What requests and answers look like, for the description of the service (OpenAPI)."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from spanbert_allen.predictors.coref.options import CorefOptions
from spanbert_allen.predictors.document.options import DocumentOptions
from spanbert_allen.predictors.qa.predictor import QAOptions
from spanbert_allen.predictors.relation.options import RelationOptions


class Whole(BaseModel):
    """Something with no other fields than these."""

    model_config = ConfigDict(extra="forbid")


class Open(BaseModel):
    """A record or a result: fields of the user's own come back in the result."""

    model_config = ConfigDict(extra="allow")


class ErrorBody(Whole):
    """What every answer but a result is: one sentence."""

    error: str


class ModelBody(Whole):
    """A model that is served."""

    name: str
    task: str
    path: str = Field(description="Where its records go.")
    part: str | None = Field(
        None, description="What its archive calls the task, if it has several: `task` of `load`."
    )
    entity_types: list[str] | None = Field(
        None, description="The types that entities may have, if the model sees types."
    )


class CorefRecord(Open):
    """A document: exactly one of `text`, `tokens` and `sentences`."""

    text: str | None = None
    tokens: list[str] | None = None
    sentences: list[list[str]] | None = None
    doc_key: str | int | None = None
    speakers: Any = Field(
        None,
        description="With a text a name or a list of [start, end, name]; else names of words or "
        "of sentences.",
    )
    genre: str | None = None
    mentions: list[list[int]] | None = Field(
        None, description="Mentions to link, [start, end] each; no others are proposed."
    )
    given_clusters: list[list[list[int]]] | None = Field(
        None,
        description="Clusters known in part, lists of [start, end] each: they stay together, are "
        "added to, and are not joined with one another unless `join_given` is set.",
    )
    options: CorefOptions | None = None


class Place(Whole):
    """A part of the text: characters, the end outside, and words, the last one inside."""

    start: int
    end: int
    words: tuple[int, int]
    text: str


class Antecedent(Whole):
    """A candidate antecedent; all of its place is null for "no antecedent"."""

    start: int | None
    end: int | None
    words: tuple[int, int] | None
    text: str | None
    score: float | None
    probability: float | None


class Mention(Place):
    """A mention of a cluster."""

    sentence: int
    mention_score: float | None
    link_score: float | None
    mention_probability: float | None = None
    link_probability: float | None = None
    antecedents: list[Antecedent] | None = None


class CorefResult(Open):
    """The clusters of a document."""

    schema_: str = Field(alias="schema")
    doc_key: str
    text: str
    clusters: list[list[Mention]]
    heads: list[int]
    sentences: list[list[str]] | None = None
    speakers: list[list[str]] | None = None
    resolved_text: str | None = None


class QARecord(Open):
    """A question on a text. Options of `QAOptions` may also stand in the record itself."""

    question: str
    context: str
    id: str | int | None = None
    options: QAOptions | None = None


class Answer(Whole):
    """An answer, with its characters in the context; empty for "no answer"."""

    text: str
    start: int | None
    end: int | None
    score: float
    probability: float
    start_logit: float | None
    end_logit: float | None


class QAResult(Open):
    """The answers to a question."""

    schema_: str = Field(alias="schema")
    id: str
    question: str
    context: str
    answer: str
    start: int | None
    end: int | None
    score: float | None
    probability: float | None
    answers: list[Answer]
    null_score: float | None
    no_answer_score: float | None
    threshold: float | None


class Entity(Place):
    """An entity of the text."""

    type: str


class RelationRecord(Open):
    """A text with a subject and an object, or with `entities`, all of whose pairs are predicted."""

    schema_: str | None = Field(
        None, alias="schema", description="That of a result, whose pairs are predicted anew."
    )

    text: str | None = None
    tokens: list[str] | None = None
    subject: tuple[int, int] | None = None
    object: tuple[int, int] | None = None
    subject_type: str | None = None
    object_type: str | None = None
    entities: list[list[int | str]] | list[Entity] | None = Field(
        None, description="[start, end] or [start, end, type] each, or those of a result."
    )
    id: str | int | None = None
    options: RelationOptions | None = None


class Relation(Whole):
    """The relation of two entities, given by their places in the list of entities."""

    subject: int
    object: int
    label: str
    probability: float
    is_cut: bool
    seen: list[tuple[int, int]] | None = None
    probabilities: dict[str, float] | None = None


class RelationResult(Open):
    """The relations of a text; `label` and `probability` if there is one pair."""

    schema_: str = Field(alias="schema")
    id: str
    text: str
    entities: list[Entity]
    relations: list[Relation]
    label: str | None = None
    probability: float | None = None


class NoOptions(Whole):
    """A predictor without options."""


class SequenceRecord(Open):
    """A text, or a pair of texts."""

    text: str
    text_pair: str | None = None
    id: str | int | None = None
    options: NoOptions | None = None


class SequenceResult(Open):
    """A class with the probabilities of all classes, or a score."""

    schema_: str = Field(alias="schema")
    id: str
    text: str
    text_pair: str | None = None
    is_cut: bool
    label: str | list[str] | None = None
    probability: float | None = None
    probabilities: dict[str, float] | None = None
    score: float | None = None


class DocumentRecord(Open):
    """A text, with questions on it, and with entities of one's own."""

    text: str
    questions: list[str] | None = None
    entities: list[list[int | str]] | None = Field(
        None, description="[start, end] or [start, end, type] each."
    )
    speakers: Any = None
    genre: str | None = None
    doc_key: str | int | None = None
    options: DocumentOptions | None = None


class DocumentEntity(Whole):
    """An entity of a document, and the number of the cluster that it is a mention of."""

    start: int
    end: int
    text: str
    type: str
    cluster: int | None


class DocumentAnswer(Open):
    """As `QAResult`, without the context."""

    id: str
    question: str
    answer: str
    start: int | None
    end: int | None
    answers: list[Answer]


class DocumentResult(Open):
    """What the parts found; one without a model is not there."""

    schema_: str = Field(alias="schema")
    doc_key: str
    text: str
    parts: list[str]
    entities: list[DocumentEntity]
    clusters: list[list[Mention]] | None = None
    heads: list[int] | None = None
    relations: list[Relation] | None = None
    answers: list[DocumentAnswer] | None = None


class Task(NamedTuple):
    """What the requests of a task do, look like and get, and one that works."""

    summary: str
    record: type[Open]
    result: type[Open]
    example: dict[str, Any]


TASKS = {
    "coref": Task(
        "Find the clusters of mentions in a document.",
        CorefRecord,
        CorefResult,
        {"text": "Ida lost her keys. She found them.", "options": {"probabilities": True}},
    ),
    "qa": Task(
        "Answer a question on a text.",
        QARecord,
        QAResult,
        {
            "question": "Who lost the keys?",
            "context": "Ida lost her keys. Tom found them.",
            "options": {"top_k": 3},
        },
    ),
    "relation": Task(
        "Find the relation of two entities, or of all pairs of several.",
        RelationRecord,
        RelationResult,
        {
            "text": "Anna Bell founded Ringers Ltd.",
            "subject": [18, 29],
            "object": [0, 9],
            "subject_type": "ORGANIZATION",
            "object_type": "PERSON",
        },
    ),
    "document": Task(
        "Find clusters, entities, relations and answers in one text.",
        DocumentRecord,
        DocumentResult,
        {"text": "Ida lost her keys. She found them.", "questions": ["Who lost the keys?"]},
    ),
    "sequence": Task(
        "Classify a text or a pair of texts.",
        SequenceRecord,
        SequenceResult,
        {"text": "Ida was in Oslo.", "text_pair": "Ida has never been in Oslo."},
    ),
}
"""The tasks that are served, by the paths of their requests."""
