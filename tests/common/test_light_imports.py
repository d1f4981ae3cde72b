import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "coref_detection",
        "coref_validation",
        "document",
        "files",
        "glue_tsv",
        "relation_files",
        "spans",
        "text",
        "text_pairs_jsonl",
    ],
)
def test_reading_imports_nothing_heavy(module):
    code = (
        f"import sys, spanbert_allen.common.{module}\n"
        "heavy = {'torch', 'allennlp', 'transformers', 'spacy', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'imports {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
