"""What starts light stays light."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.places import ROOT

LIGHT = """
import contextlib, json, sys
HEAVY = ("torch", "allennlp", "transformers", "spacy", "numpy")
heavy = {{}}
for statement in {statements!r}:
    with contextlib.suppress(SystemExit):
        exec(statement, {{}})
    heavy[statement] = [name for name in HEAVY if name in sys.modules]
print(json.dumps(heavy))
"""
STATEMENTS = (
    "import spanbert_allen",
    "import spanbert_allen.common.text, spanbert_allen.common.files",
    "import spanbert_allen.formats.coref.validation, spanbert_allen.formats.qa.detection",
    "import spanbert_allen.formats.relation.detection, spanbert_allen.formats.sequence.glue",
    "import spanbert_allen.sample_corpus.layouts",
    "import spanbert_allen.encoders",
    "import spanbert_allen; spanbert_allen.load",
    "import spanbert_allen.results.writing.writers",
    "import spanbert_allen.data.coref.minimised",
    "from spanbert_allen.__main__ import main; main(['validate', 'LICENSE', '--format=gap'])",
    "from spanbert_allen.__main__ import main; main([])",
    "from spanbert_allen.__main__ import main; main(['doctor', '--quick'])",
)


def test_nothing_heavy_is_imported():
    """One after the other in one process: what stays light after the last was so before it."""
    heavy = heavy_after_each(*STATEMENTS)
    assert not [statement for statement in STATEMENTS if not set(heavy[statement]) <= {"numpy"}]


def test_the_spacy_component_is_there_before_allennlp():
    """spaCy itself imports torch where it finds it."""
    statement = "import spanbert_allen.integrations.spacy.component"
    assert not {"allennlp", "transformers"} & heavy_modules(statement)


def test_scores_need_no_torch():
    statement = "import spanbert_allen.metrics.coref.cluster_scores"
    assert heavy_modules(statement) <= {"numpy"}


def heavy_modules(statement):
    """Return what heavy modules are there after a statement of a new process."""
    return set(heavy_after_each(statement)[statement])


def heavy_after_each(*statements):
    """Return what heavy modules are there after each statement of a new process."""
    done = subprocess.run(
        [sys.executable, "-c", LIGHT.format(statements=statements)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


ADDED = """
import sys
from allennlp.common.plugins import import_plugins
import allennlp.common.plugins as plugins
plugins.LOCAL_PLUGINS_FILENAME = plugins.GLOBAL_PLUGINS_FILENAME = "/nowhere"
import_plugins()
before = {name.partition(".")[0] for name in sys.modules}
import spanbert_allen
assert "spanbert_allen.plugin" in sys.modules
added = {name.partition(".")[0] for name in sys.modules} - before
print(sorted(added - set(sys.stdlib_module_names)))
"""


@pytest.mark.slow
def test_the_plugin_imports_no_package_that_allennlp_does_not():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ADDED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "['spanbert_allen']"
