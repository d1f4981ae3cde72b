"""A training, and `allennlp predict`, in the process of the tests."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from allennlp.commands import main
from allennlp.commands.train import train_model
from allennlp.common import Params

import spanbert_allen


def trained_archive(config: Mapping[str, Any], folder: Path) -> Path:
    """The archive of a training in `folder`; the configuration stays as it is."""
    spanbert_allen.register()
    train_model(Params(json.loads(json.dumps(config))), str(folder))
    return folder / "model.tar.gz"


def run_predict(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["allennlp", "predict", *map(str, arguments)])
    # Ours is registered; allennlp_models, which is a plugin too, takes long to import.
    monkeypatch.setattr("allennlp.commands.import_plugins", lambda: None)
    main(prog="allennlp")
