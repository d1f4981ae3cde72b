"""The picture of a run."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from PIL import Image

from spanbert_allen.training.monitoring import curves as curves_module
from spanbert_allen.training.monitoring.curves import RunCurves, draw_curves


def entries(count, **changes):
    return [
        {
            "update": 100 * (i + 1),
            "epoch": i,
            "learning_rates": {"encoder": 2e-5 * (1 - i / count), "1": 1e-4 * (1 - i / count)},
            "training": {"loss": 400 / (i + 1)},
            "validation": {"loss": 500 / (i + 2), "coref_f1": 1 - 1 / (i + 2), "muc_f1": 0.3},
            "best": True,
            **changes,
        }
        for i in range(count)
    ]


@pytest.mark.parametrize("count", [1, 15, 100])
def test_a_run_is_drawn(tmp_path, count):
    draw_curves(entries(count), ["coref_f1"], tmp_path / "curves.png")
    picture = Image.open(tmp_path / "curves.png").convert("RGB")
    # Something is drawn, in more colours than the paper's and the ink's.
    assert len(picture.getcolors(maxcolors=2**24)) > 50


def test_what_is_missing_or_not_finite_is_left_out(tmp_path):
    one = entries(3, training={}, validation={"loss": math.nan}, best=False)
    one[0]["training"] = {"loss": 1.0}
    draw_curves(one, ["loss"], tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 5000


def test_the_callback_draws_at_the_end_of_the_first_worker_only(tmp_path):
    trainer = SimpleNamespace(
        history=SimpleNamespace(entries=entries(3)),
        _metric_tracker=SimpleNamespace(tracked_metrics=[(1.0, "coref_f1")]),
    )
    curves = RunCurves(str(tmp_path))
    curves.on_end(trainer, is_primary=False)
    assert not (tmp_path / "curves.png").exists()
    curves.on_end(trainer, is_primary=True)
    assert (tmp_path / "curves.png").is_file()


def test_without_matplotlib_the_log_says_how_to_get_it(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(curves_module, "_has_matplotlib", lambda: False)
    RunCurves(str(tmp_path)).on_end(SimpleNamespace(history=SimpleNamespace(entries=entries(1))))
    assert "pip install matplotlib" in caplog.text
    assert not list(tmp_path.iterdir())
