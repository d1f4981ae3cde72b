"""What is shown of a run: a bar on a terminal, ten lines in a log."""

from __future__ import annotations

import fcntl
import io
import logging
import os
import pty
import struct
import termios
from concurrent.futures import ThreadPoolExecutor

import pytest

from spanbert_allen.training.monitoring.progress import RunProgress


def everything_from(reader):
    """Read a terminal until its other end is closed: the system hands on a part at a time."""
    shown = b""
    while True:
        try:
            part = os.read(reader, 4096)
        except OSError:  # on Linux, the end of what a terminal shows
            part = b""
        if not part:
            return shown.decode()
        shown += part


def test_on_a_terminal_rate_and_time_left():
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with ThreadPoolExecutor() as threads:
        reading = threads.submit(everything_from, reader)
        with os.fdopen(writer, "w") as terminal, RunProgress(40, 10, stream=terminal) as progress:
            for _ in range(30):
                progress.update(0.25, epoch=1)
            progress.note("evaluating")
        shown = reading.result()
    os.close(reader)
    assert "10/40" in shown  # where it was taken up again
    assert "40/40" in shown
    assert "update/s" in shown
    assert "evaluating" in shown


@pytest.mark.parametrize(("total", "done"), [(40, 0), (400, 200), (7, 0)])
def test_elsewhere_a_line_at_each_tenth(caplog, total, done):
    stream = io.StringIO()
    with (
        caplog.at_level(logging.INFO, logger="spanbert_allen"),
        RunProgress(total, done, stream=stream) as progress,
    ):
        for _ in range(total - done):
            progress.update(0.25, epoch=2)
    assert stream.getvalue() == ""
    assert len(caplog.messages) == min(total, 10 * (total - done) // total)
    assert caplog.messages[-1].startswith(f"update {total} of {total} (epoch 3): loss 0.25, ")
    assert caplog.messages[-1].endswith("0:00:00 left")


def test_other_workers_show_nothing(caplog):
    with (
        caplog.at_level(logging.INFO, logger="spanbert_allen"),
        RunProgress(1, is_shown=False) as progress,
    ):
        progress.update(1.0, epoch=0)
    assert not caplog.messages


def test_a_run_whose_length_nobody_knows(caplog):
    with (
        caplog.at_level(logging.INFO, logger="spanbert_allen"),
        RunProgress(None) as progress,
    ):
        progress.update(1.0, epoch=0)
    assert not caplog.messages
