"""AllenNLP's TensorBoard callback beside our trainer, read back from its files."""

from __future__ import annotations

from collections import defaultdict

from tensorboardX.proto.event_pb2 import Event

from tests.training.loop.test_trainer import train


def scalars(folder):
    """The values by name and step of all event files, which are length-prefixed records."""
    found = defaultdict(dict)
    for path in folder.glob("events.*"):
        content = path.read_bytes()
        while content:
            size = int.from_bytes(content[:8], "little")
            event = Event.FromString(content[12 : 12 + size])
            for value in event.summary.value:
                found[value.tag][event.step] = value.simple_value
            content = content[12 + size + 4 :]
    return found


def test_evaluations_within_and_at_the_end_of_epochs(tmp_path):
    train(
        tmp_path,
        num_epochs=2,
        evaluate_every_updates=4,
        callbacks=[{"type": "tensorboard", "summary_interval": 1}],
    )
    validation = scalars(tmp_path / "log" / "validation")
    assert list(validation["validation/by_update/loss"]) == [5, 9, 13, 17]
    assert list(validation["validation/loss"]) == [1, 2]
    training = scalars(tmp_path / "log" / "train")
    assert len(training["train/batch_loss"]) == 16
