"""Checkpoints that are whole or not there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from allennlp.training.checkpointer import Checkpointer
from allennlp.training.trainer import TrainerCheckpoint

from spanbert_allen.common.parts import remove_parts
from spanbert_allen.training.recovery.tensor_files import load_tensors, save_tensors

if TYPE_CHECKING:
    from allennlp.training import GradientDescentTrainer


@Checkpointer.register("spanbert")
class SpanbertCheckpointer(Checkpointer):
    """
    Write checkpoints, as AllenNLP's checkpointer does, for runs that may be killed at any time.

    A checkpoint is two files, `training_state_*.th` and then `model_state_*.th`. It exists when the
    second does, and each file exists only as a whole. Older checkpoints are removed after that.
    Files hold tensors and plain values, and are read as nothing else.
    """

    def save_checkpoint(self, trainer: GradientDescentTrainer) -> None:
        """
        Write a checkpoint, and remove those that the settings do not keep.

        # Parameters

        trainer : `GradientDescentTrainer`
            On several workers each calls this, and the first writes.

        Raises `UserError` if there is no room; the checkpoint before stays.
        """
        checkpoint = trainer.get_checkpoint_state()
        # On every worker, as each finds out by itself whether the next one is due.
        self._last_save_time = time.time()
        self._last_save_num_epochs_completed = trainer._epochs_completed
        self._last_save_num_batches_in_epoch_completed = trainer._batches_in_epoch_completed
        if checkpoint is None:
            return
        model_state, trainer_state = checkpoint
        point = trainer_state["epochs_completed"], trainer_state["batches_in_epoch_completed"]
        remove_parts(self._serialization_dir)
        model_path = Path(self._model_state_path(*point))
        model_path.unlink(missing_ok=True)  # the two files must never be of two moments
        save_tensors(trainer_state, self._training_state_path(*point))
        save_tensors(model_state, model_path)
        self._remove_old()

    def load_checkpoint(self) -> TrainerCheckpoint | None:
        """Return the last whole checkpoint, on the CPU; `None` if there is none."""
        if self._is_primary:  # no other writes
            remove_parts(self._serialization_dir)
        latest = self.find_latest_checkpoint()
        if latest is None:
            return None
        model_path, training_path = latest
        checkpoint = TrainerCheckpoint(load_tensors(model_path), load_tensors(training_path))
        state = checkpoint.trainer_state
        self._last_save_num_epochs_completed = state["epochs_completed"]
        self._last_save_num_batches_in_epoch_completed = state["batches_in_epoch_completed"]
        return checkpoint

    def _remove_old(self) -> None:
        if self._keep_most_recent_by_count is None and self._keep_most_recent_by_age is None:
            return
        checkpoints = sorted(self._find_all_checkpoints(), reverse=True)
        kept = set(checkpoints[: self._keep_most_recent_by_count or 0])
        if self._keep_most_recent_by_age is not None:
            oldest = time.time() - self._keep_most_recent_by_age
            kept |= {
                point
                for point in checkpoints
                if Path(self._model_state_path(*point)).stat().st_mtime >= oldest
            }
        for point in set(checkpoints) - kept:
            self._remove_checkpoint(*point)  # the model's state first
        self._remove_lone_training_states()

    def _remove_lone_training_states(self) -> None:
        """Remove what was left by runs that were killed between the two files of a checkpoint."""
        for path in Path(self._serialization_dir).glob("training_state_e*_b*.th"):
            point = self._parse_training_state_path(path)
            if point is not None and not Path(self._model_state_path(*point)).exists():
                path.unlink(missing_ok=True)


def has_checkpoint(folder: str | Path) -> bool:
    """Tell whether a run in a folder has written a checkpoint to go on from."""
    return any(Path(folder).glob("model_state_*.th"))
