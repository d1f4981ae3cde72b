"""The formats of coreference files: the table of what can be read and written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.files import json_line
from spanbert_allen.formats.coref import gap, lossy, winobias
from spanbert_allen.formats.coref import preco as preco_jsonl
from spanbert_allen.formats.coref.brat import read_brat
from spanbert_allen.formats.coref.conll.conllu import read_conllu
from spanbert_allen.formats.coref.conll.reader import read_conll
from spanbert_allen.formats.coref.conll.writer import conll_lines
from spanbert_allen.formats.coref.doccano import parse_doccano
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.fastcoref import parse_fastcoref
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.format import CorefFormat
from spanbert_allen.formats.coref.jsonl import parse_coref_record
from spanbert_allen.formats.coref.jsonl_writer import coref_record, sentences_record
from spanbert_allen.formats.coref.label_studio import read_label_studio
from spanbert_allen.formats.coref.lossy import Dropped
from spanbert_allen.formats.coref.minimised import parse_minimised
from spanbert_allen.formats.coref.predictions import parse_prediction
from spanbert_allen.formats.coref.records import RecordContext
from spanbert_allen.formats.coref.text import read_plain_text
from spanbert_allen.formats.coref.webanno import read_webanno
from spanbert_allen.formats.coref.wl_coref import parse_wl_coref, wl_coref_record


def _jsonl(language: str) -> CorefFormat:
    def text_if_it_reads_back(document: CorefDocument, dropped: Dropped) -> CorefDocument:
        if "text" in coref_record(document, language=language):
            return document
        return lossy.plain_text(document, dropped)

    return CorefFormat(
        name="jsonl",
        about="this project's: text, tokens or sentences; speakers, genre, clusters",
        parse=parse_coref_record,
        lines=lambda document: json_line(coref_record(document, language=language)),
        steps=[lossy.without_columns, text_if_it_reads_back],
    )


def _read_conll(path: str | Path, *, language: str, findings: Findings | None) -> Any:
    del language  # words and sentences are given
    return read_conll(path, keep_columns=True, findings=findings)


def _conll(_: str) -> CorefFormat:
    return CorefFormat(
        name="conll",
        about="CoNLL-2012: OntoNotes, OntoGUM, LitBank; tabs, for the official scorer",
        read_file=_read_conll,
        lines=lambda document: "".join(conll_lines(document, document.clusters or ())),
        steps=[
            lossy.one_field_words,
            lossy.no_escaped_marks,
            lossy.plain_text,
            lossy.no_empty_sentences,
            lossy.without_unnamed_speakers,
            lossy.genre_of_key,
            lossy.annotated,
            lossy.no_crossing_in_a_cluster,
        ],
    )


def _conllu(_: str) -> CorefFormat:
    return CorefFormat(
        name="conllu",
        about="CoNLL-U with entities: GUM, OntoGUM, CorefUD; read only",
        read_file=read_conllu,
    )


def _fastcoref(_: str) -> CorefFormat:
    return CorefFormat(
        name="fastcoref",
        about="fastcoref's, for training or predicted",
        parse=parse_fastcoref,
        lines=lambda document: json_line(sentences_record(document)),
        steps=[
            lossy.without_columns,
            lossy.plain_text,
            lossy.without_unnamed_speakers,
            lossy.without_genre,
        ],
    )


def _preco(_: str) -> CorefFormat:
    return CorefFormat(
        name="preco",
        about="PreCo's",
        parse=preco_jsonl.parse_preco,
        lines=lambda document: json_line(preco_jsonl.preco_record(document)),
        steps=[
            lossy.without_columns,
            lossy.plain_text,
            lossy.without_speakers,
            lossy.without_genre,
            preco_jsonl.no_blank_sentences,
            lossy.mentions_in_sentences,
        ],
    )


def _wl_coref(_: str) -> CorefFormat:
    return CorefFormat(
        name="wl-coref",
        about="wl-coref's, with span clusters",
        parse=parse_wl_coref,
        lines=lambda document: json_line(wl_coref_record(document)),
        steps=[
            lossy.without_columns,
            lossy.plain_text,
            lossy.no_empty_sentences,
            lossy.without_unnamed_speakers,
            lossy.genre_of_key,
        ],
    )


def _minimised(_: str) -> CorefFormat:
    def parse(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
        document = parse_minimised(record, context)
        return document.to_document(repeated="keep" if context.findings.keeps_repeated else "merge")

    return CorefFormat(
        name="minimised",
        about="word pieces in segments: mandarjoshi90/coref, coref-hoi",
        parse=parse,
        steps=[
            lossy.without_columns,
            lossy.plain_text,
            lossy.no_empty_sentences,
            lossy.without_unnamed_speakers,
            lossy.genre_of_key,
            lossy.annotated,
        ],
    )


def _minimised_predicted(_: str) -> CorefFormat:
    def parse(record: Mapping[str, Any], context: RecordContext) -> CorefDocument:
        document = parse_minimised(record, context, clusters="predicted_clusters")
        return document.to_document(repeated="keep" if context.findings.keeps_repeated else "first")

    return CorefFormat(
        name="minimised-predicted",
        about="the same, its `predicted_clusters`; read only",
        parse=parse,
    )


def _winobias(_: str) -> CorefFormat:
    return CorefFormat(
        name="winobias",
        about="WinoBias's: a sentence a line, mentions in brackets",
        read_file=winobias.read_winobias,
        lines=winobias.winobias_line,
        steps=[
            lossy.without_columns,
            lossy.plain_text,
            lossy.without_speakers,
            lossy.without_genre,
            lossy.annotated,
            winobias.one_line,
        ],
    )


def _gap(language: str) -> CorefFormat:
    return CorefFormat(
        name="gap",
        about="GAP's: a pronoun and two names a row",
        read_file=gap.read_gap,
        lines=gap.gap_line,
        head=gap.HEADER,
        steps=[
            lossy.without_columns,
            lossy.without_speakers,
            lossy.without_genre,
            partial(gap.one_row, language=language),
        ],
    )


def _predictions(_: str) -> CorefFormat:
    return CorefFormat(
        name="predictions",
        about="of the predictor spanbert_coref; read only",
        parse=parse_prediction,
    )


def _brat(_: str) -> CorefFormat:
    return CorefFormat(
        name="brat",
        about="brat's: x.ann with its text x.txt; read only, `format` writes predictions",
        read_file=read_brat,
    )


def _label_studio(_: str) -> CorefFormat:
    return CorefFormat(
        name="label-studio",
        about="Label Studio's JSON export, spans and relations; read only",
        read_file=read_label_studio,
    )


def _webanno(_: str) -> CorefFormat:
    return CorefFormat(
        name="webanno",
        about="WebAnno TSV 3 of INCEpTION, with its coreference layer; read only",
        read_file=read_webanno,
    )


def _doccano(_: str) -> CorefFormat:
    return CorefFormat(
        name="doccano",
        about="doccano's JSON lines, entities and relations; read only",
        parse=parse_doccano,
    )


def _text(_: str) -> CorefFormat:
    return CorefFormat(
        name="text",
        about="plain text, a document a file, not annotated; read only",
        read_file=read_plain_text,
    )


_MAKERS = (
    _jsonl,
    _conll,
    _conllu,
    _minimised,
    _minimised_predicted,
    _fastcoref,
    _preco,
    _wl_coref,
    _winobias,
    _gap,
    _brat,
    _label_studio,
    _webanno,
    _doccano,
    _text,
    _predictions,
)


@cache
def coref_formats(language: str = "en") -> Mapping[str, CorefFormat]:
    """Return all formats by their names; `language` is that of the texts which are written."""
    made = (make(language) for make in _MAKERS)
    return {one.name: one for one in made}


SUFFIXES = (".jsonl", ".jsonlines", ".json", "conll", ".conllu", ".tsv", ".txt", ".ann")
"""How the names of such files end, where a folder is to be read; `.gz` may follow."""

FORMATS = tuple(coref_formats())
"""The names of the formats."""


def find_format(name: str, *, language: str = "en") -> CorefFormat:
    """Return the format of that name."""
    if name not in FORMATS:
        raise ConfigError(
            f"there is no coreference format {name!r}; use one of {', '.join(FORMATS)}"
        )
    return coref_formats(language)[name]
