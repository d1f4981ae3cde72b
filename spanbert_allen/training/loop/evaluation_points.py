"""The points of a training run at which it evaluates."""

from __future__ import annotations

from spanbert_allen.common.errors import ConfigError


class EvaluationPoints:
    """
    Tell at which places of an epoch the validation data is evaluated.

    Without settings that is the end of each epoch.

    # Parameters

    num_batches : `int`, optional (default = `None`)
        The batches of an epoch; `None` if nobody knows.
    every_updates : `int`, optional (default = `None`)
        Evaluate after every so many updates of the run.
    per_epoch : `int`, optional (default = `None`)
        Evaluate so many times an epoch, as the original programs do: after every
        max(1, batches // per_epoch) batches, counted within the epoch, so that an epoch may have
        more evaluations than asked for (19 batches and 10 evaluations give 19) and the batches
        after the last whole interval have none.

    # Errors

    `ConfigError` for both settings at once, numbers below 1, or `per_epoch` without `num_batches`.
    """

    def __init__(
        self,
        num_batches: int | None = None,
        *,
        every_updates: int | None = None,
        per_epoch: int | None = None,
    ):
        if every_updates is not None and per_epoch is not None:
            raise ConfigError(
                "`trainer.evaluate_every_updates` and `trainer.evaluations_per_epoch` are both "
                "set: leave one out"
            )
        for key, value in (
            ("evaluate_every_updates", every_updates),
            ("evaluations_per_epoch", per_epoch),
        ):
            if value is not None and value < 1:
                raise ConfigError(f"`trainer.{key}` is {value}: it must be 1 or more")
        if per_epoch is not None and num_batches is None:
            raise ConfigError(
                "`trainer.evaluations_per_epoch` is set, but the data loader does not tell how "
                "many batches an epoch has: set `trainer.evaluate_every_updates` in its place"
            )
        self._every_updates = every_updates
        self._interval: int | None = None
        if per_epoch is not None and num_batches is not None:
            self._interval = max(1, num_batches // per_epoch)

    @property
    def only_at_epoch_end(self) -> bool:
        """Tell whether there are no other points than the ends of epochs."""
        return self._every_updates is None and self._interval is None

    def inside_group(self, batches_before: int, batches_after: int) -> bool:
        """
        Tell whether a point lies between two batches of one update.

        The weights there are those before the update, so that is when to evaluate.

        # Parameters

        batches_before, batches_after : `int`
            Batches of the epoch done before and after the update's.
        """
        if self._interval is None:
            return False
        return (batches_after - 1) // self._interval > batches_before // self._interval

    def after_group(self, batches_done: int, updates_done: int | None) -> bool:
        """
        Tell whether a point follows the batches of an update.

        # Parameters

        batches_done : `int`
            Of this epoch.
        updates_done : `int`, optional
            Of the whole run; `None` if these batches were too few for an update.
        """
        if self._every_updates is not None:
            return updates_done is not None and updates_done % self._every_updates == 0
        return self._interval is not None and batches_done % self._interval == 0
