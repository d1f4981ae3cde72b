"""
Package `spanbert_allen`, with two folders of the repository's top inside of it.

`predictors/` is installed as `spanbert_allen.predictors` and `training_configs/` as
`spanbert_allen/training_configs`. Where nothing is installed, links of these names stand in
`spanbert_allen/`.
"""

from pathlib import Path
from typing import Any

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION: dict[str, str] = {}
exec((ROOT / "spanbert_allen" / "version.py").read_text(encoding="utf-8"), VERSION)
TESTED: dict[str, Any] = {}
exec((ROOT / "spanbert_allen" / "tested_versions.py").read_text(encoding="utf-8"), TESTED)

PACKAGES = set(find_packages(include=["spanbert_allen", "spanbert_allen.*"]))
PACKAGES.add("spanbert_allen.predictors")
PACKAGES.update(f"spanbert_allen.predictors.{name}" for name in find_packages("predictors"))
PACKAGES.add("spanbert_allen.training_configs")  # no modules: its files are package data

setup(
    name="spanbert-allen",
    version=VERSION["VERSION"],
    description="Span models around SpanBERT as AllenNLP experiments",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=sorted(PACKAGES),
    package_dir={
        "spanbert_allen": "spanbert_allen",
        "spanbert_allen.predictors": "predictors",
        "spanbert_allen.training_configs": "training_configs",
    },
    package_data={
        "spanbert_allen": ["py.typed"],
        "spanbert_allen.data.pretraining.questions": ["stop_words.json"],
        "spanbert_allen.encoders": ["tiny/*"],
        "spanbert_allen.modules.coref.word_lists": ["*.json"],
        "spanbert_allen.results.html": ["*.css", "*.js"],
        "spanbert_allen.sample_corpus": ["texts/*.txt"],
        "spanbert_allen.serving": ["page/*"],
        "spanbert_allen.training_configs": [
            "README.md",
            "*/*.jsonnet",
            "*/*/*.jsonnet",
            "lib/*.libsonnet",
        ],
    },
    entry_points={
        "console_scripts": ["spanbert-allen = spanbert_allen.__main__:main"],
        "spacy_factories": [
            "spanbert_coref = spanbert_allen.integrations.spacy.component:make_coref_component"
        ],
    },
    # AllenNLP is not named: its own bounds end at torch 1.12, so pip could choose no versions at
    # all. What it needs is required here, and `spanbert-allen install-allennlp` installs it.
    install_requires=sorted(
        name + bound for name, bound in {**TESTED["BOUNDS"], **TESTED["NEEDED_BY_ALLENNLP"]}.items()
    ),
    extras_require={
        extra: sorted(name + bound for name, bound in bounds.items())
        for extra, bounds in TESTED["EXTRAS"].items()
    },
    python_requires=">=3.11",
    classifiers=[
        "License :: OSI Approved :: Apache Software License",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
