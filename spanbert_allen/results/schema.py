"""What results of predictors look like: the one place where it is checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from spanbert_allen.common.record_checks import RecordError, is_list, is_whole, shown

ERROR = "error"

Check = Callable[[Any, str], None]
"""Get a value and where in the result it stands; raise `RecordError` for what it may not be."""


def _string(value: Any, place: str) -> None:
    if not isinstance(value, str):
        raise _wrong(value, place, "a string")


def _whole(value: Any, place: str) -> None:
    if not is_whole(value):
        raise _wrong(value, place, "a whole number")


def _number(value: Any, place: str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        is_number = is_number and math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        is_number = False
    if not is_number:
        raise _wrong(value, place, "a number")


def _name(value: Any, place: str) -> None:
    if not isinstance(value, str) and not is_whole(value):
        raise _wrong(value, place, "a string or a whole number")


def _label(value: Any, place: str) -> None:
    if is_list(value):  # of a model that may give several
        _list(_string)(value, place)
    else:
        _string(value, place)


def _optional(check: Check) -> Check:
    def checked(value: Any, place: str) -> None:
        if value is not None:
            check(value, place)

    return checked


def _list(check: Check, length: int | None = None) -> Check:
    def checked(value: Any, place: str) -> None:
        if not is_list(value):
            raise _wrong(value, place, "a list")
        if length is not None and len(value) != length:
            raise _wrong(value, place, f"a list of {length}")
        for number, item in enumerate(value):
            check(item, f"{place}[{number}]")

    return checked


def _mapping(check: Check) -> Check:
    def checked(value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise _wrong(value, place, "an object")
        for key, item in value.items():
            _string(key, f"a key of {place}")
            check(item, f"{place}.{shown(key)}")

    return checked


def _object(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    def checked(value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise _wrong(value, place, "an object")
        inside = f"{place}." if place else ""
        for key, check in required.items():
            if key not in value:
                raise RecordError(f"{inside}{key} is missing")
            check(value[key], f"{inside}{key}")
        for key, check in (optional or {}).items():
            _optional(check)(value.get(key), f"{inside}{key}")

    return checked


def _wrong(value: Any, place: str, wanted: str) -> RecordError:
    return RecordError(f"{place} is {shown(value)}; it must be {wanted}")


_NAMES = {"schema": _string, "line": _whole, "doc_key": _name, "id": _name}
_SPAN = {"start": _whole, "end": _whole, "text": _string}
_SCORES = dict.fromkeys(
    ("mention_score", "link_score", "mention_probability", "link_probability"), _number
)
_WORDS: Mapping[str, Check] = {"words": _list(_whole, 2)}
_SENTENCES = _list(_list(_string))
_ANTECEDENT = {
    "text": _optional(_string),
    "score": _optional(_number),
    "probability": _optional(_number),
}
_MENTION = _object(_SPAN, {**_WORDS, **_SCORES, "antecedents": _list(_object(_ANTECEDENT))})
_FILLS = _list(_object({"piece": _string, "probability": _number}))

_COREF: Mapping[str, Check] = {
    "text": _string,
    "clusters": _list(_list(_MENTION)),
}
_ANSWER: Mapping[str, Check] = {
    "question": _string,
    "answer": _string,
    "answers": _list(
        _object({"text": _string, "probability": _number}, {"start": _whole, "end": _whole})
    ),
    "start": _optional(_whole),
    "end": _optional(_whole),
}
_ODDS: Mapping[str, Check] = dict.fromkeys(("probability", "no_answer_score", "threshold"), _number)
_ENTITY: Mapping[str, Check] = {**_SPAN, "type": _string}
_RELATIONS = _list(
    _object({"subject": _whole, "object": _whole, "label": _string, "probability": _number})
)

_KINDS: dict[str, Check] = {
    "coref": _object(
        _COREF,
        {
            **_NAMES,
            "heads": _list(_whole),
            "sentences": _SENTENCES,
            "speakers": _SENTENCES,
            "resolved_text": _string,
        },
    ),
    "qa": _object({**_ANSWER, "context": _string}, {**_NAMES, **_ODDS}),
    "relation": _object(
        {
            "text": _string,
            "entities": _list(_object(_ENTITY, _WORDS)),
            "relations": _RELATIONS,
        },
        _NAMES,
    ),
    "document": _object(
        {
            "text": _string,
            "parts": _list(_string),
            "entities": _list(_object(_ENTITY, {"cluster": _whole})),
        },
        {
            **_NAMES,
            "clusters": _COREF["clusters"],
            "heads": _list(_whole),
            "relations": _RELATIONS,
            "answers": _list(_object(_ANSWER, _ODDS)),
        },
    ),
    "class": _object(
        {"id": _name, "text": _string, "label": _label, "probabilities": _mapping(_number)},
        {**_NAMES, "text_pair": _string},
    ),
    "number": _object(
        {"id": _name, "text": _string, "score": _number}, {**_NAMES, "text_pair": _string}
    ),
    "pretraining": _object(
        {
            "id": _name,
            "text": _string,
            "masked": _list(
                _object(
                    {
                        **_SPAN,
                        "fill": _string,
                        "pieces": _list(
                            _object(
                                {"start": _whole, "end": _whole, "fills": _FILLS},
                                {"boundary_fills": _FILLS},
                            )
                        ),
                    }
                )
            ),
            "filled": _string,
        },
        _NAMES,
    ),
    ERROR: _object({"error": _string}, _NAMES),
}
"""How a result of each kind is made; what else stands in it is not looked at."""

_TOLD_BY = {
    ERROR: {"error"},
    "document": {"text", "parts", "entities"},
    "coref": {"text", "clusters"},
    "qa": {"question", "context", "answers"},
    "relation": {"text", "entities", "relations"},
    "class": {"id", "text", "label", "probabilities"},
    "number": {"id", "text", "score"},
    "pretraining": {"text", "masked", "filled"},
}
"""The keys that tell a result of each kind, in the order in which they are looked for."""


def kind_by_keys(result: Mapping[str, Any]) -> str | None:
    """Return the kind of a result by its schema and its keys, `None` if it is of none."""
    schema = result.get("schema")
    if isinstance(schema, str) and ERROR not in result:  # it may have fields of the user's own
        task = schema.removeprefix("spanbert_allen.").partition("/")[0]
        if task in _TOLD_BY and _TOLD_BY[task] <= result.keys():
            return task
    return next((kind for kind, keys in _TOLD_BY.items() if keys <= result.keys()), None)


def check_result(kind: str, result: Mapping[str, Any]) -> None:
    """
    Raise `RecordError` for a result that predictors do not give.

    # Parameters

    kind : `str`
        Its kind, see `kind_by_keys`.
    result : `Mapping[str, Any]`
        The result.
    """
    _KINDS[kind](result, "")
    if kind in ("coref", "document"):
        clusters = result.get("clusters") or ()
        if not all(clusters):
            raise RecordError("a cluster has no mentions")
        mentions = list(chain(*clusters))
        _check_spans(mentions, result["text"], "a mention")
        _check_words(result, mentions)
        _check_heads(clusters, result.get("heads") or ())
    if kind == "qa":
        _check_answer(result)
    elif kind == "document":
        for answer in result.get("answers") or ():
            _check_answer({**answer, "context": result["text"]})
    elif kind == "pretraining":
        _check_spans(result["masked"], result["text"], "a masked span")
        for span in result["masked"]:
            _check_spans(span["pieces"], result["text"], "a masked piece")
    if kind in ("relation", "document"):
        _check_spans(result["entities"], result["text"], "an entity")
        for relation in result.get("relations") or ():
            for role in ("subject", "object"):
                if not 0 <= relation[role] < len(result["entities"]):
                    raise RecordError(f"{role} {shown(relation[role])} of a relation is no entity")


def _check_spans(spans: Sequence[Mapping[str, Any]], text: str, noun: str) -> None:
    for span in spans:
        if not 0 <= span["start"] < span["end"] <= len(text):
            raise RecordError(
                f"{noun} from {shown(span['start'])} to {shown(span['end'])} is not within the "
                f"text, which has {len(text)} characters"
            )


def _check_words(result: Mapping[str, Any], mentions: Sequence[Mapping[str, Any]]) -> None:
    sentences, speakers = result.get("sentences"), result.get("speakers")
    if sentences is None:
        return
    if speakers is not None and list(map(len, speakers)) != list(map(len, sentences)):
        raise RecordError("speakers are not as many as the words of sentences")
    num_words = sum(map(len, sentences))
    for mention in mentions:
        if mention.get("words") is None:
            raise RecordError("words of a mention is missing, where sentences are given")
        first, last = mention["words"]
        if not 0 <= first <= last < num_words:
            raise RecordError(
                f"words {shown(mention['words'])} of a mention are not within the {num_words} "
                "words of sentences"
            )


def _check_heads(clusters: Sequence[Sequence[Any]], heads: Sequence[int]) -> None:
    for cluster, head in zip(clusters, heads, strict=False):
        if not 0 <= head < len(cluster):
            raise RecordError(f"head {shown(head)} of a cluster is no mention of it")


def _check_answer(result: Mapping[str, Any]) -> None:
    if (result["start"] is None) != (result["end"] is None):
        raise RecordError("of start and end one is null; an answer has both or none")
    if result["start"] is not None:
        _check_spans([result], result["context"], "the answer")
    if result.get("no_answer_score") is not None and result.get("threshold") is None:
        raise RecordError("threshold is missing, where there is a no_answer_score")
