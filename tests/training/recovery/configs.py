"""Small trainings, for runs that are killed."""

from __future__ import annotations

import json

TINY = {"type": "spanbert", "model_name": "tiny"}
SEEDS = {"random_seed": 7, "numpy_seed": 7, "pytorch_seed": 7}


def document(num_sentences):
    """Twelve sentences are more segments than are trained on at once: which ones is random."""
    text, mentions = "", []
    for number in range(num_sentences):
        mentions.append([len(text), len(text) + 3])
        text += f"{'She' if number else 'Zoe'} baked a cake for her brother, who ate it. "
    return json.dumps({"doc_key": str(num_sentences), "text": text, "clusters": [mentions]}) + "\n"


def coref(sample, **changes):
    """The original's training: carried gradients, frozen batches, evaluations in epochs."""
    config = {
        **SEEDS,
        "dataset_reader": {
            "type": "spanbert_coref_jsonl",
            "indexer": {"type": "spanbert", "model_name": "tiny", "max_length": 64},
        },
        "train_data_path": str(sample / "train.jsonl"),
        "validation_data_path": str(sample / "dev.jsonl"),
        "model": {
            "type": "spanbert_coref",
            "embedder": TINY,
            "head": {"hidden_dim": 10, "max_span_width": 5},
            "max_training_segments": 2,
            "mention_loss_weight": 1.0,
        },
        "data_loader": {"batch_sampler": {"type": "spanbert_frozen_batches", "batch_size": 1}},
        "validation_data_loader": {"batch_size": 1},
        "trainer": {
            "type": "spanbert",
            "num_epochs": 2,
            "num_gradient_accumulation_steps": 2,
            "leftover": "carry",
            "evaluations_per_epoch": 2,
            "validation_metric": "-loss",
            "announce_memory": False,
            "checkpointer": {"save_every_num_batches": 2, "keep_most_recent_by_count": 1},
            "optimizer": {"type": "spanbert_bert_adam", "lr": 0.003},
        },
    }
    config["trainer"].update(changes.pop("trainer", {}))
    config.update(changes)
    return config


def pretraining(corpus):
    """Random spans whose rate rises from epoch to epoch, and frozen masks to evaluate on."""
    reader = {"type": "spanbert_pretraining", "indexer": TINY, "max_length": 48}
    spans = {"type": "spanbert_geometric_spans", "rate": 0.1, "final_rate": 0.3}
    loader = {"type": "spanbert_pretraining", "max_pieces": 480}
    return {
        **SEEDS,
        "dataset_reader": {**reader, "masking": spans},
        "validation_dataset_reader": {**reader, "max_length": 20},
        "train_data_path": str(corpus),
        "validation_data_path": str(corpus),
        "vocabulary": {"type": "empty"},
        "model": {"type": "spanbert_pretrainer", "embedder": TINY},
        "data_loader": {**loader, "epochs": 2},
        "validation_data_loader": {**loader, "max_pieces": 4800, "evaluation": True},
        "trainer": {
            "type": "spanbert",
            "num_epochs": 2,
            "validation_metric": "-mlm_loss",
            "announce_memory": False,
            "run_confidence_checks": False,
            "checkpointer": {"save_every_num_batches": 7, "keep_most_recent_by_count": 1},
            "optimizer": {"type": "spanbert_bert_adam", "lr": 0.003},
        },
    }
