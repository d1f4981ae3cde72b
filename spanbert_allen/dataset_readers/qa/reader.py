"""What the question answering readers share: windows, labels."""

import logging
from collections.abc import Iterator
from itertools import groupby
from typing import Any, ClassVar

from allennlp.data import Instance, TokenIndexer

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import PieceSpan
from spanbert_allen.data.qa.alignment import answer_pieces, answer_words, is_found
from spanbert_allen.data.qa.instance import (
    NO_SPAN,
    QuestionWindows,
    WindowShape,
    question_instance,
    window_instances,
)
from spanbert_allen.data.qa.passage import Passage, make_passage
from spanbert_allen.dataset_readers.example_reader import ExampleReader
from spanbert_allen.formats.qa.question import Question

logger = logging.getLogger(__name__)


class QuestionReader(ExampleReader[Question]):
    """
    Base of the question answering readers: windows as in SpanBERT's programs (Joshi et al., 2020,
    section 4.1), [CLS] question [SEP] window [SEP]. A subclass says what a file holds.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`: its word pieces and its vocabulary.
    training : `bool`, optional (default = `False`)
        Whether an instance is one window with its label, as training needs it, or one question with
        all its windows, as evaluation and prediction do.
    max_length : `int`, optional (default = `384`)
        The most pieces of a window, with the question and three special pieces.
    stride : `int`, optional (default = `128`)
        How many pieces after a window the next one begins.
    max_question_length : `int`, optional (default = `64`)
        The pieces of a question beyond so many are cut off.
    impossible_answers : `bool`, optional (default = `False`)
        Whether questions may have no answer, as in SQuAD 2.0. Without it, such a question in
        training data is an error.
    fixed_length : `bool`, optional (default = `False`)
        Whether every window is padded to `max_length`, as in the original.
    strict : `bool`, optional (default = `True`)
        Whether the first bad question stops reading. `False`: bad ones are left out, and a warning
        at the end says how many, and what is wrong with the first.
    """

    called: ClassVar[str] = "questions"
    cut: ClassVar[str] = "texts into word pieces with places"
    drops_lost_answers: ClassVar[bool] = True
    """Whether training leaves questions out whose answer is not in the words at its place."""

    def __init__(
        self,
        indexer: TokenIndexer,
        *,
        training: bool = False,
        max_length: int = 384,
        stride: int = 128,
        max_question_length: int = 64,
        impossible_answers: bool = False,
        fixed_length: bool = False,
        strict: bool = True,
        **kwargs: Any,
    ):
        super().__init__(indexer, strict=strict, **kwargs)
        self.training = training
        self.impossible_answers = impossible_answers
        self.shape = WindowShape(max_length, stride, max_question_length, fixed_length)
        self.shape.check()
        self._num_dropped = 0

    def passage(self, text: str) -> Passage:
        """The passage of a text; questions on the same text can share it."""
        return make_passage(text, self.tokenizer)

    def windows(
        self, question: Question, passage: Passage, shape: WindowShape | None = None
    ) -> QuestionWindows:
        """The windows of a question, cut as the reader does or in another shape."""
        pieces = self.tokenizer.pieces_of(question.question)
        return QuestionWindows(pieces, passage, self._special, shape or self.shape)

    def text_to_instance(self, question: Question, passage: Passage | None = None) -> Instance:
        """
        One instance with all windows of a question.

        # Parameters

        question : `Question`
            The question.
        passage : `Passage`, optional (default = `None`)
            That of its context, if it has been made.
        """
        passage = self.passage(question.context) if passage is None else passage
        return question_instance(
            self.windows(question, passage), question, self._known_label(question, passage)
        )

    def training_instances(
        self, question: Question, passage: Passage | None = None
    ) -> Iterator[Instance]:
        """
        An instance for each window of an annotated question: none if its answer does not stand
        where it should. Raises `DataError` if there is no answer, but must be one.
        """
        passage = self.passage(question.context) if passage is None else passage
        label = self._label(question, passage)
        if label is None:
            self._num_dropped += 1
        else:
            yield from window_instances(self.windows(question, passage), label)

    def _instances(self, file_path: Any) -> Iterator[Instance]:
        self._num_dropped = 0
        questions = self._examples(file_path)
        # Workers share passages out, not questions: each is cut into pieces once.
        groups = ((text, list(some)) for text, some in groupby(questions, lambda one: one.context))
        for text, some in self.shard_iterable(groups):
            passage = self.passage(text)
            for question in some:
                yield from self._instances_of(question, passage)
        if self._num_dropped:
            logger.warning(
                "%d questions left out of training: their answers do not stand at their places",
                self._num_dropped,
            )

    def _instances_of(self, question: Question, passage: Passage) -> Iterator[Instance]:
        if not self.training:
            yield self.text_to_instance(question, passage)
            return
        try:
            yield from self.training_instances(question, passage)
        except DataError as error:
            self._leave_out(error)

    def _label(self, question: Question, passage: Passage) -> PieceSpan | None:
        """The answer in pieces; `None` if it does not stand where it should."""
        if self.impossible_answers and question.is_impossible:
            return NO_SPAN
        if question.labelled is None:
            advice = (
                "mark it with `is_impossible`"
                if self.impossible_answers
                else "set `impossible_answers` of the reader and the model, or leave it out"
            )
            raise DataError(f"{question.place}: no answer, which training needs; {advice}")
        words = answer_words(passage, question.labelled)
        if self.drops_lost_answers and not is_found(passage, question.labelled, words):
            return None
        return answer_pieces(passage, question.labelled, words, self.tokenizer)

    def _known_label(self, question: Question, passage: Passage) -> PieceSpan | None:
        """The label for the loss of an evaluation, if there is one."""
        if not question.is_annotated:
            return None
        if question.labelled is None:
            return NO_SPAN
        return self._label(question, passage) or NO_SPAN
