"""The shipped configurations, evaluated with the fixtures as data."""

from __future__ import annotations

import json
from pathlib import Path

import _jsonnet

from tests.places import ROOT

CONFIGS = sorted((ROOT / "training_configs").glob("[!l]*/*.jsonnet"))
COREF = ROOT / "tests" / "fixtures" / "coref"
GLUE = ROOT / "tests" / "fixtures" / "glue"
QA = ROOT / "tests" / "fixtures" / "qa"
RELATION = ROOT / "tests" / "fixtures" / "relation"
DATA_PATHS = {
    "COREF_TRAIN_DATA_PATH": COREF / "small.conll",
    "COREF_DEV_DATA_PATH": COREF / "small.conll",
    "LITBANK_TRAIN_DATA_PATH": COREF / "litbank_raw.conll",
    "LITBANK_DEV_DATA_PATH": COREF / "litbank_raw.conll",
    "ONTOGUM_TRAIN_DATA_PATH": COREF / "small.conll",
    "ONTOGUM_DEV_DATA_PATH": COREF / "small.conll",
    "PRECO_TRAIN_DATA_PATH": COREF / "preco.jsonl",
    "PRECO_DEV_DATA_PATH": COREF / "preco.jsonl",
    "SQUAD_TRAIN_DATA_PATH": QA / "squad.json",
    "SQUAD_DEV_DATA_PATH": QA / "squad.json",
    "MRQA_TRAIN_DATA_PATH": QA / "mrqa.jsonl",
    "MRQA_DEV_DATA_PATH": QA / "mrqa.jsonl",
    "TACRED_TRAIN_DATA_PATH": RELATION / "tacred.json",
    "TACRED_DEV_DATA_PATH": RELATION / "tacred.json",
    "SEMEVAL2010_TRAIN_DATA_PATH": RELATION / "semeval.txt",
    "SEMEVAL2010_DEV_DATA_PATH": RELATION / "semeval.txt",
    "RELATION_TRAIN_DATA_PATH": RELATION / "own.jsonl",
    "RELATION_DEV_DATA_PATH": RELATION / "own.jsonl",
    "GLUE_DATA_PATH": GLUE,
    "TEXTS_TRAIN_DATA_PATH": GLUE / "own.jsonl",
    "TEXTS_DEV_DATA_PATH": GLUE / "own.jsonl",
    "PRETRAINING_TRAIN_DATA_PATH": ROOT / "tests" / "fixtures" / "pretraining" / "corpus",
    "PRETRAINING_DEV_DATA_PATH": ROOT / "tests" / "fixtures" / "pretraining" / "corpus",
    "PRETRAINING_ENCODER_PATH": ROOT / "spanbert_allen" / "encoders" / "tiny",
    "TRAIN_DATA_PATH": COREF / "small.jsonl",
    "VALIDATION_DATA_PATH": COREF / "small.jsonl",
}


def evaluate(config: Path, overrides: str = "") -> dict:
    """The configuration as JSON, with knobs overridden before anything is derived from them."""
    return json.loads(
        _jsonnet.evaluate_snippet(
            str(config),
            f"(import {str(config)!r}) + {{ {overrides} }}",
            ext_vars={name: str(path) for name, path in DATA_PATHS.items()},
        )
    )
