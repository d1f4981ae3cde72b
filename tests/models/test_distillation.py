"""A coreference model that learns the links of another one, on the tiny encoder."""

from __future__ import annotations

import shutil
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
from spanbert_allen.modules.coref.distillation import Distillation
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.scored_links import ScoredLinks
from spanbert_allen.modules.coref.units import DocumentPieces
from tests import places

FIXTURES = places.FIXTURES / "coref"
TEACHER = str(places.FIXTURES / "archives" / "coref.tar.gz")
# Pieces in other segments than the teacher's.
READER = {
    "type": "spanbert_coref_conll",
    "indexer": {"type": "spanbert", "model_name": "tiny", "max_length": 16},
}
MODEL = {
    "type": "spanbert_coref",
    "embedder": {"type": "spanbert", "model_name": "tiny"},
    "head": {
        "hidden_dim": 12,
        "max_span_width": 5,
        "mentions": {"type": "spanbert_biaffine_mentions"},
        "links": {"type": "spanbert_bilinear_links"},
    },
}


def student(**distillation) -> Model:
    torch.manual_seed(2)
    params = {**MODEL, "distillation": {"teacher": TEACHER, **distillation}}
    return Model.from_params(Params(deepcopy(params)), vocab=Vocabulary())


@pytest.fixture(scope="module")
def instances():
    return list(DatasetReader.from_params(Params(deepcopy(READER))).read(FIXTURES / "small.conll"))


def tensors(instances) -> dict:
    batch = Batch(instances)
    batch.index_instances(Vocabulary())
    return batch.as_tensor_dict()


def loss_of(model: Model, instances) -> float:
    torch.manual_seed(3)
    with torch.no_grad():
        return model.train()(**tensors(instances))["loss"].item()


def apart(model: Model, instances) -> float:
    """How far the links of all documents are from the teacher's, without dropout."""
    plain = model.distillation.weight
    drop = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
    rates = [module.p for module in drop]
    for module in drop:
        module.p = 0.0
    model.distillation.weight = 0.0
    without = loss_of(model, instances)
    model.distillation.weight = 1.0
    with_teacher = loss_of(model, instances)
    model.distillation.weight = plain
    for module, rate in zip(drop, rates, strict=True):
        module.p = rate
    return with_teacher - without


def test_a_student_moves_towards_its_teacher(instances):
    model, instances = student(weight=20.0), instances[:1]
    before = apart(model, instances)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    batch = tensors(instances)
    for _ in range(15):
        optimizer.zero_grad()
        model.train()(**batch)["loss"].backward()
        optimizer.step()
    after = apart(model, instances)
    assert before > 0 and after < 0.7 * before
    # The teacher is no part of the model.
    assert not [name for name in model.state_dict() if "distillation" in name or "teacher" in name]
    assert all(p.grad is None for p in model.distillation._teacher.model.parameters())


def test_without_weight_there_is_no_teacher(instances):
    off = student(weight=0.0, teacher="no/such/file")
    plain = Model.from_params(Params(deepcopy(MODEL)), vocab=Vocabulary())
    plain.load_state_dict(off.state_dict())
    assert loss_of(off, instances) == loss_of(plain, instances)
    assert loss_of(student(weight=1.0), instances) != loss_of(plain, instances)


def test_opening_the_teacher_draws_no_random_numbers(instances):
    model = student()
    first, second = loss_of(model, instances), loss_of(model, instances)
    assert first == second  # in the first, the teacher is opened between two draws of dropout


