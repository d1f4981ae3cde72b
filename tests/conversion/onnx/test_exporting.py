"""Whole models as graphs: onnxruntime and the tokenizer alone give what the model does."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from allennlp.models import Model

import spanbert_allen
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.conversion.onnx.tasks import onnx_task
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.encoders import find_encoder
from spanbert_allen.modules.classification.head import ClassificationHead
from spanbert_allen.modules.classification.hidden_layer import HiddenLayer
from spanbert_allen.modules.classification.relation_pooling import RelationPooling
from spanbert_allen.modules.encoder.embedder import embedder_of
from tests.places import FIXTURES

pytest.importorskip("onnx", reason="onnx is not installed: pip install onnx onnxruntime")
onnxruntime = pytest.importorskip(
    "onnxruntime", reason="onnxruntime is not installed: pip install onnxruntime"
)
tokenizers = pytest.importorskip("tokenizers")

ARCHIVES = FIXTURES / "archives"
QUESTION = "Where did Ida lose her keys?"
CONTEXT = "Ida lost her keys in Oslo. A boy of ten found them on the old tram."


@pytest.fixture(scope="module", params=["coref", "qa", "relation", "sequence"])
def exported(request, tmp_path_factory) -> tuple[Path, Model]:
    """The folder of each task's exported archive, and its model."""
    folder = tmp_path_factory.mktemp("onnx") / request.param
    archive = ARCHIVES / f"{request.param}.tar.gz"
    assert main(["export", str(archive), str(folder), "--format", "onnx"]) == 0
    return folder, spanbert_allen.load(archive)._model


def sequences(*lengths: int) -> dict[str, torch.Tensor]:
    """A batch of sequences of these lengths, padded to the longest, with two token types."""
    # Shape of all: (len(lengths), longest)
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    token_ids = torch.arange(mask.numel()).view_as(mask) * 11 % 800 + 5
    types = (torch.arange(mask.size(1)) > 3).long().expand_as(mask)
    return {"input_ids": token_ids * mask, "attention_mask": mask, "token_type_ids": types * mask}


def expected_of(model: Model, given: dict[str, torch.Tensor], **more) -> list[torch.Tensor]:
    """What the model gives for a batch, by the order of the graph's outputs."""
    ours = {"token_ids": given["input_ids"], "segment_ids": given["attention_mask"] - 1}
    types = {"type_ids": given["token_type_ids"]}
    with torch.no_grad():
        if model.default_predictor == "spanbert_coref":
            return [embedder_of(model).encode(*ours.values())]
        if model.default_predictor == "spanbert_relation":
            spans = more.pop("entity_spans", torch.zeros(len(given["input_ids"]), 2, 2))
            return [model(**ours, entity_spans=spans.long(), **more)["logits"]]
        if model.default_predictor == "spanbert_sequence_classifier":
            return [model(**ours, **types)["logits"]]
        vectors = embedder_of(model).encode(*ours.values(), *types.values())
        return list(model.qa_outputs.logits(vectors).unbind(-1))


def assert_same(session, given: dict[str, torch.Tensor], expected: list[torch.Tensor]) -> None:
    names = {one.name for one in session.get_inputs()}
    found = session.run(None, {name: one.numpy() for name, one in given.items() if name in names})
    mask = given["attention_mask"].bool()
    for one, wanted in zip(found, expected, strict=True):
        is_by_piece = wanted.shape[:2] == mask.shape
        real = mask if is_by_piece else slice(None)
        torch.testing.assert_close(torch.from_numpy(one)[real], wanted[real], rtol=0, atol=1e-4)


def test_any_number_and_length_of_sequences_gives_what_the_model_does(exported):
    folder, model = exported
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    for lengths in ((3,), (40, 7, 21), (1, 1), (512, 30)):
        given = sequences(*lengths)
        assert_same(session, given, expected_of(model, given))


def test_the_description_names_inputs_outputs_and_labels(exported):
    folder, model = exported
    told = json.loads((folder / "model.json").read_text())
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    for kind, ends in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
        assert told[kind] == {one.name: one.shape for one in ends}
    assert (told["opset"], told["quantised"], told["max_positions"]) == (17, False, 512)
    assert told["max_length"] > 3
    assert told.get("labels") == getattr(model, "labels", None)
    assert told.get("temperature") == getattr(model, "temperature", None)
    if told["task"] == "relation":
        assert told["markers"]["SUBJ=PERSON"] == find_encoder("tiny").vocabulary.pieces.index(
            f"[unused{1 + model.vocab.get_token_index('SUBJ=PERSON', 'relation_markers')}]"
        )


def test_the_tokenizer_beside_it_makes_our_pieces(exported):
    tokenizer = tokenizers.Tokenizer.from_file(str(exported[0] / "tokenizer.json"))
    encoded = tokenizer.encode(QUESTION, CONTEXT)
    ours = PieceTokenizer.from_files(find_encoder("tiny"))
    pieces = [
        [piece for word in ours.pieces_of_each(t.split()) for piece in word]
        for t in (QUESTION, CONTEXT)
    ]
    cls, sep = (tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]"))
    assert encoded.ids == [cls, *pieces[0], sep, *pieces[1], sep]
    assert encoded.type_ids == [0] * (len(pieces[0]) + 2) + [1] * (len(pieces[1]) + 1)


