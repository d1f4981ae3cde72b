"""Weights of coref-hoi and variables of Joshi et al.'s program, against the formulas in float64."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from allennlp.models import load_archive

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.conversion.coref.importing import import_coref
from tests.conversion.coref_texts import SENTENCES, Imported, document, kept_spans
from tests.conversion.naive_hoi import TENSORFLOW_ORDER, NaiveHoi, hoi_weights
from tests.places import TINY_ENCODER

ENCODER = str(TINY_ENCODER)
OF_SENTENCES = ["Ann", "Bo", "Ann", "Cy", "Bo", "Bo", "Ann"]
SPEAKERS = [speaker for words, speaker in zip(SENTENCES, OF_SENTENCES, strict=True) for _ in words]


@dataclass
class Variant:
    weights: dict = field(default_factory=dict)
    command: tuple = ()
    formula: dict = field(default_factory=dict)


VARIANTS = {
    "one scoring": Variant(),
    "attended antecedent": Variant(
        {"gate": False}, (), {"depth": 2, "higher_order": "attended_antecedent"}
    ),
    "max antecedent, three scorings": Variant(
        {"gate": False},
        ("--refinement", "max_antecedent", "--depth", "3"),
        {"depth": 3, "higher_order": "max_antecedent"},
    ),
    "span clustering": Variant(
        {"gate": False, "span_clustering": False},
        (),
        {"depth": 2, "higher_order": "span_clustering"},
    ),
    "cluster merging": Variant({"cluster_merging": False}, (), {"higher_order": "cluster_merging"}),
    "cluster merging, max, easy first": Variant(
        {"cluster_merging": False},
        ("--cluster-reduce", "max", "--easy-cluster-first"),
        {"higher_order": "cluster_merging", "reduce": "max", "easy_first": True},
    ),
    "two layers, in the width prior as well": Variant({"depth": 2}),
    "no heads, no priors, no metadata, no segments": Variant(
        {"heads": True, "priors": True, "metadata": True, "segment": True}
    ),
}


def tensorflow_arrays(weights) -> dict[str, np.ndarray]:
    """The same weights as that program's checkpoint has them, with the optimiser's slots."""
    tables = {
        "emb_span_width": "span_width_embeddings",
        "emb_span_width_prior": "span_width_prior_embeddings",
        "emb_antecedent_distance_prior": "antecedent_distance_emb",
        "emb_genre": "genre_embeddings",
        "emb_same_speaker": "coref_layer/same_speaker_emb",
        "emb_top_antecedent_distance": "coref_layer/antecedent_distance_emb",
        "emb_segment_distance": "coref_layer/segment_distance/segment_distance_embeddings",
    }
    layers = {
        "mention_token_attn": "mention_word_attn/output",
        "span_emb_score_ffnn.0": "mention_scores/hidden",
        "span_emb_score_ffnn.3": "mention_scores/output",
        "span_width_score_ffnn.0": "width_scores/hidden",
        "span_width_score_ffnn.3": "width_scores/output",
        "coarse_bilinear": "src_projection/output",
        "antecedent_distance_score_ffnn": "output",
        "coref_score_ffnn.0": "coref_layer/slow_antecedent_scores/hidden",
        "coref_score_ffnn.3": "coref_layer/slow_antecedent_scores/output",
        "gate_ffnn": "coref_layer/f/output",
    }
    arrays = {}
    for name, tensor in weights.items():
        layer, part = name.rsplit(".", 1)
        array = tensor.numpy()
        if name.startswith("bert."):
            path = re.sub(r"layer\.(\d+)", r"layer_\1", layer).split(".")
            if path[-1] == "LayerNorm":
                path.append("gamma" if part == "weight" else "beta")
            elif not path[-1].endswith("embeddings"):
                path.append("kernel" if part == "weight" else "bias")
                array = array.T
            arrays["/".join(path)] = array
        elif layer in tables:
            arrays[tables[layer]] = array
        else:
            kind = "weights" if part == "weight" else "bias"
            suffix = "_0" if layers[layer].endswith("hidden") else ""
            arrays[f"{layers[layer]}_{kind}{suffix}"] = array.T
    slots = {f"{name}/{slot}": arrays[name] for name in arrays for slot in ("Adam", "adam_m")}
    return {**arrays, **slots, "global_step": np.array(57000), "beta1_power": np.array(0.9)}


def assert_same_links(ours: Imported, naive: NaiveHoi) -> None:
    text = document(speakers=SPEAKERS, genre="mz")
    _, links, _ = ours.links(text)
    fields = ours.archive.validation_dataset_reader.text_to_instance(text).fields
    names = ("token_ids", "segment_ids", "sentence_ids", "speaker_ids")
    columns = {name: torch.as_tensor(fields[name].tensor) for name in names}
    assert columns["segment_ids"].max() > 3
    with torch.no_grad():
        spans, scores, full = naive.links(columns, "mz")
    assert kept_spans(links) == spans
    torch.testing.assert_close(links.mention_scores.double(), scores, rtol=1e-4, atol=1e-4)
    dense = torch.full_like(full, float("-inf")).scatter(
        1, links.antecedents, links.scores.double()
    )
    torch.testing.assert_close(
        dense.masked_fill(full.isinf(), float("-inf")), full, rtol=1e-4, atol=1e-3
    )
    assert links.scores.isfinite().sum() == full.isfinite().sum()


def run_import(source, target, *options) -> Imported:
    where = ["--encoder", ENCODER, "--max-length", "16"]
    assert main(["import", str(source), str(target), "--task", "coref", *where, *options]) == 0
    source.unlink()
    return Imported(target)


@pytest.mark.parametrize("variant", VARIANTS)
def test_weights_of_coref_hoi(tmp_path, variant):
    chosen = VARIANTS[variant]
    weights = hoi_weights(**chosen.weights)
    torch.save(weights, tmp_path / "model_May10_03-28-49_54000.bin")
    source = tmp_path / "model_May10_03-28-49_54000.bin"
    ours = run_import(source, tmp_path / "model.tar.gz", *chosen.command)
    assert_same_links(ours, NaiveHoi(weights, **chosen.formula))


def test_variables_of_tensorflow(tmp_path):
    weights = hoi_weights(gate=False)
    np.savez(tmp_path / "model.npz", **tensorflow_arrays(weights))
    ours = run_import(tmp_path / "model.npz", tmp_path / "model.tar.gz")
    assert_same_links(
        ours,
        NaiveHoi(weights, TENSORFLOW_ORDER, depth=2, higher_order="attended_antecedent"),
    )


def save(weights, folder):
    torch.save(weights, folder / "model.bin")
    return folder / "model.bin"


def test_what_is_missing_or_surplus_is_listed(tmp_path):
    weights = hoi_weights()
    weights["coarse_linear.weight"] = weights.pop("coarse_bilinear.weight")
    pattern = r"missing: coarse_bilinear\.weight; surplus: coarse_linear\.weight"
    with pytest.raises(DataError, match=pattern):
        import_coref(save(weights, tmp_path), tmp_path / "out.tar.gz", encoder=ENCODER)
    weights = hoi_weights()
    del weights["bert.encoder.layer.1.output.dense.bias"]
    weights["emb_same_speaker.weight"] = torch.zeros(3, 4)
    pattern = (
        r"missing: embedder\.encoder\.encoder\.layer\.1\.output\.dense\.bias; of another shape: "
        r"head\.link_scorer.*speaker\.weight \(3, 4\) instead of \(2, 4\)"
    )
    with pytest.raises(DataError, match=pattern):
        import_coref(save(weights, tmp_path), tmp_path / "out.tar.gz", encoder=ENCODER)
    arrays = {**tensorflow_arrays(hoi_weights()), "coref_layer/g/output_weights": np.zeros(2)}
    np.savez(tmp_path / "model.npz", **arrays)
    with pytest.raises(DataError, match=r"surplus: coref_layer/g/output_weights"):
        import_coref(tmp_path / "model.npz", tmp_path / "out.tar.gz", encoder=ENCODER)
    assert {path.name for path in tmp_path.iterdir()} == {"model.bin", "model.npz"}


def test_bad_sources_and_options(tmp_path):
    out = tmp_path / "out.tar.gz"
    source = save(hoi_weights(), tmp_path)
    with pytest.raises(DataError, match="give `--encoder`"):
        import_coref(source, out)
    with pytest.raises(ConfigError, match=r"--genres: .* was trained with 7 genres; name them"):
        import_coref(source, out, encoder=ENCODER, genres=["fiction"])
    with pytest.raises(ConfigError, match="--refinement: 'nonsense' is neither"):
        import_coref(source, out, encoder=ENCODER, refinement="nonsense")
    with pytest.raises(DataError, match=r"has no `bert\.embeddings\.word_embeddings"):
        import_coref(save({"a": torch.zeros(1)}, tmp_path), out)
    (tmp_path / "model.bin").write_bytes(b"nothing")
    with pytest.raises(DataError, match="holds no weights that can be read"):
        import_coref(source, out)
    (tmp_path / "model.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"is no whole \.npz file"):
        import_coref(tmp_path / "model.npz", out)
    with pytest.raises(ConfigError, match=r"--format: the name of .*model\.th does not tell"):
        import_coref(source.rename(tmp_path / "model.th"), out)
    with pytest.raises(DataError, match="no such file or folder"):
        import_coref(tmp_path / "none.bin", out)
    with pytest.raises(ConfigError, match=r"must end in \.tar\.gz"):
        import_coref(tmp_path, tmp_path / "out.zip")
    assert not out.exists()


@pytest.mark.parametrize(
    ("task", "option"), [("coref", ["--threshold", "1"]), ("qa", ["--easy-cluster-first"])]
)
def test_options_of_other_tasks_are_refused(task, option):
    with pytest.raises(ConfigError, match=f"{option[0]} is no option of --task {task}"):
        main(["import", "source.bin", "out.tar.gz", "--task", task, *option])


def test_sizes_of_bert_need_no_configuration(tmp_path, monkeypatch):
    """Only the vocabulary must be given: here for sizes that are none of BERT's own."""
    from spanbert_allen.conversion.coref import encoder_source

    monkeypatch.setattr(encoder_source, "_NUM_HEADS", {(20, 2, 40): 2})
    source = save(hoi_weights(), tmp_path)
    with pytest.raises(DataError, match="holds no vocabulary: give `--vocabulary`"):
        import_coref(source, tmp_path / "out.tar.gz")
    vocabulary = str(TINY_ENCODER / "vocab.txt")
    import_coref(source, tmp_path / "out.tar.gz", vocabulary=vocabulary, max_length=16)
    archive = load_archive(tmp_path / "out.tar.gz")
    assert archive.model.embedder.encoder.config.num_attention_heads == 2
    assert not archive.validation_dataset_reader.indexer.tokenizer.basic.lower_case


def test_the_vocabularys_folder_may_be_the_encoders(tmp_path):
    source = save(hoi_weights(), tmp_path)
    import_coref(source, tmp_path / "out.tar.gz", vocabulary=ENCODER)
    assert load_archive(tmp_path / "out.tar.gz").model.embedder.get_output_dim() == 20
