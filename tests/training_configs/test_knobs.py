"""Knobs: misspelt ones are errors, those without effect are told of, wherever a file stands."""

from __future__ import annotations

import _jsonnet
import pytest

from spanbert_allen.common.console import sentence_for
from spanbert_allen.configuration.evaluation import evaluate_config
from spanbert_allen.shipped_configs import IMPORT_PREFIX
from tests.places import ROOT
from tests.training_configs.evaluating import DATA_PATHS

FOLDER = ROOT / "training_configs"


@pytest.fixture
def evaluated(tmp_path):
    """Evaluate a shipped configuration with other knobs, as a user's file far from the others."""

    def evaluate(name, knobs):
        path = tmp_path / "mine.jsonnet"
        path.write_text(f"(import '{IMPORT_PREFIX}/{name}.jsonnet') {{ {knobs} }}")
        return evaluate_config(path, {name: str(path) for name, path in DATA_PATHS.items()})

    return evaluate


@pytest.mark.parametrize(
    ("name", "knobs", "sentence"),
    [
        ("coref/own_data", "epoch:: 1", "coref: there is no knob `epoch`: did you mean `epochs`?"),
        (
            "qa/squad1_base",
            "precison:: 'bf16'",
            "qa: there is no knob `precison`: did you mean `precision`?",
        ),
        (
            "glue/rte_base",
            "lerning_rate:: 1",
            "glue: there is no knob `lerning_rate`: did you mean `learning_rate`?",
        ),
        (
            "relation/own_data",
            "zzz:: 1",
            "relation: there is no knob `zzz`: list it in `more_knobs` if it is a field of your "
            "own",
        ),
        (
            "glue/own_data",
            "optimisation:: 'moden'",
            "classification: `optimisation` is `moden`: did you mean `modern`?",
        ),
        (
            "coref/own_data",
            "scorers:: 'x'",
            "coref: `scorers` is `x`: it must be one of categories, light, light_links, "
            "light_to_fine, light_with_heads, published, start_to_end",
        ),
        (
            "coref/own_data",
            "trainer_knobs:: { acumulation:: 2 }",
            "trainer: the template `modern` has no knob `acumulation`: "
            "did you mean `accumulation`?",
        ),
        (
            "coref/own_data",
            "encoder:: 'minilm'",
            "coref: `encoder` must be an object such as `encoders.minilm` or "
            "`encoders.other(...)`, see lib/encoders.libsonnet",
        ),
        (
            "pretraining/small",
            "masking:: 'spanbert_no_masking'",
            "pretraining: `masking` chooses nothing, so `masked_weight` and `boundary_weight` must "
            "be 0",
        ),
        (
            "pretraining/small",
            "reader:: { masking: { type: 'spanbert_subwords' } }",
            "pretraining: `reader` sets `masking`, which is a knob of its own: set `masking` "
            "beside `reader`",
        ),
        (
            "multitask/minilm",
            "weights:: { relations: 1 }",
            "multitask: `weights` names `relations`: did you mean `relation`?",
        ),
    ],
)
def test_a_misspelt_knob_is_an_error_with_the_nearest_names(name, knobs, sentence, evaluated):
    with pytest.raises(RuntimeError) as raised:
        evaluated(name, knobs)
    assert sentence_for(raised.value) == sentence


def test_plain_jsonnet_tells_it_too():
    config = FOLDER / "coref" / "own_data.jsonnet"
    variables = {name: str(path) for name, path in DATA_PATHS.items()}
    with pytest.raises(RuntimeError, match="there is no knob `epoch`"):
        _jsonnet.evaluate_snippet("", f"(import '{config}') {{ epoch:: 1 }}", ext_vars=variables)


def test_a_field_of_ones_own_and_keys_of_allennlp_are_let_through(evaluated):
    knobs = "more_knobs:: ['half'], half:: self.epochs / 2, patience:: $.half"
    config = evaluated("coref/own_data", f"{knobs}, test_data_path: 'x', epochs:: 4").config
    assert config["trainer"]["patience"] == 2
    assert config["test_data_path"] == "x"


@pytest.mark.parametrize(
    ("name", "knobs", "idle"),
    [
        ("coref/own_data", "trainer_knobs:: { max_pieces:: 3 }", {"trainer_knobs.max_pieces"}),
        ("coref/own_data", "trained_layers:: 'none'", {"encoder_learning_rate"}),
        ("qa/squad1_minilm", "threshold:: 2", {"threshold"}),
        ("qa/squad2_minilm", "threshold:: 2", set()),
        ("glue/rte_base", "max_pieces:: 3", {"max_pieces"}),
        ("glue/rte_minilm", "drop_last:: true", {"drop_last"}),
        (
            "relation/own_data",
            "markers_of_validation_first:: true",
            {"markers_of_validation_first"},
        ),
        ("pretraining/small", "questions_weight:: 2", {"questions_weight"}),
        ("pretraining/small", "training_tags:: 'x'", {"training_tags"}),
        ("pretraining/small", "trainer_knobs:: { batch_size:: 3 }", {"trainer_knobs.batch_size"}),
        ("multitask/minilm", "trainer_knobs:: { max_pieces:: 3 }", {"trainer_knobs.max_pieces"}),
        (
            "multitask/minilm",
            "tasks+:: { qa+: { loading_processes:: 2 } }",
            {"tasks.qa.loading_processes"},
        ),
    ],
)
def test_a_knob_without_effect_says_why(name, knobs, idle, evaluated):
    assert set(evaluated(name, knobs).idle) == idle


def test_no_shipped_configuration_sets_a_knob_without_effect(evaluated):
    for name in ("coref/ontogum_minilm", "qa/squad2_minilm", "multitask/minilm"):
        assert not evaluated(name, "").idle


def test_what_is_set_against_its_default(evaluated):
    changed = evaluated("glue/cola_base", "epochs:: 3, seed:: 1").changed
    assert changed == {"epochs": (3, 4), "optimisation": ("reproduce", "modern"), "seed": (1, 42)}
