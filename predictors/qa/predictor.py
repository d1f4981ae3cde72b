"""Answer a user's own questions on texts."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, cast

from allennlp.data import Instance
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.engines import TORCH
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.files import default_doc_key, ending_of
from spanbert_allen.common.json_array import array_items
from spanbert_allen.common.record_checks import RecordError, is_list, record_id, shown
from spanbert_allen.data.qa.instance import (
    Decoding,
    QuestionInput,
    WindowShape,
    question_instance,
)
from spanbert_allen.data.qa.passage import Passage
from spanbert_allen.dataset_readers.qa.reader import QuestionReader
from spanbert_allen.formats.qa.any_layout import read_questions
from spanbert_allen.formats.qa.detection import qa_layout
from spanbert_allen.formats.qa.question import Question
from spanbert_allen.models.qa import SpanbertQA
from spanbert_allen.modules.qa.decoder import DecodedAnswers
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.option_checks import (
    changed_options,
    check_options,
    refuse_unknown,
)
from spanbert_allen.predictors.qa.official_files import official_files
from spanbert_allen.predictors.qa.output import SCHEMA, qa_json
from spanbert_allen.predictors.qa.pipeline_calls import pipeline_answers, pipeline_call
from spanbert_allen.predictors.record import Record, examples_as_records

_MOST_PASSAGES = 64
"""Texts whose pieces are remembered: the questions of one usually follow each other."""
_PIPELINE_OVERLAP = 128
"""How many pieces neighbouring windows of the pipeline share at most, if nobody says."""


@dataclass(frozen=True)
class QAOptions:
    """
    Hold what may be asked for beside question and context.

    The names are those of transformers' former pipeline. `None` leaves a setting as the model was
    trained.

    # Parameters

    top_k : `int`, optional (default = `None`)
        How many answers to give; by default as many as the model's decoder does.
    max_answer_len : `int`, optional (default = `None`)
        The longest answer, in word pieces.
    doc_stride : `int`, optional (default = `None`)
        How many word pieces neighbouring windows share, as in the pipeline. (`stride` of the
        readers is what they do not share.) By default windows are cut as in training, or, if
        `max_seq_len` is given, share half of it or 128 pieces, whichever is less.
    max_seq_len : `int`, optional (default = `None`)
        The most word pieces of a window, question and special ones counted.
    max_question_len : `int`, optional (default = `None`)
        Pieces of a question beyond so many are cut off.
    handle_impossible_answer : `bool`, optional (default = `None`)
        Whether the question may have no answer.
    threshold : `float`, optional (default = `None`)
        The answer is empty if the no-answer score is above it.
    align_to_words : `bool`, optional (default = `None`)
        Whether answers are widened to whole words.
    """

    top_k: int | None = None
    max_answer_len: int | None = None
    doc_stride: int | None = None
    max_seq_len: int | None = None
    max_question_len: int | None = None
    handle_impossible_answer: bool | None = None
    threshold: float | None = None
    align_to_words: bool | None = None

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the options."""
        return [field.name for field in fields(cls)]

    def __post_init__(self) -> None:
        check_options(self)
        for name in ("top_k", "max_answer_len", "max_seq_len"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"`{name}` is {value}; it must be 1 or more")
        for name in ("doc_stride", "max_question_len"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ConfigError(f"`{name}` is {value}; it must be 0 or more")

    def shape(self, trained: WindowShape, *, as_pipeline: bool) -> WindowShape:
        """
        Return how passages are cut.

        # Parameters

        trained : `WindowShape`
            How the reader cuts them.
        as_pipeline : `bool`
            Whether they are cut as the pipeline of transformers does: see `PipelineAnswers`.
        """
        max_length = _either(self.max_seq_len, trained.max_length)
        overlap = self.doc_stride
        if overlap is None and (as_pipeline or self.max_seq_len is not None):
            overlap = min(max_length // 2, _PIPELINE_OVERLAP)
        max_question = _either(self.max_question_len, trained.max_question_length)
        return replace(
            trained,
            max_length=max_length,
            max_question_length=None if as_pipeline else max_question,
            overlap=overlap,
            may_shrink_overlap=self.doc_stride is None,
        )

    @property
    def decoding(self) -> Decoding:
        """Return what the model is told."""
        return Decoding(
            n_best=self.top_k,
            max_answer_length=self.max_answer_len,
            impossible_answers=self.handle_impossible_answer,
            threshold=self.threshold,
            align_to_words=self.align_to_words,
        )


@Predictor.register("spanbert_qa")
class QAPredictor(SpanPredictor):
    """
    Give the best answers to questions on texts, with characters, scores and probabilities.

    A record is `{"question": ..., "context": ...}`, and may have an `id` and options of its own
    (see `QAOptions`). `allennlp predict` also takes files of SQuAD and of MRQA, and flat records;
    if the output's name ends in `.json` then, it writes the files of the official programs: see
    `official_files`.

    # Parameters

    model, dataset_reader, frozen, max_pieces_per_batch, task, engine
        As for `SpanPredictor`. The reader is one of the question answering readers: it does not
        limit the form of the records.
    top_k, max_answer_len, doc_stride, max_seq_len, max_question_len, handle_impossible_answer,
    threshold
        As for `QAOptions`, for all questions.
    """

    schema: ClassVar[str] = SCHEMA
    names: ClassVar[Sequence[str]] = ("id",)
    alone: ClassVar[str] = "question"
    needs = (("question", "context"),)
    fields = ("question", "context", "answers", "is_impossible", *QAOptions.names())
    records_at_once: ClassVar[int] = 256

    def __init__(
        self,
        model: Model,
        dataset_reader: QuestionReader,
        frozen: bool = True,
        *,
        max_pieces_per_batch: int = 32768,
        task: str | None = None,
        engine: str = TORCH,
        **options: Any,
    ) -> None:
        refuse_unknown(type(self), options, QAOptions)
        super().__init__(
            model,
            dataset_reader,
            frozen,
            max_pieces_per_batch=max_pieces_per_batch,
            task=task,
            engine=engine,
        )
        self.options = changed_options(QAOptions(), options)
        self._qa = cast("SpanbertQA", self._model)
        self._reader = cast("QuestionReader", self._dataset_reader)
        self._passages: OrderedDict[str, Passage] = OrderedDict()

    def predict(
        self, question: str | Sequence[str], context: str | Sequence[str], **options: Any
    ) -> Any:
        """
        Answer a question, or several; raises `DataError` if something is wrong with one.

        # Parameters

        question, context : `str | Sequence[str]`
            One of each; several questions on one context; or as many contexts as questions.
        options
            As for `QAOptions`.

        # Returns

        `dict[str, Any]`, or a list of them if several were given
            What `qa_json` describes.
        """
        chosen = changed_options(self.options, options)
        is_single = isinstance(question, str) and isinstance(context, str)
        questions, contexts = _texts("question", question), _texts("context", context)
        if isinstance(context, str):
            contexts *= len(questions)
        if isinstance(question, str):
            questions *= len(contexts)
        if len(questions) != len(contexts):
            raise DataError(
                f"{len(questions)} questions, but {len(contexts)} contexts; give one context for "
                "all, or one for each"
            )
        instances = [
            self._instance(_question({"question": one, "context": text}, self.alone), chosen)
            for one, text in zip(questions, contexts, strict=True)
        ]
        results = self._predicted(instances)
        return results[0] if is_single else results

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """
        Answer questions as transformers' former pipeline did, for code that was written for it.

        # Parameters

        inputs
            `{"question": ..., "context": ...}`, a list of these, or a question and a context; or by
            name `question` and `context`, each a text or a list, or `data`, such a list.
        options
            As for `QAOptions`, but `top_k`, or `topk`, is 1 by default, as there. `padding` is
            taken and changes nothing: windows are padded as the model needs it.

        # Returns

        `dict[str, Any]`, or a list of them if several questions were asked
            `score`, which is the probability, `start`, `end` and `answer`; with `top_k` above 1 a
            list of these for each question.
        """
        asked, options = pipeline_call(inputs, options)
        options.setdefault("top_k", 1)
        results = self.predict(
            [one["question"] for one in asked], [one["context"] for one in asked], **options
        )
        answers = [pipeline_answers(result, options["top_k"]) for result in results]
        return answers[0] if len(answers) == 1 else answers

    def with_options(self, options: Mapping[str, Any]) -> QAPredictor:
        """Return a predictor of the same model with other fields of `QAOptions`."""
        predictor = copy(self)
        predictor.options = changed_options(self.options, options)
        return predictor

    def records(self, path: str) -> Iterator[Record]:
        """Read the questions of a file: records, or those of a data set."""
        layout = qa_layout(path)
        if layout == "records":
            yield from super().records(path)
        elif layout == "array":
            yield from _array_records(path)
        else:
            yield from examples_as_records(
                lambda on_problem: read_questions(path, on_problem=on_problem),
                lambda one: {"id": one.id, "question": one.question, "context": one.context},
            )

    def open_output(self, path: str | Path) -> AbstractContextManager[Any]:
        """Open the official files for a data set's questions and a name in `.json`, else lines."""
        is_data_set = qa_layout(self.source) != "records"
        if is_data_set and ending_of(path) == ".json":
            return official_files(path)
        return super().open_output(path)

    def record_to_instance(self, record: Record) -> Instance:
        """Return the instance of a record, whose own options are heeded; raises for a bad one."""
        # `None` is as if the record did not have the option.
        own = {name: record[name] for name in QAOptions.names() if record.get(name) is not None}
        options = changed_options(self.options, own)
        return self._instance(_question(record, self._default_name(record)), options)

    def num_pieces(self, instance: Instance) -> int:
        """Return the number of word pieces of all windows."""
        return len(instance["token_ids"])

    def name_of(self, instance: Instance) -> JsonDict:
        """Return the id of the question."""
        return {"id": instance["question"].metadata.question.id}

    def without_labels(self, instance: Instance) -> Instance:
        """Return the instance without the labels of an annotated question."""
        return Instance(
            {
                name: field
                for name, field in instance.fields.items()
                if not name.startswith("answer_")
            }
        )

    def result(self, instance: Instance, outputs: Mapping[str, Any]) -> JsonDict:
        """
        Return the result for one question; a context without word pieces answers nothing.

        Raises the `DataError` of a question for which the model has no usable scores.
        """
        asked: QuestionInput = instance["question"].metadata
        decoding = asked.decoding or self.options.decoding
        impossible = decoding.impossible_answers
        if impossible is None:
            impossible = self._qa.impossible_answers
        decoded = outputs.get("decoded", DecodedAnswers((), math.inf if impossible else None))
        if isinstance(decoded, DataError):
            raise decoded
        threshold = self._qa.threshold if decoding.threshold is None else decoding.threshold
        return qa_json(asked.question, decoded, top_k=decoding.n_best, threshold=threshold)

    def _instance(self, question: Question, options: QAOptions) -> Instance:
        windows = self._reader.windows(
            question,
            self._passage(question.context),
            options.shape(self._reader.shape, as_pipeline=self._qa.decoder.cuts_as_pipeline),
        )
        return question_instance(windows, question, decoding=options.decoding)

    def _passage(self, text: str) -> Passage:
        passage = self._passages.pop(text, None)
        if passage is None:
            passage = self._reader.passage(text)
        self._passages[text] = passage
        if len(self._passages) > _MOST_PASSAGES:
            self._passages.popitem(last=False)
        return passage


def _either(asked: int | None, default: Any) -> Any:
    return default if asked is None else asked


def _array_records(path: str) -> Iterator[Record]:
    for number, item in enumerate(array_items(path, noun="record"), start=1):
        # Several items may stand in one line, which cannot name them.
        name = {"id": default_doc_key(path, number)}
        if item.problem is not None:
            yield Record(name, line=item.line, problem=item.problem)
        elif isinstance(item.value, dict):
            has_name = item.value.get("id") is not None
            yield Record(item.value if has_name else item.value | name, line=item.line)
        else:
            problem = (
                f"{shown(item.value)} is no record; give objects with `question` and `context`"
            )
            yield Record(name, line=item.line, problem=problem)


def _texts(name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if not is_list(value):
        raise DataError(f"`{name}` is {shown(value)}; it must be a text or a list of texts")
    return list(value)


def _question(record: Mapping[str, Any], default_id: str) -> Question:
    for name in ("question", "context"):
        if not isinstance(record.get(name), str):
            raise DataError(f"`{name}` is {shown(record.get(name))}; it must be a string")
    try:
        name = default_id if record.get("id") is None else record_id(record["id"])
    except RecordError as error:
        raise DataError(str(error)) from error
    return Question(
        id=name, question=record["question"], context=record["context"], is_annotated=False
    )
