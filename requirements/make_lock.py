"""
Write lock.txt and docs.txt: the versions that pip would choose on an empty machine.

lock.txt holds those for requirements.in, and no_deps.in as it stands. docs.txt holds what docs.in
needs beside them. Nothing is installed. `make lock` runs this program.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
HEADER = """\
# Made by `make lock` from {sources}: do not edit.
# Made with Python {python} on {machine}.
# Install with `pip install --no-deps -r requirements/{name}`, which is what `make {target}` does.
"""


def main() -> None:
    """Resolve with pip alone, and replace each file at once."""
    pins = resolve("-r", HERE / "requirements.in")
    alone = (HERE / "no_deps.in").read_text(encoding="utf-8").splitlines()
    pins |= {line for line in alone if line and not line.startswith("#")}
    lock = write("lock.txt", pins, sources="requirements.in and no_deps.in", target="install")
    for_docs = resolve("-r", HERE / "docs.in", "-c", lock)
    write("docs.txt", for_docs - pins, sources="docs.in", target="docs")


def resolve(*requirements: str | Path) -> set[str]:
    """Return the pins that pip chooses for these arguments of `pip install`."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
        command += ["--ignore-installed", "--report", str(report), *map(str, requirements)]
        subprocess.run(command, check=True)
        chosen = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {f"{one['metadata']['name']}=={one['metadata']['version']}" for one in chosen}


def write(name: str, pins: Iterable[str], *, sources: str, target: str) -> Path:
    """Write a file of pins beside its old version, then put it in that one's place."""
    header = HEADER.format(
        sources=sources,
        python=platform.python_version(),
        machine=platform.platform(terse=True),
        name=name,
        target=target,
    )
    beside = HERE / f"{name}.new"
    beside.write_text(header + "\n".join(sorted(pins, key=str.lower)) + "\n", encoding="utf-8")
    return beside.replace(HERE / name)


if __name__ == "__main__":
    main()
