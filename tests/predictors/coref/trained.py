"""A tiny model that has learned some short texts by heart."""

from pathlib import Path

from tests import places
from tests.predictors.command import trained_archive

DATA = places.FIXTURES / "coref"
INDEXER = {"type": "spanbert", "model_name": "tiny", "max_length": 64}
CONFIG = {
    "dataset_reader": {"type": "spanbert_coref_jsonl", "indexer": INDEXER},
    "train_data_path": "set below",
    "model": {
        "type": "spanbert_coref",
        "embedder": {"type": "spanbert", "model_name": "tiny"},
        "head": {"max_span_width": 5, "hidden_dim": 10, "max_antecedents": 10, "dropout": 0},
        "mention_loss_weight": 1.0,
    },
    "data_loader": {"batch_size": 2},
    "trainer": {"num_epochs": 40, "optimizer": {"type": "adam", "lr": 0.01}, "cuda_device": -1},
}


def train(folder: Path) -> Path:
    """The serialization folder of a training within `folder`."""
    lines = (DATA / "small.jsonl").read_text(encoding="utf-8").splitlines()
    annotated = "\n".join(line for line in lines if '"clusters"' in line)
    (folder / "train.jsonl").write_text(annotated, encoding="utf-8")
    config = CONFIG | {"train_data_path": str(folder / "train.jsonl")}
    return trained_archive(config, folder / "model").parent
