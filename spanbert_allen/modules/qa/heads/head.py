"""The contract of the heads of question answering."""

from __future__ import annotations

from typing import NamedTuple

from allennlp.common import Registrable
from torch import Tensor, nn


class WindowInput(NamedTuple):
    """
    What a head is told of the windows beside their vectors.

    # Parameters

    passage_pieces : `Tensor`
        The index of each piece in its passage, -1 outside of it. Shape: (num_windows, num_pieces)
    question_places : `Tensor`
        The last piece of the question in each window, before [SEP]. Shape: (num_windows,)
    answers : `Tensor`, optional (default = `None`)
        The first and last piece of the right answer; both are 0 if the window has none.
        Shape: (num_windows, 2)
    """

    passage_pieces: Tensor
    question_places: Tensor
    answers: Tensor | None = None


class PairScores(NamedTuple):
    """
    What a head adds to the sum of both logits, for the spans between some first and last pieces.

    Spans between other pieces are no answers.

    # Parameters

    firsts : `Tensor`
        First pieces, counted in the window. Shape: (num_windows, num_firsts)
    lasts : `Tensor`
        Last pieces. Shape: (num_windows, num_lasts)
    terms : `Tensor`
        What is added; -inf where there is no span. Shape: (num_windows, num_firsts, num_lasts)
    null : `Tensor`
        What is added for "no answer", which is [CLS] twice. Shape: (num_windows,)
    gold : `Tensor`, optional (default = `None`)
        What is added for the right answer, if that is known. Shape: (num_windows,)
    """

    firsts: Tensor
    lasts: Tensor
    terms: Tensor
    null: Tensor
    gold: Tensor | None


class HeadScores(NamedTuple):
    """
    What a head makes of windows.

    # Parameters

    logits : `Tensor`
        The scores of each piece as the first and the last of the answer.
        Shape: (num_windows, num_pieces, 2)
    pairs : `PairScores`, optional (default = `None`)
        If the head looks at both ends together.
    """

    logits: Tensor
    pairs: PairScores | None = None


class AnswerHead(nn.Module, Registrable):
    """
    Score the pieces of windows as the ends of the answer.

    A subclass's constructor takes `dim`, the width of the encoder, and `layer_norm_eps` first.
    """

    default_implementation = "spanbert_independent_answers"

    asks_piece: bool = False
    """Whether it needs the reader's `question_piece`."""

    def initialize(self, deviation: float) -> None:
        """Draw the weights of linear layers from N(0, deviation), as BERT's; biases are 0."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=deviation)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def names_in_pretraining(self) -> dict[str, str]:
        """Return the names of its weights in a `spanbert_pretrainer` that has them, by its own."""
        return {}

    def forward(self, vectors: Tensor, windows: WindowInput) -> HeadScores:
        """
        Return the scores of windows.

        # Parameters

        vectors : `Tensor`
            The encoder's, zeros at padding. Shape: (num_windows, num_pieces, dim)
        windows : `WindowInput`
            What else is known of them.
        """
        raise NotImplementedError
