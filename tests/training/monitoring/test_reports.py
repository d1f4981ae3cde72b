"""A line of JSON for each evaluation."""

from __future__ import annotations

import json
import math

from spanbert_allen.training.monitoring.reports import FILE_NAME, RunHistory


def lines(folder):
    return [json.loads(line) for line in (folder / FILE_NAME).read_text().splitlines()]


def test_each_evaluation_is_a_line(tmp_path):
    history = RunHistory(str(tmp_path))
    history.add({"update": 1, "validation": {"f1": 0.5}})
    history.add({"update": 2, "validation": {"f1": math.nan, "loss": math.inf}})
    assert lines(tmp_path) == [
        {"update": 1, "validation": {"f1": 0.5}},
        {"update": 2, "validation": {"f1": None, "loss": None}},
    ]


def test_a_restart_forgets_what_came_after_the_checkpoint(tmp_path):
    history = RunHistory(str(tmp_path))
    history.add({"update": 1})
    state = history.state_dict()
    history.add({"update": 2})
    resumed = RunHistory(str(tmp_path))
    resumed.load_state_dict(state)
    assert lines(tmp_path) == [{"update": 1}]
    resumed.add({"update": 3})
    assert lines(tmp_path) == [{"update": 1}, {"update": 3}]


def test_workers_without_a_folder_write_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    history = RunHistory(None)
    history.add({"update": 1})
    assert history.entries == [{"update": 1}]
    assert not list(tmp_path.iterdir())
