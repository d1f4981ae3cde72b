"""Fill masked spans of a user's own texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np
import torch
from allennlp.data import Batch, Instance
from allennlp.models import Model
from allennlp.nn.util import move_to_device
from allennlp.predictors import Predictor
from torch import Tensor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.record_checks import RecordError, record_id
from spanbert_allen.data.pretraining.masked_text import MaskedText
from spanbert_allen.dataset_readers.pretraining.reader import PretrainingReader
from spanbert_allen.models.pretrainer import SpanbertPretrainer
from spanbert_allen.modules.pretraining.heads import TopPieces
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.option_checks import checked_option
from spanbert_allen.predictors.pretraining.output import SCHEMA, Fills, fills_json
from spanbert_allen.predictors.record import Record


@Predictor.register("spanbert_pretrainer")
class PretrainerPredictor(SpanPredictor):
    """
    Fill the masked spans of a text: from their context, and from their boundaries alone.

    A record is `{"text": "Ida lost her [MASK]."}`, or `{"text": ..., "spans": [[start, end],
    ...]}` with the characters of spans, all of whose pieces are masked; and an `id` if there is
    one. Spans that touch are filled as one, as in training.

    # Parameters

    model, dataset_reader, frozen, max_pieces_per_batch, task, engine
        As for `SpanPredictor`. The reader is `spanbert_pretraining`.
    top_k : `int`, optional (default = `5`)
        How many pieces are given for each that is masked.
    boundaries : `bool`, optional (default = `False`)
        Whether to give also what the span-boundary objective predicts. There is nothing for a span
        at the beginning or the end of the text, which has no boundary on one side, and for the
        pieces of a span behind those that the objective was trained on.
    """

    schema: ClassVar[str] = SCHEMA
    names: ClassVar[Sequence[str]] = ("id",)
    alone: ClassVar[str] = "text"
    fields = ("text", "spans")
    option_names = ("top_k", "boundaries")
    records_at_once: ClassVar[int] = 64

    def __init__(
        self,
        model: Model,
        dataset_reader: PretrainingReader,
        frozen: bool = True,
        *,
        top_k: int = 5,
        boundaries: bool = False,
        **of_all_predictors: Any,
    ) -> None:
        super().__init__(model, dataset_reader, frozen, **of_all_predictors)
        self._pretrainer = cast("SpanbertPretrainer", model)
        self._reader = dataset_reader
        if self._pretrainer.mlm_head is None:
            raise ConfigError(
                "the model was trained with `masked_weight` 0 and has no head that fills masked "
                "pieces; take the encoder of its archive for another task"
            )
        self._vocabulary = self._pretrainer.embedder.files.vocabulary.pieces
        self._top_k = checked_option("top_k", top_k, int)
        if top_k < 1:
            raise ConfigError(f"`top_k` is {top_k}; it must be 1 or more")
        self._with_boundaries = checked_option("boundaries", boundaries, bool)
        if boundaries and self._pretrainer.sbo_head is None:
            raise ConfigError(
                "`boundaries` is true, but the model was trained with `boundary_weight` 0 and has "
                "no span-boundary head; leave the option out"
            )

    def predict(self, text: str | Sequence[str], spans: Sequence[Any] | None = None) -> Any:
        """
        Fill a text, or several; raise a `DataError` if something is wrong with one.

        # Parameters

        text : `str | Sequence[str]`
            A text, in which `[MASK]` stands for a piece; or a list of them.
        spans : `Sequence`, optional (default = `None`)
            The characters of spans to mask, `[start, end]` each; for several texts a list for each.

        # Returns

        `dict[str, Any]`, or a list of them if several were given
            What `fills_json` describes.
        """
        is_one = not isinstance(text, list | tuple)
        texts = [text] if is_one else list(text)
        wanted = [spans] if is_one else [None] * len(texts) if spans is None else list(spans)
        if len(wanted) != len(texts):
            raise DataError(f"{len(texts)} texts, but spans for {len(wanted)}; give a list each")
        instances = [
            self._reader.text_to_instance(one, its, name=self.alone)
            for one, its in zip(texts, wanted, strict=True)
        ]
        results = self._predicted(instances)
        return results[0] if is_one else results

    def record_to_instance(self, record: Record) -> Instance:
        """Return the instance of a record; raise a `DataError` for a bad one."""
        name = self._default_name(record)
        try:
            name = name if record.get("id") is None else record_id(record["id"])
        except RecordError as error:
            raise DataError(str(error)) from error
        return self._reader.text_to_instance(record.get("text"), record.get("spans"), name=name)

    def num_pieces(self, instance: Instance) -> int:
        """Return the number of word pieces."""
        return len(instance["token_ids"])

    def name_of(self, instance: Instance) -> JsonDict:
        """Return the id of the text."""
        return {"id": instance["masked"].metadata.id}

    def outputs(self, instances: list[Instance]) -> list[Mapping[str, Any]]:
        """Return the best pieces of each text; see `_columns`."""
        batch = Batch(instances)
        batch.index_instances(self._model.vocab)
        device = next(self._model.parameters()).device
        tensors = move_to_device(batch.as_tensor_dict(), device)
        with torch.no_grad():
            # Shape: (batch_size, num_pieces, dim)
            vectors = self._pretrainer.embedder.encode(tensors["token_ids"], tensors["segment_ids"])
            return [
                self._best(one, masked)
                for one, masked in zip(vectors, tensors["masked"], strict=True)
            ]

    def result(self, instance: Instance, outputs: Mapping[str, Any]) -> JsonDict:
        """Return the result for one text."""
        masked: MaskedText = instance["masked"].metadata
        places = masked.runs.mask[0].nonzero()[0].tolist()
        fills = self._fills(places, outputs["pieces"], outputs["probabilities"])
        if not self._with_boundaries:
            return fills_json(masked, fills.__getitem__)
        of_boundaries = self._fills(
            outputs["boundary_places"].tolist(),
            outputs["boundary_pieces"],
            outputs["boundary_probabilities"],
        )
        return fills_json(masked, fills.__getitem__, of_boundaries.get)

    def _best(self, vectors: Tensor, masked: MaskedText) -> dict[str, Any]:
        """
        Fill one text.

        # Parameters

        vectors : `Tensor`
            The first one is that of `[CLS]`. Shape: (num_pieces, dim)
        masked : `MaskedText`
            The text.
        """

        def at(places: Any) -> Tensor:
            return vectors[torch.as_tensor(places + 1, device=vectors.device)]

        output = _columns(
            "", self._pretrainer.fill(at(masked.runs.mask[0].nonzero()[0]), self._top_k)
        )
        if self._with_boundaries:
            settings, head = self._reader.boundaries, self._pretrainer.sbo_head
            assert head is not None
            most = min(settings.most_targets, head.positions.num_embeddings)
            targets = masked.runs.boundary_targets(most, external=settings.external)
            positions = torch.as_tensor(targets.positions, device=vectors.device)
            found = self._pretrainer.fill_from_boundaries(
                at(targets.lefts), at(targets.rights), positions, self._top_k
            )
            output |= _columns("boundary_", found) | {"boundary_places": targets.pieces}
        return output

    def _fills(
        self, places: Sequence[int], pieces: np.ndarray[Any, Any], shares: np.ndarray[Any, Any]
    ) -> dict[int, Fills]:
        return {
            place: [(self._vocabulary[piece], share) for piece, share in zip(*row, strict=True)]
            for place, *row in zip(places, pieces.tolist(), shares.tolist(), strict=True)
        }


def _columns(prefix: str, found: TopPieces) -> dict[str, Any]:
    """Return arrays of shape (num_targets, k): ids of pieces, and their probabilities."""
    return {
        f"{prefix}pieces": found.pieces.cpu().numpy(),
        f"{prefix}probabilities": found.probabilities.cpu().numpy(),
    }
