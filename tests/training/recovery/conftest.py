"""One place and one whole run for all tests of killed runs."""

from __future__ import annotations

import pytest

from tests.training.recovery.configs import coref, document
from tests.training.trainings import Trainings, outcome


@pytest.fixture(scope="package")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    lines = [document(size) for size in (2, 1, 5, 3, 1, 12, 4)]
    (folder / "train.jsonl").write_text("".join(lines))
    (folder / "dev.jsonl").write_text("".join(lines[:2]))
    return folder


@pytest.fixture(scope="package")
def trainings(tmp_path_factory):
    return Trainings(tmp_path_factory.mktemp("said") / "stderr.txt")


@pytest.fixture(scope="package")
def never_killed(trainings, sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert trainings.run(coref(sample), folder) == 0
    return outcome(folder)
