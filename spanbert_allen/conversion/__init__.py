"""Trained models of others to archives of ours, and archives to folders of transformers."""

from spanbert_allen.conversion.exporting import export_archive
from spanbert_allen.conversion.importing import import_model
from spanbert_allen.conversion.task import Task
from spanbert_allen.conversion.tasks import TASKS

__all__ = ["TASKS", "Task", "export_archive", "import_model"]
