"""What `coref_speed.py` measures: each side as a function that predicts or trains."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _jsonnet import evaluate_snippet
from coref_documents import (
    ANTECEDENTS,
    KEPT,
    WIDTH,
    long_record,
    our_instances,
    our_reader,
    sample_documents,
    their_instances,
    their_model,
)

MAX_LENGTH = 512
"""On all sides: pieces of a segment."""
LIBRARY = Path(__file__).resolve().parent.parent / "training_configs" / "lib" / "coref.libsonnet"
KINDS: dict[str, dict[str, Any]] = json.loads(
    evaluate_snippet("sides", f"(import '{LIBRARY}').scorer_kinds")
)
"""The `scorers` of the configurations."""
# A trained model finds about one start in eight units likely; one with random weights half.
KINDS["start_to_end"]["mentions"] |= {"threshold": None, "starts_per_unit": 0.2}
OUR_HEADS: dict[str, dict[str, Any]] = {
    **{f"ours, {name.replace('_', ' ')}": head for name, head in KINDS.items()},
    "ours, AllenNLP's formula": {
        "hidden_dim": 1500,
        "num_layers": 2,
        "max_kept": None,
        "allow_crossing": True,
        "width_prior": False,
        "distance_prior": False,
        "features": ["distance"],
    },
}
THEIR_SCORERS = {"num_layers": 2, "hidden_dim": 1500}
"""As in the published coref-spanbert-large."""
FASTCOREF_HEAD = {
    "max_span_length": WIDTH,
    "top_lambda": KEPT,
    "ffnn_size": 1024,
    "dropout_prob": 0.3,
    "max_segment_len": MAX_LENGTH,
}
ENCODER, THEIRS, FASTCOREF = "encoder alone", "allennlp-models", "fastcoref"
WITHOUT = ", no attention dropout"
"""In training, sides of ours whose encoder drops nothing of attention."""
SIDES = (THEIRS, FASTCOREF, *OUR_HEADS, *(f"{head}{WITHOUT}" for head in OUR_HEADS), ENCODER)


def record_of(words: int) -> dict:
    """Make a document of the sample corpus's texts."""
    return long_record(sample_documents(), words)


def mixed(precision: str) -> contextlib.AbstractContextManager[Any]:
    """Return the context in which a library without a setting for it runs in bf16."""
    import torch

    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast("cpu", dtype=torch.bfloat16)


def prediction(side: str, folder: str, record: dict, precision: str) -> Callable[[], Any]:
    """Return what resolves the document: from words in sentences to clusters."""
    if side == FASTCOREF:
        return fastcoref_prediction(folder, record, precision)
    if side == THEIRS:
        return their_prediction(folder, record, precision)
    from spanbert_allen.predictors.coref.predictor import CorefPredictor

    model = our_model(OUR_HEADS.get(side, {}), folder, precision)
    predictor = CorefPredictor(model, our_reader(folder, MAX_LENGTH))
    if side == ENCODER:
        (instance,) = our_instances([record], folder, MAX_LENGTH)
        return encoder_alone(model, instance, precision)
    return lambda: predictor.predict(sentences=record["sentences"])


def training(side: str, folder: str, record: dict, precision: str) -> Callable[[], Any]:
    """Make one update on the document, with torch's fused AdamW on all sides."""
    import torch

    if side == FASTCOREF:
        model, loss = fastcoref_loss(folder, record)
    elif side == THEIRS:
        model = their_model(folder, max_length=MAX_LENGTH, **THEIR_SCORERS)
        loss = loss_of(model, their_instances([record], folder, MAX_LENGTH))
    else:
        dropout = {"attention_dropout": 0.0} if side.endswith(WITHOUT) else {}
        model = our_model(OUR_HEADS[side.removesuffix(WITHOUT)], folder, "fp32", **dropout)
        loss = loss_of(model, our_instances([record], folder, MAX_LENGTH))
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)

    def update() -> None:
        with mixed(precision):
            value = loss()
        value.backward()
        optimizer.step()
        optimizer.zero_grad()

    return update


