"""A run without a model: a predictor that writes texts in capitals, and files for it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from spanbert_allen.common.files import default_doc_key, read_lines
from spanbert_allen.corpus_prediction.manifest import Manifest, file_state
from spanbert_allen.corpus_prediction.merging import merge
from spanbert_allen.corpus_prediction.run_folder import RunFolder, begin_run
from spanbert_allen.corpus_prediction.worker import work
from spanbert_allen.predictors.record import Record


class FakePredictor:
    records_at_once = 1

    def __init__(self) -> None:
        self.source = ""
        self.num_predicted = self.num_read = 0

    def records(self, path: str) -> Iterator[Record]:
        for number, line in read_lines(path):
            self.num_read += 1
            yield Record({"text": line}, line=number)

    def predict_batch_json(self, inputs: Sequence[Any]) -> list[dict[str, Any]]:
        self.num_predicted += len(inputs)
        return [self._result(record) for record in inputs]

    def dump_line(self, outputs: dict[str, Any]) -> str:
        return json.dumps(outputs) + "\n"

    def _result(self, record: Record) -> dict[str, Any]:
        if "bad" in record["text"]:
            return {"line": record.line, "error": "it is bad"}
        key = default_doc_key(self.source, record.line or 0)
        return {"doc_key": key, "text": record["text"].upper()}


def write_inputs(folder: Path) -> list[Path]:
    """Two files, one of them packed: 3 and 2 shards of 2 records, one of them bad."""
    first, second = folder / "one.txt", folder / "two.txt.gz"
    first.write_text("a\nb b\nbad\nd d d\ne\n", encoding="utf-8")
    second.write_bytes(gzip.compress(b"f\ng\nh\n", mtime=0))
    return [first, second]


def manifest_of(archive: Path, inputs: Sequence[Path], **settings: Any) -> Manifest:
    settings = {"shard_records": 2} | settings
    return Manifest(
        archive=file_state(archive, is_whole=True),
        inputs=tuple(file_state(path, is_whole=False) for path in inputs),
        **settings,
    )


def begin(folder: Path) -> RunFolder:
    """Begin a run in `folder / "out"`, or go on with it."""
    archive = folder / "model.tar.gz"
    archive.write_bytes(b"weights")
    manifest = manifest_of(archive, write_inputs(folder))
    given = {"archive": manifest.archive, "inputs": manifest.inputs, "shard_records": 2}
    return begin_run(folder / "out", manifest, given)


def never() -> None:
    raise AssertionError("a worker waits for others, and there are none")


def run_all(folder: Path) -> int:
    """Begin a run or go on with it, to the end; return how many records were predicted."""
    predictor = FakePredictor()
    run = begin(folder)
    work(run, predictor, wait=never)
    merge(run)
    return predictor.num_predicted
