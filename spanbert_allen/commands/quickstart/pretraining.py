"""The corpora and the text of the quickstart of pre-training."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError, UserError
from spanbert_allen.common.files import replace_file

ENCODER = "minilm"
CORPUS = "corpus_{split}"
_SPAN = re.compile(r"\{\s*([^{}\s](?:[^{}]*[^{}\s])?)\s*\}")
_FEWEST_PARAGRAPHS = 10


def write_corpora(folder: Path, text_file: Path | None = None) -> None:
    """
    Make a corpus for each split.

    # Parameters

    folder : `Path`
        Where to make them; corpora of an earlier run are replaced.
    text_file : `Path`, optional (default = `None`)
        A user's text, of whose paragraphs the last tenth is the test split, and the tenth before
        the dev split; by default the sample corpus is taken.
    """
    from spanbert_allen.data.pretraining.corpus_building import CorpusSettings, build_corpus

    folder.mkdir(parents=True, exist_ok=True)
    texts = _sample() if text_file is None else _own(text_file)
    for split, documents in texts.items():
        source, corpus = folder / f"texts_{split}.jsonl", folder / CORPUS.format(split=split)
        with replace_file(source) as file:
            file.writelines(json.dumps({"text": text}) + "\n" for text in documents)
        shutil.rmtree(corpus, ignore_errors=True)
        build_corpus([source], corpus, CorpusSettings(encoder=ENCODER, layout="files"))


def record_of_masked(text: str) -> dict[str, Any]:
    """
    Make the record that asks for the masked spans of a text.

    # Parameters

    text : `str`
        The text, with `[MASK]` for a word, or spans to be masked in braces: `a {small dog}`.

    Raises a `UserError` for a text with neither, or with both.
    """
    plain, spans, position = "", [], 0
    for found in _SPAN.finditer(text):
        plain += text[position : found.start()]
        spans.append([len(plain), len(plain) + len(found[1])])
        plain += found[1]
        position = found.end()
    plain += text[position:]
    if bool(spans) == ("[MASK]" in plain) or "{" in plain or "}" in plain:
        raise UserError(
            "the text for TASK=pretraining must say what to fill, such as 'She lost her {keys} on "
            "the tram.' or 'She lost her [MASK] on the tram.', and not both"
        )
    record: dict[str, Any] = {"id": "quickstart", "text": plain}
    return record | {"spans": spans} if spans else record


def _sample() -> dict[str, list[str]]:
    from spanbert_allen.sample_corpus import sample_texts
    from spanbert_allen.sample_corpus.sample_text import SPLITS

    return {split: [sample.text for sample in sample_texts(split)] for split in SPLITS}


def _own(path: Path) -> dict[str, list[str]]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read as UTF-8 ({error}); check the path", path) from error
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", content) if part.strip()]
    if len(paragraphs) < _FEWEST_PARAGRAPHS:
        raise DataError(
            f"has {len(paragraphs)} paragraphs, and a tenth of them is held out twice: give a text "
            f"of {_FEWEST_PARAGRAPHS} or more, with empty lines between them",
            path,
        )
    tenth = len(paragraphs) // 10
    parts = {
        "train": paragraphs[: -2 * tenth],
        "dev": paragraphs[-2 * tenth : -tenth],
        "test": paragraphs[-tenth:],
    }
    return {split: ["\n\n".join(part)] for split, part in parts.items()}
