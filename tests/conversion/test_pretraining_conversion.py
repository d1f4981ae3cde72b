"""Pre-trained models out to transformers, and heads of releases in."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from allennlp.models import Model
from safetensors.torch import load_file
from transformers import AutoTokenizer, BertForMaskedLM, pipeline

import spanbert_allen
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import DataError
from spanbert_allen.modules.pretraining.pretrained_heads import (
    BOUNDARIES,
    BOUNDARIES_FILE,
    MASKED_PIECES,
)
from tests.fixtures.make_tiny_spanbert import SHIPPED
from tests.models.pretrained import archive_of, make_model

TEXT = "Ida lost her [MASK] on the tram."


def assert_same_state(one: torch.nn.Module, other: torch.nn.Module) -> None:
    theirs = other.state_dict()
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, theirs[name]), name


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    spanbert_allen.register()
    folder = tmp_path_factory.mktemp("export")
    archive = archive_of(folder / "run")
    assert main(["export", str(archive), str(folder / "hf")]) == 0
    return archive, folder / "hf"


def test_transformers_gives_the_same_logits_and_fills(exported):
    archive, folder = exported
    theirs, info = BertForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    theirs.eval()
    predictor = spanbert_allen.load(archive)
    ours = predictor._model
    token_ids = torch.randint(5, len(ours.word_embeddings), (3, 20))
    with torch.no_grad():
        vectors = ours.embedder.encode(token_ids, torch.zeros_like(token_ids))
        logits = ours.mlm_head(vectors) @ ours.word_embeddings.T + ours.mlm_head.bias
        expected = theirs(input_ids=token_ids).logits
    assert expected.std() > 0.1
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = pipeline("fill-mask", model=theirs, tokenizer=tokenizer, top_k=5)(TEXT)
    fills = predictor.predict(TEXT)["masked"][0]["pieces"][0]["fills"]
    assert [one["score"] for one in found] == pytest.approx(
        [one["probability"] for one in fills], rel=1e-4
    )
    card = (folder / "README.md").read_text()
    assert "pipeline_tag: fill-mask" in card and "Pre-trained with" in card


def test_an_export_is_an_encoder_with_all_its_heads(exported):
    archive, folder = exported
    ours = spanbert_allen.load(archive)._model
    head = load_file(folder / BOUNDARIES_FILE)
    assert head.keys() == BOUNDARIES.keys()
    again = make_model(folder)
    assert_same_state(ours.mlm_head, again.mlm_head)
    assert_same_state(ours.sbo_head, again.sbo_head)
    assert torch.equal(ours.word_embeddings, again.word_embeddings)


def test_without_the_boundary_objective_there_is_no_file_beside(tmp_path):
    archive = archive_of(tmp_path / "run", boundary_weight=0)
    assert main(["export", str(archive), str(tmp_path / "hf")]) == 0
    assert not (tmp_path / "hf" / BOUNDARIES_FILE).exists()
    assert BOUNDARIES_FILE not in (tmp_path / "hf" / "README.md").read_text()


def authors_folder(folder: Path, model: Model) -> Path:
    """Write a model as the authors' `spanbert_large_with_head`: flat, half precision, old names."""

    def old(name: str) -> str:
        for layer, (weight, bias) in dict.fromkeys(
            ("LayerNorm", "layer_norm1", "layer_norm2"), ("gamma", "beta")
        ).items():
            name = name.replace(f"{layer}.weight", f"{layer}.{weight}")
            name = name.replace(f"{layer}.bias", f"{layer}.{bias}")
        return f"decoder.{name}"

    weights = {f"bert.{name}": one for name, one in model.embedder.encoder.state_dict().items()}
    for head, names in ((model.mlm_head, MASKED_PIECES), (model.sbo_head, BOUNDARIES)):
        weights |= {name: head.state_dict()[own] for name, own in names.items()}
    for name in ("predictions", "pair_target_predictions"):
        weights[f"cls.{name}.decoder.weight"] = model.word_embeddings.detach()
    folder.mkdir()
    flat = {old(name): one.half() for name, one in weights.items()}
    assert "decoder.cls.pair_target_predictions.mlp_layer_norm.layer_norm1.gamma" in flat
    torch.save(flat, folder / "pytorch_model.bin")
    for name in ("config.json", "vocab.txt", "tokenizer_config.json"):
        (folder / name).write_bytes((SHIPPED / name).read_bytes())
    return folder


def test_the_heads_of_the_authors_file_are_read(exported, tmp_path):
    archive, _ = exported
    source = spanbert_allen.load(archive)._model
    folder = authors_folder(tmp_path / "authors", source)
    found = make_model(folder)
    for ours, theirs in (
        (found.mlm_head, source.mlm_head),
        (found.sbo_head, source.sbo_head),
        (found.embedder.encoder, source.embedder.encoder),
    ):
        wanted = theirs.state_dict()
        for name, tensor in ours.state_dict().items():
            assert tensor.dtype == wanted[name].dtype
            assert torch.equal(tensor, wanted[name].half().to(tensor.dtype)), name
    with pytest.raises(DataError, match=r"asks for \(20, 200\): set `max_boundary_targets`"):
        make_model(folder, max_boundary_targets=20)
