"""Pre-training as AllenNLP trains, saves, resumes and evaluates it, on the tiny encoder."""

from __future__ import annotations

import json
import shutil
from itertools import islice

import _jsonnet
import numpy as np
import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.data import DataLoader, DatasetReader, Vocabulary
from allennlp.models import Model, load_archive
from torch.nn.functional import gelu, layer_norm
from transformers import BertConfig, BertForMaskedLM

import spanbert_allen
import spanbert_allen.plugin
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.conversion.pretraining_task import PretrainingTask
from spanbert_allen.encoders import find_encoder
from spanbert_allen.modules.pretraining.heads import BoundaryHead, MaskedPieceHead
from spanbert_allen.predictors.pretraining.predictor import PretrainerPredictor
from spanbert_allen.sample_corpus import sample_texts
from spanbert_allen.shipped_configs import find_config
from spanbert_allen.training.memory.knobs import memory_knobs
from spanbert_allen.training.memory.largest_batch import largest_batch
from tests import places
from tests.data.pretraining.corpora import corpus_of_sizes, sample_corpus
from tests.training_configs.evaluating import DATA_PATHS

READER = {
    "type": "spanbert_pretraining",
    "indexer": {"type": "spanbert", "model_name": "tiny"},
    "max_length": 48,
}
MODEL = {"type": "spanbert_pretrainer", "embedder": {"type": "spanbert", "model_name": "tiny"}}
KINDS = {
    "subwords": {"type": "spanbert_subwords"},
    "words": {"type": "spanbert_whole_words"},
    "spans": {"type": "spanbert_geometric_spans"},
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return sample_corpus(tmp_path_factory.mktemp("sample"))


def make_reader(**options) -> DatasetReader:
    return DatasetReader.from_params(Params(json.loads(json.dumps({**READER, **options}))))


def make_loader(corpus, reader=None, **options) -> DataLoader:
    params = {"type": "spanbert_pretraining", "max_pieces": 480, **options}
    return DataLoader.from_params(
        Params(params), reader=reader or make_reader(), data_path=str(corpus)
    )


def make_model(**options) -> Model:
    torch.manual_seed(2)
    params = json.loads(json.dumps({**MODEL, **options}))
    return Model.from_params(Params(params), vocab=Vocabulary())


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, other[name]), name
        else:
            assert value == other[name]


def naive_losses(model, vectors, batch):
    """Compute both losses in float64, one target at a time; return them and the vectors used."""
    vectors = vectors.detach().double().requires_grad_()
    rows = vectors.flatten(0, 1)
    state = {name: tensor.double() for name, tensor in model.state_dict().items()}
    table = state["embedder.encoder.embeddings.word_embeddings.weight"]

    def layer(hidden, head, dense, norm):
        hidden = state[f"{head}.{dense}.weight"] @ hidden + state[f"{head}.{dense}.bias"]
        weight, bias = state[f"{head}.{norm}.weight"], state[f"{head}.{norm}.bias"]
        return layer_norm(gelu(hidden), hidden.shape, weight, bias, 1e-12)

    def loss(hidden, head, piece):
        return -(table @ hidden + state[f"{head}.bias"]).log_softmax(-1)[piece]

    mlm = [
        loss(layer(rows[place], "mlm_head", "dense", "layer_norm"), "mlm_head", piece)
        for place, piece in zip(batch["masked_places"], batch["masked_pieces"], strict=True)
    ]
    sbo = []
    for left, right, position, piece in zip(
        *(batch[f"boundary_{name}"] for name in ("lefts", "rights", "positions", "pieces")),
        strict=True,
    ):
        embedded = state["sbo_head.positions.weight"][position]
        hidden = torch.cat([rows[left], rows[right], embedded])
        hidden = layer(hidden, "sbo_head", "dense1", "layer_norm1")
        sbo.append(loss(layer(hidden, "sbo_head", "dense2", "layer_norm2"), "sbo_head", piece))
    return torch.stack(mlm), torch.stack(sbo), vectors


