import io
import re

import pytest

from spanbert_allen.results.terminal.render import render_terminal, wants_colour

TEXT = "Anna opened her bakery."
RESULT = {
    "text": TEXT,
    "clusters": [
        [{"start": 0, "end": 4, "text": "Anna"}, {"start": 12, "end": 15, "text": "her"}],
        [{"start": 12, "end": 22, "text": "her bakery"}],
    ],
}
ESCAPES = re.compile(r"\x1b\[[\d;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_colour() -> None:
    assert render_terminal(RESULT, colour=False) == (
        "[1 Anna] opened [2 [1 her] bakery].\n\n  1  Anna · her\n  2  her bakery\n"
    )


def test_colours_change_nothing_but_colour() -> None:
    coloured = render_terminal(RESULT, colour=True)
    assert ESCAPES.sub("", coloured) == render_terminal(RESULT, colour=False)
    (first,) = re.findall(r"(\x1b\[[\d;]*m)Anna\x1b\[0m", coloured)
    (nested,) = re.findall(r"(\x1b\[[\d;]*m)her\x1b\[0m", coloured)
    (outer,) = re.findall(r"(\x1b\[[\d;]*m) bakery\x1b\[0m", coloured)
    assert first == nested != outer


def test_escape_sequences_of_the_text_do_not_reach_the_terminal() -> None:
    hostile = {"text": "a\x1b[2Jb\x07\r\nc\x9b1m\td", "clusters": []}
    shown = render_terminal(hostile, colour=True)
    assert shown.startswith("a\ufffd[2Jb\ufffd\nc\ufffd1m\td\n")
    assert "no mentions that corefer" in shown
    assert (
        render_terminal({"error": "bad \x1b[1m"}, colour=True) == "not predicted: bad \ufffd[1m\n"
    )


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_only_where_it_is_wanted(
    stream: io.StringIO, environment: dict, expected: bool
) -> None:
    assert wants_colour(stream, environment) is expected
