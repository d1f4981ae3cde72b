"""
Gather the wheels that `gpu_check.py` takes along to a machine where nothing can be downloaded.

    python benchmarks/gather_gpu_wheels.py build/gpu_wheels

They are for CPython 3.12 on x86-64 Linux, whatever this program runs on. What is published as
source alone is built here, and must be pure Python. The program fails if the files are too large to
be carried.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

LIST = Path(__file__).with_name("gpu_wheels.txt")
MOST_BYTES = 64_000_000
SOURCE_ONLY = ("fairscale", "fastcoref")
"""Packages that have no wheel in the index."""
OF_TARGET = ("--python-version", "3.12", "--implementation", "cp", "--only-binary", ":all:")
GLIBC = (28, 27, 26, 24, 17, 12, 5)
"""The versions that names of wheels may ask for; pip takes each for itself alone."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="where the wheels go")
    folder = parser.parse_args().folder
    gather(folder, wanted(LIST.read_text(encoding="utf-8")))
    problem = too_large(folder)
    print(problem or f"{folder}: {size_of(folder) / 1e6:.1f} MB in {len(wheels(folder))} wheels")
    return int(problem is not None)


def wanted(text: str) -> list[str]:
    """Return the requirements of the list."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def gather(
    folder: Path, requirements: Sequence[str], pip: Callable[[Sequence[str]], None] | None = None
) -> None:
    """Fetch or build the wheels of exactly these versions."""
    pip = pip or run_pip
    built = [one for one in requirements if one.partition("==")[0] in SOURCE_ONLY]
    fetched = [one for one in requirements if one not in built]
    common = ("--no-deps", "--quiet", "--disable-pip-version-check")
    platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in GLIBC]
    aliases = [f"--platform=manylinux{year}_x86_64" for year in ("2014", "2010", "1")]
    target = (*OF_TARGET, *platforms, *aliases)
    pip(["download", *common, *target, "--dest", str(folder), *fetched])
    pip(["wheel", *common, "--wheel-dir", str(folder), *built])
    for wheel in wheels(folder):
        if wheel.name.lower().startswith(SOURCE_ONLY) and not wheel.name.endswith("-none-any.whl"):
            raise SystemExit(f"{wheel.name} is for this machine alone: it must be pure Python")


def run_pip(arguments: Sequence[str]) -> None:
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True)


def wheels(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.whl"))


def size_of(folder: Path) -> int:
    return sum(wheel.stat().st_size for wheel in wheels(folder))


def too_large(folder: Path, most: int = MOST_BYTES) -> str | None:
    """Say so if the wheels are too large, and which are the largest."""
    size = size_of(folder)
    if size <= most:
        return None
    largest = sorted(wheels(folder), key=lambda one: -one.stat().st_size)[:3]
    names = ", ".join(f"{one.name} ({one.stat().st_size / 1e6:.1f} MB)" for one in largest)
    return f"{size / 1e6:.1f} MB are more than the {most / 1e6:.0f} MB allowed; largest: {names}"


if __name__ == "__main__":
    sys.exit(main())