def test_weights_of_8_bits_make_a_smaller_file_of_nearly_the_same_scores(tmp_path):
    archive = ARCHIVES / "sequence.tar.gz"
    for name, options in (("whole", []), ("small", ["--int8"])):
        command = ["export", str(archive), str(tmp_path / name), "--format", "onnx", *options]
        assert main(command) == 0
    assert json.loads((tmp_path / "small" / "model.json").read_text())["quantised"]
    sizes = [(tmp_path / name / "model.onnx").stat().st_size for name in ("whole", "small")]
    assert sizes[1] < sizes[0]
    given = sequences(30, 12)
    (expected,) = expected_of(spanbert_allen.load(archive)._model, given)
    session = onnxruntime.InferenceSession(tmp_path / "small" / "model.onnx")
    (found,) = session.run(None, {name: one.numpy() for name, one in given.items()})
    assert 0 < np.abs(found - expected.numpy()).max() < 0.1


@pytest.fixture
def relation() -> Model:
    return spanbert_allen.load(ARCHIVES / "relation.tar.gz")._model


def pool_entities(model: Model, pooling: str, hidden: str | None) -> None:
    """Give a relation model another pooling, and a head for it."""
    model.pooling = RelationPooling.by_name(pooling)()
    size = 40
    if hidden is not None:
        model.hidden_layer, size = HiddenLayer(size, 20, hidden, initializer_range=0.5), 20
    model.classifier = ClassificationHead(size, len(model.labels), initializer_range=0.5)
    model.eval()


@pytest.mark.parametrize("hidden", [None, "relu", "tanh"])
@pytest.mark.parametrize("pooling", ["entity_start", "entity_mean"])
def test_poolings_of_relations_are_written(relation, pooling, hidden):
    pool_entities(relation, pooling, hidden)
    reader = SimpleNamespace(mode="text", max_length=128)
    graph = onnx_task(relation, reader, quantised=False).write()
    given = sequences(9, 30, 4)
    spans = torch.tensor([[[1, 2], [5, 7]], [[20, 29], [3, 3]], [[0, 0], [1, 2]]])
    expected = expected_of(relation, given, entity_spans=spans)
    session = onnxruntime.InferenceSession(graph)
    assert_same(session, given | {"entity_spans": spans}, expected)


@pytest.mark.parametrize("pooling", ["entity_start", "entity_mean"])
def test_many_pairs_of_a_text_are_judged_at_once(relation, pooling):
    pool_entities(relation, pooling, None)
    reader = SimpleNamespace(mode="levitated_marker", max_length=128)
    session = onnxruntime.InferenceSession(onnx_task(relation, reader, quantised=False).write())
    given = sequences(20, 14)
    groups = torch.tensor(
        [[0] * 8 + [1, 1, 1, 1] + [2] * 4 + [3] * 4, [0] * 10 + [1] * 4 + [0] * 6]
    )
    positions = torch.arange(40).view(2, 20) % 8
    spans = torch.tensor([[[8, 9], [10, 11]], [[12, 13], [14, 15]], [[16, 17], [18, 19]]])
    spans = torch.stack([spans, torch.tensor([[[10, 11], [12, 13]]] + [[[0, 0]] * 2] * 2)])
    more = {"entity_spans": spans, "position_ids": positions, "groups": groups}
    assert_same(session, given | more, expected_of(relation, given, **more))


def test_markers_without_a_piece_are_left_out(relation):
    for number in range(200):  # more types than the encoder has pieces [unusedN]
        relation.vocab.add_token_to_namespace(f"SUBJ=TYPE{number}", "relation_markers")
    reader = SimpleNamespace(mode="text", max_length=128)
    markers = onnx_task(relation, reader, quantised=False).settings()["markers"]
    names = relation.vocab.get_token_to_index_vocabulary("relation_markers")
    pieces = find_encoder("tiny").vocabulary.pieces
    assert list(markers) == [name for name in names if f"[unused{names[name] + 1}]" in pieces]


def test_what_cannot_be_written_is_a_sentence_and_leaves_no_folder(tmp_path, relation):
    folder = tmp_path / "out"
    arguments = [str(ARCHIVES / "qa.tar.gz"), str(folder)]
    with pytest.raises(ConfigError, match="--int8 is for --format onnx"):
        main(["export", *arguments, "--int8"])
    relation.pooling = RelationPooling()
    reader = SimpleNamespace(mode="text", max_length=128)
    with pytest.raises(DataError, match=r"is a folder .*: name a model\.tar\.gz"):
        main(["export", str(tmp_path), str(folder), "--format", "onnx"])
    with pytest.raises(ConfigError, match="the pooling RelationPooling has no form in ONNX"):
        onnx_task(relation, reader, quantised=False).write()
    with pytest.raises(ConfigError, match="a SimpleNamespace has no form in ONNX here"):
        onnx_task(SimpleNamespace(), reader, quantised=False)
    folder.mkdir()
    (folder / "mine.txt").touch()
    with pytest.raises(DataError, match="is there already; name a new folder"):
        main(["export", *arguments, "--format", "onnx"])
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
