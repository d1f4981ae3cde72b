"""Distillation: a model learns the links of another one beside the annotated ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import torch
from allennlp.common import FromParams
from allennlp.models import load_archive
from torch import Tensor
from torch.nn import functional

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.data.piece_document import PieceDocument
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.modules.coref.losses.distillation import distillation_loss
from spanbert_allen.modules.coref.scored_links import ScoredLinks
from spanbert_allen.modules.coref.units import DocumentPieces
from spanbert_allen.modules.layers.transfers import to_cpu, to_device


class _Teacher(NamedTuple):
    model: Any
    reader: Any


class Distillation(FromParams):
    """
    Hold what a model is taught by, and teach it.

    The teacher sees the words that the student sees in this step, takes the student's top spans for
    its own, whatever pieces its encoder has, and scores links between them. Its probabilities of
    antecedents are what the student's are to be, see `distillation_loss`. The teacher is opened at
    the first step of a training, on the student's device; it is no part of the student, nor of its
    archive, which needs no teacher.

    # Parameters

    teacher : `str`
        The archive of a model of type `spanbert_coref`, or the folder of its training.
    weight : `float`, optional (default = `1.0`)
        The weight of this loss beside that of annotated links; with `0` no teacher is opened.
    temperature : `float`, optional (default = `1.0`)
        Above 1, unlikely antecedents count more.
    """

    def __init__(self, teacher: str, *, weight: float = 1.0, temperature: float = 1.0) -> None:
        if weight < 0:
            raise ConfigError(f"model.distillation.weight is {weight}; give a number from 0")
        if temperature <= 0:
            raise ConfigError(
                f"model.distillation.temperature is {temperature}; give a number above 0"
            )
        self.path = teacher
        self.weight = weight
        self.temperature = temperature
        self._teacher: _Teacher | None = None

    def loss(self, links: ScoredLinks, units: DocumentPieces, text: CorefDocument) -> Tensor:
        """
        Return the weighted loss of one document.

        # Parameters

        links : `ScoredLinks`
            The student's.
        units : `DocumentPieces`
            Its units, on the CPU.
        text : `CorefDocument`
            The whole document, of which the units may be a part.

        # Returns

        `Tensor`
            Summed over spans. Shape: ()
        """
        if not self.weight or links.scores.numel() == 0:
            return links.scores.new_zeros(())
        spans = _word_spans(links, units)
        device = links.scores.device
        if all(span is None for span in spans):
            return links.scores.new_zeros(())
        # Also the words before the first top span: the student's encoder reads them, too.
        first = int(units.word_ids[units.word_ids >= 0].min())
        last = int(units.word_ids.max())
        here = [None if span is None else WordSpan(*(x - first for x in span)) for span in spans]
        part = _part(text, first, last + 1)
        # Shape: (num_spans, 1 + num_antecedents)
        (targets,) = to_device(device, self._targets(part, here, links))
        return self.weight * distillation_loss(links.scores, targets, temperature=self.temperature)

    def _targets(
        self, part: CorefDocument, spans: Sequence[WordSpan | None], student: ScoredLinks
    ) -> Tensor:
        """
        Return the logarithm of what the teacher gives to a student's antecedents.

        # Parameters

        part : `CorefDocument`
            The words that the student saw.
        spans : `Sequence[WordSpan | None]`
            Its top spans in these; `None` for one that holds no words.
        student : `ScoredLinks`
            Its candidate antecedents.

        # Returns

        `Tensor`
            As for `distillation_loss`. Shape: (num_spans, 1 + num_antecedents), on the CPU
        """
        model, reader = self._opened(student.scores.device)
        instance = reader.text_to_instance(part)
        metadata = instance["metadata"].metadata
        pieces: PieceDocument = metadata["pieces"]
        found = [None if span is None else pieces.span_of(span) for span in spans]
        given = sorted({span for span in found if span is not None})
        if not given:
            raise DataError(
                f"{part.doc_key}: none of the {len(spans)} spans that the model chose has a word "
                f"piece of the teacher {self.path}; take a teacher whose vocabulary has the "
                "characters of this language, or leave `model.distillation` out"
            )
        columns = [torch.as_tensor(instance[name].tensor) for name in DocumentPieces._fields[:5]]
        token_ids, segment_ids, word_ids, sentence_ids, speaker_ids = columns
        document = DocumentPieces(
            token_ids,
            segment_ids,
            word_ids,
            sentence_ids,
            speaker_ids,
            given_spans=torch.tensor(given),
        )
        with torch.no_grad():
            units, links = model.link_scores(document, metadata["document"])
        place_of = {span: place for place, span in enumerate(_word_spans(links, units))}

        def place(span: Any) -> int:
            if span is None:
                return -1
            words = pieces.word_ids[span.start], pieces.word_ids[span.end]
            return place_of.get(WordSpan(*map(int, words)), -1)

        places = torch.tensor([place(span) for span in found])
        (antecedents,) = to_cpu(student.antecedents)
        return _looked_up(links, places, antecedents, self.temperature)

    def _opened(self, device: torch.device) -> _Teacher:
        """Return the teacher; open it at the first call, which draws no random numbers."""
        if self._teacher is None:
            if not Path(self.path).exists():
                raise ConfigError(
                    f"model.distillation.teacher: there is no file or folder {self.path}; give the "
                    "model.tar.gz of a trained coreference model"
                )
            with torch.random.fork_rng():
                archive = load_archive(self.path)
            if not hasattr(archive.model, "link_scores"):
                raise ConfigError(
                    f"model.distillation.teacher: {self.path} holds a "
                    f"{type(archive.model).__name__}; give a model of type `spanbert_coref`"
                )
            model = archive.model.eval().requires_grad_(False).to(device)
            self._teacher = _Teacher(model, archive.validation_dataset_reader)
        return self._teacher


def _word_spans(links: ScoredLinks, units: DocumentPieces) -> list[WordSpan | None]:
    """Return the words of each top span; `None` for one that begins or ends with [CLS] or [SEP]."""
    starts, ends = links.spans.on_cpu
    words = zip(units.word_ids[starts].tolist(), units.word_ids[ends].tolist(), strict=True)
    return [None if min(span) < 0 else WordSpan(*span) for span in words]


def _part(text: CorefDocument, first: int, stop: int) -> CorefDocument:
    """Return the words of a document from `first` to before `stop`, without annotation."""
    numbered = groupby(range(first, stop), key=lambda word: text.sentence_ids[word])
    return CorefDocument.from_sentences(
        text.doc_key,
        [[text.words[word] for word in words] for _, words in numbered],
        speakers=None if text.speakers is None else text.speakers[first:stop],
        genre=text.genre,
    )


def _looked_up(
    teacher: ScoredLinks, places: Tensor, antecedents: Tensor, temperature: float
) -> Tensor:
    """
    Return the teacher's log probabilities of a student's antecedents.

    # Parameters

    teacher : `ScoredLinks`
        On the CPU.
    places : `Tensor`
        Which of the teacher's spans each of the student's is, or -1. Shape: (num_spans,)
    antecedents : `Tensor`
        The student's. Shape: (num_spans, num_antecedents)
    temperature : `float`
        What the teacher's scores are divided by.

    # Returns

    `Tensor`
        As for `distillation_loss`. Shape: (num_spans, 1 + num_antecedents)
    """
    num_theirs = len(teacher.mention_scores)
    # Shape: (num_theirs, 1 + num_their_antecedents)
    log_probabilities = (functional.pad(teacher.scores, (1, 0)) / temperature).log_softmax(dim=1)
    columns = functional.pad(teacher.antecedents + 1, (1, 0))
    # The last row, and the last column, are those of spans that the teacher does not have.
    # Shape: (num_theirs + 1, num_theirs + 2)
    table = log_probabilities.new_full((num_theirs + 1, num_theirs + 2), float("-inf"))
    table[:-1].scatter_reduce_(1, columns, log_probabilities, "amax")
    places = torch.where(places < 0, num_theirs, places)
    # Shape: (num_spans, 1 + num_antecedents)
    wanted = functional.pad(places[antecedents] + 1, (1, 0))
    return table[places.unsqueeze(1), wanted]