@pytest.mark.parametrize("reproduce", [False, True])
def test_losses_and_gradients_are_the_naive_ones(corpus, monkeypatch, reproduce):
    model = make_model(boundary_weight=0.8, reproduce=reproduce).eval()
    batch = next(iter(make_loader(corpus)))
    kept = []
    encode = model.embedder.encode

    def keep(*arguments):
        kept.append(encode(*arguments).detach().requires_grad_())
        return kept[-1]

    monkeypatch.setattr(model.embedder, "encode", keep)
    output = model(**batch)
    output["loss"].backward()
    mlm, sbo, vectors = naive_losses(model, kept[0], batch)
    assert len(sbo) > 20
    expected = mlm.mean() + 0.8 * sbo.sum() / (len(sbo) + reproduce)
    assert output["loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    expected.backward()
    assert torch.allclose(kept[0].grad.double(), vectors.grad, rtol=1e-3, atol=1e-6)
    metrics = model.get_metrics(reset=True)
    assert metrics["mlm_loss"] == pytest.approx(mlm.mean().item(), rel=1e-5)
    assert metrics["sbo_loss"] == pytest.approx(sbo.mean().item(), rel=1e-5)
    assert metrics["mlm_bits"] == pytest.approx(mlm.mean().item() / np.log(2), rel=1e-5)


def test_parameters_of_the_published_shapes():
    """The counts of the original's heads, whose decoders are the word embeddings."""

    def count(head):
        return sum(parameter.numel() for parameter in head.parameters())

    assert count(BoundaryHead(1024, 28996)) == 3_388_668
    assert count(BoundaryHead(768, 28996)) == 1_959_676
    assert count(MaskedPieceHead(768, 28996)) == 768 * 768 + 3 * 768 + 28996


def test_word_embeddings_are_shared_and_every_parameter_learns(corpus):
    model = make_model()
    assert model.word_embeddings is model.embedder.encoder.embeddings.word_embeddings.weight
    model(**next(iter(make_loader(corpus))))["loss"].backward()
    sizes = {
        name: 0.0 if parameter.grad is None else parameter.grad.abs().max().item()
        for name, parameter in model.named_parameters()
        if not name.endswith(".key.bias")  # a softmax does not change with it
    }
    assert not [name for name, size in sizes.items() if size < 1e-7 * max(sizes.values())]


def test_an_epoch_is_the_same_in_a_loader_that_was_resumed(corpus):
    first = make_loader(corpus)
    epochs = [list(first), list(first)]
    assert len(epochs[0]) == len(epochs[1]) == len(first) > 3
    resumed = make_loader(corpus)
    resumed.batch_sampler.load_state_dict({"epochs_begun": 1})
    for one, other in zip(resumed, epochs[1], strict=True):
        assert_equal(one, other)
    assert not torch.equal(epochs[0][0]["token_ids"], epochs[1][0]["token_ids"])


def test_an_evaluation_takes_every_block_with_each_masking_and_the_same_masks(corpus):
    reader = make_reader(maskings=KINDS)
    loader = make_loader(corpus, reader, evaluation=True)
    batches = list(loader)
    assert len(batches) == len(loader)
    for one, other in zip(loader, batches, strict=True):
        assert_equal(one, other)
    model = make_model()
    model.eval()
    for batch in batches:
        model(**batch)
    metrics = model.get_metrics(reset=True)
    assert {f"mlm_loss_{kind}" for kind in KINDS} <= metrics.keys()
    counts = {
        kind: sum(len(b["token_ids"]) for b in batches if b["masking"][0] == kind) for kind in KINDS
    }
    assert len(set(counts.values())) == 1


def test_the_largest_batch_is_known_before_training(corpus):
    loader = make_loader(corpus)
    sizes = [batch["token_ids"].numel() for batch in make_loader(corpus)]
    assert largest_batch(loader)["token_ids"].numel() == max(sizes)
    assert loader.batch_sampler.epochs_begun == 0


def test_a_key_of_the_data_loader_is_named_where_memory_is_short(corpus):
    advice = memory_knobs(make_model(), make_loader(corpus), "bf16")[0]
    assert advice.startswith("lower `data_loader.max_pieces` and raise")


def test_workers_take_different_batches(corpus, monkeypatch):
    whole = list(make_loader(corpus))
    monkeypatch.setattr(
        "spanbert_allen.training.batches.pretraining_loader.is_distributed", lambda: True
    )
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    shares = []
    for rank in range(2):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
        loader = make_loader(corpus)
        shares.append(list(loader))
        assert len(loader) == len(shares[-1])
    for share, expected in zip(shares, (whole[::2], whole[1::2]), strict=True):
        for one, other in zip(share, expected, strict=True):
            assert_equal(one, other)


def test_pairs_of_sequences(corpus):
    embedder = {**MODEL["embedder"], "pooler": True}
    model = make_model(next_sentence=True, embedder=embedder)
    loader = make_loader(corpus, make_reader(next_sentence=True))
    special = {p: find_encoder("tiny").vocabulary.pieces.index(p) for p in ("[CLS]", "[SEP]")}
    for batch in islice(loader, 3):
        token_ids, type_ids = batch["token_ids"], batch["type_ids"]
        real = batch["segment_ids"] == 0
        assert (token_ids[:, 0] == special["[CLS]"]).all()
        assert ((token_ids == special["[SEP]"]) & real).sum(1).min() >= 2
        lasts = real.sum(1) - 1
        assert (type_ids[torch.arange(len(lasts)), lasts] == 1).all()
        assert (type_ids[:, 0] == 0).all()
    output = model(**batch)
    assert {"mlm_loss", "sbo_loss", "nsp_loss"} <= output.keys()
    assert 0 <= model.get_metrics(reset=True)["nsp_accuracy"] <= 1


RECURRING = {"type": "spanbert_recurring_spans"}
SPLINTER = {"masked_weight": 0.0, "boundary_weight": 0.0, "objectives": [RECURRING]}


def test_questions_beside_masked_pieces(corpus):
    model = make_model(objectives=[{**RECURRING, "weight": 0.5}])
    loader = make_loader(corpus, make_reader(questions=RECURRING, max_length=64))
    batches = list(loader)
    batch = max(batches, key=lambda one: int((one["further"]["question_columns"] >= 0).sum()))
    columns = batch["further"]["question_columns"]
    rows = torch.arange(len(columns))[:, None].expand_as(columns)[columns >= 0]
    asked = batch["token_ids"][rows, columns[columns >= 0]]
    vocabulary = find_encoder("tiny").vocabulary.pieces
    assert len(asked) > 3
    assert set(asked.tolist()) == {vocabulary.index("[MASK]")}
    width = batch["token_ids"].shape[1]
    assert not set((rows * width + columns[columns >= 0]).tolist()) & set(
        batch["masked_places"].tolist()
    )
    output = model(**batch)
    assert output["loss"].item() == pytest.approx(
        sum(output[f"{name}_loss"].item() for name in ("mlm", "sbo", "rss")), rel=1e-5
    )
    metrics = model.get_metrics(reset=True)
    assert 0.5 * metrics["rss_loss"] == pytest.approx(output["rss_loss"].item(), rel=1e-5)
    assert {"rss_accuracy", "rss_start_accuracy", "rss_end_accuracy"} <= metrics.keys()
    for one, other in zip(
        make_loader(corpus, make_reader(questions=RECURRING, max_length=64)), batches, strict=True
    ):
        assert torch.equal(one["token_ids"], other["token_ids"])
        assert_equal(one["further"], other["further"])


def with_answers(batch):
    """Return the pieces of each block with its answers in the places of its questions."""
    further = {name: table.tolist() for name, table in batch["further"].items()}
    rows = []
    for row, token_ids in enumerate(batch["token_ids"]):
        pieces = [[piece] for piece in token_ids[batch["segment_ids"][row] == 0].tolist()]
        places = zip(
            *(further[name][row] for name in ("question_columns", "answer_starts", "answer_ends")),
            strict=True,
        )
        for question, start, end in places:
            if question >= 0:
                pieces[question] = token_ids[start : end + 1].tolist()
        rows.append([piece for several in pieces for piece in several])
    return rows


@pytest.mark.parametrize("next_sentence", [False, True])
def test_the_answers_to_all_questions_restore_the_blocks(corpus, next_sentence):
    options = {"masking": {"type": "spanbert_no_masking"}, "next_sentence": next_sentence}
    plain = make_loader(corpus, make_reader(**options))
    asked = make_loader(corpus, make_reader(**options, questions=RECURRING))
    changed = 0
    for batch, expected in zip(asked, plain, strict=True):
        whole = with_answers(batch)
        changed += int((batch["further"]["question_columns"] >= 0).sum())
        for row, (token_ids, segment_ids) in enumerate(
            zip(expected["token_ids"], expected["segment_ids"], strict=True)
        ):
            assert whole[row] == token_ids[segment_ids == 0].tolist()
    assert changed > 10


def test_splinter_alone_trains_nothing_else(corpus):
    model = make_model(**SPLINTER)
    reader = make_reader(masking={"type": "spanbert_no_masking"}, questions=RECURRING)
    batch = next(iter(make_loader(corpus, reader)))
    assert len(batch["masked_places"]) == 0
    output = model(**batch)
    assert set(output) == {"loss", "rss_loss"}
    output["loss"].backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    names = model.get_metrics(reset=True)
    assert {name.split("_")[0] for name in names} == {"rss"}
    with pytest.raises(ConfigError, match="nothing is trained"):
        make_model(masked_weight=0.0, boundary_weight=0.0)
    with pytest.raises(ConfigError, match=r"model.objectives has an objective twice"):
        make_model(objectives=[RECURRING, RECURRING])
    with pytest.raises(ConfigError, match=r"model.masked_weight is -1"):
        make_model(masked_weight=-1.0)
    with pytest.raises(ConfigError, match="`masked_weight` 0 and has no head that fills"):
        PretrainerPredictor(model, reader)
    with pytest.raises(ConfigError, match="cannot become a folder of BertForMaskedLM"):
        PretrainingTask().load_head(torch.nn.Linear(1, 1), model, None)


def test_heads_of_a_release_are_read(tmp_path, corpus):
    """A folder of `BertForMaskedLM` gives the same logits as transformers' own model."""
    files = find_encoder("tiny")
    torch.manual_seed(1)
    theirs = BertForMaskedLM(BertConfig.from_dict(dict(files.config))).eval()
    for parameter in theirs.cls.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    theirs.save_pretrained(tmp_path / "hf")
    (tmp_path / "hf" / "vocab.txt").write_bytes(files.vocabulary.to_bytes())
    model = make_model(embedder={"type": "spanbert", "model_name": str(tmp_path / "hf")}).eval()
    batch = next(iter(make_loader(corpus)))
    with torch.no_grad():
        logits = theirs(
            input_ids=batch["token_ids"], attention_mask=(batch["segment_ids"] == 0).long()
        ).logits.flatten(0, 1)[batch["masked_places"]]
        output = model(**batch)
    expected = torch.nn.functional.cross_entropy(logits, batch["masked_pieces"])
    assert output["mlm_loss"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_trains_saves_loads_and_scores_the_same(tmp_path, corpus):
    loader = {"type": "spanbert_pretraining", "max_pieces": 960}
    config = {
        "dataset_reader": READER,
        "validation_dataset_reader": {**READER, "maskings": KINDS},
        "train_data_path": str(corpus),
        "validation_data_path": str(corpus),
        "vocabulary": {"type": "empty"},
        "model": MODEL,
        "data_loader": loader,
        "validation_data_loader": {**loader, "evaluation": True},
        "trainer": {
            "type": "spanbert",
            "num_epochs": 2,
            "optimizer": {"type": "adam", "lr": 0.003},
            "validation_metric": "-mlm_loss",
            "cuda_device": -1,
            "run_confidence_checks": False,
        },
    }
    train_model(Params(json.loads(json.dumps(config))), str(tmp_path / "run"))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    first = json.loads((tmp_path / "run" / "metrics_epoch_0.json").read_text())
    assert metrics["best_validation_mlm_loss"] < first["training_mlm_loss"]
    archive = load_archive(tmp_path / "run" / "model.tar.gz")
    model = archive.model.eval()
    reader = make_reader(maskings=KINDS)
    for batch in make_loader(corpus, reader, max_pieces=960, evaluation=True):
        model(**batch)
    scores = model.get_metrics(reset=True)
    for name, value in scores.items():
        assert value == pytest.approx(metrics[f"best_validation_{name}"], rel=1e-3), name


def test_settings_that_do_not_go_together(tmp_path, corpus):
    with pytest.raises(ConfigError, match=r"model.embedder.pooler is false: set it to true"):
        make_model(next_sentence=True)
    with pytest.raises(ConfigError, match="give `masking` or `maskings`, not both"):
        make_reader(masking=KINDS["words"], maskings=KINDS)
    with pytest.raises(ConfigError, match=r"dataset_reader.max_length is 2"):
        make_reader(max_length=2)
    with pytest.raises(ConfigError, match=r"dataset_reader.tags is not set"):
        make_loader(corpus, make_reader(masking={"type": "spanbert_tagged_spans"}))
    tags = tmp_path / "tags.bin"
    tags.write_bytes(b"\x00" * 5)
    with pytest.raises(DataError, match=r"tags.bin: has 5 bytes, and the corpus .* needs"):
        make_loader(corpus, make_reader(tags=str(tags)))
    single = make_reader(masking={**KINDS["words"], "rate": 0.01})  # no batch has a long span
    few = make_model(max_boundary_targets=14)
    with pytest.raises(ConfigError, match=r"max_boundary_targets is 14, and the reader gives 15"):
        few(**next(iter(make_loader(corpus, single))))
    folder = tmp_path / "one"
    corpus_of_sizes(folder, [[4, 4]])
    with pytest.raises(DataError, match="has one document only"):
        make_loader(folder, make_reader(next_sentence=True))


LIBRARY = places.ROOT / "training_configs" / "lib"
TRAINED = "encoder:: encoders.trained('pretrained/model.tar.gz', max_length=64, num_layers=2)"
INIT = (
    "encoder:: encoders.other('encoder', max_length=64), init:: 'pretrained/model.tar.gz', "
    "model+: { embedder+: { from_scratch: true } }"
)
TUNING = f"""local encoders = import '{LIBRARY}/encoders.libsonnet';
(import '{LIBRARY}/coref.libsonnet') {{
  train_path:: std.extVar('COREF_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('COREF_TRAIN_DATA_PATH'),
  segment_length:: 64,
  epochs:: 1,
  head:: {{ hidden_dim: 10, max_antecedents: 10 }},
}}"""


@pytest.mark.slow
def test_from_raw_text_to_a_fine_tuned_model(tmp_path, monkeypatch):
    """A vocabulary, a corpus, a pre-training from scratch, and coreference that starts from it."""
    monkeypatch.chdir(tmp_path)
    text = "\n\n".join(sample.text for sample in sample_texts("train"))
    (tmp_path / "texts.txt").write_text(text, encoding="utf-8")
    sizes = ["--size", "600", "--layers", "2", "--dim", "64", "--max-length", "64"]
    assert main(["vocabulary", "texts.txt", "--out", "encoder", *sizes]) == 0
    assert main(["corpus", "texts.txt", "--out", "corpus", "--encoder", "encoder"]) == 0
    variables = dict.fromkeys(DATA_PATHS, "corpus") | {"PRETRAINING_ENCODER_PATH": "encoder"}
    variables["COREF_TRAIN_DATA_PATH"] = str(places.FIXTURES / "coref" / "small.conll")
    config = json.loads(
        _jsonnet.evaluate_snippet(
            "small",
            f"(import '{find_config('pretraining/small')}') {{ max_length:: 64, epochs:: 1 }}",
            ext_vars=variables,
        )
    )
    config["trainer"]["callbacks"] = []
    train_model(Params(config), "pretrained")
    before = load_archive("pretrained/model.tar.gz").model.embedder.state_dict()
    for name, start in (("by_encoder", TRAINED), ("by_init", INIT)):
        snippet = f"{TUNING} {{ {start} }}"
        tuning = json.loads(_jsonnet.evaluate_snippet("tuning", snippet, ext_vars=variables))
        tuning["trainer"] |= {"callbacks": [], "optimizer": {"type": "sgd", "lr": 0.0}}
        train_model(Params(tuning), name)
        after = load_archive(f"{name}/model.tar.gz").model.embedder.state_dict()
        assert all(torch.equal(before[name], tensor) for name, tensor in after.items())
    for needless in ("pretrained", "encoder"):
        shutil.rmtree(needless)
    result = spanbert_allen.load("by_encoder/model.tar.gz").predict("Ida lost her keys.")
    assert result["text"] == "Ida lost her keys."
