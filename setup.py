"""
Packaging: `predictors/` at the top of the repository is installed as `spanbert_allen.predictors`,
with the help of the link `spanbert_allen/predictors`, which makes it importable where nothing is
installed.
"""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION: dict[str, str] = {}
exec((ROOT / "spanbert_allen" / "version.py").read_text(encoding="utf-8"), VERSION)
TESTED: dict[str, dict[str, str]] = {}
exec((ROOT / "spanbert_allen" / "tested_versions.py").read_text(encoding="utf-8"), TESTED)

PACKAGES = set(find_packages(include=["spanbert_allen", "spanbert_allen.*"]))
PACKAGES.add("spanbert_allen.predictors")
PACKAGES.update(f"spanbert_allen.predictors.{name}" for name in find_packages("predictors"))

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
    },
    package_data={
        "spanbert_allen": ["py.typed"],
        "spanbert_allen.encoders": ["tiny/*"],
        "spanbert_allen.results.html": ["page.css", "page.js"],
        "spanbert_allen.sample_corpus": ["texts/*.txt"],
    },
    entry_points={
        "console_scripts": ["spanbert-allen = spanbert_allen.__main__:main"],
        "spacy_factories": [
            "spanbert_coref = spanbert_allen.integrations.spacy.component:make_coref_component"
        ],
    },
    # AllenNLP is not named: its own bounds end at torch 1.12, so pip could choose no versions at
    # all. `make install` installs it with --no-deps, and importing us without it says so.
    install_requires=sorted(name + bound for name, bound in TESTED["BOUNDS"].items()),
    extras_require={
        "lora": ["peft>=0.13"],
        "plots": ["matplotlib"],
        "wandb": ["wandb"],
    },
    python_requires=">=3.10",
    classifiers=[
        "License :: OSI Approved :: Apache Software License",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