@pytest.mark.parametrize("units", ["words", "pieces"])
def test_spans_are_found_by_their_words_whatever_the_pieces(units, instances):
    """Windows of training, special pieces and units of words: the teacher sees the same words."""
    torch.manual_seed(2)
    options = {"units": units, "special_pieces": units == "pieces", "max_training_segments": 1}
    params = {**MODEL, **options, "distillation": {"teacher": TEACHER}}
    model = Model.from_params(Params(deepcopy(params)), vocab=Vocabulary())
    asked = []
    (given := model.distillation)._opened(torch.device("cpu"))
    teach = given._teacher.model.link_scores

    def watched(document, text):
        asked.append((document, text))
        return teach(document, text)

    given._teacher.model.link_scores = watched
    assert loss_of(model, instances) > 0
    documents = [instance["metadata"].metadata["document"] for instance in instances]
    whole_of = {document.doc_key: document for document in documents}
    assert asked
    for document, text in asked:
        whole = whole_of[text.doc_key]
        assert " ".join(text.words) in " ".join(whole.words)
        assert len(document.given_spans) > 1
        assert document.given_spans.max() < len(document.token_ids)


def test_the_teacher_reads_also_what_comes_before_the_first_top_span(instances, monkeypatch):
    text = instances[0]["metadata"].metadata["document"]
    asked = []

    def targets(self, part, spans, student):
        asked.append(([*part.words], spans))
        return torch.zeros(1, 2)

    monkeypatch.setattr(Distillation, "_targets", targets)
    # [CLS], the words 1 to 5 of the document, the last in two pieces, and [SEP].
    columns = dict.fromkeys(DocumentPieces._fields[:5], torch.zeros(8, dtype=torch.long))
    units = DocumentPieces(**columns | {"word_ids": torch.tensor([-1, 1, 2, 3, 4, 5, 5, -1])})
    span = SpanCandidates(torch.tensor([4]), torch.tensor([6]))
    links = ScoredLinks(
        span,
        torch.zeros(1),
        torch.zeros(1, 1, dtype=torch.long),
        torch.zeros(1, 1),
        span,
        torch.zeros(1),
    )
    Distillation("teacher").loss(links, units, text)
    ((words, spans),) = asked
    assert words == text.words[1:6] and spans == [WordSpan(3, 4)]


def test_an_archive_needs_no_teacher_and_training_goes_on_with_it(tmp_path, instances):
    teacher = tmp_path / "teacher.tar.gz"
    shutil.copy(TEACHER, teacher)
    config = {
        "dataset_reader": READER,
        "train_data_path": str(FIXTURES / "small.conll"),
        "model": {**MODEL, "distillation": {"teacher": str(teacher), "temperature": 2.0}},
        "data_loader": {"batch_size": 2},
        "trainer": {
            "num_epochs": 1,
            "optimizer": {"type": "huggingface_adamw", "lr": 0.003},
            "cuda_device": -1,
        },
    }
    run = tmp_path / "run"
    train_model(Params(deepcopy(config)), str(run))
    config["trainer"]["num_epochs"] = 2
    Params(deepcopy(config)).to_file(str(run / "config.json"))
    trained = train_model(Params(deepcopy(config)), str(run), recover=True).eval()
    teacher.unlink()
    loaded = load_archive(str(run / "model.tar.gz")).model.eval()
    assert loaded.forward_on_instances(instances) == trained.forward_on_instances(instances)
    with pytest.raises(ConfigError, match=r"distillation.teacher: there is no file or folder"):
        loaded.train()(**tensors(instances))


def test_wrong_teachers_and_settings_are_named(instances, monkeypatch):
    relation = places.FIXTURES / "archives" / "relation.tar.gz"
    with pytest.raises(ConfigError, match=r"relation.tar.gz holds a \w+; give a model of type"):
        loss_of(student(teacher=str(relation)), instances)
    for name, value in (("weight", -1.0), ("temperature", 0.0)):
        with pytest.raises(ConfigError, match=f"model.distillation.{name} is {value}; give a "):
            student(**{name: value})
    monkeypatch.setattr("spanbert_allen.data.piece_document.PieceDocument.span_of", lambda *_: None)
    with pytest.raises(DataError, match=r"none of the \d+ spans that the model chose has a word"):
        loss_of(student(), instances)
