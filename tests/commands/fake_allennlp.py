"""Stands in for `allennlp`: says, writes and ends as the real one does, in no time."""

import json
import sys
from pathlib import Path

EPOCHS = [
    {"training_loss": 30.456, "validation_coref_f1": 0.25, "validation_f1": 12.0},
    {"training_loss": 10.0, "validation_coref_f1": 0.5, "validation_f1": 20.0},
]


def train(arguments: list[str]) -> None:
    folder = Path(arguments[arguments.index("-s") + 1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, metrics in enumerate(EPOCHS):
        sys.stderr.write(f"INFO - update 4 of 9 (epoch {number + 1}): loss 31.5, 0:00:07 left\n")
        (folder / f"metrics_epoch_{number}.json").write_text(json.dumps(metrics))
    (folder / "model.tar.gz").write_bytes(b"")


def evaluate(arguments: list[str]) -> None:
    metrics = {"coref_f1": 0.4444, "muc_f1": 0.5, "loss": 3.0}
    if arguments[1].endswith("squad_test.json"):
        metrics = {"exact": 30.0, "f1": 34.0, "total": 72.0, "loss": 3.0}
    elif arguments[1].endswith("tacred_test.json"):
        metrics = {"f1": 0.5, "precision": 0.75, "recall": 0.375, "accuracy": 0.6, "loss": 3.0}
    elif arguments[1].endswith("corpus_test"):
        metrics = {"mlm_accuracy_geometric_spans": 0.25, "loss": 3.0}
    Path(arguments[arguments.index("--output-file") + 1]).write_text(json.dumps(metrics))


def predict(arguments: list[str]) -> None:
    record = json.loads(Path(arguments[1]).read_text(encoding="utf-8"))
    if "question" in record:
        answer = {"text": record["context"][:3], "start": 0, "end": 3, "probability": 0.9}
        result = record | {"answer": answer["text"], "start": 0, "end": 3, "answers": [answer]}
        result |= {"no_answer_score": None, "threshold": None}
        Path(arguments[arguments.index("--output-file") + 1]).write_text(json.dumps(result))
        return
    if "entities" in record:
        entities = [
            {"start": start, "end": end, "text": record["text"][start:end], "type": kind}
            for start, end, kind in record["entities"]
        ]
        relation = {"subject": 0, "object": 1, "label": "per:age", "probability": 0.9}
        result = record | {"entities": entities, "relations": [relation]}
        Path(arguments[arguments.index("--output-file") + 1]).write_text(json.dumps(result))
        return
    if "spans" in record:
        result = record | {"masked": [], "filled": record["text"].upper()}
        result["schema"] = "spanbert_allen.pretraining/1"
        Path(arguments[arguments.index("--output-file") + 1]).write_text(json.dumps(result))
        return
    mentions = [{"start": 0, "end": 3, "text": record["text"][:3]}]
    mentions.append({"start": 4, "end": 7, "text": record["text"][4:7]})
    result = {"doc_key": "quickstart", "text": record["text"], "clusters": [mentions]}
    Path(arguments[arguments.index("--output-file") + 1]).write_text(json.dumps(result))


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    sys.stdout.write("2026-11-23 INFO noise that is for the log\n")
    if Path("fail_at").exists() and Path("fail_at").read_text() == command:
        sys.stderr.write("error: the disk is full: make room\nlast line\n")
        sys.exit(1)
    {"train": train, "evaluate": evaluate, "predict": predict}[command](arguments)
