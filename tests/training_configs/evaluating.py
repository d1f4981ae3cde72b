"""The shipped configurations, evaluated with the fixtures as data."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

import _jsonnet

from tests.places import ROOT

CONFIGS = sorted((ROOT / "training_configs").glob("[!l]*/**/*.jsonnet"))
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
    "MRQA_DATA_PATH": QA / "mrqa",
    "MRQA_TRAIN_DATA_PATH": QA / "mrqa.jsonl",
    "MRQA_DEV_DATA_PATH": QA / "mrqa.jsonl",
    "TACRED_TRAIN_DATA_PATH": RELATION / "tacred.json",
    "TACRED_DEV_DATA_PATH": RELATION / "tacred.json",
    "SCIERC_TRAIN_DATA_PATH": RELATION / "tacred.json",
    "SCIERC_DEV_DATA_PATH": RELATION / "tacred.json",
    "SEMEVAL2010_TRAIN_DATA_PATH": RELATION / "semeval.txt",
    "SEMEVAL2010_DEV_DATA_PATH": RELATION / "semeval.txt",
    "RELATION_TRAIN_DATA_PATH": RELATION / "own.jsonl",
    "RELATION_DEV_DATA_PATH": RELATION / "own.jsonl",
    "GLUE_DATA_PATH": GLUE,
    "TEXTS_TRAIN_DATA_PATH": GLUE / "own.jsonl",
    "TEXTS_DEV_DATA_PATH": GLUE / "own.jsonl",
    "PRETRAINING_TRAIN_DATA_PATH": ROOT / "tests" / "fixtures" / "pretraining" / "corpus",
    "PRETRAINING_DEV_DATA_PATH": ROOT / "tests" / "fixtures" / "pretraining" / "corpus",
    "PRETRAINING_TAGS_PATH": ROOT / "tests" / "fixtures" / "pretraining" / "tags.bin",
    "PRETRAINING_ENCODER_PATH": ROOT / "spanbert_allen" / "encoders" / "tiny",
    "TEACHER_PATH": ROOT / "tests" / "fixtures" / "archives" / "coref.tar.gz",
    "TRAIN_DATA_PATH": COREF / "small.jsonl",
    "VALIDATION_DATA_PATH": COREF / "small.jsonl",
}


VARIABLES = {name: str(path) for name, path in DATA_PATHS.items()}


def evaluate(config: Path, overrides: str = "") -> dict:
    """The configuration as JSON, with knobs overridden before anything is derived from them."""
    snippet = f"(import {str(config)!r}) + {{ {overrides} }}"
    return json.loads(_jsonnet.evaluate_snippet(str(config), snippet, ext_vars=VARIABLES))


def evaluate_all(
    configs: Mapping[str, Path], overrides: Mapping[str, str] | None = None, folder: str = ""
) -> dict[str, dict]:
    """As `evaluate`, of many in one evaluation, as each one takes a while to begin."""
    fields = (
        f"{name!r}: (import {str(path)!r}) + {{ {(overrides or {}).get(name, '')} }}"
        for name, path in configs.items()
    )
    snippet = f"{{ {', '.join(fields)} }}"
    jpathdir = [folder] if folder else []
    made = _jsonnet.evaluate_snippet("all", snippet, ext_vars=VARIABLES, jpathdir=jpathdir)
    return json.loads(made)


@functools.cache
def _shipped() -> str:
    return json.dumps(evaluate_all({name_of(path): path for path in CONFIGS}))


def shipped() -> dict[str, dict]:
    """All shipped configurations by their names."""
    return json.loads(_shipped())


def name_of(config: Path) -> str:
    return config.relative_to(ROOT / "training_configs").with_suffix("").as_posix()
