import pytest

from spanbert_allen.common import processor
from spanbert_allen.common.processor import processor_words


@pytest.fixture(autouse=True)
def _read_anew():
    processor_words.cache_clear()
    yield
    processor_words.cache_clear()


def test_the_words_of_linuxs_description(monkeypatch, tmp_path):
    description = tmp_path / "cpuinfo"
    description.write_text("vendor_id\t: AuthenticAMD\nflags\t\t: fpu avx512_bf16\n")
    monkeypatch.setattr(processor, "_DESCRIPTION", description)
    assert {"AuthenticAMD", "avx512_bf16"} <= processor_words()


def test_elsewhere_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "_DESCRIPTION", tmp_path / "nothing")
    assert processor_words() == frozenset()
