"""What holds for the predictor of every task."""

from __future__ import annotations

import json

import pytest
import torch

import spanbert_allen
from spanbert_allen.common.errors import DataError
from tests.hostile.archives import TASKS
from tests.places import FIXTURES


@pytest.fixture(scope="module")
def models():
    archives = FIXTURES / "archives"
    return {task: spanbert_allen.load(archives / f"{task}.tar.gz") for task in TASKS}


@pytest.mark.parametrize(
    ("task", "arguments", "sentence"),
    [
        ("coref", (None,), "give exactly one of text, tokens, sentences"),
        ("coref", (3,), "text is 3; it must be a string"),
        ("qa", (None, None), "`question` is None"),
        ("qa", ("Who?", 3), "`context` is 3"),
        ("relation", (None,), "`subject` is None"),
        ("relation", (3, (0, 1), (2, 3)), "`text` is 3"),
        ("sequence", (None,), "`text` is None"),
        ("sequence", ("a", 3), "`text_pair` is 3"),
        ("sequence", (["a", None],), "`text` is None"),
    ],
)
def test_an_argument_of_another_kind_is_one_sentence(models, task, arguments, sentence):
    with pytest.raises(DataError, match=sentence):
        models[task].predict(*arguments)


RECORDS = {
    "coref": {"text": "The keeper lit her lamp.", "mine": 1},
    "qa": {"question": "Who?", "context": "Ida left.", "mine": 1},
    "relation": {
        "text": "Ida sold Oslo.",
        "subject": [0, 3],
        "object": [9, 13],
        "subject_type": "PERSON",
        "object_type": "PERSON",
        "mine": 1,
    },
    "sequence": {"text": "It was.", "mine": 1},
}


@pytest.mark.parametrize("task", TASKS)
def test_own_fields_come_back_and_scores_that_are_no_numbers_are_an_error(models, task):
    result = models[task].predict_json(RECORDS[task])
    assert "error" not in result
    assert result["mine"] == 1
    broken = spanbert_allen.load(FIXTURES / "archives" / f"{task}.tar.gz")
    with torch.no_grad():
        for parameter in broken._model.parameters():
            parameter.fill_(float("nan"))
    marked = broken.predict_json(RECORDS[task])
    assert "numbers" in marked["error"]
    assert marked["mine"] == 1


def test_own_fields_come_back_from_lines_of_relations_and_texts(models, tmp_path):
    pairs = {"text": "Ida sold Oslo.", "entities": [[0, 3, "PERSON"], [9, 13, "PERSON"]]}
    for task, whole in (("relation", pairs), ("sequence", {"text": "It was.", "label": "1"})):
        path = tmp_path / f"{task}.jsonl"
        own = {"meta": {"page": 3}, "schema": "mine", "probability": "mine"}
        lines = [whole | own, {"text": 3} | own]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        good, bad = models[task].predict_batch_json(list(models[task].records(str(path))))
        assert ("error" in good, "error" in bad) == (False, True)
        assert good["meta"] == bad["meta"] == {"page": 3}
        assert good["schema"] == bad["schema"] == f"spanbert_allen.{task}/1"
        assert "label" not in bad
        assert (good["probability"] == "mine") == (task == "relation")  # no result key is replaced
