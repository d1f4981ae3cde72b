"""Coreference documents and allennlp-models' `coref` for them, as two benchmarks have them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

KEPT, ANTECEDENTS, WIDTH = 0.4, 50, 30
"""On all sides: spans kept for a unit, antecedents, units of a span."""


def sample_documents() -> Iterator[Any]:
    """Yield the documents of the sample corpus, again and again."""
    from spanbert_allen.formats.coref.jsonl import read_coref_jsonl
    from spanbert_allen.sample_corpus.layouts import write_sample

    with tempfile.TemporaryDirectory() as place:
        write_sample(Path(place))
        documents = list(read_coref_jsonl(Path(place) / "coref_train.jsonl"))
    return cycle(documents)


def long_record(documents, num_words: int) -> dict:
    """Whole documents one after the other, and the beginning of another."""
    sentences: list[list[str]] = []
    clusters: list[list[list[int]]] = []
    done = 0
    while done < num_words:
        document = next(documents)
        words = document.words[: num_words - done]
        first = len(sentences)
        for word, sentence_id in zip(words, document.sentence_ids, strict=False):
            if first + sentence_id == len(sentences):
                sentences.append([])
            sentences[-1].append(word)
        for cluster in document.clusters:
            inside = [[s + done, e + done] for s, e in cluster if e < len(words)]
            clusters += [inside] * (len(inside) > 1)
        done += len(words)
    return {"sentences": sentences, "clusters": clusters}


def our_reader(folder: str, max_length: int):
    from allennlp.common import Params
    from allennlp.data import DatasetReader

    indexer = {"type": "spanbert", "model_name": folder, "max_length": max_length}
    return DatasetReader.from_params(Params({"type": "spanbert_coref_jsonl", "indexer": indexer}))


def our_instances(records: list[dict], folder: str, max_length: int) -> list:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "documents.jsonl"
        path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
        return list(our_reader(folder, max_length).read(path))


def their_instances(records: list[dict], folder: str, max_length: int) -> list:
    from allennlp.data.token_indexers import PretrainedTransformerMismatchedIndexer
    from allennlp_models.coref.util import make_coref_instance

    indexer = PretrainedTransformerMismatchedIndexer(folder, max_length=max_length)
    return [
        make_coref_instance(
            record["sentences"],
            {"tokens": indexer},
            WIDTH,
            [[tuple(span) for span in cluster] for cluster in record["clusters"]],
        )
        for record in records
    ]


def their_model(
    folder: str, *, max_length: int, num_layers: int, hidden_dim: int, **embedder_options: Any
):
    """With scorers of this size, and its published settings."""
    import allennlp_models.coref  # noqa: F401  it registers its model
    from allennlp.common import Params
    from allennlp.data import Vocabulary
    from allennlp.models import Model

    dim = json.loads((Path(folder) / "config.json").read_text())["hidden_size"]
    span_dim = 3 * dim + 20
    scorer = {
        "num_layers": num_layers,
        "hidden_dims": hidden_dim,
        "activations": "relu",
        "dropout": 0.3,
    }
    embedder = {
        "type": "pretrained_transformer_mismatched",
        "model_name": folder,
        "max_length": max_length,
        **embedder_options,
    }
    settings = {
        "type": "coref",
        "text_field_embedder": {"token_embedders": {"tokens": embedder}},
        "context_layer": {"type": "pass_through", "input_dim": dim},
        "mention_feedforward": {"input_dim": span_dim, **scorer},
        "antecedent_feedforward": {"input_dim": 3 * span_dim + 20, **scorer},
        "feature_size": 20,
        "max_span_width": WIDTH,
        "spans_per_word": KEPT,
        "max_antecedents": ANTECEDENTS,
        "coarse_to_fine": True,
        "inference_order": 1,
        "lexical_dropout": 0.0,
    }
    return Model.from_params(Params(settings), vocab=Vocabulary())
