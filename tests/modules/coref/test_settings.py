"""The settings of the head: flat keys in a configuration, own values of a scorer, unknown keys."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from transformers import BertConfig, BertModel

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.antecedents.scorer import AntecedentScorer
from spanbert_allen.modules.coref.head import CorefHead
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.scorer import MentionScorer
from spanbert_allen.modules.coref.settings import ScorerSettings

DIM = 6
LIGHT = {
    "mentions": {"type": "spanbert_biaffine_mentions"},
    "links": {"type": "spanbert_bilinear_links"},
}

ATTENDED = {"type": "spanbert_attended_antecedent"}
ALLENNLP = {
    "hidden_dim": 1500,
    "num_layers": 2,
    "width_prior": False,
    "distance_prior": False,
    "features": ["distance"],
    "refinement": {**ATTENDED, "scalar_gate": True},
}


def head(**keys) -> CorefHead:
    return CorefHead.from_params(Params({"hidden_dim": 4, **keys}), dim=DIM, num_genres=3)


def test_the_keys_of_both_groups_stand_in_the_head():
    made = head(max_kept=None, kept_per_unit=0.5, max_span_width=3, features=["genre"], dropout=0.5)
    assert (made.selection.max_kept, made.selection.kept_per_unit) == (None, 0.5)
    assert made.max_span_width == made.span_representation.max_span_width == 3
    features = made.link_scorer.antecedent_scorer.features
    assert features.embeddings["genre"].num_embeddings == 3
    assert made.span_representation.dropout.p == features.dropout.p == 0.5


def test_a_scorer_may_have_its_own_value_of_what_it_reads():
    keys = {name: {**part, "hidden_dim": 2} for name, part in LIGHT.items()}
    keys["links"].pop("hidden_dim")
    made = head(**keys)
    assert made.mention_scorer.bilinear.out_features == 2
    assert made.link_scorer.span_dim == 2 * 4
    with pytest.raises(ConfigurationError, match="num_layers"):
        head(links={**LIGHT["links"], "num_layers": 2})


@pytest.mark.parametrize("base", [MentionScorer, AntecedentScorer])
def test_scorers_say_which_settings_they_read(base, monkeypatch):
    read: set[str] = set()
    names = {field.name for field in fields(ScorerSettings)}

    def watched(settings, name):
        if name in names:
            read.add(name)
        return object.__getattribute__(settings, name)

    for name in base.list_available():
        scorer = base.by_name(name)
        if not scorer.__module__.startswith("spanbert_allen."):
            continue
        settings = ScorerSettings(hidden_dim=4, num_genres=3)
        spans = SpanRepresentation(DIM, 4)
        read.clear()
        with monkeypatch.context() as patch:
            patch.setattr(ScorerSettings, "__getattribute__", watched)
            base.from_params(Params({"type": name}), dim=DIM, spans=spans, settings=settings)
        # The widest span and the number of genres are the model's, not a scorer's own.
        assert read - {"max_span_width"} == set(scorer.reads) | (read & {"input_dropout"}), name


def test_unknown_keys_are_named_with_what_they_may_have_meant():
    with pytest.raises(ConfigError, match=r"no setting `max_keept`; did you mean `max_kept`\?"):
        head(max_keept=3)
    with pytest.raises(
        ConfigError, match=r"no setting `zzz`; it has allow_crossing, .*width_prior"
    ):
        head(zzz=3)


@pytest.mark.parametrize(
    ("encoder", "settings", "total"),
    [
        ((768, 12), {}, 141_922_205),
        ((768, 12), {"refinement": ATTENDED}, 152_726_481),
        ((1024, 24), {}, 380_567_709),
        ((1024, 24), {"refinement": ATTENDED}, 399_691_729),
        ((1024, 24), ALLENNLP, 366_241_832),
    ],
)
def test_published_models_have_the_published_number_of_weights(encoder, settings, total):
    """Specification of the originals: 5.2 and 5.3. The encoder is BERT, cased, with its pooler."""
    dim, layers = encoder
    config = BertConfig(
        vocab_size=28_996,
        hidden_size=dim,
        num_hidden_layers=layers,
        num_attention_heads=dim // 64,
        intermediate_size=4 * dim,
    )
    with torch.device("meta"):  # shapes alone
        parts = BertModel(config), CorefHead.from_params(Params(dict(settings)), dim=dim)
    assert sum(weights.numel() for part in parts for weights in part.parameters()) == total
