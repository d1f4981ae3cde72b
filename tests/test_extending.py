"""The files of docs/extending.md are a package outside of this one, and train as they stand."""

from __future__ import annotations

import re
import sys

import pytest
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.common.util import import_module_and_submodules
from allennlp.data import DatasetReader

import spanbert_allen
from spanbert_allen.common.errors import DataError
from tests import places

PAGE = places.ROOT / "docs" / "extending.md"
FILES = dict(
    re.findall(r'^```\w+ title="(.+?)"\n(.*?)^```', PAGE.read_text("utf-8"), re.DOTALL | re.M)
)
LAST_BLOCK = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.M)[-1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with the page's files, of which the package can be imported."""
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "my_parts"]:
        del sys.modules[name]


def test_each_part_is_one_file_of_at_most_forty_lines():
    parts = [name for name in FILES if name.endswith((".py", ".jsonnet"))]
    assert len(parts) == 5
    for name in parts:
        assert len(FILES[name].splitlines()) <= 40, name


def test_the_parts_train_and_predict(folder, capsys):
    spanbert_allen.register()
    params = Params.from_file(str(folder / "experiment.jsonnet"))
    import_module_and_submodules("my_parts")  # as `--include-package` does
    trained = train_model(params, "out/mine")
    assert type(trained.head.link_scorer).__module__ == "my_parts.dot_antecedents"
    assert type(trained.head.refinement).__module__ == "my_parts.mean_antecedent"
    assert trained.head.link_scorer.max_antecedents == 10
    for name, parameter in trained.head.named_parameters():
        assert parameter.grad is not None, name
    exec(compile(LAST_BLOCK, str(PAGE), "exec"), {})
    assert capsys.readouterr().out.strip().endswith("]")
    # The format's mistakes are one sentence that names the line.
    (folder / "bad.brackets").write_text("[1 Ida] lost keys] .\n")
    reader = DatasetReader.from_params(
        Params(
            {
                "type": "my_brackets",
                "indexer": {"type": "spanbert", "model_name": "tiny", "max_length": 64},
            }
        )
    )
    (first, _) = reader.documents(folder / "train.brackets")
    assert [len(cluster) for cluster in first.clusters] == [3, 2, 1]
    with pytest.raises(DataError, match=r"bad\.brackets:1: a mention ends"):
        list(reader.documents(folder / "bad.brackets"))
