"""A training's budget of hours."""

from __future__ import annotations

import math
from dataclasses import dataclass

from spanbert_allen.common.errors import ConfigError


@dataclass(frozen=True)
class TimeBudget:
    """
    Tell how much of the time that a training may take has passed.

    # Parameters

    max_hours : `float`, optional (default = `None`)
        The hours of the training, above 0; `None` for a training without a limit.

    # Errors

    `ConfigError` for a number that is not above 0.
    """

    max_hours: float | None = None

    def __post_init__(self) -> None:
        if self.max_hours is not None and not 0 < self.max_hours < math.inf:
            raise ConfigError(
                f"`trainer.max_hours` is {self.max_hours}: it must be above 0, such as 1.5, or null"
            )

    @property
    def is_set(self) -> bool:
        """Tell whether there is a limit."""
        return self.max_hours is not None

    def share(self, seconds: float) -> float:
        """Return the share of the budget, from 0 to 1, that so many seconds are; 0 without one."""
        return 0.0 if self.max_hours is None else min(1.0, seconds / (3600 * self.max_hours))

    def is_spent(self, seconds: float) -> bool:
        """Tell whether nothing of the budget is left after so many seconds."""
        return self.share(seconds) >= 1.0

    def left(self, seconds: float) -> float:
        """Return the seconds that are left; without a limit infinitely many."""
        return math.inf if self.max_hours is None else max(0.0, 3600 * self.max_hours - seconds)
