"""A command that is told to end cleans up and says so."""

import os
import signal
import tempfile

import pytest

from spanbert_allen.common.files import replace_file
from spanbert_allen.common.signals import one_line_when_stopped, with_signals_told


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_half_written_files_are_removed_and_one_line_says_so(tmp_path, capsys, number, status):
    before = signal.getsignal(signal.SIGTERM)
    out = tmp_path / "out.jsonl"
    out.write_text("of before")
    with (
        pytest.raises(SystemExit) as end,
        one_line_when_stopped("spanbert-allen import"),
        replace_file(out) as file,
        tempfile.TemporaryDirectory(dir=tmp_path, prefix=".import-"),
    ):
        file.write("half")
        os.kill(os.getpid(), number)
    assert end.value.code == status
    said = "spanbert-allen import was stopped: what it was writing is as it was before\n"
    assert capsys.readouterr().err == said
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert out.read_text() == "of before"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_status_above_128_of_a_command_that_cleaned_up_is_its_signal():
    assert [with_signals_told(status) for status in (0, 1, 2, -9, 130, 143, 137)] == [
        *(0, 1, 2, -9),
        *(-signal.SIGINT, -signal.SIGTERM),
        137,
    ]
