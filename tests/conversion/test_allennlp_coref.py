"""Archives of AllenNLP's coreference model, against that model itself on the same weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Vocabulary
from allennlp.models import Model, load_archive
from allennlp.models.archival import archive_model
from allennlp.predictors import Predictor

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.conversion.coref.importing import import_coref
from tests.conversion.coref_texts import (
    SENTENCES,
    WITH_EMPTY_WORDS,
    Imported,
    best_antecedents,
    candidate_antecedents,
    document,
    kept_spans,
)
from tests.places import TINY_ENCODER

pytest.importorskip("allennlp_models.coref")

ENCODER = str(TINY_ENCODER)
DIM, FEATURES, WIDTH = 20, 4, 5
SPAN = 3 * DIM + FEATURES
VARIANTS = {
    "as published": {},
    "nearest antecedents, one scoring, one layer": {
        "coarse_to_fine": False,
        "inference_order": 1,
        "num_layers": 1,
    },
    "pieces, three scorings": {"pieces": True, "inference_order": 3},
    "far below zero": {"far": True},
}


def config(pieces=False, num_layers=2, far=False, **model) -> dict:
    kind = "pretrained_transformer" + ("" if pieces else "_mismatched")
    tokens = {"type": kind, "model_name": ENCODER, "max_length": 16}
    reader = {
        "type": "coref",
        "token_indexers": {"tokens": tokens},
        "max_span_width": WIDTH,
    }
    if pieces:
        reader["wordpiece_modeling_tokenizer"] = {"model_name": ENCODER}

    def network(input_dim: int, hidden_dim: int) -> dict:
        hidden = {"hidden_dims": hidden_dim, "activations": "relu", "dropout": 0.3}
        return {"input_dim": input_dim, "num_layers": num_layers, **hidden}

    return {
        "dataset_reader": {**reader, "max_sentences": 110},
        "validation_dataset_reader": reader,
        "model": {
            "type": "coref",
            "text_field_embedder": {"token_embedders": {"tokens": tokens}},
            "context_layer": {"type": "pass_through", "input_dim": DIM},
            "mention_feedforward": network(SPAN, 40),
            "antecedent_feedforward": network(3 * SPAN + FEATURES, 30),
            "feature_size": FEATURES,
            "max_span_width": WIDTH,
            "spans_per_word": 0.4,
            "max_antecedents": 6,
            "coarse_to_fine": True,
            "inference_order": 2,
            "initializer": {"regexes": [[".*_span_updating_gated_sum.*weight", "xavier_normal"]]},
            **model,
        },
        "data_loader": {"batch_size": 1},
        "trainer": {"num_epochs": 40},
    }


def text_of(variant: dict) -> list[list[str]]:
    """Their models of pieces stop at words that have none."""
    return SENTENCES if variant.get("pieces") else WITH_EMPTY_WORDS


def run_theirs(model: Model, reader: DatasetReader, vocab: Vocabulary, text: list) -> dict:
    batch = Batch([reader.text_to_instance(text)])
    batch.index_instances(vocab)
    with torch.no_grad():
        output = model.make_output_human_readable(model(**batch.as_tensor_dict()))
    return {name: value[0] for name, value in output.items()}


def make_theirs(folder: Path, **variant) -> dict:
    """An archive of theirs in the folder `run`, and what the model says of the text."""
    settings = config(**variant)
    params = Params(json.loads(json.dumps(settings)))
    reader = DatasetReader.from_params(params["validation_dataset_reader"])
    instance = reader.text_to_instance(SENTENCES)
    vocab = Vocabulary.from_instances([instance])
    instance.index_fields(vocab)
    torch.manual_seed(3)
    model = Model.from_params(params["model"], vocab=vocab).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "transformer_model" not in name:
                parameter.copy_(torch.randn_like(parameter) * 0.35)
            elif parameter.dim() > 1:  # else all words have nearly the same vector
                parameter.mul_(8)
        if variant.get("far"):
            # So far that what is added to the sum of attention weights takes most of it.
            model._attentive_span_extractor._global_attention._module.bias.fill_(-29.0)
    run = folder / "run"
    run.mkdir()
    Params(settings).to_file(str(run / "config.json"))
    vocab.save_to_files(str(run / "vocabulary"))
    torch.save(model.state_dict(), run / "best.th")
    archive_model(str(run))
    return run_theirs(model, reader, vocab, text_of(variant))


@pytest.fixture(scope="module", params=VARIANTS)
def both(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("allennlp")
    variant = VARIANTS[request.param]
    theirs = make_theirs(folder, **variant)
    command = ["import", str(folder / "run" / "model.tar.gz"), str(folder / "ours.tar.gz")]
    assert main([*command, "--task", "coref", "--encoder", ENCODER]) == 0
    shutil.rmtree(folder / "run")
    return variant, theirs, Imported(folder / "ours.tar.gz")


def test_spans_antecedents_and_clusters_are_the_same(both):
    variant, theirs, ours = both
    units, links, clusters = ours.links(document(text_of(variant)))
    specials = 1 if variant.get("pieces") else 0
    spans = [(start + specials, end + specials) for start, end in kept_spans(links)]
    expected = [tuple(span) for span in theirs["top_spans"].tolist()]
    assert spans == expected and len(spans) == int(0.4 * (len(units.vectors) + 2 * specials))
    indices = theirs["antecedent_indices"].tolist()
    predicted = theirs["predicted_antecedents"].tolist()
    best = [-1 if best < 0 else row[best] for row, best in zip(indices, predicted, strict=True)]
    assert best_antecedents(links) == best
    assert len({*best}) > 5
    for span, found in enumerate(candidate_antecedents(links)):
        assert found == {other for other in indices[span] if other < span}
    if not specials:
        found = [sorted(map(tuple, cluster)) for cluster in clusters]
        assert found == sorted(sorted(cluster) for cluster in theirs["clusters"])


@pytest.mark.parametrize("both", ["far below zero"], indirect=True)
def test_what_is_added_to_sums_matters_far_below_zero(both):
    """The variant would test nothing if a plain softmax kept the same spans."""
    variant, theirs, ours = both
    ours.model.head.span_representation.zero_filled_attention = False
    _, links, _ = ours.links(document(text_of(variant)))
    ours.model.head.span_representation.zero_filled_attention = True
    assert kept_spans(links) != [tuple(span) for span in theirs["top_spans"].tolist()]


def test_the_archive_predicts_and_needs_nothing_else(both):
    _, _, ours = both
    predictor = Predictor.from_archive(ours.archive)
    result = predictor.predict(sentences=SENTENCES)
    assert result["clusters"]
    assert predictor.predict(sentences=[["One"]])["clusters"] == []
    assert predictor.predict(sentences=[])["clusters"] == []
    settings = ours.archive.config["dataset_reader"]["indexer"]
    assert settings["max_length"] == 16 and settings["cut_anywhere"]


def test_an_archive_of_2020(tmp_path):
    """With an `iterator`, one reader, and the positions that transformers 3 and 4 saved."""
    make_theirs(tmp_path)
    run = tmp_path / "run"
    settings = json.loads((run / "config.json").read_text())
    del settings["validation_dataset_reader"], settings["data_loader"]
    settings["iterator"] = {"type": "bucket", "batch_size": 1}
    tokens = settings["dataset_reader"]["token_indexers"]["tokens"]
    tokens["tokenizer_kwargs"] = {"do_lower_case": True}
    (run / "config.json").write_text(json.dumps(settings))
    weights = torch.load(run / "best.th")
    prefix = "_text_field_embedder.token_embedder_tokens._matched_embedder.transformer_model."
    positions = torch.arange(512).unsqueeze(0)
    del weights[f"{prefix}pooler.dense.weight"], weights[f"{prefix}pooler.dense.bias"]
    torch.save({**weights, f"{prefix}embeddings.position_ids": positions}, run / "best.th")
    (run / "model.tar.gz").unlink()
    import_coref(run, tmp_path / "ours.tar.gz", encoder=ENCODER)
    archive = load_archive(tmp_path / "ours.tar.gz")
    assert archive.validation_dataset_reader.indexer.tokenizer.basic.lower_case
    state = archive.model.state_dict()
    head = weights["_mention_feedforward._module._linear_layers.1.weight"]
    assert torch.equal(state["head.mention_scorer.feedforward.rest.0.weight"], head)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Theirs, to be broken; without a vocabulary of its own it asks for one."""
    place = tmp_path_factory.mktemp("broken")
    make_theirs(place)
    return place / "run"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"context_layer": {"type": "lstm"}}, r"`context_layer` .*lstm.* no counterpart"),
        ({"attention": 3}, r"`attention` \"unknown\""),
        ({"type": "span_srl"}, r"of the model `span_srl`, not of AllenNLP's `coref`"),
        (
            {
                "mention_feedforward": {
                    "num_layers": 2,
                    "hidden_dims": [4, 5],
                    "activations": "relu",
                }
            },
            r"`mention_feedforward.hidden_dims` \[4, 5\]",
        ),
        (
            {"antecedent_feedforward": {"num_layers": 1, "hidden_dims": 4, "activations": "tanh"}},
            r"`antecedent_feedforward.activations` \"tanh\"",
        ),
    ],
)
def test_models_without_a_counterpart(folder, tmp_path, change, message):
    run = shutil.copytree(folder, tmp_path / "run")
    settings = json.loads((run / "config.json").read_text())
    settings["model"] |= change
    (run / "config.json").write_text(json.dumps(settings))
    with pytest.raises((ConfigError, DataError), match=message):
        import_coref(run, tmp_path / "ours.tar.gz", encoder=ENCODER)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_empty_path(tmp_path):
    with pytest.raises(ConfigError, match="the path of the model is empty, as a variable"):
        import_coref("", tmp_path / "ours.tar.gz")


def test_missing_and_surplus_weights_are_listed(folder, tmp_path):
    run = shutil.copytree(folder, tmp_path / "run")
    weights = torch.load(run / "best.th")
    weights["_context_layer._module.weight"] = weights.pop("_coarse2fine_scorer.bias")
    torch.save(weights, run / "best.th")
    pattern = r"missing: _coarse2fine_scorer\.bias; surplus: _context_layer\._module\.weight"
    with pytest.raises(DataError, match=pattern):
        import_coref(run, tmp_path / "ours.tar.gz", encoder=ENCODER)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_encoder_of_no_known_size_must_be_given(folder, tmp_path):
    with pytest.raises(DataError, match=r"2 layers, 20 wide, .* give `--encoder`"):
        import_coref(folder, tmp_path / "ours.tar.gz")
    with pytest.raises(ConfigError, match="--depth: an archive of AllenNLP's says it itself"):
        import_coref(folder, tmp_path / "ours.tar.gz", encoder=ENCODER, depth=3)
    assert list(tmp_path.iterdir()) == []
