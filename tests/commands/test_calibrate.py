"""A threshold that is fitted on data and kept in an archive."""

from __future__ import annotations

import json
import math
import tarfile
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from allennlp.commands.evaluate import evaluate_from_archive
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Archive, Model, load_archive

import spanbert_allen
import spanbert_allen.plugin
from spanbert_allen.__main__ import main
from spanbert_allen.commands.calibrate.class_temperature import best_temperature, calibration
from spanbert_allen.commands.calibrate.relation import fit
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.qa.any_layout import read_questions
from spanbert_allen.metrics.qa.text_scores import question_scores
from tests import places
from tests.models.multitask_training import data as multitask_data

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
    assert lines[-1] == str(target) and lines[0].startswith("threshold    0.0000 -> ")
    config = json.loads(member(target, "config.json"))
    assert f"{config['model']['threshold']:.4f}" == lines[0].split()[-1]
    assert member(target, "weights.th") == member(source, "weights.th")
    scores = evaluate_from_archive(target, str(data))
    assert f"{100 * scores['f1']:.2f}" == lines[1].split()[-1]
    assert f"{100 * evaluate_from_archive(source, str(data))['f1']:.2f}" == lines[1].split()[1]
    assert config["model"]["temperature"] == load_archive(target).model.temperature > 0


def naive_ece(confidences, rights):
    """Bin by bin: how far the mean confidence of 15 equally wide bins is from their accuracy."""
    total = 0.0
    for number in range(15):
        inside = [
            (confidence, right)
            for confidence, right in zip(confidences, rights, strict=True)
            if number / 15 < confidence <= (number + 1) / 15
        ]
        if inside:
            gap = sum(one for one, _ in inside) - sum(right for _, right in inside)
            total += abs(gap) / len(inside) * len(inside) / len(confidences)
    return 100 * total


def test_question_answering_is_fitted_and_predicts_so(tmp_path, capsys):
    """The scores told are those of an evaluation, and of what the new archive predicts."""
    source, data = ARCHIVES / "qa.tar.gz", places.FIXTURES / "qa" / "squad.json"
    target, report = tmp_path / "fitted.tar.gz", tmp_path / "fitted.json"
    main(["calibrate", str(source), str(data), str(target), "--json", str(report)])
    told = json.loads(report.read_text())
    assert "(15 bins of equal width)" in capsys.readouterr().out and told["ece_bins"] == 15
    assert told["after"]["nll"] <= told["before"]["nll"]
    assert told["after"]["f1"] >= told["before"]["f1"]
    questions = list(read_questions(data))
    for archive, side in ((source, "before"), (target, "after")):
        predictor = spanbert_allen.load(archive)
        scores = evaluate_from_archive(archive, str(data))
        for name in ("exact", "f1"):
            assert told[side][name] == pytest.approx(scores[name])
        for name in ("temperature", "threshold"):
            if name in told[side]:
                assert getattr(predictor._model, name) == told[side][name]
        results = [predictor.predict(one.question, one.context) for one in questions]
        rights = [
            question_scores(result["answer"], [answer.text for answer in one.answers])[0]
            for one, result in zip(questions, results, strict=True)
        ]
        chosen = [
            next(one for one in result["answers"] if one["text"] == result["answer"])
            for result in results
        ]
        confidences = [one["probability"] for one in chosen]
        assert told[side]["ece"] == pytest.approx(naive_ece(confidences, rights), abs=1e-3)


def test_texts_are_fitted_and_keep_their_labels(tmp_path):
    source = ARCHIVES / "sequence.tar.gz"
    labels = load_archive(source).model.labels
    firsts = ["A warm film.", "Dull.", "So dull that it hurts.", "Warm and good."]
    records = [(first, "It is good.", labels[place % 2]) for place, first in enumerate(firsts)]
    data = tmp_path / "dev.tsv"
    rows = [f"{place}\t" + "\t".join(record) for place, record in enumerate(records)]
    data.write_text("\n".join(["index\tsentence1\tsentence2\tlabel", *rows, ""]))
    target, report = tmp_path / "fitted.tar.gz", tmp_path / "fitted.json"
    main(["calibrate", str(source), str(data), str(target), "--json", str(report)])
    told = json.loads(report.read_text())
    for archive, side in ((source, "before"), (target, "after")):
        predictor = spanbert_allen.load(archive)
        results = [predictor.predict(*pair) for *pair, _ in records]
        likelihoods, confidences, rights = [], [], []
        for (*_, label), result in zip(records, results, strict=True):
            likelihoods.append(math.log(result["probabilities"][label]))
            confidences.append(result["probabilities"][result["label"]])
            rights.append(result["label"] == label)
        assert told[side]["nll"] == pytest.approx(-sum(likelihoods) / 4, abs=1e-4)
        assert told[side]["ece"] == pytest.approx(naive_ece(confidences, rights), abs=1e-3)
    assert told["after"]["nll"] <= told["before"]["nll"]


