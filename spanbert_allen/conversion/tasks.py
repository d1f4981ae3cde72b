"""The tasks whose models are converted."""

from __future__ import annotations

from spanbert_allen.conversion.pretraining_task import PretrainingTask
from spanbert_allen.conversion.qa_task import QATask
from spanbert_allen.conversion.relation_task import RelationTask
from spanbert_allen.conversion.sequence_task import SequenceTask
from spanbert_allen.conversion.task import ExportedTask, Task

TASKS: dict[str, Task] = {
    "qa": QATask(),
    "relation": RelationTask(),
    "sequence": SequenceTask(),
}
"""Those that are imported and exported, by the name that the commands call them."""

EXPORTED_TASKS: tuple[ExportedTask, ...] = (*TASKS.values(), PretrainingTask())
"""Those that are exported."""
