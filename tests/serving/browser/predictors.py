"""Predictors for the page: rules in place of models, results in the form of the real ones."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import permutations

from spanbert_allen.predictors.prepared import PreparedRecord
from spanbert_allen.predictors.record import Record

CHAINS = (r"\b(Ida Berg|Ida|[Hh]er|[Ss]he)\b", r"\b(her keys|them)\b")


class Rules:
    """A predictor whose results are told by its function."""

    def __init__(self, task, result, **attributes):
        self.schema = f"spanbert_allen.{task}/1"
        self.result, self.options = result, {}
        for name, value in attributes.items():
            setattr(self, name, value)

    def with_options(self, options):
        changed = Rules.__new__(Rules)
        changed.__dict__ = self.__dict__ | {"options": options}
        return changed

    def option_in(self, record):
        return None

    def prepare(self, record):
        return PreparedRecord(Record(record), pieces=1)

    def predict_prepared(self, prepared):
        return [self._answer(one.record) for one in prepared]

    def _answer(self, record):
        if "error" in record.get("text", ""):
            return {"error": "the text has an error; write another one"}
        return {"schema": self.schema} | self.result(record, self.options)


def coref(record, options):
    text = record["text"]
    words = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    starts = [start for start, _ in words]
    clusters = [
        [_mention(match, starts, number, options) for number, match in enumerate(found)]
        for chain in CHAINS
        if (found := list(re.finditer(chain, text)))
    ]
    result = {"doc_key": "document", "text": text, "clusters": clusters}
    if options.get("sentences"):
        result["sentences"] = [[text[start:end] for start, end in words]]
    return result


def _mention(match, starts, number, options):
    first, end = (bisect_left(starts, place) for place in match.span())
    mention = {
        **{"start": match.start(), "end": match.end(), "text": match[0], "sentence": 0},
        **{"words": [first, end - 1], "mention_score": 2.5},
        "link_score": 1.25 if number else None,
    }
    if options.get("top_antecedents"):
        nothing = dict.fromkeys(("start", "end", "words", "text"))
        mention["antecedents"] = [
            {"start": 0, "end": 8, "words": [0, 1], "text": "Ida Berg", "score": 1.25}
            | {"probability": 0.75},
            nothing | {"score": 0.0, "probability": 0.25},
        ]
    return mention


def qa(record, options):
    context = record["context"]
    places = [(9, 17), (0, 17), (9, 12), (18, 22)]
    answers = [
        {"text": context[start:end], "start": start, "end": end, "probability": 0.5 / 2**rank}
        for rank, (start, end) in enumerate(places)
    ]
    return {
        **{"id": "q", "question": record["question"], "context": context},
        **{"answer": answers[0]["text"], "start": 9, "end": 17, "answers": answers},
    }


def relation(record, options):
    entities = [
        {"start": start, "end": end, "text": record["text"][start:end], "words": [0, 0]}
        | {"type": (*kind, "ENTITY")[0]}
        for start, end, *kind in record["entities"]
    ]
    relations = [
        {"subject": one, "object": other, "is_cut": False}
        | {"label": "per:city" if one < other else "no_relation"}
        | {"probability": 0.9 - 0.1 * one}
        for one, other in permutations(range(len(entities)), 2)
    ]
    return {"id": "r", "text": record["text"], "entities": entities, "relations": relations}


def sequence(record, options):
    shares = {"same": 0.75, "other": 0.25}
    return {"id": "s", **record, "label": "same", "probability": 0.75, "probabilities": shares}


def document(record, options):
    text, entities = record["text"], record.get("entities", [])
    found = relation({"text": text, "entities": entities}, {})
    asked = [qa({"question": one, "context": text}, {}) for one in record.get("questions", [])]
    parts = {"doc_key": "document", "text": text, "parts": ["coref", "relation", "qa"]}
    return coref(record, {}) | found | parts | {"answers": asked}


PREDICTORS = {
    "names": Rules("coref", coref),
    "answers": Rules("qa", qa),
    "people": Rules("relation", relation, entity_types=["CITY", "PERSON"]),
    "everything": Rules("document", document),
    "pairs": Rules("sequence", sequence),
}
"""A predictor of each task, by the name that it is served under."""
