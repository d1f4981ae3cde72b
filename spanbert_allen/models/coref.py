"""The model of end-to-end coreference on SpanBERT."""

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
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.metrics.coref.mention_recall import MentionRecall
from spanbert_allen.metrics.coref.metric import CorefF1
from spanbert_allen.metrics.label_tally import LabelTally
from spanbert_allen.modules.coref.decoder import CorefDecoding, DecodedClusters, decode
from spanbert_allen.modules.coref.distillation import Distillation
from spanbert_allen.modules.coref.head import CorefHead, DocumentUnits
from spanbert_allen.modules.coref.head_input import head_input
from spanbert_allen.modules.coref.losses import LinkLoss, MarginalLoss
from spanbert_allen.modules.coref.losses.document import document_link_loss, document_mention_loss
from spanbert_allen.modules.coref.scored_links import ScoredLinks
from spanbert_allen.modules.coref.units import (
    DocumentPieces,
    random_window,
    unpad,
    word_spans,
    word_units,
)
from spanbert_allen.modules.coref.windows import CorefWindows, score_in_windows
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.layers.precision import checked_precision, mixed_precision
from spanbert_allen.modules.layers.transfers import select_rows

ONTONOTES_GENRES = ("bc", "bn", "mz", "nw", "pt", "tc", "wb")


