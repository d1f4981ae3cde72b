"""
Writes lock.txt: the versions that pip would choose for requirements.in on an empty machine, and
no_deps.in as it stands. Nothing is installed. `make lock` runs it.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HEADER = """\
# Made by `make lock` from requirements.in and no_deps.in: do not edit.
# Made with Python {python} on {machine}.
# Install with `pip install --no-deps -r requirements/lock.txt`, which is what `make install` does.
"""


def main() -> None:
    """Resolve with pip alone, then replace lock.txt at once."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
        command += ["--ignore-installed", "--report", str(report)]
        command += ["-r", str(HERE / "requirements.in")]
        subprocess.run(command, check=True)
        chosen = json.loads(report.read_text(encoding="utf-8"))["install"]
    pins = [f"{one['metadata']['name']}=={one['metadata']['version']}" for one in chosen]
    alone = (HERE / "no_deps.in").read_text(encoding="utf-8").splitlines()
    pins += [line for line in alone if line and not line.startswith("#")]
    header = HEADER.format(python=platform.python_version(), machine=platform.platform(terse=True))
    beside = HERE / "lock.txt.new"
    beside.write_text(header + "\n".join(sorted(pins, key=str.lower)) + "\n", encoding="utf-8")
    beside.replace(HERE / "lock.txt")


if __name__ == "__main__":
    main()
