"""Find out which format a coreference file has, by what its first line holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import json_object, open_text, read_lines
from spanbert_allen.formats import webanno
from spanbert_allen.formats.brat import is_standoff
from spanbert_allen.formats.coref import gap
from spanbert_allen.formats.coref.doccano import is_doccano
from spanbert_allen.formats.coref.format import CorefFormat
from spanbert_allen.formats.coref.predictions import is_prediction
from spanbert_allen.formats.coref.registry import FORMATS, find_format
from spanbert_allen.formats.coref.winobias import is_winobias

# An object; or a list of objects or texts, which is refused as what it is.
_JSON = re.compile(r'\s*(\{|\[\s*(\{|".*"\s*[\],]\s*$))')
_OF_CONLLU = re.compile(r"#\s*(newdoc|global\.Entity|sent_id|text|meta::\w+)\b")
_OF_LABEL_STUDIO = re.compile(rb'"(annotations|completions|data)"\s*:')
_KEYS = {
    "minimised": {"sentence_map", "subtoken_map"},
    "preco": {"mention_clusters"},
    "wl-coref": {"cased_words"},
    "jsonl": {"text", "tokens", "sentences"},
}
"""By which keys a record is known; the first that fits."""


def detect_format(path: str | Path) -> CorefFormat:
    """
    Return the format of a file, by what its first line holds; comments are skipped.

    A pipe or standard input can still be read from its first byte on.
    """
    if is_standoff(path):
        return find_format("brat")
    is_empty = True
    with closing(read_lines(path, errors="replace", look_ahead=True)) as lines:
        for number, line in lines:
            if line.startswith(webanno.FIRST_LINE):
                return find_format("webanno")
            if line.startswith("#") and not line.startswith("#begin document"):
                is_empty = False
                if _OF_CONLLU.match(line):
                    return find_format("conllu")
            elif line.strip():
                return find_format(_format_of_line(line, path, number))
    if is_empty:
        raise DataError("the file is empty", path)
    return find_format("conll")  # which says what is missing


def _format_of_line(line: str, path: str | Path, number: int) -> str:
    if line.startswith("#begin document"):
        return "conll"
    if line.lstrip().startswith("[") and _is_label_studio(path):
        return "label-studio"
    if _JSON.match(line):
        return _format_of_record(json_object(line, path=path, line=number), path, number)
    if line.split("\t")[:3] == list(gap.COLUMNS[:3]):
        return "gap"
    if is_winobias(line):
        return "winobias"
    if str(path).removesuffix(".gz").endswith(".txt"):
        return "text"
    raise DataError(
        f"no coreference file that is known by its first line; {_name_it()}",
        path,
        number,
    )


def _name_it() -> str:
    return (
        "name its format (`convert --from`, `validate --format`, `format` of the reader "
        f"`spanbert_coref`): {', '.join(FORMATS)}"
    )


def _is_label_studio(path: str | Path) -> bool:
    """Return whether a JSON list holds tasks of Label Studio, by the keys at its beginning."""
    with open_text(path, look_ahead=True) as file:
        return _OF_LABEL_STUDIO.search(file.read(1 << 16)) is not None


def _format_of_record(record: Mapping[str, Any], path: str | Path, number: int) -> str:
    if is_prediction(record):
        return "predictions"
    if "clusters_strings" in record or isinstance(record.get("text"), list):
        return "fastcoref"
    if is_doccano(record):
        return "doccano"
    if "predicted_clusters" in record:
        return "minimised-predicted"
    for name, keys in _KEYS.items():
        if not keys.isdisjoint(record):
            return name
    raise DataError(
        f"a record of no known coreference format, with the keys {', '.join(record)}; {_name_it()}",
        path,
        number,
    )