@Model.register("spanbert_coref")
class SpanbertCoref(Model):
    """
    Resolve coreference end to end on SpanBERT.

    This is the model of Joshi et al. (2019), "BERT for Coreference Resolution: Baselines and
    Analysis", and Joshi et al. (2020), "SpanBERT", section 4.2: the units are word pieces, the
    encoder reads each segment by itself, and `CorefHead` scores mentions and links.

    In training the documents of a batch share the encoder's forward passes. In prediction each
    document has its own, so that a result does not depend on what else is in the batch, not even in
    its last digit; see `encode_together`.

    # Parameters

    vocab : `Vocabulary`
        AllenNLP's vocabulary; it is empty, because the pieces are the encoder's own.
    embedder : `TokenEmbedder`
        The token embedder `spanbert`.
    head : `Lazy[CorefHead]`, optional (default = `CorefHead`)
        The settings of the head.
    units : `str`, optional (default = `"pieces"`)
        What spans are counted in: `pieces`, or `words`, whose vectors are the mean of their pieces'
        as in AllenNLP's model.
    unit_dropout : `float`, optional (default = `0.0`)
        The dropout on the vectors of units: AllenNLP's `lexical_dropout`.
    special_pieces : `bool`, optional (default = `False`)
        Whether [CLS] and [SEP] are units like others, so that spans may hold them, as in the
        original. Without them a span may reach over the end of a segment inside its sentence.
    whole_words : `bool`, optional (default = `True`)
        Whether spans begin and end where words do. The original tries every piece.
    max_training_segments : `int`, optional (default = `None`)
        Longer documents are trained on so many consecutive segments, drawn anew at each visit.
    link_loss : `LinkLoss`, optional (default = `MarginalLoss`)
        The loss of links.
    mention_loss_weight : `float`, optional (default = `0.0`)
        The weight of the loss of mention scores beside that of links. Singletons need it, because
        the loss of links says nothing of them.
    mention_loss_on : `str`, optional (default = `"candidates"`)
        What the mention loss sums over: all `candidates`, or only the top spans, `kept`, as Xu and
        Choi (2020) do. With all, mentions that are no top spans are trained as well, and training
        starts much faster.
    singleton_threshold : `float`, optional (default = `None`)
        Top spans without links whose mention score is above it become clusters of one mention. With
        a mention loss, `0` stands for a probability of one half.
    link_threshold : `float`, optional (default = `0.0`)
        A span is linked to its best antecedent if that scores above it; 0 is the score of no
        antecedent.
    genres : `Sequence[str]`, optional (default = OntoNotes' seven)
        The genres with a row of their own; any other counts as the first, as in the original.
    windows : `CorefWindows`, optional (default = `None`)
        For books: in prediction the head sees one window of a document after another. With `None`
        it sees the whole document at once.
    precision : `str`, optional (default = `"fp32"`)
        The precision of encoder and head in prediction: `fp32`, `bf16` or `fp16`. Scores are always
        float32. In training `trainer.precision` says it.
    also_without_singletons : `bool`, optional (default = `False`)
        Whether to measure a second time with annotated and predicted singletons removed.
    distillation : `Distillation`, optional (default = `None`)
        A teacher, whose links are learnt beside the annotated ones.
    """

    default_predictor = "spanbert_coref"
    metrics_are_known = True
    memory_knobs = ("model.max_training_segments", "model.head.max_antecedents")
    """The settings that lower the memory of training."""
    encode_together = False
    """
    Whether prediction, too, encodes the documents of a batch together. That is faster for short
    documents (for the encoder on a CPU three times at 20 pieces, 1.2 times at 300; more on a GPU),
    but products of other shapes are rounded otherwise: scores then depend on the batch in about the
    seventh digit.
    """

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
        distillation: Distillation | None = None,
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
        if self.head.mention_scorer.needs_mention_loss and not mention_loss_weight:
            raise ConfigError(
                "model.mention_loss_weight is 0, but nothing else trains the scorer in "
                "`model.head.mentions`; set it to 1.0"
            )
        self.decoding = CorefDecoding(singleton_threshold, link_threshold)
        self.windows = windows
        self.distillation = distillation
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
        Score the documents of a batch, as the coreference readers make it.

        # Parameters

        token_ids, segment_ids, word_ids, sentence_ids, speaker_ids : `Tensor`
            The segment id of padding is -1. Shape: (batch_size, num_pieces)
        metadata : `list[dict[str, Any]]`
            For each document its `document`; optionally `decoding`, a `CorefDecoding` that goes
            before the model's own, and `given_spans`, an array of shape (num_given, 2) with the
            first and last piece of each mention that is given: no others are found then, unless
            `finds_more` says so. Optionally `given_cluster_ids`, of shape (num_given,): the given
            cluster of each, -1 for none.
        gold_spans : `Tensor`, optional (default = `None`)
            The first and last piece of each annotated mention; -1 is padding. Shape: (batch_size,
            num_mentions, 2)
        gold_cluster_ids : `Tensor`, optional (default = `None`)
            -1 is padding. Shape: (batch_size, num_mentions)

        # Returns

        `dict[str, Any]`
            `loss` when there is annotation: summed over spans, averaged over documents. Outside of
            training also, for each document, the fields of `DecodedClusters`, and `are_finite`:
            whether its scores are finite numbers.
        """
        columns = (token_ids, segment_ids, word_ids, sentence_ids, speaker_ids)
        found = zip(unpad(columns, gold_spans, gold_cluster_ids), metadata, strict=True)
        pieces = [document.with_given(entry) for document, entry in found]
        if self.training and self.max_training_segments is not None:
            pieces = [random_window(document, self.max_training_segments) for document in pieces]
        losses: list[Tensor] = []
        decoded: list[DecodedClusters] = []
        are_finite: list[bool] = []
        for document, vectors, entry in zip(pieces, self._encode(pieces), metadata, strict=True):
            loss, clusters, is_finite = self._resolve(document, vectors, entry)
            if loss is not None:
                losses.append(loss)
            if clusters is not None:
                decoded.append(clusters)
                are_finite.append(is_finite)
        output: dict[str, Any] = {}
        if losses:
            output["loss"] = torch.stack(losses).mean()
        if decoded:
            for name in DecodedClusters._fields:
                output[name] = [getattr(document, name) for document in decoded]
            output["are_finite"] = are_finite
        return output

    def _resolve(
        self, document: DocumentPieces, vectors: Tensor, entry: dict[str, Any]
    ) -> tuple[Tensor | None, DecodedClusters | None, bool]:
        """Return the loss, if annotated; outside of training clusters, and if scores are finite."""
        text: CorefDocument = entry["document"]
        decoding: CorefDecoding = (entry.get("decoding") or self.decoding).over(self.decoding)
        units, links = self._link(document, vectors, text, decoding)
        loss = decoded = None
        if units.gold_spans is not None:
            loss = self._loss(links, units, text)
        elif self.training:
            raise DataError(
                f"the document {text.doc_key} has no clusters, which training needs: annotate it, "
                'or write `"clusters": []` if nothing in it corefers'
            )
        if not self.training:
            links = links.on_cpu()
            decoded = decode(
                links,
                units.word_ids,
                decoding,
                are_given=units.given_spans is not None and not units.finds_more,
                given_clusters=units.given_clusters_of(links.spans),
            )
        self._measure(links, units, text, decoded)
        return loss, decoded, decoded is not None and links.are_finite()

    def link_scores(
        self, document: DocumentPieces, text: CorefDocument
    ) -> tuple[DocumentPieces, ScoredLinks]:
        """Return the units of one document and their scored links on the CPU, as for a student."""
        (vectors,) = self._encode([document])
        units, links = self._link(document, vectors, text, self.decoding)
        return units, links.on_cpu()

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        """
        Return `mention_recall`, and outside of training the scores of `CorefF1`, over words.

        Raises a `DataError` at the end of an evaluation in which no document had clusters.
        """
        if not self.training:
            self.label_tally.check(reset=reset)
        metrics = {"mention_recall": self.mention_recall.get_metric(reset)}
        if not self.training:
            metrics |= self.coref_f1.get_metric(reset)
        return metrics

    def _encode(self, documents: list[DocumentPieces]) -> list[Tensor]:
        """Return the vectors of each document's pieces. Shape of each: (num_pieces, dim)."""
        if self.training or self.encode_together:
            return self._encode_batch(documents)
        return [vectors for document in documents for vectors in self._encode_batch([document])]

    def _encode_batch(self, documents: list[DocumentPieces]) -> list[Tensor]:
        """Encode documents in the same forward passes."""
        # Shape: (batch_size, num_pieces)
        token_ids = pad_sequence([document.token_ids for document in documents], batch_first=True)
        segment_ids = pad_sequence(
            [document.segment_ids for document in documents], batch_first=True, padding_value=-1
        )
        with self._arithmetic(self.embedder.device):
            # Shape: (batch_size, num_pieces, dim)
            vectors = self.embedder.encode(token_ids, segment_ids)
        return [
            rows[: len(document.token_ids)]
            for rows, document in zip(vectors, documents, strict=True)
        ]

    def _choose_units(
        self, document: DocumentPieces, vectors: Tensor, text: CorefDocument
    ) -> tuple[DocumentPieces, Tensor]:
        """Return the units that `units` and `special_pieces` ask for, and their vectors."""
        if self.units == "words":
            is_whole = not self.training or self.max_training_segments is None
            return word_units(document, vectors, text.sentence_ids, is_whole=is_whole)
        if self.special_pieces:
            return document, vectors
        chosen = document.word_ids >= 0
        return document.select(chosen), select_rows(vectors, chosen)

    def _link(
        self,
        document: DocumentPieces,
        vectors: Tensor,
        text: CorefDocument,
        decoding: CorefDecoding,
    ) -> tuple[DocumentPieces, ScoredLinks]:
        """Return the units of a document, and what the head says of it."""
        units, unit_vectors = self._choose_units(document, vectors, text)
        document_units = head_input(
            units,
            self.unit_dropout(unit_vectors),
            words=text.words,
            genre_id=self.genre_ids.get(text.genre or "", 0),
            whole_words=self.whole_words,
            wants_singletons=not self.training and decoding.singleton_threshold is not None,
            is_training=self.training,
        )
        return units, self._score(document_units, units, decoding, text.doc_key)

    def _score(
        self, seen: DocumentUnits, units: DocumentPieces, decoding: CorefDecoding, doc_key: str
    ) -> ScoredLinks:
        """Return what the head says of the document, which it sees whole or in windows."""
        if self.training:
            return self.head(seen)
        if seen.given_spans is None:  # of given mentions none is left out
            longest = len(seen.vectors) if self.windows is None else self.windows.length
            self.head.warn_of_limit(min(longest, len(seen.vectors)), doc_key)
        with self._arithmetic(seen.vectors.device):
            if self.windows is None:
                return self.head(seen)
            return score_in_windows(
                self.head,
                seen,
                self.windows,
                link_threshold=decoding.link_threshold or 0.0,
                given=units.given_clusters(),
                join_given=decoding.join_given,
            )

    def _arithmetic(self, device: torch.device) -> AbstractContextManager[Any]:
        return nullcontext() if self.training else mixed_precision(self.precision, device)

    def _loss(self, links: ScoredLinks, units: DocumentPieces, text: CorefDocument) -> Tensor:
        """Return the loss of one document. Shape: ()."""
        loss = document_link_loss(links, units, self.link_loss)
        if self.mention_loss_weight:
            of_all = self.mention_loss_on == "candidates"
            loss = loss + self.mention_loss_weight * document_mention_loss(
                links, units, of_all=of_all
            )
        if self.training and self.distillation is not None:
            loss = loss + self.distillation.loss(links, units, text)
        if links.scores.numel() == 0:
            # No link at all: processes that train together need a gradient of every parameter.
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
        """Count one document in the metrics."""
        gold_spans, clusters = units.gold_spans, text.clusters
        if decoded is not None:
            self.label_tally.add(is_labelled=gold_spans is not None and clusters is not None)
        if gold_spans is None or clusters is None:
            return
        if decoded is not None:
            self.coref_f1([decoded.clusters], [clusters])
            gold = {mention for cluster in clusters for mention in cluster}
        else:  # in training, the window may hold only a part of the annotation
            gold = word_spans(gold_spans[:, 0], gold_spans[:, 1], units.word_ids)
        top_spans = word_spans(*links.spans.on_cpu, units.word_ids)
        self.mention_recall([top_spans], [gold])
