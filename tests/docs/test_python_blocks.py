"""
The Python of the pages runs, with tiny models in the places of trained ones.

Blocks marked `python` of one page run one after the other, as a reader would type them; those
marked `py` are other projects' code, and do not run.
"""

from __future__ import annotations

import importlib.util
import shutil

import pytest

from spanbert_allen.conversion.onnx.exporting import export_onnx
from tests.docs.pages import DOCS, PAGES, blocks, name
from tests.models.pretrained import archive_of
from tests.places import FIXTURES

MODELS = {
    "run": "coref",
    "qa": "qa",
    "relation": "relation",
    "mrpc": "sequence",
    "quickstart/qa": "qa",
    "quickstart/relation": "relation",
}
"""The folders under `out/` that the pages name, and the archives of the fixtures."""
ELSEWHERE = {DOCS / "extending.md"}
"""Run by a test of its own."""
NEEDS = {DOCS / "onnx.md": "onnxruntime"}
"""What a page is about where that is an extra."""
WITH_PYTHON = [page for page in PAGES if blocks(page, "python") and page not in ELSEWHERE]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trained_multitask):
    """A folder as the pages suppose it: with trained models, and with texts."""
    made = tmp_path_factory.mktemp("reader")
    for place, archive in MODELS.items():
        (made / "out" / place).mkdir(parents=True)
        source = FIXTURES / "archives" / f"{archive}.tar.gz"
        shutil.copyfile(source, made / "out" / place / "model.tar.gz")
    archive_of(made / "out" / "pretrained")
    if importlib.util.find_spec("onnxruntime") is not None:
        export_onnx(made / "out" / "qa" / "model.tar.gz", made / "out" / "qa_onnx")
    (made / "out" / "all").mkdir()
    shutil.copy(trained_multitask / "model.tar.gz", made / "out" / "all")
    (made / "texts.txt").write_text("Ida lost her keys.\nShe found them.\n", encoding="utf-8")
    return made


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name)
def test_the_python_of_a_page_runs(page, folder, monkeypatch):
    if page in NEEDS:
        pytest.importorskip(NEEDS[page], reason=f"{NEEDS[page]} is not installed")
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block.text, block.page, "exec"), names)
