from __future__ import annotations

import pytest
from allennlp.common import Tqdm
from torch import distributed

import spanbert_allen.compat  # noqa: F401


@pytest.mark.parametrize("rank", [None, 0, 1])
def test_the_first_worker_alone_shows_a_bar(monkeypatch, capsys, rank):
    if rank is not None:
        monkeypatch.setattr(distributed, "is_initialized", lambda: True)
        monkeypatch.setattr(distributed, "get_rank", lambda: rank)
    assert list(Tqdm.tqdm([3, 4], desc="loading instances")) == [3, 4]
    assert ("loading instances" in capsys.readouterr().err) == (rank != 1)
