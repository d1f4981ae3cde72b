"""The mends as a set."""

from __future__ import annotations

import pytest

from spanbert_allen import compat
from tests.places import ROOT


@pytest.mark.parametrize("mend", compat.MENDS, ids=lambda mend: mend.__name__.rpartition(".")[2])
def test_each_mend_gives_its_cause(mend):
    assert "Cause" in mend.__doc__
    assert "Mend" in mend.__doc__
    assert isinstance(mend.needed(), bool)


def test_applying_again_changes_nothing():
    from allennlp.commands import train
    from allennlp.common import cached_transformers

    before = (train.archive_model, cached_transformers.get_tokenizer)
    for mend in (compat.archive_writing, compat.tokenizer_keyword):
        mend.apply()
    assert (train.archive_model, cached_transformers.get_tokenizer) == before


@pytest.mark.parametrize("package", ["dataset_readers", "models", "modules", "training"])
def test_whoever_imports_a_part_alone_gets_the_mends_first(package):
    lines = (ROOT / "spanbert_allen" / package / "__init__.py").read_text().splitlines()
    imports = [line for line in lines if line.startswith(("import ", "from "))]
    assert imports[0].startswith("import spanbert_allen.compat")
