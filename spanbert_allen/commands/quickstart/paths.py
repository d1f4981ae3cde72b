"""The files that the quickstart makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class QuickstartPaths:
    """
    Name every file of a run.

    # Parameters

    out : `Path`
        The folder of the option `--out`.
    task : `str`
        The task's name.
    split_file : `str`
        The sample corpus's file of a split; `{split}` stands for its name.
    """

    out: Path
    task: str
    split_file: str

    @property
    def data(self) -> Path:
        """Return the folder of the sample corpus in the layouts of the readers."""
        return self.out / "data"

    @property
    def run(self) -> Path:
        """AllenNLP's serialization directory."""
        return self.out / self.task

    @property
    def archive(self) -> Path:
        """Return the file of the trained model."""
        return self.run / "model.tar.gz"

    @property
    def metrics(self) -> Path:
        """Return the file of the scores on the test split."""
        return self.run / "test_metrics.json"

    @property
    def text(self) -> Path:
        """Return the file of what to predict, a line of jsonl."""
        return self.out / "text.jsonl"

    @property
    def predictions(self) -> Path:
        """Return the file of the result, a line of jsonl."""
        return self.out / "predictions.jsonl"

    @property
    def page(self) -> Path:
        """Return the file of the result as an HTML page."""
        return self.out / f"{self.task}.html"

    @property
    def log(self) -> Path:
        """Return the file of what the commands wrote."""
        return self.out / "quickstart.log"

    def split(self, name: str) -> Path:
        """Return the data file of a split: train, dev or test."""
        return self.data / self.split_file.format(split=name)
