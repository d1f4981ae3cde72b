"""Pre-trained models of random weights, without a training."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from allennlp.common import Params
from allennlp.common.meta import META_NAME, Meta
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.models.archival import archive_model

import spanbert_allen.plugin  # noqa: F401


def make_model(model_name: object = "tiny", folder: Path | None = None, **options) -> Model:
    embedder = {"type": "spanbert", "model_name": str(model_name)}
    params = Params({"type": "spanbert_pretrainer", "embedder": embedder, **options})
    return Model.from_params(
        params, vocab=Vocabulary(), serialization_dir=None if folder is None else str(folder)
    )


def archive_of(folder: Path, **options) -> Path:
    """Make an archive of a model whose heads are far from trivial."""
    folder.mkdir(parents=True)
    torch.manual_seed(3)
    model = make_model(folder=folder, initializer_range=0.2, **options)
    with torch.no_grad():
        for head in (model.mlm_head, model.sbo_head):
            for parameter in head.parameters() if head is not None else ():
                parameter.add_(torch.randn_like(parameter) * 0.1)
    indexer = {"type": "spanbert", "model_name": "tiny"}
    config = {
        "dataset_reader": {"type": "spanbert_pretraining", "indexer": indexer, "max_length": 48},
        "model": {
            "type": "spanbert_pretrainer",
            "embedder": {"type": "spanbert", "model_name": "tiny"},
            **options,
        },
    }
    Params(json.loads(json.dumps(config))).to_file(str(folder / "config.json"))
    Vocabulary().save_to_files(str(folder / "vocabulary"))
    Meta.new().to_file(folder / META_NAME)
    torch.save(model.state_dict(), folder / "best.th")
    archive_model(str(folder), archive_path=str(folder / "model.tar.gz"))
    return folder / "model.tar.gz"
