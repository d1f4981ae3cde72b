"""The coreference model as AllenNLP trains, saves, loads and uses it, on the tiny encoder."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Vocabulary
from allennlp.models import Model, load_archive

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from tests import places

FIXTURES = places.FIXTURES / "coref"
READER = {
    "type": "spanbert_coref_conll",
    "indexer": {"type": "spanbert", "model_name": "tiny", "max_length": 24},
}
HEAD = {"hidden_dim": 12, "max_span_width": 6, "max_antecedents": 5, "feature_size": 4}
LIGHT = {
    **HEAD,
    "mentions": {"type": "spanbert_biaffine_mentions"},
    "links": {"type": "spanbert_bilinear_links"},
}
VARIANTS = {
    "as published": {"special_pieces": True, "whole_words": False},
    "refined": {"head": {**HEAD, "refinement": {"type": "spanbert_attended_antecedent"}}},
    "singletons": {"mention_loss_weight": 1.0, "singleton_threshold": 0.0},
    "mention loss on kept spans": {"mention_loss_weight": 1.0, "mention_loss_on": "kept"},
    "windows": {"max_training_segments": 2},
    "words": {"units": "words", "max_training_segments": 2, "unit_dropout": 0.2},
    "nearest spans, hinge": {
        "head": {**HEAD, "links": {"type": "spanbert_nearest_links"}},
        "link_loss": {"type": "spanbert_hinge"},
    },
    "cluster merging": {
        "head": {
            **HEAD,
            "refinement": {"type": "spanbert_cluster_merging", "hidden_dim": 9, "train_both": True},
        },
    },
    "light": {"head": LIGHT, "mention_loss_weight": 1.0},
    "light, refined": {
        "head": {**LIGHT, "refinement": {"type": "spanbert_attended_antecedent"}},
    },
    "light with head words and fine scores": {
        "head": {**LIGHT, "links": {**LIGHT["links"], "head_word": True, "fine_dim": 4}},
        "mention_loss_weight": 1.0,
    },
    "starts, then ends": {
        "head": {**LIGHT, "mentions": {"type": "spanbert_start_to_end_mentions"}},
        "mention_loss_weight": 1.0,
    },
    "span clustering": {"head": {**HEAD, "refinement": {"type": "spanbert_span_clustering"}}},
}


def make_reader() -> DatasetReader:
    return DatasetReader.from_params(Params(deepcopy(READER)))


def make_model(**options) -> Model:
    torch.manual_seed(2)
    params = {
        "type": "spanbert_coref",
        "embedder": {"type": "spanbert", "model_name": "tiny"},
        "head": {**HEAD},
        **options,
    }
    return Model.from_params(Params(deepcopy(params)), vocab=Vocabulary())


def tensors(instances) -> dict:
    batch = Batch(instances)
    batch.index_instances(Vocabulary())
    return batch.as_tensor_dict()


@pytest.fixture(scope="module")
def instances():
    return list(make_reader().read(FIXTURES / "small.conll"))


# A softmax does not change with a bias that all of its scores share, so the gradients of these
# biases are zero but for rounding, which differs between processors.
SHARED_BY_A_SOFTMAX = (
    ".key.bias",
    "head.span_representation.token_scorer.bias",
    "head.refinement.span_scorer.bias",
)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_parameter_learns(variant, instances):
    model = make_model(**VARIANTS[variant])
    with torch.no_grad():  # as scores start near 0, few gradients would be clearly not zero
        for parameter in model.head.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    model(**tensors(instances))["loss"].backward()
    sizes = {
        name: 0.0 if parameter.grad is None else parameter.grad.abs().max().item()
        for name, parameter in model.named_parameters()
        if not name.endswith(SHARED_BY_A_SOFTMAX)
    }
    # Rounding stands a billion times below the largest gradient, the smallest real one 100 times
    # above that.
    assert not [name for name, size in sizes.items() if size < 1e-8 * max(sizes.values())]


@pytest.mark.parametrize("variant", ["mention loss", "light", "words, hinge, cluster merging"])
def test_trains_saves_loads_and_predicts_the_same(tmp_path, variant):
    merging = {"type": "spanbert_cluster_merging", "hidden_dim": 9, "easy_first": True}
    words = {
        "units": "words",
        "link_loss": {"type": "spanbert_hinge", "false_new_delta": 2.0},
        "head": {**HEAD, "refinement": merging},
    }
    options = {
        "mention loss": {"mention_loss_weight": 1.0},
        "light": VARIANTS["light"],
        "words, hinge, cluster merging": words,
    }[variant]
    config = {
        "dataset_reader": READER,
        "train_data_path": str(FIXTURES / "small.conll"),
        "validation_data_path": str(FIXTURES / "small.conll"),
        "model": {
            "type": "spanbert_coref",
            "embedder": {"type": "spanbert", "model_name": "tiny"},
            "head": HEAD,
            **options,
        },
        "data_loader": {"batch_size": 2, "shuffle": True},
        "trainer": {
            "num_epochs": 2,
            "optimizer": {"type": "huggingface_adamw", "lr": 0.003},
            "validation_metric": "+coref_f1",
            "cuda_device": -1,
        },
    }
    trained = train_model(Params(deepcopy(config)), str(tmp_path / "run")).eval()
    archive = load_archive(str(tmp_path / "run" / "model.tar.gz"))
    loaded = archive.model.eval()
    for (name, left), (_, right) in zip(
        trained.named_parameters(), loaded.named_parameters(), strict=True
    ):
        assert torch.equal(left, right), name
    documents = list(archive.validation_dataset_reader.read(FIXTURES / "small.conll"))
    for before, after in zip(
        trained.forward_on_instances(documents),
        loaded.forward_on_instances(documents),
        strict=True,
    ):
        assert before == after
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert {"best_validation_coref_f1", "best_validation_mention_recall"} <= set(metrics)


@pytest.mark.parametrize("head", [HEAD, LIGHT], ids=["published", "light"])
def test_learns_a_few_documents_by_heart(head, instances):
    """Not only gradients: the whole of loss, links and clusters pulls in one direction."""
    model = make_model(
        mention_loss_weight=1.0, singleton_threshold=0.0, head={**head, "max_span_width": 12}
    )
    model.head.apply(lambda module: setattr(module, "p", 0.0) if hasattr(module, "p") else None)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    batch = tensors(instances)
    scores = [0.0]
    while scores[-1] <= 0.9 and len(scores) <= 8:
        for _ in range(20):
            optimizer.zero_grad()
            model.train()(**batch)["loss"].backward()
            optimizer.step()
        with torch.no_grad():
            model.eval()(**batch)
        scores.append(model.get_metrics(reset=True)["coref_f1"])
    assert scores[-1] > 0.9, scores


@pytest.mark.parametrize("head", [HEAD, LIGHT], ids=["published", "light"])
def test_a_document_does_not_see_its_batch(head, instances):
    model = make_model(head=head).eval()
    with torch.no_grad():
        for parameter in model.head.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    together = model.forward_on_instances(instances)
    assert any(output["clusters"] for output in together)
    for instance, output in zip(instances, together, strict=True):
        alone = model.forward_on_instance(instance)
        assert alone["clusters"] == output["clusters"]
        for left, right in zip(alone["link_scores"], output["link_scores"], strict=True):
            assert left[1:] == pytest.approx(right[1:], abs=1e-4)


@pytest.mark.parametrize("words", [[], ["Ida"], ["Ida", "sang"], ["\u200b"]])
@pytest.mark.parametrize("variant", ["as published", "singletons", "light"])
def test_documents_of_almost_nothing(words, variant):
    sentences = [words] if words else []
    document = CorefDocument.from_sentences("short", sentences, clusters=[])
    instance = make_reader().text_to_instance(document)
    model = make_model(**VARIANTS[variant])
    assert model.eval().forward_on_instance(instance)["clusters"] == []
    loss = model.train()(**tensors([instance]))["loss"]
    loss.backward()  # training goes on
    assert all(parameter.grad is not None for parameter in model.head.parameters())


def test_training_without_annotation_names_the_document():
    document = CorefDocument.from_sentences("letter-7", [["She", "saw", "herself", "."]])
    instance = make_reader().text_to_instance(document)
    model = make_model()
    assert "loss" not in model.eval()(**tensors([instance]))
    with pytest.raises(DataError, match="there is nothing to score"):
        model.get_metrics(), model.get_metrics(reset=True)
    with pytest.raises(DataError, match="the document letter-7 has no clusters"):
        model.train()(**tensors([instance]))


def test_documents_with_and_without_annotation_share_a_batch(instances):
    document = CorefDocument.from_sentences("letter-7", [["She", "saw", "herself", "."]])
    without = make_reader().text_to_instance(document)
    model = make_model().eval()
    alone = model(**tensors([instances[0]]))
    expected = model.get_metrics(reset=True)
    together = model(**tensors([without, instances[0]]))
    assert together["loss"].item() == pytest.approx(alone["loss"].item(), rel=1e-5)
    assert together["clusters"][1] == alone["clusters"][0]
    assert model.get_metrics(reset=True) == pytest.approx(expected)
    with pytest.raises(DataError, match="the document letter-7 has no clusters"):
        model.train()(**tensors([instances[0], without]))


def test_mixed_precision(instances):
    model = make_model()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(**tensors(instances))["loss"]
    loss.backward()
    exact = make_model()
    assert loss.item() == pytest.approx(exact(**tensors(instances))["loss"].item(), rel=0.1)


@pytest.mark.parametrize("head", [HEAD, LIGHT], ids=["published", "light"])
def test_precision_is_what_encoder_and_head_compute_in_outside_of_training(head, instances):
    model = make_model(head=head, precision="bf16")
    seen = set()

    def note(module, _, output):
        seen.add((model.training, output.dtype))

    for part in (model.embedder, model.head):
        linear = next(m for m in part.modules() if isinstance(m, torch.nn.Linear))
        linear.register_forward_hook(note)
    model.eval()
    predicted = model.forward_on_instances(instances)
    assert seen == {(False, torch.bfloat16)}
    model.train()(**tensors(instances))
    assert seen == {(False, torch.bfloat16), (True, torch.float32)}
    exact = make_model(head=head).eval().forward_on_instances(instances)
    for ours, theirs in zip(predicted, exact, strict=True):
        assert ours["clusters"] == theirs["clusters"]


def test_an_unknown_precision_is_refused():
    with pytest.raises(ConfigError, match=r"model\.precision: 'bfloat16'.*'bf16'"):
        make_model(precision="bfloat16")


def test_training_measures_the_window_it_sees(instances):
    head = {**HEAD, "max_span_width": 12, "kept_per_unit": 100.0, "allow_crossing": True}
    model = make_model(max_training_segments=1, head=head).train()
    model(**tensors(instances))
    metrics = model.get_metrics()
    assert "coref_f1" not in metrics
    # With every candidate kept, all mentions of the window are found, and there are no others.
    assert metrics["mention_recall"] == 1.0


def test_genres_and_clusters_of_words(instances):
    model = make_model().eval()
    assert model.genre_ids["wb"] == 6
    for output in model.forward_on_instances(instances):
        assert all(isinstance(m, WordSpan) for cluster in output["clusters"] for m in cluster)


def test_wrong_parts_are_named():
    with pytest.raises(ConfigError, match=r"model\.mention_loss_on: 'some'"):
        make_model(mention_loss_on="some")
    with pytest.raises(ConfigError, match=r"model\.mention_loss_weight is 0"):
        make_model(head={"mentions": {"type": "spanbert_start_to_end_mentions"}})
    with pytest.raises(ConfigError, match=r"model\.head.features"):
        make_model(head={"features": ["speaker", "gender"]})
    with pytest.raises(ConfigError, match=r"model\.embedder: a Embedding"):
        make_model(embedder={"type": "embedding", "embedding_dim": 2, "num_embeddings": 3})


@pytest.mark.parametrize("units", ["pieces", "words"])
def test_units_are_dropped_out_in_training_only(units, instances):
    model = make_model(units=units, unit_dropout=0.9)
    shares = []
    model.head.register_forward_pre_hook(
        lambda _, inputs: shares.append((inputs[0].vectors == 0).double().mean().item())
    )
    for mode in (True, False):
        model.train(mode)
        with torch.no_grad():
            model(**tensors(instances[:1]))
    assert shares[0] == pytest.approx(0.9, abs=0.03) and shares[1] == 0


def test_units_are_pieces_or_words():
    with pytest.raises(ConfigError, match=r"model\.units: 'letters' is neither"):
        make_model(units="letters")
    with pytest.raises(ConfigError, match=r"special_pieces: \[CLS\] and \[SEP\] are no `units`"):
        make_model(units="words", special_pieces=True)
