"""A threshold that is fitted on data and kept in an archive."""

from __future__ import annotations

import json
import tarfile
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from allennlp.commands.evaluate import evaluate_from_archive
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Archive, Model, load_archive

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.__main__ import main
from spanbert_allen.commands.calibrate.relation import fit
from spanbert_allen.common.errors import ConfigError, DataError
from tests import places

ARCHIVES = places.FIXTURES / "archives"
DATA = places.FIXTURES / "relation" / "tacred.json"


def member(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as packed:
        return packed.extractfile(name).read()


def test_the_threshold_is_kept_and_used(tmp_path, capsys):
    """Records of all pairs are labelled as no relation below the threshold, and weights stay."""
    records = json.loads(DATA.read_text())
    # The model finds a relation in none of these, and each has one.
    source = ARCHIVES / "relation.tar.gz"
    model = load_archive(source).model
    for record in records:
        record["relation"] = model.labels[1]
    data = tmp_path / "dev.json"
    data.write_text(json.dumps(records))
    target = tmp_path / "new" / "fitted.tar.gz"
    assert main(["calibrate", str(source), str(data), str(target)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == str(target) and lines[0].startswith("threshold  0.0000 -> ")
    config = json.loads(member(target, "config.json"))
    assert f"{config['model']['threshold']:.4f}" == lines[0].split()[-1]
    assert member(target, "weights.th") == member(source, "weights.th")
    scores = evaluate_from_archive(target, str(data))
    assert f"{100 * scores['f1']:.2f}" == lines[1].split()[-1]
    assert f"{100 * evaluate_from_archive(source, str(data))['f1']:.2f}" == lines[1].split()[1]


def test_pairs_that_go_through_together_count_as_those_alone(tmp_path):
    """Texts have two pairs and one, so that there is padding in the batch."""
    records = json.loads(DATA.read_text())
    data = tmp_path / "dev.json"
    data.write_text(json.dumps([records[0], *records]))
    settings = {"type": "spanbert_tacred", "mode": "levitated_marker"}
    settings |= {"indexer": {"type": "spanbert", "model_name": "tiny"}}
    vocabulary, found = None, []
    for max_pairs in (2, 1):
        reader = DatasetReader.from_params(Params(deepcopy(settings | {"max_pairs": max_pairs})))
        vocabulary = vocabulary or Vocabulary.from_params(
            Params({"type": "spanbert_relation"}), instances=reader.read(data)
        )
        torch.manual_seed(3)
        embedder = {"type": "spanbert", "model_name": "tiny"}
        params = {"type": "spanbert_relation", "embedder": embedder, "pooling": "entity_start"}
        model = Model.from_params(Params(params), vocab=vocabulary)
        config = Params({"data_loader": {"batch_size": 8}})
        settings_found, lines = fit(Archive(model, config, reader, reader, None), str(data))
        found.append((lines, round(settings_found["threshold"], 4)))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("archive", "out", "error", "sentence"),
    [
        ("sequence", "new.tar.gz", ConfigError, "a model of type .* has nothing to fit; give one"),
        ("relation", str(DATA), DataError, "this is also what is read"),
    ],
)
def test_what_cannot_be_fitted(tmp_path, archive, out, error, sentence):
    with pytest.raises(error, match=sentence):
        main(["calibrate", str(ARCHIVES / f"{archive}.tar.gz"), str(DATA), str(tmp_path / out)])
