"""
Start trainings only with a configuration that holds, and leave nothing of a start that failed.

A folder with the files of a failed start would make AllenNLP refuse the corrected command.
"""

from __future__ import annotations

import functools
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import Any

from allennlp.commands import build_vocab, find_learning_rate, train
from allennlp.common import Params

from spanbert_allen.common.errors import ConfigError, UserError
from spanbert_allen.common.folder_lock import is_locked
from spanbert_allen.common.paths import refuse_empty_path
from spanbert_allen.common.torchrun import torchrun_place
from spanbert_allen.compat.repairs.early_recovery import is_only_begun
from spanbert_allen.compat.replacing import replace_function
from spanbert_allen.configuration.replaced_folder import (
    check_replaceable,
    kept_until_begun,
    undo_killed_start,
)
from spanbert_allen.configuration.structure import problems_of_config

logger = logging.getLogger(__name__)

_WORKERS = ("distributed.cuda_devices", "distributed.num_nodes", "distributed.primary_")
"""The beginnings of the keys whose values may change when a run goes on."""

_train_model = train.train_model
_find_learning_rate = find_learning_rate.find_learning_rate_model
_make_vocab = build_vocab.make_vocab_from_params


def install() -> None:
    """Make AllenNLP's `train`, `find-lr` and `build-vocab` check a configuration first."""
    replace_function(_train_model, train_model)
    find_learning_rate.find_learning_rate_model = find_learning_rate_model
    build_vocab.make_vocab_from_params = _checked(_make_vocab)


def check_config(params: Params) -> None:
    """Raise a `ConfigError` for the first mistake that `problems_of_config` finds."""
    problem = next(problems_of_config(params.as_dict(quiet=True)), None)
    if problem is not None:
        raise ConfigError(problem)


@functools.wraps(_train_model)
def train_model(
    params: Params,
    serialization_dir: str | os.PathLike[str],
    recover: bool = False,
    force: bool = False,
    **options: Any,
) -> Any:
    refuse_empty_path(serialization_dir, "the training (-s)", "name a folder")
    folder = Path(serialization_dir)
    # Workers that torchrun starts again do not replace anything: theirs is the folder.
    is_alone = torchrun_place(os.environ) is None and not is_locked(folder)
    if force:
        check_replaceable(folder)
    elif is_alone and not recover and undo_killed_start(folder):
        logger.warning(
            "%s: what a start with --force, which was killed, had put aside is back", folder
        )
    is_new = force or not folder.is_dir() or not any(folder.iterdir())
    if is_new or recover:  # otherwise AllenNLP refuses the folder
        check_config(params)
        _check_test_evaluation(params)
    if recover:
        _check_same_config(params, folder)
    replaces = force and not recover and is_alone
    is_dry_run = bool(options.get("dry_run"))
    is_emptied = None
    try:
        with (
            kept_until_begun(folder, is_dry_run=is_dry_run) if replaces else nullcontext()
        ) as is_emptied:
            force = force and not is_emptied
            model = _train_model(params, serialization_dir, recover, force, **options)
    except Exception as error:
        failed_at_start = isinstance(error, UserError) or not _has_begun(error)
        if is_new and failed_at_start and not is_emptied:
            _remove_if_only_begun(folder)
        raise
    if not is_dry_run and (folder / "model.tar.gz").is_file():
        logger.info("the model is %s, its scores are in metrics.json", folder / "model.tar.gz")
    return model


def _remove_if_only_begun(folder: Path) -> None:
    """Remove what a start has written, if it is no folder of a training beside this one."""
    if folder.is_dir() and not is_locked(folder) and is_only_begun(folder):
        shutil.rmtree(folder, ignore_errors=True)


@functools.wraps(_find_learning_rate)
def find_learning_rate_model(params: Params, *args: Any, **kwargs: Any) -> Any:
    check_config(params)
    if params.get("trainer", {}).get("type") == "spanbert":
        raise ConfigError(
            "trainer.type: find-lr knows AllenNLP's own trainer only, not `spanbert`, whose "
            "optimizers compute their rates themselves: train with some rates instead"
        )
    return _find_learning_rate(params, *args, **kwargs)


def _check_test_evaluation(params: Params) -> None:
    """
    Raise a `ConfigError` if several workers train and the test data is to be evaluated on.

    AllenNLP lets the first worker do it alone, on its share of the data, and metrics wait for the
    other workers, which have ended.
    """
    place = torchrun_place(os.environ)
    are_several = params.get("distributed") if place is None else place.world_size > 1
    if are_several and params.params.get("evaluate_on_test"):
        raise ConfigError(
            "`evaluate_on_test` does not work with several workers, of which the first would have "
            "a share of the test data only: take it out of the config and run `evaluate` on the "
            "archive"
        )


def _checked(function: Any) -> Any:
    @functools.wraps(function)
    def checking(params: Params, *args: Any, **kwargs: Any) -> Any:
        check_config(params)
        return function(params, *args, **kwargs)

    return checking


def _has_begun(error: BaseException) -> bool:
    """Whether an error was raised by the training itself, in this process or in a worker's."""
    frames = (frame.f_code for frame in _frames(error))
    return train.TrainModel.run.__code__ in frames or "train_loop.run()" in str(error)


def _frames(error: BaseException) -> Iterator[FrameType]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def _check_same_config(params: Params, folder: Path) -> None:
    """Raise a `ConfigError` if the run in a folder was started with another configuration."""
    path = folder / "config.json"
    if not path.is_file() or not any(folder.glob("model_state_*.th")):
        return
    try:
        before = Params.from_file(str(path)).as_flat_dict()
    except RuntimeError:  # it breaks off; AllenNLP's own start says so
        return
    changes = list(_changes(before, params.as_flat_dict()))
    if changes:
        more = f" (and {len(changes) - 1} more keys differ)" if len(changes) > 1 else ""
        raise ConfigError(
            f"--recover: the run in {folder} was started with another configuration: "
            f"{changes[0]}{more}: give the configuration that it was started with, or start a new "
            "run in another folder with -s"
        )


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Say what differs but for the number of workers, the most telling keys first."""
    for key in sorted({*before, *now}, key=lambda key: (not key.endswith("type"), key)):
        if key.startswith(_WORKERS):
            continue
        if key not in before:
            yield f"`{key}` is new"
        elif key not in now:
            yield f"`{key}` is missing"
        elif before[key] != now[key]:
            yield f"`{key}` was {before[key]!r} and is {now[key]!r} now"
