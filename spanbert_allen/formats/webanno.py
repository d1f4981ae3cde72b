"""
Read WebAnno TSV 3, as INCEpTION and WebAnno export it: a token a row, a column for each feature.

The first lines name the layers: spans (`#T_SP=`), chains (`#T_CH=`) and relations (`#T_RL=`), each
with its features, a column each. A cell may hold several values with `|` between them; `[3]` after
a value tells annotations apart. `_` is no annotation, `*` one without a value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import read_lines
from spanbert_allen.common.record_checks import shown

FIRST_LINE = "#FORMAT=WebAnno TSV 3"
SUFFIX = ".tsv"

_LAYER = re.compile(r"#T_(?P<kind>SP|CH|RL)=(?P<name>[^|]*)(?P<features>.*)")
_TOKEN = re.compile(r"(?P<sentence>[0-9]+)-[0-9]+(?P<part>\.[0-9]+)?")
_VALUE = re.compile(r"(?P<text>.*?)(?:(?<!\\)\[(?P<id>[0-9]+)\])?")
_BETWEEN_VALUES = re.compile(r"(?<!\\)\|")
_ESCAPED = re.compile(r"\\(->|.)")
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r"}
_COLUMNS_BEFORE = 3
_NOTHING = frozenset(["", "_"])


class Layer(NamedTuple):
    """
    Hold a layer of annotations.

    # Parameters

    kind : `str`
        `SP` for spans, `CH` for chains, `RL` for relations.
    name : `str`
        Its name, such as `webanno.custom.Founding`.
    features : `Sequence[str]`
        The names of its columns; one without a name for a layer without features.
    first : `int`
        The place of its first column among the cells of a row.
    """

    kind: str
    name: str
    features: Sequence[str]
    first: int

    @property
    def short_name(self) -> str:
        """Return the last part of the name."""
        return self.name.rpartition(".")[2]


class Row(NamedTuple):
    """
    Hold the row of a token, or of a part of one.

    # Parameters

    line : `int`
        Its line in the file.
    unit : `str`
        The number of the token, such as `2-5`, or of the part, such as `2-5.1`.
    word : `int`
        The number of the token among the words of the file, from 0.
    cells : `Sequence[str]`
        The columns of the layers.
    """

    line: int
    unit: str
    word: int
    cells: Sequence[str]


class Value(NamedTuple):
    """
    Hold one of the values of a cell.

    # Parameters

    text : `str`
        The value; empty for an annotation without one.
    id : `int`
        What tells annotations of a layer apart; 0 for the only one of its row.
    """

    text: str
    id: int


@dataclass
class WebannoText:
    """
    Hold a file.

    # Parameters

    layers : `list[Layer]`
        Its layers.
    sentences : `list[list[str]]`
        The words of each sentence.
    rows : `list[Row]`
        The rows, in their order.
    """

    layers: list[Layer] = field(default_factory=list)
    sentences: list[list[str]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def num_columns(self) -> int:
        """Return how many columns the layers have."""
        return sum(len(layer.features) for layer in self.layers)


def read_tsv(path: str | Path) -> WebannoText:
    """
    Read a file.

    # Parameters

    path : `str | Path`
        As for `read_lines`.

    Raises a `DataError` for a row that is not one of a token.
    """
    text = WebannoText()
    sentence, num_words = "", 0
    for number, line in read_lines(path):
        layer = _LAYER.fullmatch(line)
        if layer is not None:
            features = layer["features"].split("|")[1:] or [""]
            text.layers.append(Layer(layer["kind"], layer["name"], features, text.num_columns))
            continue
        if line.startswith("#") or not line.strip():
            continue
        fields = line.split("\t")
        token = _TOKEN.fullmatch(fields[0])
        end = _COLUMNS_BEFORE + text.num_columns
        if token is None or len(fields) < end:
            raise DataError(
                f"{shown(line)} is no row of a token: its number, its characters, its text and "
                f"{text.num_columns} columns of layers; export the file again",
                path,
                number,
            )
        if not token["part"]:
            if token["sentence"] != sentence:
                text.sentences.append([])
                sentence = token["sentence"]
            text.sentences[-1].append(unescaped(fields[2]))
            num_words += 1
        if num_words == 0:
            raise DataError(
                f"{fields[0]} is part of a token that is not there; export the file again",
                path,
                number,
            )
        text.rows.append(Row(number, fields[0], num_words - 1, fields[_COLUMNS_BEFORE:end]))
    return text


def values_of(cell: str) -> list[Value]:
    """Return the values of a cell."""
    return [
        Value("" if value["text"] == "*" else unescaped(value["text"]), int(value["id"] or 0))
        for part in parts_of(cell)
        if (value := _VALUE.fullmatch(part)) is not None
    ]


def parts_of(cell: str) -> list[str]:
    """Return what stands between the bars of a cell, as it is written; nothing for `_`."""
    return [] if cell in _NOTHING else _BETWEEN_VALUES.split(cell)


def unescaped(text: str) -> str:
    """Return a text without the backslashes before characters that the format reserves."""
    return _ESCAPED.sub(lambda found: _CONTROLS.get(found[1], found[1]), text)
