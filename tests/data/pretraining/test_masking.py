"""Masking schemes, with the numbers of the paper's masking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pretraining.draws import Draws
from spanbert_allen.data.pretraining.masking import (
    GeometricSpans,
    Rows,
    Subwords,
    TaggedSpans,
    WholeWords,
)
from spanbert_allen.data.pretraining.masking.geometric_spans import length_weights
from spanbert_allen.data.pretraining.runs import Runs

SCHEMES = {
    "spans": GeometricSpans(),
    "subwords": Subwords(),
    "whole words": WholeWords(),
    "tagged": TaggedSpans(),
}
PIECES_PER_WORD = 1.122


def rows_of(lengths, *, seed=0, tagged=False):
    """Make rows whose pieces begin words at random."""
    random = np.random.default_rng(seed)
    lengths = np.asarray(lengths)
    inside = np.arange(lengths.max()) < lengths[:, None]
    starts = (random.random(inside.shape) < 1 / PIECES_PER_WORD) & inside
    starts[:, 0] = True
    tags = (random.random(inside.shape) < 0.2) & inside if tagged else None
    return Rows(lengths=lengths, starts_word=starts, tagged=tags)


def draws(number, epoch=0, seed=1):
    return Draws(seed, epoch, np.arange(number))


def test_weights_and_means_of_span_lengths():
    weights = [0.22406, 0.17925, 0.14340, 0.11472, 0.09177, 0.07342, 0.05874, 0.04699, 0.03759]
    assert GeometricSpans().length_weights == pytest.approx([*weights, 0.03007], abs=5e-6)
    assert length_weights(0.2, 10) @ np.arange(1, 11) == pytest.approx(3.797, abs=5e-4)
    assert length_weights(0.4, 10) @ np.arange(1, 11) == pytest.approx(2.439, abs=5e-4)


@pytest.mark.parametrize("name", SCHEMES)
def test_the_budget_is_met_exactly(name):
    rows = rows_of([126, 510, 1, 2, 7], tagged=True)
    mask = SCHEMES[name](rows, draws(5))
    assert mask.sum(axis=1).tolist() == [19, 77, 1, 1, 2]
    assert not mask[np.arange(510) >= rows.lengths[:, None]].any()


@pytest.mark.parametrize(
    ("length", "spans", "mean", "at_ends", "targets"),
    [(126, 4.7, 4.05, 0.047, 0.959), (510, 17.1, 4.5, 0.011, 0.986)],
)
def test_ten_thousand_blocks_have_the_spans_that_the_original_draws(
    length, spans, mean, at_ends, targets
):
    runs, touching, boundary = 0, 0, 0
    masked = 0
    for part in range(10):
        rows = rows_of([length] * 1000, seed=part)
        mask = GeometricSpans()(rows, Draws(1, part, np.arange(1000)))
        found = Runs(mask, rows.lengths)
        runs += found.count
        touching += int(mask[:, 0].sum() + mask[:, -1].sum())
        boundary += len(found.boundary_targets(1000, external=True).pieces)
        masked += int(mask.sum())
    assert runs / 10_000 == pytest.approx(spans, rel=0.05)
    assert masked / runs == pytest.approx(mean, rel=0.05)
    assert touching / runs == pytest.approx(at_ends, abs=0.012)
    assert boundary / masked == pytest.approx(targets, abs=0.012)


def test_spans_begin_and_end_with_words_but_for_the_last_one():
    rows = rows_of([126] * 500)
    mask = GeometricSpans()(rows, draws(500))
    runs = Runs(mask, rows.lengths)
    assert rows.starts_word[runs.rows, runs.firsts].all()
    ends = np.zeros_like(mask)
    ends[runs.rows, runs.lasts] = True
    behind = np.pad(rows.starts_word, ((0, 0), (0, 1)), constant_values=True)[:, 1:]
    assert ((ends & ~behind).sum(axis=1) <= 1).all()


def test_words_are_masked_whole_but_for_the_last_one():
    rows = rows_of([126] * 300)
    mask = WholeWords()(rows, draws(300))
    word_of = rows.starts_word.cumsum(axis=1)
    for row in range(300):
        broken = [
            word
            for word in set(word_of[row][mask[row]])
            if not mask[row][word_of[row] == word].all()
        ]
        assert len(broken) <= 1


def test_tagged_expressions_are_preferred_and_may_run_out():
    rows = rows_of([126] * 300, tagged=True)
    tagged = rows.tagged
    chosen = TaggedSpans(tagged_share=1.0)(rows, draws(300))
    assert (chosen & tagged).sum() / chosen.sum() > 0.97
    few = np.zeros_like(tagged)
    few[:, 5] = True
    sparse = Rows(lengths=rows.lengths, starts_word=rows.starts_word, tagged=few)
    mask = TaggedSpans(tagged_share=1.0)(sparse, draws(300))
    assert mask[:, 5].all()
    assert (mask.sum(axis=1) == 19).all()
    with pytest.raises(ConfigError, match="needs `tags` of the reader"):
        TaggedSpans()(Rows(lengths=rows.lengths, starts_word=rows.starts_word), draws(300))


@pytest.mark.parametrize("name", SCHEMES)
@settings(max_examples=20, deadline=None)
@given(lengths=st.lists(st.integers(1, 60), min_size=2, max_size=6))
def test_a_row_is_masked_the_same_whatever_its_batch(name, lengths):
    together = rows_of(lengths, tagged=True)
    mask = SCHEMES[name](together, draws(len(lengths)))
    number = len(lengths) - 1
    length = lengths[number]
    alone = Rows(
        lengths=together.lengths[number:],
        starts_word=together.starts_word[number:, :length],
        tagged=together.tagged[number:, :length],
    )
    single = SCHEMES[name](alone, Draws(1, 0, np.asarray([number])))
    assert np.array_equal(single[0], mask[number, :length])


def test_epochs_and_seeds_mask_differently():
    rows = rows_of([126] * 4)
    first = GeometricSpans()(rows, draws(4))
    assert np.array_equal(GeometricSpans()(rows, draws(4)), first)
    for other in (draws(4, epoch=1), draws(4, seed=2)):
        assert not np.array_equal(GeometricSpans()(rows, other), first)


def test_a_rate_that_moves_with_the_epochs():
    masking = Subwords(rate=0.4, final_rate=0.2)
    rows = rows_of([100])
    counts = [int(masking(rows, draws(1), progress).sum()) for progress in (0, 0.5, 1)]
    assert counts == [40, 30, 20]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: GeometricSpans(p=1.0), "`p` of the masking is 1.0"),
        (lambda: GeometricSpans(shortest=3, longest=2), "`shortest` and `longest`"),
        (lambda: Subwords(rate=0.0), "`rate` of the masking is 0.0"),
        (lambda: TaggedSpans(tagged_share=2.0), "`tagged_share` of the masking is 2.0"),
    ],
)
def test_settings_that_cannot_be(make, problem):
    with pytest.raises(ConfigError, match=problem):
        make()
