"""Extractive question answering on SpanBERT."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import torch
from allennlp.common import Lazy
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules.token_embedders import TokenEmbedder
from torch import Tensor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.qa.instance import QuestionInput
from spanbert_allen.data.question_piece import question_piece_id
from spanbert_allen.metrics.label_tally import LabelTally
from spanbert_allen.metrics.qa.metric import AnswerScores
from spanbert_allen.metrics.running_share import RunningShare
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.layers.temperature import checked_temperature
from spanbert_allen.modules.layers.transfers import to_cpu, to_device
from spanbert_allen.modules.pretraining.pretrained_heads import load_heads
from spanbert_allen.modules.qa.decoder import AnswerDecoder, DecodedAnswers, WindowScores
from spanbert_allen.modules.qa.exact import ExactAnswers
from spanbert_allen.modules.qa.heads import AnswerHead, IndependentAnswers, WindowInput
from spanbert_allen.modules.qa.question_scores import question_scores
from spanbert_allen.modules.qa.windows import (
    AnswerWindows,
    WindowLayout,
    answer_loss,
    joined_windows,
    window_layouts,
)

logger = logging.getLogger(__name__)

_SOFTMAX = ("answers", "everything")
_PIECES_AT_ONCE = 2**16
"""How many pieces, padding counted, have vectors at a time when no gradients are kept."""


class _Columns(NamedTuple):
    """The tensors of a batch, on the CPU: see `SpanbertQA.forward`."""

    token_ids: Tensor
    segment_ids: Tensor
    type_ids: Tensor
    passage_pieces: Tensor
    max_context: Tensor | None
    attended: Tensor | None
    answer_starts: Tensor | None
    answer_ends: Tensor | None

    @classmethod
    def on_cpu(cls, **columns: Any) -> _Columns:
        """Bring all over in one copy; numbers become int64."""
        given = {name: one for name, one in columns.items() if one is not None}
        for name, column in zip(given, to_cpu(*given.values()), strict=True):
            given[name] = column if column.dtype == torch.bool else column.long()
        return cls(**{**columns, **given})


@Model.register("spanbert_qa")
class SpanbertQA(Model):
    """
    Answer questions with spans of their contexts.

    As in Joshi et al. (2020), "SpanBERT", section 4.1, and Devlin et al. (2019), a head scores each
    piece as the first and the last of the answer, and [CLS] stands for "no answer".

    # Parameters

    vocab : `Vocabulary`
        AllenNLP's vocabulary, which is empty, as the pieces are the encoder's own.
    embedder : `TokenEmbedder`
        The token embedder `spanbert`.
    impossible_answers : `bool`, optional (default = `False`)
        Whether questions may have no answer, as in SQuAD 2.0.
    threshold : `float`, optional (default = `0.0`)
        Questions whose no-answer score, the score of "no answer" minus that of the best answer, is
        above it are answered with nothing.
    temperature : `float`, optional (default = `1.0`)
        What all scores are divided by before answers are decoded, so that probabilities tell how
        often an answer is right; `spanbert-allen calibrate` fits it. It has no part in the loss.
    softmax_over : `str`, optional (default = `"answers"`)
        What the loss's softmax runs over: `answers`, which are [CLS] and the passage, or
        `everything`, question and padding of a fixed length too, as in the original.
    decoder : `AnswerDecoder`, optional (default = `exact`)
        Chooses the answers.
    flavour : `str`, optional (default = `"squad"`)
        Whose F1 is measured: `squad` or `mrqa`.
    by_dataset : `bool`, optional (default = `False`)
        Whether `exact` and `f1` of each data set, `NewsQA_f1`, and their means over data sets,
        `mean_f1`, are among the metrics of an evaluation. The files say which data set they are of,
        as those of MRQA do.
    initializer_range : `float`, optional (default = `0.02`)
        Standard deviation of the head's first weights.
    head : `Lazy[AnswerHead]`, optional (default = `spanbert_independent_answers`)
        Scores the ends of answers: a linear layer, `spanbert_biaffine_answers`, which looks at both
        together, or Splinter's `spanbert_question_aware_answers`.
    """

    default_predictor = "spanbert_qa"
    metrics_are_known = True

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: TokenEmbedder,
        *,
        impossible_answers: bool = False,
        threshold: float = 0.0,
        temperature: float = 1.0,
        softmax_over: str = "answers",
        decoder: AnswerDecoder | None = None,
        flavour: str = "squad",
        by_dataset: bool = False,
        initializer_range: float = 0.02,
        head: Lazy[AnswerHead] | None = None,
        **kwargs: Any,
    ):
        super().__init__(vocab, **kwargs)
        if not isinstance(embedder, SpanbertEmbedder):
            raise ConfigError(
                f"model.embedder: a {type(embedder).__name__} does not encode windows of pieces; "
                'use {"type": "spanbert", ...}'
            )
        if softmax_over not in _SOFTMAX:
            raise ConfigError(
                f"model.softmax_over: {softmax_over!r} is neither 'answers' nor 'everything'"
            )
        self.embedder = embedder
        self.qa_outputs = self._make_head(head, initializer_range)
        self.impossible_answers = impossible_answers
        self.threshold = threshold
        self.temperature = checked_temperature(temperature)
        self.softmax_over = softmax_over
        self.decoder = ExactAnswers() if decoder is None else decoder
        self.flavour = flavour
        self.start_accuracy = RunningShare()
        self.end_accuracy = RunningShare()
        self.span_accuracy = RunningShare()
        self.label_tally = LabelTally(may_be_mixed=True)
        self.answer_scores = AnswerScores(
            impossible_answers=impossible_answers,
            threshold=threshold,
            flavour=flavour,
            by_dataset=by_dataset,
        )

    def forward(
        self,
        token_ids: Tensor,
        segment_ids: Tensor,
        type_ids: Tensor,
        passage_pieces: Tensor,
        max_context: Tensor | None = None,
        attended: Tensor | None = None,
        answer_starts: Tensor | None = None,
        answer_ends: Tensor | None = None,
        question: list[QuestionInput] | None = None,
        task: list[str] | None = None,
    ) -> dict[str, Any]:
        """
        Score the windows that the question answering readers give, and decode answers.

        A row holds one window in training, and otherwise all windows of a question.

        # Parameters

        token_ids, segment_ids, type_ids, passage_pieces : `Tensor`
            Shape: (batch_size, num_pieces). The segment is the window's number, -1 at padding.
        max_context, attended : `Tensor`, optional (default = `None`)
            Shape: (batch_size, num_pieces)
        answer_starts, answer_ends : `Tensor`, optional (default = `None`)
            Counted in the window; 0 is [CLS]. Shape: (batch_size, most_windows)
        question : `list[QuestionInput]`, optional (default = `None`)
            The questions, for which answers are decoded outside of training.
        task : `list[str]`, optional (default = `None`)
            The data set of each row, as the reader `spanbert_multitask` tells it in a training on
            several; all are learnt in the same way.

        # Returns

        `dict[str, Any]`
            `loss` when there are labels: (CE_start + CE_end) / 2, averaged over windows. With
            `question`, outside of training, `decoded`: for each a `DecodedAnswers`, or a
            `DataError` if its scores are not finite.
        """
        del task
        # All but vectors and scores is put together on the CPU, with one read of a device.
        # Shape of each: (batch_size, num_pieces); of the labels: (batch_size, most_windows)
        columns = _Columns.on_cpu(
            token_ids=token_ids,
            segment_ids=segment_ids,
            type_ids=type_ids,
            passage_pieces=passage_pieces,
            max_context=max_context,
            attended=attended,
            answer_starts=answer_starts,
            answer_ends=answer_ends,
        )
        # Without gradients, a budget of pieces goes through the encoder at a time, so that the
        # vectors of a long context are never there all at once.
        budget = None if torch.is_grad_enabled() else _PIECES_AT_ONCE
        layouts = window_layouts(columns.segment_ids, budget)
        scored = [self._scored(layout, columns) for layout in layouts]
        windows = joined_windows([one for one, _ in scored])
        labels = [answers for _, answers in scored if answers is not None]
        output: dict[str, Any] = {}
        if labels:
            answers = torch.cat(labels)
            output["loss"] = answer_loss(
                windows, answers, over_everything=self.softmax_over == "everything"
            )
            if self.training:
                self._measure_spans(windows, answers)
        elif self.training:
            raise DataError("the data has no answers, which training needs: use annotated data")
        if question is not None and columns.max_context is not None and not self.training:
            by_question = question_scores(
                windows, layouts, columns.passage_pieces, columns.max_context.bool()
            )
            output["decoded"] = [
                self._decoded(own, one) for own, one in zip(by_question, question, strict=True)
            ]
            for one, decoded in zip(question, output["decoded"], strict=True):
                self._measure_answer(one, decoded)
        return output

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        """
        Return the metrics of the running training or evaluation.

        In training these are how often the best first piece, the best last piece and both are
        right. In an evaluation they are the running scores of `AnswerScores`, and with `reset`, at
        its end, all of them; a `DataError` is raised then if no question was annotated.
        """
        if not self.training:
            self.label_tally.check(reset=reset)
            if not reset:
                # AllenNLP asks after every batch, for its progress bar: going through all answers
                # each time would take the square of their number.
                return self.answer_scores.running()
            self._warn_of_evaluation()
            return self.answer_scores.get_metric(reset)
        return {
            "start_accuracy": self.start_accuracy.get_metric(reset),
            "end_accuracy": self.end_accuracy.get_metric(reset),
            "span_accuracy": self.span_accuracy.get_metric(reset),
        }

    def names_in(self, trained: Model) -> dict[str, str]:
        """Return the names of weights that a `spanbert_pretrainer` has under others, by ours."""
        del trained
        return {
            f"qa_outputs.{own}": theirs
            for own, theirs in self.qa_outputs.names_in_pretraining().items()
        }

    def _make_head(self, head: Lazy[AnswerHead] | None, deviation: float) -> AnswerHead:
        config = self.embedder.encoder.config
        made = (head or Lazy(IndependentAnswers)).construct(
            dim=config.hidden_size, layer_norm_eps=config.layer_norm_eps
        )
        made.initialize(deviation)
        names = made.names_in_pretraining()
        if names and self.embedder.find_weights is not None:
            theirs = {name: own for own, name in names.items()}
            load_heads(self.embedder.find_weights(), {"question-aware head": (made, theirs)})
        return made

    def _scored(
        self, layout: WindowLayout, columns: _Columns
    ) -> tuple[AnswerWindows, Tensor | None]:
        """Return the scores of some windows, and their labels if there are any."""
        # Shape: (num_windows, longest)
        segments = layout.of(torch.zeros_like(columns.segment_ids), -1)
        token_ids = layout.of(columns.token_ids)
        passage = layout.of(columns.passage_pieces, -1)
        # [SEP] is between the question and the passage. Shape: (num_windows,)
        places = (passage >= 0).int().argmax(1) - 2
        if self.qa_outputs.asks_piece:
            self._check_question_pieces(token_ids, places)
        # Shape: (num_windows, longest, dim)
        vectors = self.embedder.encode(
            token_ids,
            segments,
            layout.of(columns.type_ids),
            None if columns.attended is None else layout.of(columns.attended),
        )
        labels: tuple[Tensor, ...] = ()
        if columns.answer_starts is not None and columns.answer_ends is not None:
            labels = (layout.answers(columns.answer_starts, columns.answer_ends),)
        passage, mask, places, *rest = to_device(
            vectors.device, passage, layout.mask, places, *labels
        )
        answers = rest[0] if rest else None
        scores = self.qa_outputs(vectors, WindowInput(passage, places, answers))
        logits = at_least_float32(scores.logits)
        return AnswerWindows(logits, mask, passage, scores.pairs), answers

    def _check_question_pieces(self, token_ids: Tensor, places: Tensor) -> None:
        """Check that the question piece stands at a place, (num_windows,), of each window."""
        asked = question_piece_id(self.embedder.files.vocabulary.pieces)
        if (token_ids[torch.arange(len(places)), places] != asked).any():
            raise ConfigError(
                'model.head.question is "piece", but no question piece stands behind the '
                "questions: set `question_piece` of the readers to true"
            )

    def _decoded(
        self, windows: list[WindowScores], one: QuestionInput
    ) -> DecodedAnswers | DataError:
        """Return the answers to a question, or what is wrong with its scores."""
        if all(window.is_finite for window in windows):
            return self._answers([one.at_temperature(self.temperature) for one in windows], one)
        return DataError(
            "the model's scores for this question are not finite numbers; if they are for none, "
            'the weights are broken, else use `dtype` "float32"'
        )

    def _answers(self, windows: list[WindowScores], one: QuestionInput) -> DecodedAnswers:
        decoder, impossible = self.decoder, self.impossible_answers
        if one.decoding is not None:
            decoder = decoder.changed(
                n_best=one.decoding.n_best,
                max_answer_length=one.decoding.max_answer_length,
                align_to_words=one.decoding.align_to_words,
            )
            if one.decoding.impossible_answers is not None:
                impossible = one.decoding.impossible_answers
        return decoder.decode(windows, one.passage, impossible=impossible)

    def _measure_spans(self, windows: AnswerWindows, answers: Tensor) -> None:
        # Shape: (W, 2)
        is_right = windows.best_spans() == answers
        self.start_accuracy(is_right[:, 0])
        self.end_accuracy(is_right[:, 1])
        self.span_accuracy(is_right.all(1))

    def _measure_answer(self, one: QuestionInput, decoded: DecodedAnswers | DataError) -> None:
        self.label_tally.add(is_labelled=one.question.is_annotated)
        if not one.question.is_annotated:
            return
        gold = [answer.text for answer in one.question.answers]
        if isinstance(decoded, DataError):
            self.answer_scores.add_failure(one.question.id, gold, one.question.dataset)
            return
        best = decoded.best
        self.answer_scores(
            one.question.id,
            best.text if best is not None else "",
            gold,
            decoded.no_answer_score,
            one.question.dataset,
        )

    def _warn_of_evaluation(self) -> None:
        """Say at the end of an evaluation what its scores alone do not show."""
        tally = self.answer_scores.tally()
        if tally.num_failed:
            logger.warning(
                "%d of %d questions count as wrong: the model's scores for them are not finite",
                tally.num_failed,
                tally.num_questions,
            )
        if tally.num_unanswerable and not self.impossible_answers:
            logger.warning(
                "%d of %d questions have no answer, but the model always answers; set "
                "`impossible_answers` of the model and the readers to true and train on data with "
                "such questions, or import the model with --impossible-answers",
                tally.num_unanswerable,
                tally.num_questions,
            )
