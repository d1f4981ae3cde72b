# AllenNLP builds this class from its annotations: see data/indexer.py.
"""Training runs in MLflow."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from allennlp.training.callbacks import TrainerCallback
from allennlp.training.callbacks.log_writer import LogWriterCallback
from torch import Tensor

from spanbert_allen.common.errors import ConfigError

_LONGEST_VALUE = 500
"""So many characters MLflow takes for the value of a parameter."""
_REFUSED = re.compile(r"[^\w./: -]")
"""What MLflow refuses in a name; labels, which are in names, may have it."""


@TrainerCallback.register("spanbert_mlflow")
class MlflowCallback(LogWriterCallback):
    """
    Log a training run to MLflow.

    The configuration's keys become parameters, losses and metrics are logged by batch, and
    `config.json` is kept as an artifact. What MLflow refuses in names, such as brackets and commas
    in a label, becomes `_`. MLflow's variable `MLFLOW_TRACKING_URI`, or
    `tracking_uri`, says where runs are kept. A training that is recovered goes on in the same run
    of MLflow. Needs `pip install mlflow` or `mlflow-skinny`.

    Registered as a `TrainerCallback` with name "spanbert_mlflow".

    # Parameters

    serialization_dir : `str`
        The trainer passes it.
    experiment : `str`, optional (default = `None`)
        The name of the experiment; MLflow's default when `None`.
    run_name : `str`, optional (default = `None`)
        The name of the run; MLflow makes one up when `None`.
    tracking_uri : `str`, optional (default = `None`)
        Where runs are kept, e.g. `sqlite:///mlflow.db`.
    summary_interval : `int`, optional (default = `100`)
        Log losses and metrics of training after every so many batches.
    should_log_learning_rate : `bool`, optional (default = `False`)
        Log learning rates, too.

    # Errors

    `ConfigError` if MLflow is not installed.
    """

    def __init__(
        self,
        serialization_dir: str,
        experiment: str | None = None,
        run_name: str | None = None,
        tracking_uri: str | None = None,
        summary_interval: int = 100,
        should_log_learning_rate: bool = False,
    ) -> None:
        super().__init__(
            serialization_dir,
            summary_interval=summary_interval,
            should_log_parameter_statistics=False,
            should_log_learning_rate=should_log_learning_rate,
        )
        self._experiment, self._run_name = experiment, run_name
        self._tracking_uri = tracking_uri
        self._run_id: str | None = None
        try:
            self._mlflow: Any = import_module("mlflow")
        except ImportError as error:
            raise ConfigError(
                "the callback `spanbert_mlflow` needs MLflow: pip install mlflow-skinny"
            ) from error

    def on_start(self, trainer: Any, is_primary: bool = True, **kwargs: Any) -> None:
        """Begin the run, or go on with it."""
        super().on_start(trainer, is_primary=is_primary, **kwargs)
        if not is_primary:
            return
        if self._tracking_uri is not None:
            self._mlflow.set_tracking_uri(self._tracking_uri)
        if self._experiment is not None:
            self._mlflow.set_experiment(self._experiment)
        is_new = self._run_id is None
        run = self._mlflow.start_run(run_id=self._run_id, run_name=self._run_name)
        self._run_id = run.info.run_id
        config = Path(self.serialization_dir) / "config.json"
        if is_new and config.is_file():
            self._mlflow.log_params(_flat(json.loads(config.read_text(encoding="utf-8"))))
            self._mlflow.log_artifact(str(config))

    def log_scalars(
        self,
        scalars: dict[str, int | float],
        log_prefix: str = "",
        epoch: int | None = None,
    ) -> None:
        """Log numbers at the present update."""
        prefix = f"{log_prefix}/" if log_prefix else ""
        values = {_name(f"{prefix}{name}"): float(value) for name, value in scalars.items()}
        self._mlflow.log_metrics(values, step=self.trainer._total_batches_completed)

    def log_tensors(
        self, tensors: dict[str, Tensor], log_prefix: str = "", epoch: int | None = None
    ) -> None:
        """Log nothing: MLflow has no histograms."""

    def close(self) -> None:
        """End the run."""
        super().close()
        self._mlflow.end_run()

    def state_dict(self) -> dict[str, Any]:
        """Return the id of the run."""
        return {"run_id": self._run_id}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the run of an earlier process."""
        self._run_id = state_dict["run_id"]


def _flat(value: Any, name: str = "") -> dict[str, str]:
    """Return the keys of a configuration with dots between them, and their values as text."""
    if isinstance(value, dict):
        found: dict[str, str] = {}
        for key, part in value.items():
            found |= _flat(part, f"{name}.{key}" if name else key)
        return found
    return {_name(name): json.dumps(value)[:_LONGEST_VALUE]}


def _name(name: str) -> str:
    """Return a name that MLflow takes."""
    return _REFUSED.sub("_", name)
