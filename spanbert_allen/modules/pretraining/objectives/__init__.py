"""Further objectives of pre-training: one a file, registered under its name."""

from spanbert_allen.modules.pretraining.objectives.objective import Objective, ObjectiveOutput
from spanbert_allen.modules.pretraining.objectives.recurring_spans import RecurringSpanSelection

__all__ = ["Objective", "ObjectiveOutput", "RecurringSpanSelection"]
