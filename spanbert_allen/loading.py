"""What programs need: this package registered with AllenNLP, and trained models loaded."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanbert_allen.common.engines import TORCH
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.foreign_warnings import ignore_foreign_warnings
from spanbert_allen.common.paths import refuse_empty_path
from spanbert_allen.common.permissions import granting
from spanbert_allen.conversion.hub.downloading import hub_archive
from spanbert_allen.conversion.hub.names import hub_name
from spanbert_allen.encoders.saved_encoder import BEST_WEIGHTS
from spanbert_allen.encoders.trained_source import ARCHIVE

if TYPE_CHECKING:
    from spanbert_allen.predictors import SpanPredictor
    from spanbert_allen.predictors.encoding import TextEncoder


def load(
    path: str | Path,
    *,
    device: str | int = "cpu",
    overrides: Mapping[str, Any] | None = None,
    trust: Iterable[str] = (),
    allow: Iterable[str] = (),
    task: str | None = None,
    predictor: str | None = None,
    engine: str = TORCH,
    **options: Any,
) -> SpanPredictor:
    """
    Return the predictor of a trained model: `spanbert_allen.load("out/run").predict("Ida left.")`.

    An archive is read and cannot run anything: its configuration names registered classes only,
    it downloads nothing and opens no other archive. No plugin but this package is loaded.

    # Parameters

    path : `str | Path`
        A `model.tar.gz`; or the folder of a training (`-s`), finished or running, of which the best
        weights so far are taken, before the first evaluation the last ones; or, where there is no
        such path, a model on the hub: `user/model`, or `user/model@revision`.
    device : `str | int`, optional (default = `"cpu"`)
        `"cpu"` or, e.g., `"cuda:0"`; or AllenNLP's number, -1 being the CPU.
    overrides : `Mapping[str, Any]`, optional (default = `None`)
        Other settings of the training's configuration, e.g. `{"model.singleton_threshold": 0.5}`.
    trust : `Iterable[str]`, optional (default = `()`)
        Packages of yours that are imported, with all of their modules, so that what they register
        can be part of the model; as `--include-package` does for commands.
    allow : `Iterable[str]`, optional (default = what `SPANBERT_ALLEN_ALLOW` holds)
        What the archive may ask for: `"network"`, files of an encoder that it does not hold, and
        `"archives"`, others that its configuration names.
    task : `str`, optional (default = `None`)
        Of a model of several tasks, the name of the one to predict. By default the predictor is
        one for all of them, see `MultitaskPredictor`.
    predictor : `str`, optional (default = the model's)
        The registered name of another predictor, as `--predictor` of `allennlp predict`.
    engine : `str`, optional (default = `"torch"`)
        What runs the encoder: `torch`, or on the CPU `onnx` or `onnx-int8`. The latter two need
        `pip install onnx onnxruntime`.
    options
        The predictor's own, e.g. `probabilities=True` of `spanbert_coref`.

    # Returns

    `SpanPredictor`
        For coreference a `CorefPredictor`, for questions a `QAPredictor`, and so on.

    Raises `DataError` or `ConfigError` for what is no trained model of this package.
    """
    path, weights = find_model(path), None
    if path.is_dir():
        path, weights = _in_folder(path)
    register()
    from allennlp.common.util import import_module_and_submodules
    from allennlp.models.archival import load_archive
    from allennlp.predictors import Predictor

    from spanbert_allen.predictors import SpanPredictor
    from spanbert_allen.predictors.named import check_named

    for package in [trust] if isinstance(trust, str) else trust:
        import_module_and_submodules(package)
    with granting(allow) if allow else nullcontext():
        archive = load_archive(
            path,
            cuda_device=_device_number(device),
            overrides=dict(overrides or {}),
            weights_file=weights,
        )
    kind = type(archive.model).__name__
    if archive.model.default_predictor is None:
        raise ConfigError(f"{path}: the model {kind} has no predictor; give one of this package's")
    if task is not None:
        tasks = getattr(archive.model, "tasks", {})
        if predictor is None and tasks:
            if task not in tasks:
                raise ConfigError(
                    f"{path}: there is no task {task!r}; the model has {', '.join(tasks)}"
                )
            predictor = tasks[task].default_predictor
        options["task"] = task
    if engine != TORCH:
        options["engine"] = engine
    check_named(archive.model, predictor)
    made = Predictor.from_archive(archive, predictor, extra_args=options)
    if not isinstance(made, SpanPredictor):
        raise ConfigError(
            f"{path}: the model {kind} is not of this package; load it with AllenNLP's "
            "`Predictor.from_path`"
        )
    return made


def find_model(path: str | Path) -> Path:
    """
    Return the file or folder of a model; one on the hub is downloaded, if it is not here already.

    # Parameters

    path : `str | Path`
        As for `load`.

    Raises a `DataError` where there is none.
    """
    refuse_empty_path(path, "the model", "name a model.tar.gz or the folder of a training")
    on_hub = hub_name(path)
    found = Path(path) if on_hub is None else hub_archive(on_hub)
    if not found.exists():
        raise DataError(f"no such file or folder (looked from {Path.cwd()}); check the path", found)
    return found


def load_encoder(
    model_name: str, *, device: str | int = "cpu", vocabulary: str | None = None
) -> TextEncoder:
    """
    Load an encoder that no task was trained on, for vectors of texts.

    # Parameters

    model_name : `str`
        As for the embedder `spanbert`: `minilm`, `spanbert-base-cased`, a folder, a hub id, ...
    device : `str | int`, optional (default = `"cpu"`)
        As for `load`.
    vocabulary : `str`, optional (default = `None`)
        The vocabulary of an encoder that comes without.
    """
    register()
    from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
    from spanbert_allen.predictors.encoding import TextEncoder

    embedder = SpanbertEmbedder(model_name, train="none", vocabulary=vocabulary).eval()
    number = _device_number(device)
    return TextEncoder(embedder if number < 0 else embedder.cuda(number))


def register() -> None:
    """Mend AllenNLP for the installed versions and register every class of this package with it."""
    with warnings.catch_warnings():
        ignore_foreign_warnings()
        from spanbert_allen import plugin  # noqa: F401


def _device_number(device: str | int) -> int:
    if isinstance(device, int):
        return device
    import torch

    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ConfigError(f"device {device!r} is none of torch's; use 'cpu' or 'cuda:0'") from error
    if chosen.type not in ("cpu", "cuda"):
        raise ConfigError(f"device {device!r} is not for AllenNLP; use 'cpu' or 'cuda:0'")
    return -1 if chosen.type == "cpu" else chosen.index or 0


def _in_folder(folder: Path) -> tuple[Path, str | None]:
    """Return what to load of a training's folder, and the weights if they are not the best."""
    config = folder / "config.json"
    if not config.is_file():
        if (folder / ARCHIVE).is_file():
            return folder / ARCHIVE, None
        raise DataError(
            f"no config.json is in this folder; give the folder of a training (-s), or a {ARCHIVE}",
            folder,
        )
    try:
        settings = json.loads(config.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DataError(f"is not whole JSON ({error}); copy the folder again", config) from error
    if not isinstance(settings, dict) or "model" not in settings:
        raise DataError(
            "the folder is none of a training; if it is one of transformers, make an archive of it "
            "with `spanbert-allen import`",
            folder,
        )
    if any((folder / name).is_file() for name in BEST_WEIGHTS):
        return folder, None
    if (folder / ARCHIVE).is_file():
        return folder / ARCHIVE, None
    last = max(folder.glob("model_state_*.th"), key=lambda file: file.stat().st_mtime, default=None)
    if last is None:
        raise DataError("the training in this folder has saved no weights yet; wait", folder)
    return folder, str(last)
