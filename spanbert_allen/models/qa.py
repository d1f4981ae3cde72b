"""Extractive question answering on SpanBERT."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules.token_embedders import TokenEmbedder
from torch import Tensor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.qa.instance import QuestionInput
from spanbert_allen.metrics.label_tally import LabelTally
from spanbert_allen.metrics.qa.metric import AnswerScores
from spanbert_allen.metrics.running_share import RunningShare
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.encoder.packing import pack_segments
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.layers.transfers import to_cpu, to_device
from spanbert_allen.modules.qa.decoder import AnswerDecoder, DecodedAnswers, WindowScores
from spanbert_allen.modules.qa.exact import ExactAnswers
from spanbert_allen.modules.qa.windows import AnswerWindows, answer_loss, split_windows

logger = logging.getLogger(__name__)

_SOFTMAX = ("answers", "everything")
_PIECES_AT_ONCE = 2**16
"""How many pieces, padding counted, have vectors at a time when no gradients are kept."""


@Model.register("spanbert_qa")
class SpanbertQA(Model):
    """
    Answer questions with spans of their contexts.

    As in Joshi et al. (2020), "SpanBERT", section 4.1, and Devlin et al. (2019), a linear layer
    scores each piece as the first and the last of the answer, and [CLS] stands for "no answer".

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
    softmax_over : `str`, optional (default = `"answers"`)
        What the loss's softmax runs over: `answers`, which are [CLS] and the passage, or
        `everything`, question and padding of a fixed length too, as in the original.
    decoder : `AnswerDecoder`, optional (default = `exact`)
        Chooses the answers.
    flavour : `str`, optional (default = `"squad"`)
        Whose F1 is measured: `squad` or `mrqa`.
    initializer_range : `float`, optional (default = `0.02`)
        Standard deviation of the head's first weights.
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
        softmax_over: str = "answers",
        decoder: AnswerDecoder | None = None,
        flavour: str = "squad",
        initializer_range: float = 0.02,
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
        self.qa_outputs = torch.nn.Linear(embedder.get_output_dim(), 2)
        torch.nn.init.normal_(self.qa_outputs.weight, std=initializer_range)
        torch.nn.init.zeros_(self.qa_outputs.bias)
        self.impossible_answers = impossible_answers
        self.threshold = threshold
        self.softmax_over = softmax_over
        self.decoder = ExactAnswers() if decoder is None else decoder
        self.flavour = flavour
        self.start_accuracy = RunningShare()
        self.end_accuracy = RunningShare()
        self.span_accuracy = RunningShare()
        self.label_tally = LabelTally(may_be_mixed=True)
        self.answer_scores = AnswerScores(
            impossible_answers=impossible_answers, threshold=threshold, flavour=flavour
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

        # Returns

        `dict[str, Any]`
            `loss` when there are labels: (CE_start + CE_end) / 2, averaged over windows. With
            `question`, outside of training, `decoded`: for each a `DecodedAnswers`, or a
            `DataError` if its scores are not finite.
        """
        # All but the logits stays on the CPU. Shape of each: (batch_size, num_pieces)
        given = [one for one in (max_context, attended) if one is not None]
        columns = list(to_cpu(token_ids, segment_ids, type_ids, passage_pieces, *given))
        token_ids, segment_ids, type_ids, passage_pieces = (one.long() for one in columns[:4])
        given = columns[4:]
        max_context = None if max_context is None else given.pop(0)
        attended = None if attended is None else given.pop(0)
        # Shape: (batch_size, num_pieces, 2)
        logits = self._logits(token_ids, segment_ids, type_ids, attended)
        output: dict[str, Any] = {}
        if answer_starts is not None and answer_ends is not None:
            windows = split_windows(logits, segment_ids, passage_pieces)
            answers = windows.answers(answer_starts, answer_ends)
            output["loss"] = answer_loss(
                windows, answers, over_everything=self.softmax_over == "everything"
            )
            if self.training:
                self._measure_spans(windows, answers)
        elif self.training:
            raise DataError("the data has no answers, which training needs: use annotated data")
        if question is not None and max_context is not None and not self.training:
            output["decoded"] = self._decode(
                logits, segment_ids, passage_pieces, max_context, question
            )
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

    def _logits(
        self, token_ids: Tensor, segment_ids: Tensor, type_ids: Tensor, attended: Tensor | None
    ) -> Tensor:
        """
        Return the scores of each piece as the first and the last of the answer, 0 at padding.

        Without gradients, a budget of pieces goes through the encoder at a time, so that the
        vectors of a long context are never there all at once.

        # Returns

        `Tensor`
            Shape: (batch_size, num_pieces, 2)
        """
        if torch.is_grad_enabled():
            return self._score(token_ids, segment_ids, type_ids, attended)
        # Shape: (batch_size * num_pieces, 2)
        logits = torch.zeros(token_ids.numel(), 2, device=self.embedder.device)
        for pack in pack_segments(segment_ids, _PIECES_AT_ONCE):
            segments = torch.zeros_like(pack.places).masked_fill(~pack.mask, -1)
            # Shape: (num_segments, longest, 2)
            scores = self._score(
                token_ids.flatten()[pack.places],
                segments,
                type_ids.flatten()[pack.places],
                None if attended is None else attended.flatten()[pack.places],
            )
            places, real = to_device(
                logits.device, pack.places[pack.mask], pack.mask.flatten().nonzero().squeeze(-1)
            )
            logits[places] = scores.flatten(0, 1)[real].to(logits.dtype)
        return logits.view(*token_ids.shape, 2)

    def _score(
        self, token_ids: Tensor, segment_ids: Tensor, type_ids: Tensor, attended: Tensor | None
    ) -> Tensor:
        # Shape: (batch_size, num_pieces, dim)
        vectors = self.embedder.encode(token_ids, segment_ids, type_ids, attended)
        return at_least_float32(self.qa_outputs(vectors))

    def _decode(
        self,
        logits: Tensor,
        segment_ids: Tensor,
        passage_pieces: Tensor,
        max_context: Tensor,
        questions: list[QuestionInput],
    ) -> list[DecodedAnswers | DataError]:
        """Return the answers to each question, or what is wrong with its scores."""
        columns = (
            column.detach().numpy()
            for column in to_cpu(logits, segment_ids, passage_pieces, max_context.bool())
        )
        decoded: list[DecodedAnswers | DataError] = []
        for (scores, segments, pieces, best), one in zip(
            zip(*columns, strict=True), questions, strict=True
        ):
            length = int((segments >= 0).sum())
            if not np.isfinite(scores[:length]).all():
                decoded.append(
                    DataError(
                        "the model's scores for this question are not finite numbers; if they are "
                        'for none, the weights are broken, else use `dtype` "float32"'
                    )
                )
                continue
            # Padding comes last, and the windows one after the other before it.
            cuts = np.flatnonzero(np.diff(segments[:length])) + 1
            parts = (np.split(column[:length], cuts) for column in (scores, pieces, best))
            windows = [
                WindowScores(some[:, 0], some[:, 1], places, is_best)
                for some, places, is_best in zip(*parts, strict=True)
                if len(some)
            ]
            decoded.append(self._answers(windows, one))
        return decoded

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
        best = windows.logits.masked_fill(~windows.may_be_answer.unsqueeze(-1), -torch.inf).argmax(
            1
        )
        is_right = best == answers
        self.start_accuracy(is_right[:, 0])
        self.end_accuracy(is_right[:, 1])
        self.span_accuracy(is_right.all(1))

    def _measure_answer(self, one: QuestionInput, decoded: DecodedAnswers | DataError) -> None:
        self.label_tally.add(is_labelled=one.question.is_annotated)
        if not one.question.is_annotated:
            return
        gold = [answer.text for answer in one.question.answers]
        if isinstance(decoded, DataError):
            self.answer_scores.add_failure(one.question.id, gold)
            return
        best = decoded.best
        self.answer_scores(
            one.question.id, best.text if best is not None else "", gold, decoded.no_answer_score
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
