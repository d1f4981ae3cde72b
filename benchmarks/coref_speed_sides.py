"""What `coref_speed.py` measures: each side as a function that predicts or trains."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

from training_step_models import long_record

KEPT, ANTECEDENTS, WIDTH, MAX_LENGTH = 0.4, 50, 30, 512
"""On all sides: spans kept for a unit, antecedents, units of a span, pieces of a segment."""
OUR_HEADS: dict[str, dict[str, Any]] = {
    "ours, published": {},
    "ours, light": {
        "mentions": {"type": "spanbert_biaffine_mentions"},
        "links": {"type": "spanbert_bilinear_links"},
    },
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
THEIR_SCORERS = {"num_layers": 2, "hidden_dims": 1500, "activations": "relu", "dropout": 0.3}
"""As in the published coref-spanbert-large."""
FASTCOREF_HEAD = {
    "max_span_length": WIDTH,
    "top_lambda": KEPT,
    "ffnn_size": 1024,
    "dropout_prob": 0.3,
    "max_segment_len": MAX_LENGTH,
}
ENCODER, THEIRS, FASTCOREF = "encoder alone", "allennlp-models", "fastcoref"
SIDES = (THEIRS, FASTCOREF, *OUR_HEADS, ENCODER)


def record_of(words: int) -> dict:
    """A document of the sample corpus's texts."""
    from spanbert_allen.common.coref_jsonl import read_coref_jsonl
    from spanbert_allen.sample_corpus.layouts import write_sample

    with tempfile.TemporaryDirectory() as place:
        write_sample(Path(place))
        documents = list(read_coref_jsonl(Path(place) / "coref_train.jsonl"))
    return long_record(cycle(documents), words)


def mixed(precision: str) -> contextlib.AbstractContextManager[Any]:
    """How a library without a setting for it is run in bf16."""
    import torch

    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast("cpu", dtype=torch.bfloat16)


def prediction(side: str, folder: str, record: dict, precision: str) -> Callable[[], Any]:
    """What resolves the document: from words in sentences to clusters."""
    if side == FASTCOREF:
        return fastcoref_prediction(folder, record, precision)
    if side == THEIRS:
        return their_prediction(folder, record, precision)
    from spanbert_allen.predictors.coref import CorefPredictor

    model = our_model(OUR_HEADS.get(side, {}), folder, precision)
    predictor = CorefPredictor(model, our_reader(folder))
    if side == ENCODER:
        return encoder_alone(model, our_instance(folder, record), precision)
    return lambda: predictor.predict(sentences=record["sentences"])


def training(side: str, folder: str, record: dict, precision: str) -> Callable[[], Any]:
    """One update on the document: forward, backward, torch's fused AdamW on all sides."""
    import torch

    if side == FASTCOREF:
        model, loss = fastcoref_loss(folder, record)
    elif side == THEIRS:
        model, loss = instance_loss(their_model(folder), their_instance(folder, record))
    else:
        model = our_model(OUR_HEADS[side], folder, "fp32")
        model, loss = instance_loss(model, our_instance(folder, record))
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)

    def update() -> None:
        with mixed(precision):
            value = loss()
        value.backward()
        optimizer.step()
        optimizer.zero_grad()

    return update


def instance_loss(model, instance) -> tuple[Any, Callable[[], Any]]:
    from allennlp.data import Batch, Vocabulary

    batch = Batch([instance])
    batch.index_instances(Vocabulary())
    tensors = batch.as_tensor_dict()
    return model, lambda: model(**tensors)["loss"]


def our_reader(folder: str):
    from allennlp.common import Params
    from allennlp.data import DatasetReader

    indexer = {"type": "spanbert", "model_name": folder, "max_length": MAX_LENGTH}
    return DatasetReader.from_params(Params({"type": "spanbert_coref_jsonl", "indexer": indexer}))


def our_instance(folder: str, record: dict):
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "document.jsonl"
        path.write_text(json.dumps(record) + "\n")
        (instance,) = our_reader(folder).read(path)
    return instance


def our_model(head: dict, folder: str, precision: str):
    from allennlp.common import Params
    from allennlp.data import Vocabulary
    from allennlp.models import Model

    settings = {
        "type": "spanbert_coref",
        "embedder": {"type": "spanbert", "model_name": folder},
        "head": {"kept_per_unit": KEPT, "max_antecedents": ANTECEDENTS, **head},
        "precision": precision,
    }
    return Model.from_params(Params(settings), vocab=Vocabulary()).eval()


def encoder_alone(model, instance, precision: str) -> Callable[[], Any]:
    """Our encoder over the document's pieces, and nothing else."""
    import torch

    fields = instance["token_ids"].tensor, instance["segment_ids"].tensor
    token_ids, segment_ids = (torch.as_tensor(field).unsqueeze(0) for field in fields)

    def encode() -> None:
        with torch.inference_mode(), mixed(precision):
            model.embedder.encode(token_ids, segment_ids)

    return encode


def their_instance(folder: str, record: dict):
    from allennlp.data.token_indexers import PretrainedTransformerMismatchedIndexer
    from allennlp_models.coref.util import make_coref_instance

    indexer = PretrainedTransformerMismatchedIndexer(folder, max_length=MAX_LENGTH)
    clusters = [[tuple(span) for span in cluster] for cluster in record["clusters"]]
    return make_coref_instance(record["sentences"], {"tokens": indexer}, WIDTH, clusters)


def their_model(folder: str):
    import allennlp_models.coref  # noqa: F401  it registers its model
    from allennlp.common import Params
    from allennlp.data import Vocabulary
    from allennlp.models import Model

    dim = json.loads((Path(folder) / "config.json").read_text())["hidden_size"]
    span_dim = 3 * dim + 20
    embedder = {
        "type": "pretrained_transformer_mismatched",
        "model_name": folder,
        "max_length": MAX_LENGTH,
    }
    settings = {
        "type": "coref",
        "text_field_embedder": {"token_embedders": {"tokens": embedder}},
        "context_layer": {"type": "pass_through", "input_dim": dim},
        "mention_feedforward": {"input_dim": span_dim, **THEIR_SCORERS},
        "antecedent_feedforward": {"input_dim": 3 * span_dim + 20, **THEIR_SCORERS},
        "feature_size": 20,
        "max_span_width": WIDTH,
        "spans_per_word": KEPT,
        "max_antecedents": ANTECEDENTS,
        "coarse_to_fine": True,
        "inference_order": 1,
        "lexical_dropout": 0.0,
    }
    return Model.from_params(Params(settings), vocab=Vocabulary()).eval()


def their_prediction(folder: str, record: dict, precision: str) -> Callable[[], Any]:
    model = their_model(folder)

    def predict() -> Any:
        with mixed(precision):
            return model.forward_on_instance(their_instance(folder, {**record, "clusters": []}))

    their_instance(folder, record)  # its tokenizer is read once
    return predict


def fastcoref_folder(folder: str, place: str) -> str:
    """The encoder's shape and vocabulary, and a new head, in the layout that it loads."""
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
