"""What is asked of the parts for one text, made ready for their models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spanbert_allen.predictors.prepared import PreparedRecord


@dataclass(frozen=True)
class RequestedEntities:
    """
    Hold the entities of a text, and those pairs of them whose relations are asked for.

    # Parameters

    entities : `Sequence[Mapping[str, Any]]`
        As results have them.
    judged : `Sequence[int]`, optional (default = `()`)
        The places of those entities whose types the relation model knows.
    pairs : `PreparedRecord`, optional (default = `None`)
        All pairs of these; `None` without a model, or if they are fewer than two.
    """

    entities: Sequence[Mapping[str, Any]]
    judged: Sequence[int] = ()
    pairs: PreparedRecord | None = None

    def placed(self, relation: Mapping[str, Any]) -> dict[str, Any]:
        """Return a relation of judged entities as one of all entities."""
        ends = {name: self.judged[relation[name]] for name in ("subject", "object")}
        return {**relation, **ends}


@dataclass(frozen=True)
class DocumentRequest:
    """
    Hold what is asked of the parts for one text.

    # Parameters

    doc_key, text : `str`
        The name of the text, and the text.
    clusters : `PreparedRecord`, optional
        For coreference; `None` without such a model.
    answers : `Sequence[PreparedRecord]`, optional
        A question each; `None` without a model that answers.
    entities : `RequestedEntities`, optional (default = `None`)
        `None` if they are the mentions of clusters, which are not known yet.
    """

    doc_key: str
    text: str
    clusters: PreparedRecord | None
    answers: Sequence[PreparedRecord] | None
    entities: RequestedEntities | None = None

    @property
    def pieces(self) -> int:
        """Return how many word pieces go through the models; pairs of mentions are not counted."""
        pairs = None if self.entities is None else self.entities.pairs
        parts = [self.clusters, pairs, *(self.answers or ())]
        return sum(part.pieces for part in parts if part is not None)
