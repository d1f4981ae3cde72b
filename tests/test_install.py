"""What `make install` says where it cannot, and what CI runs."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.places import ROOT


@pytest.fixture
def preflight(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    problem = runpy.run_path(str(ROOT / "requirements" / "preflight.py"))["problem"]
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=10**8, f_frsize=4096))
    return problem


def test_all_is_well(preflight):
    assert preflight() is None


def test_a_python_that_is_too_old(preflight, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    assert preflight().startswith(f"Python 3.11 or newer is needed and {sys.executable} is 3.9")


def test_no_pip(preflight, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert "install its `venv` and `pip`" in preflight()


def test_a_full_disk(preflight, monkeypatch):
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=10**6, f_frsize=4096))
    assert "has 4.1 GB free: make room first" in preflight()


def test_make_stops_with_the_sentence(tmp_path):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    for name in ("Makefile", "setup.py", "pyproject.toml", "requirements", "spanbert_allen"):
        (tmp_path / name).symlink_to(ROOT / name)
    done = subprocess.run(
        ["make", "install", "PYTHON=no-such-python"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "error: no-such-python was not found: install Python 3.11 or newer" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_ci_runs_make_check_and_check_is_test():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "make check"
    assert "\ncheck: test\n" in (ROOT / "Makefile").read_text()
