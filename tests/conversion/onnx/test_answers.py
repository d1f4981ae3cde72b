"""The heads of question answering as graphs."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch
from allennlp.models import Model
from torch import Tensor

import spanbert_allen
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.onnx.tasks import onnx_task
from spanbert_allen.data.qa.instance import WindowShape
from spanbert_allen.data.question_piece import question_piece_id
from spanbert_allen.modules.qa.heads import AnswerHead, IndependentAnswers, WindowInput
from tests.conversion.onnx.test_exporting import ARCHIVES, sequences

onnxruntime = pytest.importorskip(
    "onnxruntime", reason="onnxruntime is not installed: pip install onnxruntime"
)

NAMES = ["first_pieces", "last_pieces", "pair_terms", "null_terms"]


@pytest.fixture
def model() -> Model:
    return spanbert_allen.load(ARCHIVES / "qa.tar.gz")._model


def with_head(model: Model, name: str, **options) -> None:
    """Give a model another head, whose weights are large enough to tell pieces apart."""
    torch.manual_seed(3)
    model.qa_outputs = AnswerHead.by_name(name)(20, 1e-12, **options)
    model.qa_outputs.initialize(0.5)
    model.eval()


def written(model: Model, question_piece: int | None = None):
    """What the graph is, and what is told of it."""
    shape = WindowShape(64, 30, 12, question_piece=question_piece)
    task = onnx_task(model, SimpleNamespace(shape=shape), quantised=False)
    return onnxruntime.InferenceSession(task.write()), task.settings()


def windows(*lengths: int) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """A batch, which of its pieces are of the passage, and where the questions end."""
    given = sequences(*lengths)
    places = torch.tensor([min(3, length - 2) for length in lengths])
    numbers = torch.arange(max(lengths))
    last = torch.tensor(lengths)[:, None] - 1
    return given, (numbers > places[:, None] + 1) & (numbers < last), places


def scores_of(model: Model, given: dict[str, Tensor], is_passage: Tensor, places: Tensor):
    with torch.no_grad():
        vectors = model.embedder.encode(
            given["input_ids"], given["attention_mask"] - 1, given["token_type_ids"]
        )
        passage = torch.where(is_passage, is_passage.long().cumsum(1) - 1, -1)
        return model.qa_outputs(vectors, WindowInput(passage, places))


def run(session, given: dict[str, Tensor], **more: Tensor) -> dict[str, Tensor]:
    names = [one.name for one in session.get_inputs()]
    assert set(names) == {*given, *more}
    found = session.run(None, {name: one.numpy() for name, one in (given | more).items()})
    outputs = [one.name for one in session.get_outputs()]
    return {name: torch.from_numpy(one) for name, one in zip(outputs, found, strict=True)}


def assert_logits(found: dict[str, Tensor], logits: Tensor, mask: Tensor) -> None:
    for name, wanted in zip(("start_logits", "end_logits"), logits.unbind(-1), strict=True):
        torch.testing.assert_close(found[name][mask], wanted[mask], rtol=0, atol=1e-4)


@pytest.mark.parametrize("question", ["cls", "piece"])
def test_the_question_aware_head_is_written(model, question):
    with_head(model, "spanbert_question_aware_answers", question=question)
    pieces = model.embedder.files.vocabulary.pieces
    asked = question_piece_id(pieces) if question == "piece" else None
    session, told = written(model, asked)
    assert told["head"] == "spanbert_question_aware_answers"
    assert told.get("question_piece") == asked
    for lengths in ((40, 9, 21), (7,)):
        given, is_passage, places = windows(*lengths)
        more = {"question_places": places} if question == "piece" else {}
        expected = scores_of(model, given, is_passage, places)
        found = run(session, given, **more)
        assert_logits(found, expected.logits, given["attention_mask"].bool())


def test_what_a_program_needs_to_cut_windows_is_told(model):
    """Readers can put a piece behind questions for any head."""
    _, told = written(model, 13)
    assert told["head"] == "spanbert_independent_answers"
    assert [told[name] for name in ("max_length", "stride", "max_question_length")] == [64, 30, 12]
    assert told["question_piece"] == 13
    assert "question_piece" not in written(model)[1]


def by_span(firsts, lasts, terms, size: int) -> Tensor:
    """The terms of all spans of a batch, -inf where there is none: (batch_size, size, size)."""
    whole = torch.full((len(firsts), size, size), -torch.inf)
    for row, row_terms in enumerate(terms):
        for first, of_first in zip(firsts[row].tolist(), row_terms.tolist(), strict=True):
            for last, term in zip(lasts[row].tolist(), of_first, strict=True):
                whole[row, first, last] = max(whole[row, first, last], term)
    return whole


@pytest.mark.parametrize("num_kept", [1, 4, 30])
def test_the_biaffine_head_is_written_with_the_terms_of_its_spans(model, num_kept):
    with_head(model, "spanbert_biaffine_answers", num_kept=num_kept, hidden_dim=8)
    session, told = written(model)
    assert told["head"] == "spanbert_biaffine_answers"
    for lengths in ((40, 9, 21), (7,), (12, 5)):  # the last window of 5 has no passage
        given, is_passage, places = windows(*lengths)
        expected = scores_of(model, given, is_passage, places)
        found = run(session, given, passage_mask=is_passage.long())
        assert_logits(found, expected.logits, given["attention_mask"].bool())
        size, pairs = max(lengths), expected.pairs
        spans = by_span(*(found[name] for name in NAMES[:3]), size)
        wanted = by_span(pairs.firsts, pairs.lasts, pairs.terms, size)
        torch.testing.assert_close(spans, wanted, rtol=0, atol=1e-4)
        torch.testing.assert_close(found["null_terms"], pairs.null, rtol=0, atol=1e-4)
        assert (spans > -torch.inf).flatten(1).any(1).tolist() == is_passage.any(1).tolist()


def test_a_head_of_somebody_else_is_a_sentence(model):
    class Mine(IndependentAnswers):
        pass

    model.qa_outputs = Mine(20)
    with pytest.raises(ConfigError, match="the head Mine of this model has no form in ONNX here"):
        written(model)


def test_a_task_of_a_model_of_several_is_written(trained_multitask, tmp_path):
    archive, folder = str(trained_multitask / "model.tar.gz"), tmp_path / "qa"
    command = ["export", archive, str(folder), "--format", "onnx"]
    with pytest.raises(ConfigError, match="several tasks: choose one with --task, which is coref"):
        main(command)
    with pytest.raises(ConfigError, match="no task 'q': choose one"):
        main([*command, "--task", "q"])
    with pytest.raises(ConfigError, match="--task is for --format onnx"):
        main([*command[:3], "--task", "qa"])
    with pytest.raises(ConfigError, match="--task is qa, but the model has one task only"):
        main(["export", str(ARCHIVES / "qa.tar.gz"), *command[2:], "--task", "qa"])
    assert main([*command, "--task", "qa"]) == 0
    told = json.loads((folder / "model.json").read_text())
    assert (told["task"], told["max_length"]) == ("qa", 40)
    model = spanbert_allen.load(trained_multitask, task="qa")._model
    given, is_passage, places = windows(20, 12)
    expected = scores_of(model, given, is_passage, places)
    found = run(onnxruntime.InferenceSession(folder / "model.onnx"), given)
    assert_logits(found, expected.logits, given["attention_mask"].bool())
