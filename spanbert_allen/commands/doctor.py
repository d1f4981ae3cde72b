"""
`spanbert-allen doctor`: check an installation, a line a check, with a cure where one is needed.

AllenNLP is imported in another process, so that a broken one is a line of the report and not the
end of the command.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import platform
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from spanbert_allen.tested_versions import BOUNDS, EXTRAS, NEEDED_BY_ALLENNLP, WITHOUT_DEPENDENCIES

if TYPE_CHECKING:
    import torch

HELP = "check this installation: versions, extras, AllenNLP, plugin, encoder, device"
EXAMPLE = "spanbert-allen doctor --quick"

_REPAIR = "run `make install` in a clone, or `pip install --force-reinstall spanbert-allen`"
_INSTALL_ALLENNLP = "run `spanbert-allen install-allennlp`"
_PROBE = """
import logging, warnings
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
import nltk
nltk.download = lambda *arguments, **options: False
from allennlp.common.plugins import import_plugins
print("probe: allennlp")
import_plugins()
import sys
if "spanbert_allen.plugin" in sys.modules:
    print("probe: found")
import spanbert_allen
spanbert_allen.register()
print("probe: registered")
"""


class Finding(NamedTuple):
    """One line of the report; `cure` is empty when all is well, or what is missing may be."""

    subject: str
    state: str
    cure: str = ""
    is_there: bool = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--quick", action="store_true", help="leave out AllenNLP and torch, which take seconds"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the report. Return 0 if all is well, else 1."""
    checks: list[Callable[[], Iterator[Finding]]] = [_python, _versions, _extras, _encoder]
    if not arguments.quick:
        checks += [_allennlp, _device]
    wrong = 0
    for check in checks:
        for finding in check():
            wrong += bool(finding.cure)
            mark = "WRONG" if finding.cure else "ok" if finding.is_there else "-"
            cure = f": {finding.cure}" if finding.cure else ""
            print(f"{mark:<6}{finding.subject:<22}{finding.state}{cure}", flush=True)
    return 1 if wrong else 0


def _python() -> Iterator[Finding]:
    good = sys.version_info >= (3, 11)
    yield Finding("python", platform.python_version(), "" if good else "use 3.11 or newer")


def _versions() -> Iterator[Finding]:
    for name, bound in {**BOUNDS, **NEEDED_BY_ALLENNLP}.items():
        yield version_finding(name, bound, f"run `pip install '{name}{bound}'`")
    for name, bound in WITHOUT_DEPENDENCIES.items():
        yield version_finding(name, bound, _INSTALL_ALLENNLP)


def version_finding(name: str, bound: str, cure: str) -> Finding:
    """
    Compare the installed version of a distribution with what is tested.

    # Parameters

    name : `str`
        A distribution.
    bound : `str`
        The versions that are tested, e.g. `>=2.6,<2.15`.
    cure : `str`
        What to do if it is missing or another version.
    """
    from packaging.specifiers import SpecifierSet

    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "not installed", cure)
    if SpecifierSet(bound).contains(version, prereleases=True):
        return Finding(name, version)
    return Finding(name, version, f"tested are {bound}: {cure}")


def _extras() -> Iterator[Finding]:
    for extra, bounds in EXTRAS.items():
        yield extra_finding(extra, bounds)


def extra_finding(extra: str, bounds: Mapping[str, str]) -> Finding:
    """
    Tell whether the packages of an extra are installed, in versions that are tested.

    # Parameters

    extra : `str`
        Its name.
    bounds : `Mapping[str, str]`
        The tested versions of its packages, by their names.
    """
    subject = f"extra {extra}"
    install = "pip install " + " ".join(f"'{name}{bound}'" for name, bound in bounds.items())
    findings = [version_finding(name, bound, f"run `{install}`") for name, bound in bounds.items()]
    missing = [one.subject for one in findings if not is_installed(one.subject)]
    if missing:
        which = "" if len(missing) == len(bounds) else f"{', '.join(missing)} "
        return Finding(subject, f"{which}not installed, if needed: {install}", is_there=False)
    state = ", ".join(f"{one.subject} {one.state}" for one in findings)
    return Finding(subject, state, next((one.cure for one in findings if one.cure), ""))


def is_installed(name: str) -> bool:
    """Return whether a distribution is installed."""
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _encoder() -> Iterator[Finding]:
    from spanbert_allen.encoders.aliases import ALIASES

    for name, alias in ALIASES.items():
        if alias.package is None:
            continue
        spec = importlib.util.find_spec(alias.package)
        folders = (spec.submodule_search_locations if spec else None) or []
        if not folders:
            yield Finding(f"encoder {name}", "not installed", alias.install or _REPAIR)
            continue
        yield _weights_finding(name, Path(folders[0], alias.folder), alias.weights_sha256)


def _weights_finding(name: str, folder: Path, sha256: str | None) -> Finding:
    subject, weights = f"encoder {name}", folder / "model.safetensors"
    if not weights.is_file():
        return Finding(subject, f"{weights} is missing", _REPAIR)
    if sha256 is not None and hashlib.sha256(weights.read_bytes()).hexdigest() != sha256:
        return Finding(subject, f"{weights} is damaged", _REPAIR)
    return Finding(subject, "whole")


def _allennlp() -> Iterator[Finding]:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE], capture_output=True, text=True, check=False
    )
    said = {line[7:] for line in done.stdout.splitlines() if line.startswith("probe: ")}
    last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    if "allennlp" not in said:
        yield Finding("allennlp imports", last, "see what is wrong above")
        return
    yield Finding("allennlp imports", "yes")
    if "registered" not in said:
        yield Finding("classes register", last, "the line names the cause")
        return
    found = "yes" if "found" in said else "only with --include-package, or `spanbert-allen plugin`"
    yield Finding("allennlp finds us", found)


def _device() -> Iterator[Finding]:
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Finding("torch imports", str(error).splitlines()[0], _REPAIR)
        return
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = ", ".join(torch.cuda.get_device_name(gpu) for gpu in range(gpus))
    yield Finding("device", names or f"CPU, {torch.get_num_threads()} threads, no CUDA device")
    device = torch.device("cuda" if gpus else "cpu")
    warnings.simplefilter("ignore")  # AllenNLP and its libraries report what users cannot change
    try:
        seconds = [_seconds_of_product(kind, device) for kind in (torch.float32, torch.bfloat16)]
    except ImportError:
        return  # AllenNLP is broken, as a line above says
    yield Finding("bf16", bf16_state(*seconds))


def bf16_state(fp32_seconds: float, bf16_seconds: float) -> str:
    """Say how products in bfloat16 compare with those in float32, and what follows."""
    ratio = fp32_seconds / bf16_seconds
    if ratio >= 1:
        advice = "worth using" if ratio > 1.2 else "no gain, stay with fp32"
        return f"products {ratio:.1f} times as fast as in fp32: {advice}"
    return f"products {1 / ratio:.1f} times slower than in fp32: stay with fp32"


def _seconds_of_product(dtype: torch.dtype, device: torch.device) -> float:
    """Time the quickest of some products as the encoder and the scorers make them."""
    import torch

    from spanbert_allen.modules.layers.fast_linear import linear

    # Shape: (768, 768), the width of a base encoder
    matrix = torch.ones(768, 768, dtype=dtype, device=device)
    times = []
    for _ in range(8):
        start = time.perf_counter()
        product = linear(matrix, matrix)
        product[0, 0].item()  # waits for a GPU
        times.append(time.perf_counter() - start)
    return min(times)
