"""
What a user does with an installed wheel, in one process, in an empty folder.

`tests/test_packaging.py` runs this file with the Python of an environment in which the wheel is
installed; the repository is not on its path.
"""

import contextlib
import importlib
import io
import json
import os
import pkgutil
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
import nltk  # noqa: E402

nltk.download = lambda *arguments, **options: False

import spanbert_allen  # noqa: E402
from spanbert_allen.__main__ import main  # noqa: E402

PACKAGE = Path(spanbert_allen.__file__).parent


def command(*arguments):
    """Run `spanbert-allen` and return what it printed; a status other than 0 ends the session."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = main([str(argument) for argument in arguments])
    assert not status, (arguments, status, printed.getvalue())
    return printed.getvalue()


def allennlp(*arguments):
    """Run one of AllenNLP's commands as the plain `allennlp` does."""
    from allennlp.commands import main as allennlp_main

    sys.argv = ["allennlp", *map(str, arguments), "--include-package", "spanbert_allen"]
    allennlp_main(prog="allennlp")


def train(folder):
    """Train two updates by a copy of a shipped configuration; return the archive."""
    command("sample", folder / "data")
    command("config", "quickstart/coref", "--copy", "mine.jsonnet")
    lines = (folder / "data" / "coref_dev.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "four.jsonl").write_text("\n".join(lines[:4]) + "\n", encoding="utf-8")
    Path("tiny.jsonnet").write_text(
        """
        local encoders = import 'spanbert_allen/training_configs/lib/encoders.libsonnet';
        (import 'mine.jsonnet') {
          encoder:: encoders.tiny, epochs:: 1, head+:: { hidden_dim: 10 },
          train_path:: 'out/four.jsonl', validation_path:: 'out/four.jsonl',
          data_loader: { batch_size: 2 },
        }
        """,
        encoding="utf-8",
    )
    allennlp("train", "tiny.jsonnet", "-s", folder / "run")
    return folder / "run" / "model.tar.gz"


def use(archive, folder):
    """Predict, view, convert, score, import and export with the trained model."""
    record = {"text": "Ida lost her keys. She found them."}
    (folder / "texts.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    predictions = folder / "predictions.jsonl"
    options = ["--predictor-args", json.dumps({"sentences": True}), "--silent"]
    allennlp("predict", archive, folder / "texts.jsonl", "--output-file", predictions, *options)
    command("view", predictions, "--html", folder / "page.html")
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert (PACKAGE / "results" / "html" / "results.css").read_text() in page
    assert "function enhanceChains" in page
    command("format", predictions, folder / "predictions.conll")
    gold = folder / "data" / "coref_test.jsonl"
    command("convert", gold, folder / "test.conll", "--to", "conll")
    assert "100.0" in command("score", "coref", gold, folder / "test.conll")
    assert spanbert_allen.load(archive).predict(record["text"])["text"] == record["text"]


def classify(folder):
    """Train a classifier, export it as transformers' folder, and import that."""
    texts = [{"text": "A joy.", "label": "good"}, {"text": "It was dull.", "label": "bad"}]
    lines = "".join(json.dumps(record) + "\n" for record in texts)
    (folder / "classes.jsonl").write_text(lines, encoding="utf-8")
    Path("classes.jsonnet").write_text(
        """
        (import 'spanbert_allen/training_configs/glue/own_data.jsonnet') {
          encoder:: (import 'spanbert_allen/training_configs/lib/encoders.libsonnet').tiny,
          epochs:: 1,
        }
        """,
        encoding="utf-8",
    )
    os.environ["TEXTS_TRAIN_DATA_PATH"] = str(folder / "classes.jsonl")
    os.environ["TEXTS_DEV_DATA_PATH"] = str(folder / "classes.jsonl")
    allennlp("train", "classes.jsonnet", "-s", folder / "classes")
    command("export", folder / "classes" / "model.tar.gz", folder / "hf")
    command("import", folder / "hf", folder / "again.tar.gz", "--task", "sequence")
    before, after = (
        spanbert_allen.load(path).predict("A joy.")["probabilities"]
        for path in (folder / "classes" / "model.tar.gz", folder / "again.tar.gz")
    )
    assert all(abs(before[label] - after[label]) < 1e-4 for label in before)


def import_all():
    """Import every module of the package; return their names and what is registered."""
    from allennlp.predictors import Predictor

    walk = pkgutil.walk_packages(spanbert_allen.__path__, "spanbert_allen.")
    names = [module.name for module in walk]
    for name in names:
        importlib.import_module(name)
    predictors = Predictor.list_available()
    return {"names": names, "file": spanbert_allen.__file__, "predictors": predictors}


def pipeline(archive):
    """Load the spaCy component by its name."""
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("spanbert_coref", config={"model": str(archive)})
    assert nlp("Ida lost her keys.").text == "Ida lost her keys."


out = Path("out")
out.mkdir()
trained = train(out)
use(trained, out)
classify(out)
pipeline(trained)
print(json.dumps(import_all()))  # noqa: T201
