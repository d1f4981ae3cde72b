"""No record is lost where the predictor finds out the format of a pipe first."""

from __future__ import annotations

import json

import pytest

from spanbert_allen.predictors.coref.records import coref_records
from tests.common.test_look_ahead import MANY, piped


@pytest.mark.parametrize(
    "of",
    [
        lambda index: {"doc_key": str(index), "text": f"Ida {index} ran."},
        lambda index: {"id": str(index), "sentences": [["Ida"]], "mention_clusters": []},
    ],
    ids=["our records", "PreCo's"],
)
def test_all_records_of_a_pipe_are_predicted(of):
    content = "".join(json.dumps(of(index)) + "\n" for index in range(MANY)).encode()
    with piped(content) as path:
        names = [record["doc_key"] for record in coref_records(path)]
    assert names == [str(index) for index in range(MANY)]
