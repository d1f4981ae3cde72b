"""A picture of a training run."""

from __future__ import annotations

import importlib.util
import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allennlp.training.callbacks import TrainerCallback

if TYPE_CHECKING:
    from allennlp.training import GradientDescentTrainer
    from matplotlib.axes import Axes

logger = logging.getLogger(__name__)

FILE_NAME = "curves.png"
_TRAINING, _VALIDATION, _BEST = "#4c72b0", "#dd8452", "#c44e52"


@TrainerCallback.register("spanbert_curves")
class RunCurves(TrainerCallback):
    """
    Draw `curves.png` beside the archive when training with the trainer `spanbert` ends.

    It shows the loss of training and validation, the metrics that the best weights are chosen by,
    and the learning rates, by updates. Without matplotlib a warning says how to get it, and nothing
    is drawn.

    # Parameters

    serialization_dir : `str`
        The trainer passes it.
    """

    def on_end(
        self,
        trainer: GradientDescentTrainer,
        metrics: dict[str, Any] | None = None,
        epoch: int | None = None,
        is_primary: bool = True,
        **kwargs: Any,
    ) -> None:
        """Draw what there is, also after a run that was interrupted."""
        entries = trainer.history.entries
        if not is_primary or not entries:
            return
        if not _has_matplotlib():
            logger.warning("no curves are drawn: `pip install matplotlib` for %s", FILE_NAME)
        else:
            names = [name for _, name in trainer._metric_tracker.tracked_metrics]
            path = Path(self.serialization_dir) / FILE_NAME
            draw_curves(entries, names, path)
            logger.info("the run's curves are in %s", path)


def _has_matplotlib() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def draw_curves(entries: list[dict[str, Any]], metrics: list[str], path: str | Path) -> None:
    """
    Draw a run.

    # Parameters

    entries : `list[dict[str, Any]]`
        Its evaluations, as `RunHistory` has them; at least one.
    metrics : `list[str]`
        The names of the validation metrics to draw beside the loss.
    path : `str | Path`
        A file whose name ends in `.png`, `.svg` or `.pdf`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [name for name in metrics if name != "loss"]
    num_plots = 3 if shown else 2
    figure = Figure(figsize=(8, 2.6 * num_plots), layout="constrained")
    FigureCanvasAgg(figure)
    plots = list(figure.subplots(num_plots, 1, sharex=True, squeeze=False)[:, 0])
    updates = [entry["update"] for entry in entries]
    marker = "o" if len(entries) <= 40 else None
    _draw_losses(plots[0], updates, entries, marker)
    if shown:
        for name in shown:
            values = [entry["validation"].get(name) for entry in entries]
            plots[1].plot(updates, _numbers(values), marker=marker, label=f"validation {name}")
        plots[1].set_ylabel("metric")
    for name in entries[0]["learning_rates"]:
        rates = [entry["learning_rates"].get(name) for entry in entries]
        plots[-1].plot(updates, _numbers(rates), marker=marker, label=f"group {name}")
    plots[-1].set_ylabel("learning rate")
    plots[-1].set_xlabel("updates")
    _mark_best(plots[:-1], entries)
    for plot in plots:
        plot.grid(alpha=0.3)
        plot.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    figure.savefig(path, dpi=120)


def _draw_losses(
    plot: Axes, updates: list[int], entries: list[dict[str, Any]], marker: str | None
) -> None:
    for part, colour in (("training", _TRAINING), ("validation", _VALIDATION)):
        losses = _numbers([entry[part].get("loss") for entry in entries])
        if not all(math.isnan(loss) for loss in losses):
            plot.plot(updates, losses, marker=marker, color=colour, label=f"{part} loss")
    plot.set_ylabel("loss")


def _mark_best(plots: list[Axes], entries: list[dict[str, Any]]) -> None:
    best = [entry["update"] for entry in entries if entry["best"]]
    for plot in plots if best else []:
        plot.axvline(best[-1], color=_BEST, linestyle=":", label=f"best: update {best[-1]}")


def _numbers(values: list[float | None]) -> list[float]:
    return [float("nan") if value is None else float(value) for value in values]
