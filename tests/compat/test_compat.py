"""The repairs as a set."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from spanbert_allen import compat
from spanbert_allen.compat.replacing import replace_function
from tests.places import ROOT


@pytest.mark.parametrize("repair", compat.REPAIRS, ids=lambda one: one.__name__.rpartition(".")[2])
def test_each_repair_gives_its_cause(repair):
    assert "Cause" in repair.__doc__
    assert "Repair" in repair.__doc__
    assert isinstance(repair.needed(), bool)


def test_applying_again_changes_nothing():
    from allennlp.commands import train
    from allennlp.common import cached_transformers

    before = (train.archive_model, cached_transformers.get_tokenizer)
    for repair in (compat.archive_writing, compat.tokenizer_keyword):
        repair.apply()
    assert (train.archive_model, cached_transformers.get_tokenizer) == before


@pytest.mark.parametrize("package", ["dataset_readers", "models", "modules", "training"])
def test_whoever_imports_a_part_alone_gets_the_repairs_first(package):
    lines = (ROOT / "spanbert_allen" / package / "__init__.py").read_text().splitlines()
    imports = [line for line in lines if line.startswith(("import ", "from "))]
    assert imports[0].startswith("import spanbert_allen.compat")


def test_a_program_that_forbids_a_module_does_not_stop_the_repairs(monkeypatch):
    def old():
        """Replaced below."""

    module = ModuleType("a_module_of_the_user")
    module.known_as = old
    monkeypatch.setitem(sys.modules, "a_module_of_the_user", module)
    monkeypatch.setitem(sys.modules, "forbidden_module", None)
    replace_function(old, print, everywhere=True)
    assert module.known_as is print
