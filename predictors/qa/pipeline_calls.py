"""Calls and answers of the question answering pipeline of the transformers library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.record_checks import is_list, shown

_PADDINGS = (True, False, None, "longest", "max_length", "do_not_pad")
_FORMS = (
    'a dictionary {"question": ..., "context": ...}, a list of these, or a question and a context'
)


def pipeline_call(
    arguments: Sequence[Any], named: Mapping[str, Any]
) -> tuple[list[Mapping[str, Any]], dict[str, Any]]:
    """
    Return the questions with their contexts, and the options, of a call of the pipeline.

    # Parameters

    arguments : `Sequence[Any]`
        Its arguments by position.
    named : `Mapping[str, Any]`
        Its arguments by name.
    """
    options = dict(named)
    padding = options.pop("padding", None)
    if not any(padding is one or padding == one for one in _PADDINGS):
        raise ConfigError(
            f'`padding` is {shown(padding)}; it must be "longest", "max_length", "do_not_pad", '
            "true or false"
        )
    topk = options.pop("topk", None)
    if topk is not None and options.get("top_k") is None:
        options["top_k"] = topk
    if options.get("top_k", 1) is None:
        del options["top_k"]
    given = options.pop("data", options.pop("X", None))
    question, context = options.pop("question", None), options.pop("context", None)
    if len(arguments) == 2 and not any(isinstance(one, Mapping) for one in arguments):
        return _paired(*arguments), options
    if arguments:
        given = arguments[0] if len(arguments) == 1 else list(arguments)
    elif given is None:
        return _paired(question, context), options
    asked = [given] if isinstance(given, Mapping) else given
    if not is_list(asked):
        raise DataError(f"{shown(given)} is no question with its context; give {_FORMS}")
    for one in asked:
        if not isinstance(one, Mapping) or not {"question", "context"} <= one.keys():
            raise DataError(f"{shown(one)} is no question with its context; give {_FORMS}")
    return list(asked), options


def pipeline_answers(result: Mapping[str, Any], top_k: int) -> Any:
    """
    Return a result in the form of the pipeline: an answer, or with `top_k` above 1 a list of them.

    # Parameters

    result : `Mapping[str, Any]`
        As `qa_json` describes it.
    top_k : `int`
        How many answers were asked for.
    """
    if top_k == 1:
        return _answer({**result, "text": result["answer"]})
    return [_answer(answer) for answer in result["answers"]]


def _paired(question: Any, context: Any) -> list[Mapping[str, Any]]:
    """Return questions with their contexts where these were given apart."""
    if question is None or context is None:
        raise DataError(f"a question and a context are needed; give {_FORMS}")
    questions = list(question) if is_list(question) else [question]
    contexts = list(context) if is_list(context) else [context] * len(questions)
    if not is_list(question):
        questions *= len(contexts)
    if len(questions) != len(contexts):
        raise DataError(
            f"{len(questions)} questions, but {len(contexts)} contexts; give one context for all, "
            "or one for each"
        )
    return [
        {"question": one, "context": text} for one, text in zip(questions, contexts, strict=True)
    ]


def _answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "score": answer["probability"] or 0.0,
        "start": answer["start"] or 0,
        "end": answer["end"] or 0,
        "answer": answer["text"],
    }
