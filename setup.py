"""Packaging: `predictors/` at the top of the repository is installed as `spanbert_allen.predictors`."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION: dict[str, str] = {}
exec((ROOT / "spanbert_allen" / "version.py").read_text(encoding="utf-8"), VERSION)

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
        "spanbert_allen": ["sample_corpus/texts/*.txt", "encoders/tiny/*", "integrations/page.*"]
    },
    entry_points={"console_scripts": ["spanbert-allen = spanbert_allen.__main__:main"]},
    python_requires=">=3.10",
)
