"""
Train a classifier by one of our configurations and by a plain transformers loop.

The configuration is one of GLUE or of relations. Both sides have the same data and pieces, number
of updates, learning rate, warm-up, decay, trained layers, precision and seed.

    export GLUE_DATA_PATH=...
    CONFIG=training_configs/glue/mrpc_minilm.jsonnet
    .venv/bin/spanbert-allen train $CONFIG -s out/mrpc
    .venv/bin/python benchmarks/classification_training.py $CONFIG --updates 306

The loop trains `BertForSequenceClassification` on the instances of our reader; its weights are put
into our model then, so that both sides are scored by the same code, at the end of each epoch. Two
things differ, as they do between the programs: batches (transformers' sampler groups by length and
takes so many texts a batch, ours takes as many as fit a number of pieces), and the schedule's first
update, whose rate is not 0 there. What is printed last has the keys of our `metrics.json`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from itertools import islice
from typing import Any

from plain_loop import batches, make_optimizer, padded, update

NAMES = {"token_ids": "input_ids", "type_ids": "token_type_ids"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("config", help="one of ours, with an encoder of the installation")
    parser.add_argument("--updates", type=int, required=True, help="as many as our run makes")
    parser.add_argument("-o", "--overrides", default="", help="as those of `allennlp train`")
    arguments = parser.parse_args()
    twin = train_twin(arguments.config, arguments.updates, arguments.overrides)
    print(json.dumps(twin, indent=2))


def train_twin(config: str, updates: int, overrides: str) -> dict[str, Any]:
    from transformers import get_linear_schedule_with_warmup, set_seed

    experiment = Experiment(config, overrides=overrides)
    set_seed(experiment.seed)
    twin = make_twin(experiment.model)
    optimizer = make_optimizer(twin, experiment.learning_rate)
    schedule = get_linear_schedule_with_warmup(optimizer, updates // 10, updates)
    texts = [plain(instance) for instance in experiment.training]
    an_epoch = math.ceil(updates / experiment.epochs)
    batch_size = math.ceil(len(texts) / an_epoch)
    seconds, done, scores = 0.0, 0, []
    while done < updates:
        began = time.monotonic()
        twin.train()
        for batch in islice(batches(texts, batch_size, collate), updates - done):
            update(twin, batch, optimizer, is_bf16=experiment.is_bf16, schedule=schedule)
            done += 1
        seconds += time.monotonic() - began
        scores.append(experiment.scores_of(twin))
        print(f"{done} updates, {seconds:.0f} s: {scores[-1]}", file=sys.stderr, flush=True)
    best = max(scores, key=lambda row: float(row[experiment.metric]))
    return {
        "batch_size": batch_size,
        "training_seconds": round(seconds),
        **{f"best_validation_{name}": value for name, value in best.items()},
        **{f"validation_{name}": value for name, value in scores[-1].items()},
    }


class Experiment:
    """What a configuration says, and our model and data as it makes them."""

    def __init__(self, path: str, *, overrides: str = "", max_instances: int | None = None):
        from allennlp.common import Params
        from allennlp.common.util import prepare_environment
        from allennlp.data import DatasetReader, Vocabulary
        from allennlp.models import Model

        import spanbert_allen.plugin  # noqa: F401

        params = Params.from_file(path, overrides)
        self.seed = int(params["pytorch_seed"])
        prepare_environment(params)
        trainer = params["trainer"]
        self.epochs = int(trainer["num_epochs"])
        self.learning_rate = float(trainer["optimizer"]["lr"])
        self.is_bf16 = trainer["precision"] == "bf16"
        self.metric = trainer["validation_metric"].removeprefix("+")
        self._sampler = params["data_loader"]["batch_sampler"].as_dict(quiet=True)
        if max_instances is not None:
            params["dataset_reader"]["max_instances"] = max_instances
        reader: Any = DatasetReader.from_params(params["dataset_reader"])
        self.tokenizer = reader.tokenizer
        self.training = list(reader.read(params["train_data_path"]))
        self.validation = list(reader.read(params["validation_data_path"]))
        self.vocabulary = Vocabulary.from_params(
            params.pop("vocabulary", Params({})), instances=iter(self.training)
        )
        for instance in (*self.training, *self.validation):
            instance.index_fields(self.vocabulary)
        self.model = Model.from_params(params["model"], vocab=self.vocabulary)

    def updates_of_an_epoch(self) -> int:
        """Count the updates that our batches make."""
        from allennlp.common import Params
        from allennlp.data.samplers import BatchSampler

        sampler = BatchSampler.from_params(Params(dict(self._sampler)))
        return int(sampler.get_num_batches(self.training))

    def scores_of(self, twin: Any) -> dict[str, float]:
        """Return the twin's scores on the validation data, measured by our model."""
        import torch
        from allennlp.data import Batch

        self.model.embedder.encoder.load_state_dict(twin.bert.state_dict())
        self.model.classifier.load_state_dict(twin.classifier.state_dict())
        self.model.eval()
        ordered = sorted(self.validation, key=lambda instance: len(instance["token_ids"]))
        with torch.no_grad():
            for first in range(0, len(ordered), 32):
                self.model(**Batch(ordered[first : first + 32]).as_tensor_dict())
        return dict(self.model.get_metrics(reset=True))


def make_twin(model: Any) -> Any:
    """Make the model of transformers: the same pretrained weights, the same layers trained."""
    from copy import deepcopy

    from transformers import BertForSequenceClassification

    encoder = model.embedder.encoder
    config = deepcopy(encoder.config)
    config.num_labels = model.classifier.out_features
    twin = BertForSequenceClassification._from_config(config, attn_implementation="sdpa")
    twin.bert.load_state_dict(encoder.state_dict())
    trained = {name for name, one in encoder.named_parameters() if one.requires_grad}
    for name, parameter in twin.bert.named_parameters():
        parameter.requires_grad = name in trained
    return twin


def plain(instance: Any) -> dict[str, Any]:
    """Return the tensors of one of our instances under transformers' names."""
    import torch

    names = {name: theirs for name, theirs in NAMES.items() if name in instance.fields}
    text = {}
    for name, theirs in names.items():
        field = instance[name]
        text[theirs] = field.as_tensor(field.get_padding_lengths()).long()
    text["labels"] = torch.as_tensor(instance["label"].as_tensor({}))
    return text


def collate(texts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    import torch

    batch = padded(texts, [name for name in texts[0] if name != "labels"])
    batch["labels"] = torch.stack([text["labels"] for text in texts])
    return batch


if __name__ == "__main__":
    main()