def test_tasks_of_one_model_are_fitted_one_after_the_other(trained_multitask, tmp_path):
    """Each keeps what was fitted of it, and its scores are those of an evaluation of the task."""
    paths = multitask_data(tmp_path)
    archive, settings = trained_multitask / "model.tar.gz", {}
    for number, task in enumerate(("qa", "relation")):
        target, report = tmp_path / f"{number}.tar.gz", tmp_path / "told.json"
        given = ["calibrate", str(archive), paths[task], str(target)]
        with pytest.raises(ConfigError, match=r"several tasks: choose one with --task, .* or qa"):
            main(given)
        assert main([*given, "--task", task, "--json", str(report)]) == 0
        told = json.loads(report.read_text())
        for made, side in ((archive, "before"), (target, "after")):
            scores = evaluate_from_archive(made, json.dumps({task: paths[task]}))
            percent = 1 if task == "qa" else 100
            assert told[side]["f1"] == pytest.approx(percent * scores[f"{task}_f1"])
        archive = target
        settings[task] = {name: told["after"][name] for name in ("temperature", "threshold")}
    tasks = load_archive(archive).model.tasks
    for task, fitted in settings.items():
        assert {name: getattr(tasks[task], name) for name in fitted} == fitted
    with pytest.raises(ConfigError, match="spanbert_coref has nothing to fit"):
        main(["calibrate", str(archive), paths["coref"], str(tmp_path / "x"), "--task", "coref"])
    one = [str(ARCHIVES / "relation.tar.gz"), str(DATA), str(tmp_path / "x.tar.gz")]
    with pytest.raises(ConfigError, match="one task only"):
        main(["calibrate", *one, "--task", "relation"])


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
        found.append(fit(Archive(model, config, reader, reader, None), str(data)))
    for mine, its in zip(found[0], found[1], strict=True):
        assert mine == pytest.approx(its, rel=0.01, abs=1e-4)


def test_classes_that_the_model_does_not_have_are_mistakes_and_have_no_likelihood():
    logits = torch.tensor([[4.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
    labels = torch.tensor([0, 0, -1])
    temperature = best_temperature(logits, labels)
    assert temperature == best_temperature(logits[:2], labels[:2])
    told = calibration(logits, labels, logits.argmax(-1), temperature)
    assert told.nll == calibration(logits[:2], labels[:2], labels[:2], temperature).nll
    rights = [True, False, False]
    confidences = (logits / temperature).softmax(-1).max(-1)[0].tolist()
    assert told.ece == pytest.approx(naive_ece(confidences, rights), abs=1e-3)
    with pytest.raises(DataError, match="no example of the data has a label that the model knows"):
        best_temperature(logits, torch.full((3,), -1))


@pytest.mark.parametrize(
    ("archive", "out", "error", "sentence"),
    [
        ("coref", "new.tar.gz", ConfigError, "a model of type .* has nothing to fit; give one"),
        ("relation", str(DATA), DataError, "this is also what is read"),
    ],
)
def test_what_cannot_be_fitted(tmp_path, archive, out, error, sentence):
    with pytest.raises(error, match=sentence):
        main(["calibrate", str(ARCHIVES / f"{archive}.tar.gz"), str(DATA), str(tmp_path / out)])


@pytest.mark.parametrize(
    ("arguments", "kind", "problem"),
    [
        (["model", "out.tar.gz"], DataError, "model: is a folder where an archive is needed"),
        (["model.tar.gz", "model"], DataError, "model: is a folder where an archive is needed"),
        (["model.tar.gz", "model.tar.gz/a"], DataError, "model.tar.gz is a file where a folder"),
        (["model.tar.gz", "a", "--json", "./a"], ConfigError, "--json is ./a, the archive to"),
        (["model.tar.gz", "a", "--json", "model"], DataError, "model: this is a folder; name a"),
        (["model.tar.gz", "a", "--json", "no/b"], DataError, "no/b: "),
    ],
)
def test_what_cannot_be_read_or_written_is_refused_before_anything_is_computed(
    tmp_path, monkeypatch, arguments, kind, problem
):
    """
    A report replaced the archive; the folder of a training, and an archive in what is no folder,
    were refused after the fit.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model.tar.gz").write_bytes((ARCHIVES / "relation.tar.gz").read_bytes())
    monkeypatch.setattr("allennlp.models.load_archive", None)
    with pytest.raises(kind, match=problem):
        main(["calibrate", arguments[0], str(DATA), *arguments[1:]])


def test_scores_that_are_no_numbers_are_said_to_be_so():
    """A traceback ended in an attempt to find the bin of NaN."""
    logits = torch.tensor([[0.0, torch.nan], [1.0, 2.0]])
    with pytest.raises(DataError, match="are not finite numbers: if they are for all"):
        best_temperature(logits, torch.tensor([0, 1]))
