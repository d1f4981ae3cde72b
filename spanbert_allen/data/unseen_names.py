"""Names in data to evaluate on that a trained model does not know."""

from __future__ import annotations

import logging
from collections import Counter

logger = logging.getLogger(__name__)

UNKNOWN_LABEL = -1
"""The number of a label that the model does not have: no prediction is right then."""


class UnseenNames:
    """Count the unknown names of a data set, and warn of each of them once."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, name: str, consequence: str) -> None:
        """
        Count an example.

        # Parameters

        name : `str`
            What the model does not know, as a message calls it.
        consequence : `str`
            What becomes of the example.
        """
        if not self.counts[name]:
            logger.warning("the model was not trained with %s: %s", name, consequence)
        self.counts[name] += 1