def loss_of(model, instances: list) -> Callable[[], Any]:
    from allennlp.data import Batch, Vocabulary

    batch = Batch(instances)
    batch.index_instances(Vocabulary())
    tensors = batch.as_tensor_dict()
    return lambda: model(**tensors)["loss"]


def our_model(head: dict, folder: str, precision: str, **embedder: Any):
    from allennlp.common import Params
    from allennlp.data import Vocabulary
    from allennlp.models import Model

    learns_alone = head.get("mentions", {}).get("type") == "spanbert_start_to_end_mentions"
    settings = {
        "type": "spanbert_coref",
        "mention_loss_weight": 1.0 if learns_alone else 0.0,
        "embedder": {"type": "spanbert", "model_name": folder, **embedder},
        "head": {"kept_per_unit": KEPT, "max_antecedents": ANTECEDENTS, **head},
        "precision": precision,
    }
    return Model.from_params(Params(settings), vocab=Vocabulary()).eval()


def encoder_alone(model, instance, precision: str) -> Callable[[], Any]:
    """Run our encoder over the document's pieces, and nothing else."""
    import torch

    fields = instance["token_ids"].tensor, instance["segment_ids"].tensor
    token_ids, segment_ids = (torch.as_tensor(field).unsqueeze(0) for field in fields)

    def encode() -> None:
        with torch.inference_mode(), mixed(precision):
            model.embedder.encode(token_ids, segment_ids)

    return encode


def their_prediction(folder: str, record: dict, precision: str) -> Callable[[], Any]:
    model = their_model(folder, max_length=MAX_LENGTH, **THEIR_SCORERS).eval()

    def predict() -> Any:
        (instance,) = their_instances([{**record, "clusters": []}], folder, MAX_LENGTH)
        with mixed(precision):
            return model.forward_on_instance(instance)

    their_instances([record], folder, MAX_LENGTH)  # its tokenizer is read once
    return predict


def fastcoref_folder(folder: str, place: str) -> str:
    """Write the encoder's shape and vocabulary, and a new head, in the layout that it loads."""
    from fastcoref.coref_models.modeling_fcoref import FCorefModel
    from transformers import AutoTokenizer, BertConfig

    config = BertConfig.from_pretrained(folder)
    config.coref_head = FASTCOREF_HEAD
    FCorefModel(config).save_pretrained(place)
    AutoTokenizer.from_pretrained(folder).save_pretrained(place)
    return place


def fastcoref_model(folder: str):
    from fastcoref import FCoref

    with tempfile.TemporaryDirectory() as place:
        path = fastcoref_folder(folder, place)
        return FCoref(path, device="cpu", nlp=None, enable_progress_bar=False)


def fastcoref_prediction(folder: str, record: dict, precision: str) -> Callable[[], Any]:
    library = fastcoref_model(folder)
    words = [word for sentence in record["sentences"] for word in sentence]

    def predict() -> Any:
        with mixed(precision):
            return library.predict([words], is_split_into_words=True)

    return predict


def fastcoref_loss(folder: str, record: dict) -> tuple[Any, Callable[[], Any]]:
    import torch

    library = fastcoref_model(folder)
    words = [word for sentence in record["sentences"] for word in sentence]
    dataset = library._create_dataset([words], is_split_into_words=True)
    (batch,) = library._prepare_batches(dataset, 10**9)
    (word_ids,) = batch["subtoken_map"]
    first, last = {}, {}
    for piece, word in enumerate(word_ids):
        first.setdefault(word, piece)
        last[word] = piece
    size = max(map(len, record["clusters"]))
    clusters = [
        [(first[start], last[end]) for start, end in cluster] + [(-1, -1)] * (size - len(cluster))
        for cluster in record["clusters"]
    ]
    gold = torch.tensor([clusters])
    return library.model, lambda: library.model(batch, gold_clusters=gold)[0]
