"""End-to-end coreference on SpanBERT."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from allennlp.common import Lazy
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules.token_embedders import TokenEmbedder
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.metrics.coref.mention_recall import MentionRecall
from spanbert_allen.metrics.coref.metric import CorefF1
from spanbert_allen.metrics.label_tally import LabelTally
from spanbert_allen.modules.coref.coref_words import word_units
from spanbert_allen.modules.coref.decoder import CorefDecoding, DecodedClusters, decode
from spanbert_allen.modules.coref.head import CorefHead, DocumentUnits, ScoredLinks
from spanbert_allen.modules.coref.kept_limit import warn_of_limit
from spanbert_allen.modules.coref.losses import LinkLoss, MarginalLoss
from spanbert_allen.modules.coref.losses.mention import mention_loss
from spanbert_allen.modules.coref.units import (
    DocumentPieces,
    gold_labels,
    random_window,
    unpad,
)
from spanbert_allen.modules.coref.windows import CorefWindows, score_in_windows
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.layers.precision import checked_precision, mixed_precision

ONTONOTES_GENRES = ("bc", "bn", "mz", "nw", "pt", "tc", "wb")


@Model.register("spanbert_coref")
class SpanbertCoref(Model):
    """
    Coreference resolution as in Joshi et al. (2019), "BERT for Coreference Resolution: Baselines
    and Analysis", and Joshi et al. (2020), "SpanBERT", section 4.2: word pieces are the units,
    segments are encoded by themselves, `CorefHead` scores mentions and links. The documents of a
    batch share the encoder's forward passes and nothing else.

    # Parameters

    vocab : `Vocabulary`
        AllenNLP's; nothing is in it, as the pieces are the encoder's own.
    embedder : `TokenEmbedder`
        The token embedder `spanbert`.
    head : `Lazy[CorefHead]`, optional
        Its settings; see `CorefHead`.
    units : `str`, optional (default = `"pieces"`)
        What spans are counted in: `pieces`, or `words`, whose vectors are the mean of their pieces'
        as in AllenNLP's model.
    unit_dropout : `float`, optional (default = `0.0`)
        On the units' vectors: AllenNLP's `lexical_dropout`.
    special_pieces : `bool`, optional (default = `False`)
        Whether [CLS] and [SEP] are units like others, so that spans may hold them, as in the
        original. Without them a span may reach over the end of a segment inside its sentence.
    whole_words : `bool`, optional (default = `True`)
        Whether spans begin and end where words do. The original tries every piece.
    max_training_segments : `int`, optional (default = `None`)
        Longer documents are trained on so many consecutive segments, drawn anew at each visit.
    link_loss : `LinkLoss`, optional (default = `MarginalLoss`)
        What links are trained by.
    mention_loss_weight : `float`, optional (default = `0.0`)
        The weight of the loss of mention scores beside that of links. Singletons need it: links
        say nothing of them.
    mention_loss_on : `str`, optional (default = `"candidates"`)
        What the mention loss sums over: all `candidates`, or only the `kept` ones, as Xu and Choi
        (2020) do. With all, a mention that is not kept is told so, and training starts much faster.
    singleton_threshold : `float`, optional (default = `None`)
        Kept spans without links whose mention score is above it become clusters of one mention;
        `0` goes with a mention loss, and is a probability above one half.
    link_threshold : `float`, optional (default = `0.0`)
        A span is linked to its best antecedent if that scores above it; 0 is the score of none.
    genres : `Sequence[str]`, optional (default = OntoNotes' seven)
        Those with a row of their own; any other counts as the first, as in the original.
    windows : `CorefWindows`, optional (default = `None`)
        For books: outside of training the head sees one window of a document after another. With
        `None` it sees the document whole.
    precision : `str`, optional (default = `"fp32"`)
        What encoder and head compute in outside of training: `fp32`, `bf16` or `fp16`. Scores are
        float32 always. In training `trainer.precision` says it.
    also_without_singletons : `bool`, optional (default = `False`)
        Also measure with annotated and predicted singletons removed.
    """

    default_predictor = "spanbert_coref"
    metrics_are_known = True
    memory_knobs = ("model.max_training_segments", "model.head.max_antecedents")
    """Settings that training needs less memory with."""

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: TokenEmbedder,
        *,
        head: Lazy[CorefHead] = Lazy(CorefHead),  # noqa: B008  it holds no state
        units: str = "pieces",
        unit_dropout: float = 0.0,
        special_pieces: bool = False,
        whole_words: bool = True,
        max_training_segments: int | None = None,
        link_loss: LinkLoss | None = None,
        mention_loss_weight: float = 0.0,
        mention_loss_on: str = "candidates",
        singleton_threshold: float | None = None,
        link_threshold: float = 0.0,
        genres: Sequence[str] = ONTONOTES_GENRES,
        windows: CorefWindows | None = None,
        precision: str = "fp32",
        also_without_singletons: bool = False,
        **kwargs: Any,
    ):
        super().__init__(vocab, **kwargs)
        if not isinstance(embedder, SpanbertEmbedder):
            raise ConfigError(
                f"model.embedder: a {type(embedder).__name__} does not encode segments of pieces; "
                'use {"type": "spanbert", ...}'
            )
        self.embedder = embedder
        self.head = head.construct(dim=embedder.get_output_dim(), num_genres=len(genres))
        if units not in ("pieces", "words"):
            raise ConfigError(f"model.units: {units!r} is neither 'pieces' nor 'words'")
        if units == "words" and special_pieces:
            raise ConfigError("model.special_pieces: [CLS] and [SEP] are no `units` of words")
        self.units = units
        self.unit_dropout = nn.Dropout(unit_dropout)
        self.special_pieces = special_pieces
        self.whole_words = whole_words
        self.max_training_segments = max_training_segments
        self.link_loss = link_loss or MarginalLoss()
        self.mention_loss_weight = mention_loss_weight
        if mention_loss_on not in ("candidates", "kept"):
            raise ConfigError(
                f"model.mention_loss_on: {mention_loss_on!r} is neither 'candidates' nor 'kept'."
            )
        self.mention_loss_on = mention_loss_on
        self.decoding = CorefDecoding(singleton_threshold, link_threshold)
        self.windows = windows
        self.precision = checked_precision(precision)
        self.genre_ids = {genre: index for index, genre in enumerate(genres)}
        self.coref_f1 = CorefF1(also_without_singletons=also_without_singletons)
        self.mention_recall = MentionRecall()
        self.label_tally = LabelTally(may_be_mixed=True)

    def forward(
        self,
        token_ids: Tensor,
        segment_ids: Tensor,
        word_ids: Tensor,
        sentence_ids: Tensor,
        speaker_ids: Tensor,
        metadata: list[dict[str, Any]],
        gold_spans: Tensor | None = None,
        gold_cluster_ids: Tensor | None = None,
    ) -> dict[str, Any]:
        """
        What the coreference readers give.

        # Parameters

        token_ids, segment_ids, word_ids, sentence_ids, speaker_ids : `Tensor`
            Shape: (batch_size, num_pieces). The segment id of padding is -1.
        metadata : `list[dict[str, Any]]`
            Each with its `document`; `decoding`, a `CorefDecoding`, goes before the model's own.
        gold_spans : `Tensor`, optional (default = `None`)
            Shape: (batch_size, num_mentions, 2). First and last pieces; -1 is padding.
        gold_cluster_ids : `Tensor`, optional (default = `None`)
            Shape: (batch_size, num_mentions). -1 is padding.

        # Returns

        `dict[str, Any]`
            `loss` when there is annotation: summed over spans, averaged over documents. Outside of
            training, for each document, what `DecodedClusters` says.
        """
        columns = (token_ids, segment_ids, word_ids, sentence_ids, speaker_ids)
        pieces = unpad(columns, gold_spans, gold_cluster_ids)
        if self.training and self.max_training_segments is not None:
            pieces = [random_window(document, self.max_training_segments) for document in pieces]
        losses: list[Tensor] = []
        decoded: list[DecodedClusters] = []
        for document, vectors, entry in zip(pieces, self._encode(pieces), metadata, strict=True):
            text: CorefDocument = entry["document"]
            units, unit_vectors = self._choose_units(document, vectors, text)
            unit_vectors = self.unit_dropout(unit_vectors)
            asked: CorefDecoding = entry.get("decoding") or self.decoding
            decoding = asked.over(self.decoding)
            head_input = self._head_input(units, unit_vectors, text.genre)
            links = self._score(head_input, decoding, text.doc_key)
            if units.gold_spans is not None:
                losses.append(self._loss(links, units))
            elif self.training:
                raise DataError(
                    f"the document {text.doc_key} has no clusters, which training needs: annotate "
                    'it, or write `"clusters": []` if nothing in it corefers'
                )
            if not self.training:
                decoded.append(decode(links, units.word_ids, decoding))
            self._measure(links, units, text, decoded[-1] if decoded else None)
        output: dict[str, Any] = {}
        if losses:
            output["loss"] = torch.stack(losses).mean()
        if decoded:
            for name in DecodedClusters._fields:
                output[name] = [getattr(document, name) for document in decoded]
        return output

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        """
        `mention_recall`; outside of training also the scores of `CorefF1`, over words, and
        a `DataError` is raised at the end of an evaluation in which no document had clusters.
        """
        if not self.training:
            self.label_tally.check(reset=reset)
        metrics = {"mention_recall": self.mention_recall.get_metric(reset)}
        if not self.training:
            metrics |= self.coref_f1.get_metric(reset)
        return metrics

    def _encode(self, documents: list[DocumentPieces]) -> list[Tensor]:
        """Shape of each: (num_pieces, dim)"""
        # Shape: (batch_size, num_pieces)
        token_ids = pad_sequence([document.token_ids for document in documents], batch_first=True)
        segment_ids = pad_sequence(
            [document.segment_ids for document in documents], batch_first=True, padding_value=-1
        )
        with self._arithmetic(token_ids):
            # Shape: (batch_size, num_pieces, dim)
            vectors = self.embedder.encode(token_ids, segment_ids)
        return [
            rows[: len(document.token_ids)]
            for rows, document in zip(vectors, documents, strict=True)
        ]

    def _choose_units(
        self, document: DocumentPieces, vectors: Tensor, text: CorefDocument
    ) -> tuple[DocumentPieces, Tensor]:
        """The document and its vectors in words, or in pieces with or without special ones."""
        if self.units == "words":
            is_whole = not self.training or self.max_training_segments is None
            return word_units(document, vectors, text.sentence_ids, is_whole=is_whole)
        if self.special_pieces:
            return document, vectors
        chosen = document.word_ids >= 0
        return document.select(chosen), vectors[chosen]

    def _head_input(
        self, units: DocumentPieces, vectors: Tensor, genre: str | None
    ) -> DocumentUnits:
        # Shape: (num_units - 1,)
        new_word = units.word_ids[1:] != units.word_ids[:-1]
        # Shape: (1,) or, without units, (0,)
        edge = torch.ones_like(units.word_ids[:1], dtype=torch.bool)
        return DocumentUnits(
            vectors=vectors,
            sentence_ids=units.sentence_ids,
            segment_ids=units.segment_ids,
            speaker_ids=units.speaker_ids,
            may_start=torch.cat([edge, new_word]) if self.whole_words else None,
            may_end=torch.cat([new_word, edge]) if self.whole_words else None,
            genre_id=self.genre_ids.get(genre, 0) if genre is not None else 0,
        )

    def _score(self, units: DocumentUnits, decoding: CorefDecoding, doc_key: str) -> ScoredLinks:
        """What the head says, having seen the document whole or in windows."""
        if self.training:
            return self.head(units)
        num_units = units.vectors.size(0)
        seen_at_once = num_units if self.windows is None else min(num_units, self.windows.length)
        warn_of_limit(self.head, seen_at_once, doc_key)
        with self._arithmetic(units.vectors):
            if self.windows is None:
                return self.head(units)
            return score_in_windows(
                self.head, units, self.windows, link_threshold=decoding.link_threshold or 0.0
            )

    def _arithmetic(self, tensor: Tensor) -> AbstractContextManager[Any]:
        return nullcontext() if self.training else mixed_precision(self.precision, tensor.device)

    def _loss(self, links: ScoredLinks, units: DocumentPieces) -> Tensor:
        """Shape: ()"""
        # Shape: (num_spans,)
        labels = gold_labels(units, links.spans.starts, links.spans.ends)
        # Shape: (num_spans, num_antecedents)
        gold = (labels[links.antecedents] == labels.unsqueeze(1)) & (labels >= 0).unsqueeze(1)
        gold = gold & links.scores.isfinite()
        loss: Tensor = self.link_loss(links.scores, gold)
        if links.also_trained is not None:
            loss = loss + self.link_loss(links.also_trained, gold)
        if self.mention_loss_weight:
            scores = links.mention_scores
            if self.mention_loss_on == "candidates":
                scores, labels = links.candidate_scores, gold_labels(units, *links.candidates)
            loss = loss + self.mention_loss_weight * mention_loss(scores, labels >= 0)
        if links.scores.numel() == 0:
            # Too short for any link: workers that train together still need every gradient.
            trained = (p for p in self.parameters() if p.requires_grad)
            loss = loss + 0.0 * sum(parameter.sum() for parameter in trained)
        return loss

    def _measure(
        self,
        links: ScoredLinks,
        units: DocumentPieces,
        text: CorefDocument,
        decoded: DecodedClusters | None,
    ) -> None:
        gold_spans, clusters = units.gold_spans, text.clusters
        if decoded is not None:
            self.label_tally.add(is_labelled=gold_spans is not None and clusters is not None)
        if gold_spans is None or clusters is None:
            return
        if decoded is not None:
            self.coref_f1([decoded.clusters], [clusters])
            gold = {mention for cluster in clusters for mention in cluster}
        else:  # in training a window, of which the document's annotation would not be true
            gold = _word_spans(gold_spans[:, 0], gold_spans[:, 1], units.word_ids)
        kept = _word_spans(links.spans.starts, links.spans.ends, units.word_ids)
        self.mention_recall([kept], [gold])


def _word_spans(starts: Tensor, ends: Tensor, word_ids: Tensor) -> set[WordSpan]:
    columns = word_ids[starts].tolist(), word_ids[ends].tolist()
    return {WordSpan(*span) for span in zip(*columns, strict=True)}
