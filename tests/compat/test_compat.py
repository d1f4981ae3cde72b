"""The mends as a set."""

from __future__ import annotations

import pytest

from spanbert_allen import compat


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
