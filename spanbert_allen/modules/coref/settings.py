"""The settings that the scorers of a coreference head share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar, get_type_hints

from allennlp.common import FromParams, Params, Registrable

from spanbert_allen.modules.coref.antecedents.pair_features import FEATURES

PUBLISHED_HIDDEN_DIM = 3000
"""The width of hidden layers in the published models."""
LIGHT_HIDDEN_DIM = 1024
"""The width of projections in the light scorers."""


@dataclass(frozen=True, kw_only=True)
class ScorerSettings(FromParams):
    """
    Hold what mention scorers and antecedent scorers have in common.

    In a configuration these are keys of `model.head`; a scorer may have its own value of each that
    it reads, as a key of its own.

    # Parameters

    max_span_width : `int`, optional (default = `30`)
        The widest span, in units.
    max_antecedents : `int`, optional (default = `50`)
        The number of candidate antecedents of a span.
    hidden_dim : `int`, optional (default = `None`)
        The width of hidden layers and projections. `None` leaves it to the scorer:
        `PUBLISHED_HIDDEN_DIM` or `LIGHT_HIDDEN_DIM`.
    num_layers : `int`, optional (default = `1`)
        The number of hidden layers of the feed-forward scorers.
    feature_size : `int`, optional (default = `20`)
        The width of a row in the tables of widths, distances and features.
    dropout : `float`, optional (default = `0.3`)
        The dropout on hidden layers and projections.
    input_dropout : `float`, optional (default = `None`)
        The dropout on the input of the networks: on rows of features, and on span vectors in the
        coarse score. `None` is `dropout`; AllenNLP has none there.
    width_prior, distance_prior : `bool`, optional (default = `True`)
        Whether a span's width adds a score to it as a mention, and the distance of a pair adds one
        to its coarse score.
    features : `Sequence[str]`, optional (default = `["speaker", "genre", "distance", "segment"]`)
        The features of a pair; see `PairFeatures`, as for the next two.
    num_genres : `int`, optional (default = `7`)
        The model fills it in.
    max_segments : `int`, optional (default = `3`)
    """

    max_span_width: int = 30
    max_antecedents: int = 50
    hidden_dim: int | None = None
    num_layers: int = 1
    feature_size: int = 20
    dropout: float = 0.3
    input_dropout: float | None = None
    width_prior: bool = True
    distance_prior: bool = True
    features: Sequence[str] = FEATURES
    num_genres: int = 7
    max_segments: int = 3

    @property
    def dropout_of_inputs(self) -> float:
        """Return `input_dropout`, or `dropout` where that is not set."""
        return self.dropout if self.input_dropout is None else self.input_dropout

    def changed(self, own: Mapping[str, Any]) -> ScorerSettings:
        """Return these settings with others in their place."""
        return ScorerSettings.from_params(Params({**asdict(self), **own})) if own else self


_Scorer = TypeVar("_Scorer", bound="TakesSettings")


class TakesSettings(Registrable):
    """
    Give a registered scorer the head's settings.

    Its constructor takes any of `dim` (the width of a unit vector), `spans` (the head's
    `SpanRepresentation`, shared and not owned) and `settings` by these names, beside parameters of
    its own.
    """

    reads: ClassVar[Sequence[str]] = ()
    """The names of the `ScorerSettings` that it reads, which a configuration may set for it
    alone."""

    @classmethod
    def further_keys(cls) -> dict[str, Any]:
        """Return the annotations of the settings that a configuration may give the scorer."""
        hints = get_type_hints(ScorerSettings)
        return {name: hints[name] for name in cls.reads}

    @classmethod
    def from_params(
        cls: type[_Scorer],
        params: Params,
        constructor_to_call: Any = None,
        constructor_to_inspect: Any = None,
        settings: ScorerSettings | None = None,
        **extras: Any,
    ) -> _Scorer:
        """
        Build the scorer of a configuration.

        # Parameters

        params : `Params`
            The part `mentions` or `links` of the head's configuration.
        settings : `ScorerSettings`, optional
            The head's settings, which those in `params` replace.
        """
        if isinstance(params, Params):
            own = {name: params.pop(name) for name in cls.reads if name in params}
            settings = (settings or ScorerSettings()).changed(own)
        built: _Scorer = super().from_params(
            params, constructor_to_call, constructor_to_inspect, settings=settings, **extras
        )
        return built
