"""Read questions as windows with their labels: what the question answering readers share."""

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
from spanbert_allen.data.question_piece import question_piece_id
from spanbert_allen.dataset_readers.example_reader import ExampleReader
from spanbert_allen.dataset_readers.label_check import LabelCheck
from spanbert_allen.formats.qa.question import Question

logger = logging.getLogger(__name__)

USUAL_LENGTH = 384
"""The pieces of a window where a configuration does not say."""
USUAL_STRIDE = 128
"""How many pieces after a window the next one begins, where a configuration does not say."""
_MOST_NAMED = 5
"""How many of the questions that are left out a warning names, unless all are to be named."""


class QuestionReader(ExampleReader[Question]):
    """
    Read questions as windows of the form [CLS] question [SEP] window [SEP].

    The windows are those of SpanBERT's programs (Joshi et al., 2020, section 4.1). This is the base
    of the question answering readers; a subclass says how a file is read.

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
        Whether the first bad question stops reading. If not, bad ones are left out, and a warning
        at the end says how many, and what is wrong with the first.
    name_left_out : `bool`, optional (default = `False`)
        Whether the warning about questions that training leaves out, as their answers are not where
        they should be, names all of them; by default it names the first few.
    question_piece : `bool`, optional (default = `False`)
        Whether a question piece stands behind each question, as in Splinter: `[QUESTION]`, else
        `[unused100]`, else `[MASK]`, whichever the vocabulary has first.
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
        max_length: int = USUAL_LENGTH,
        stride: int = USUAL_STRIDE,
        max_question_length: int = 64,
        impossible_answers: bool = False,
        fixed_length: bool = False,
        strict: bool = True,
        name_left_out: bool = False,
        question_piece: bool = False,
        **kwargs: Any,
    ):
        super().__init__(indexer, strict=strict, **kwargs)
        self.training = training
        self.impossible_answers = impossible_answers
        self.shape = WindowShape(
            max_length,
            stride,
            max_question_length,
            fixed_length,
            question_piece=(
                question_piece_id(self.tokenizer.vocabulary) if question_piece else None
            ),
        )
        self.shape.check()
        self.name_left_out = name_left_out
        self._misplaced: list[str] = []
        self._empty: list[str] = []

    def passage(self, text: str) -> Passage:
        """Return the passage of a text; questions on the same text can share it."""
        return make_passage(text, self.tokenizer)

    def windows(
        self, question: Question, passage: Passage, shape: WindowShape | None = None
    ) -> QuestionWindows:
        """Return the windows of a question, cut as the reader does or in another shape."""
        pieces = self.tokenizer.pieces_of(question.question)
        return QuestionWindows(pieces, passage, self._special, shape or self.shape)

    def text_to_instance(self, question: Question, passage: Passage | None = None) -> Instance:
        """
        Return one instance with all windows of a question.

        # Parameters

        question : `Question`
            The question.
        passage : `Passage`, optional (default = `None`)
            The passage of its context, if that has been made already.
        """
        passage = self.passage(question.context) if passage is None else passage
        return question_instance(
            self.windows(question, passage), question, self._known_label(question, passage)
        )

    def training_instances(
        self, question: Question, passage: Passage | None = None
    ) -> Iterator[Instance]:
        """
        Yield an instance for each window of an annotated question.

        There is none if its answer is not where it should be. Raises a `DataError` if there is no
        answer, but must be one.
        """
        passage = self.passage(question.context) if passage is None else passage
        label = self._label(question, passage)
        if label is None:
            is_empty = question.labelled is not None and not question.labelled.text
            (self._empty if is_empty else self._misplaced).append(question.id)
        else:
            yield from window_instances(self.windows(question, passage), label)

    def _instances(self, file_path: Any) -> Iterator[Instance]:
        self._misplaced, self._empty = [], []
        questions = self._examples(file_path)
        if not self.training:  # which says itself what lacks an answer
            check = LabelCheck(lambda one: one.is_annotated, ("`answers`", "no `answers`"))
            questions = check.passed(questions, self._leave_out)
        # Workers share passages out, not questions: each is cut into pieces once.
        groups = ((text, list(some)) for text, some in groupby(questions, lambda one: one.context))
        for text, some in self.shard_iterable(groups):
            passage = self.passage(text)
            for question in some:
                yield from self._instances_of(question, passage)
        self._tell_left_out(self._misplaced, "answers do not stand at their places")
        self._tell_left_out(self._empty, "answers are empty texts")

    def _tell_left_out(self, ids: list[str], reason: str) -> None:
        if not ids:
            return
        named = ids if self.name_left_out else ids[:_MOST_NAMED]
        more = len(ids) - len(named)
        logger.warning(
            "%d question%s left out of training, as %s: %s%s",
            len(ids),
            "s" * (len(ids) != 1),
            reason,
            ", ".join(named),
            f" and {more} more (the reader names all with `name_left_out` true)" if more else "",
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
        """Return the answer in pieces; `None` if it is empty, or not where it should be."""
        if self.impossible_answers and question.is_impossible:
            return NO_SPAN
        if question.labelled is None:
            advice = (
                "mark it with `is_impossible`"
                if self.impossible_answers
                else "set `impossible_answers` of the reader and the model, or leave it out"
            )
            raise DataError(f"{question.place}: no answer, which training needs; {advice}")
        if not question.labelled.text:
            return None
        words = answer_words(passage, question.labelled)
        if self.drops_lost_answers and not is_found(passage, question.labelled, words):
            return None
        return answer_pieces(passage, question.labelled, words, self.tokenizer)

    def _known_label(self, question: Question, passage: Passage) -> PieceSpan | None:
        """Return the label for the loss of an evaluation, if there is one."""
        if not question.is_annotated:
            return None
        if question.labelled is None:
            return NO_SPAN
        return self._label(question, passage) or NO_SPAN
