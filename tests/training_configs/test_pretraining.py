"""The configurations of pre-training: the published recipe, and the rows of the ablations."""

from __future__ import annotations

import re

import pytest

from tests.places import ROOT
from tests.training_configs.evaluating import evaluate

FOLDER = ROOT / "training_configs" / "pretraining"


def config(name: str, knobs: str = "") -> dict:
    return evaluate(FOLDER / f"{name}.jsonnet", knobs)


def test_the_published_recipe_and_what_the_paper_says_otherwise():
    """Specification of the original: section 7."""
    optimizer = config("spanbert_large")["trainer"]["optimizer"]
    assert optimizer["lr"] == 1e-4 and optimizer["weight_decay"] == 0.01
    assert optimizer["eps"] == 6e-6 and optimizer["clip"] is None
    assert optimizer["schedule"] == "warmup_over_linear"
    assert optimizer["warmup_proportion"] * 2_400_000 == pytest.approx(10_000)
    assert optimizer["parameter_groups"] == []  # everything decays
    assert optimizer["eps_before_correction"]
    other = "weight_decay:: 0.1, epsilon:: 1e-6, clip_norm:: 1.0"
    optimizer = config("spanbert_large", other)["trainer"]["optimizer"]
    assert optimizer["weight_decay"] == 0.1 and optimizer["eps"] == 1e-6
    assert (optimizer["clip"], optimizer["max_grad_norm"]) == ("group", 1.0)


@pytest.mark.parametrize(
    ("name", "masking", "pairs", "boundaries"),
    [
        ("subwords", "spanbert_subwords", True, 0),
        ("entities", "spanbert_tagged_spans", True, 0),
        ("one_sequence_boundaries", "spanbert_geometric_spans", False, 1),
    ],
)
def test_rows_of_the_ablations(name, masking, pairs, boundaries):
    """Specification of the original: section 9."""
    made = config(f"ablations/{name}")
    assert made["dataset_reader"]["masking"]["type"] == masking
    assert made["dataset_reader"]["next_sentence"] == made["model"]["next_sentence"] == pairs
    assert made["model"]["boundary_weight"] == boundaries and made["model"]["reproduce"]
    by_span = made["dataset_reader"].get("replace_by_span", True)
    assert by_span == (masking != "spanbert_subwords")
    # The bits are those of the training corpus, and frozen masks need none.
    assert ("tags" in made["dataset_reader"]) == (name == "entities")
    assert "tags" not in made["validation_dataset_reader"]


def test_more_masks_without_random_pieces():
    knobs = (
        "masking:: { type: 'spanbert_geometric_spans', rate: 0.4 }, "
        "reader:: { mask_share: 1.0, random_share: 0.0 }, external_boundaries:: false"
    )
    reader = config("continue_base", knobs)["dataset_reader"]
    assert reader["masking"]["rate"] == 0.4
    assert (reader["mask_share"], reader["random_share"]) == (1.0, 0.0)
    assert reader["external_boundaries"] is False


def test_hours_reach_the_trainer():
    assert config("continue_minilm", "max_hours:: 1.5")["trainer"]["max_hours"] == 1.5


def test_new_heads_have_a_rate_of_their_own():
    optimizer = config("continue_base")["trainer"]["optimizer"]

    def options(parameter: str) -> tuple[float, float]:
        own = [
            options
            for (pattern,), options in optimizer["parameter_groups"]
            if re.search(pattern, parameter)
        ]
        assert len(own) <= 1
        found = {**optimizer, **(own[0] if own else {})}
        return found["lr"], found["weight_decay"]

    assert options("embedder.encoder.encoder.layer.0.output.dense.weight") == (5e-5, 0.01)
    assert options("embedder.encoder.encoder.layer.0.output.dense.bias") == (5e-5, 0.0)
    assert options("sbo_head.dense1.weight") == (5e-4, 0.01)
    assert options("sbo_head.layer_norm1.weight") == (5e-4, 0.0)
    # Without the knob there is one rate.
    optimizer = config("continue_base", "head_learning_rate:: null")["trainer"]["optimizer"]
    assert options("embedder.encoder.encoder.layer.0.output.dense.weight") == (5e-5, 0.01)
    assert options("sbo_head.dense1.weight") == (5e-5, 0.01)
    assert options("sbo_head.dense1.bias") == (5e-5, 0.0)
