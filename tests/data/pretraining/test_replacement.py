"""What the model sees in the place of masked pieces, and what it predicts."""

from __future__ import annotations

import numpy as np
import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pretraining.draws import Draws
from spanbert_allen.data.pretraining.replacement import Replacement
from spanbert_allen.data.pretraining.runs import Runs

MASK = 4


def make(text):
    """Make runs of rows such as `.xx.x`, x being masked."""
    rows = text.split()
    longest = max(map(len, rows))
    mask = np.asarray([[one == "x" for one in row.ljust(longest, ".")] for row in rows])
    return Runs(mask, np.asarray([len(row) for row in rows]))


def test_runs_that_touch_are_one():
    runs = make("x..xxx.x .xx....x")
    assert runs.count == 5
    assert runs.firsts.tolist() == [0, 3, 3, 3, 7, 1, 1, 7]
    assert runs.lasts.tolist() == [0, 5, 5, 5, 7, 2, 2, 7]


def test_targets_of_the_boundary_objective():
    runs = make("x.xx.x. .xxxx.xx")
    external = runs.boundary_targets(3, external=True)
    assert external.rows.tolist() == [0, 0, 0, 1, 1, 1]
    assert external.pieces.tolist() == [2, 3, 5, 1, 2, 3]  # runs at an end have none
    assert external.lefts.tolist() == [1, 1, 4, 0, 0, 0]
    assert external.rights.tolist() == [4, 4, 6, 5, 5, 5]  # the true end of the run of four
    assert external.positions.tolist() == [0, 1, 0, 0, 1, 2]
    internal = runs.boundary_targets(3, external=False)
    assert internal.pieces.tolist() == [0, 2, 3, 5, 1, 2, 3, 6, 7]
    assert internal.lefts.tolist() == [0, 2, 2, 5, 1, 1, 1, 6, 6]
    assert internal.rights.tolist() == [0, 3, 3, 5, 4, 4, 4, 7, 7]


def test_a_span_meets_with_one_decision():
    runs = make(" ".join(["..xxx....xx.x."] * 400))
    ids = np.full(runs.mask.shape, 50)
    corpus = np.arange(1000, 1100)
    seen = Replacement()(ids, runs, Draws(1, 0, np.arange(400)), corpus, MASK)
    kinds = np.where(seen == MASK, 0, np.where(seen == 50, 2, 1))
    for start, end in ((2, 5), (9, 11)):
        assert (kinds[:, start:end] == kinds[:, start : start + 1]).all()
    shares = np.bincount(kinds[:, [2, 9, 12]].ravel(), minlength=3) / 1200
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.03)
    assert (seen[~runs.mask] == 50).all()
    assert set(seen[(kinds == 1) & runs.mask]) <= set(corpus)


def test_random_pieces_are_as_frequent_as_in_the_corpus():
    runs = make(" ".join(["x" * 50] * 100))
    corpus = np.repeat([7, 8], [900, 100])
    always = Replacement(mask_share=0.0, random_share=1.0)
    seen = always(np.full((100, 50), 5), runs, Draws(1, 0, np.arange(100)), corpus, MASK)
    assert (seen == 7).mean() == pytest.approx(0.9, abs=0.02)
    assert set(seen.ravel()) == {7, 8}


def test_each_piece_for_itself():
    runs = make(" ".join(["." + "x" * 48 + "."] * 100))
    replacement = Replacement(by_span=False)
    ids = np.full(runs.mask.shape, 50)
    seen = replacement(ids, runs, Draws(1, 0, np.arange(100)), np.asarray([9]), MASK)
    share = (seen == MASK)[runs.mask].mean()
    assert share == pytest.approx(0.8, abs=0.03)
    assert len({tuple(row) for row in seen.tolist()}) == 100


def test_shares_that_are_no_probabilities():
    with pytest.raises(ConfigError, match="no more than 1 together"):
        Replacement(mask_share=0.8, random_share=0.3)
