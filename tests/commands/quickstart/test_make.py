"""What `make quickstart` hands on to the command."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.places import ROOT

ODD = """It costs $5, $(HOME) #1 "quoted" `date` and her brother's \\n"""


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_a_text_arrives_as_it_was_given():
    shown = 'shown:\n\t@printf "%s|%s" "$$TEXT" "$$QUESTION"\n'
    made = subprocess.run(
        ["make", "-s", "-f", "Makefile", "-f", "-", "shown", f"TEXT={ODD}", "QUESTION=What is $5?"],
        input=shown,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == f"{ODD}|What is $5?"
