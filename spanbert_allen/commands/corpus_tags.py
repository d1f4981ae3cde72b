"""`spanbert-allen corpus-tags`: which pieces of a corpus belong to expressions."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from spanbert_allen.commands.corpus import add_text_arguments, file_progress, text_files

HELP = "tag a corpus with entities, noun phrases or spans of your own, for their masking"
EXAMPLE = (
    "spanbert-allen corpus-tags texts/*.txt --corpus out/train --out out/train.tags "
    "--spacy en_core_web_sm"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_text_arguments(parser, out="the file of tags to write")
    parser.add_argument(
        "--corpus", required=True, type=Path, help="the corpus that was made of these texts"
    )
    parser.add_argument("--encoder", help="the corpus's encoder, if it is no longer where it was")
    parser.add_argument("--vocabulary", help="its vocab.txt, if it comes without")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--spacy", metavar="PIPELINE", help="a pipeline of spaCy, or its folder")
    how.add_argument(
        "--spans",
        type=Path,
        metavar="FILE",
        help='JSON lines, one a document in order: {"spans": [[start, end], ...]} in characters',
    )
    parser.add_argument(
        "--kind",
        choices=("entities", "noun-chunks"),
        default="entities",
        help="what the pipeline is asked for (default: %(default)s); entities but dates, times and "
        "numbers",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the tags and return the exit status."""
    from spanbert_allen.common.outputs import refuse_overwriting
    from spanbert_allen.data.pieces import PieceTokenizer
    from spanbert_allen.data.pretraining.corpus_tags import texts_with_spans, write_tags
    from spanbert_allen.encoders import find_encoder
    from spanbert_allen.formats.pretraining.corpus import Corpus
    from spanbert_allen.integrations.spacy.spans import SpacySpans

    sources, layout = text_files(arguments), arguments.documents
    corpus = Corpus(arguments.corpus)
    spans = [] if arguments.spans is None else [arguments.spans]
    refuse_overwriting(arguments.out, [*sources, *spans, *corpus.files])
    files = find_encoder(
        arguments.encoder or corpus.description.encoder, vocabulary=arguments.vocabulary
    )
    corpus.check_vocabulary(files.vocabulary, files.name)
    if arguments.spacy is None:
        texts = texts_with_spans(sources, layout, arguments.spans)
    else:
        find = SpacySpans(arguments.spacy, arguments.kind)
        texts = find(_sentences(sources, layout))
    tokenizer = PieceTokenizer.from_files(files, keep_special_strings=False)
    tagged = write_tags(texts, corpus, tokenizer, arguments.out)
    share = tagged / len(corpus.pieces)
    print(f"{arguments.out}: {tagged:,} of {len(corpus.pieces):,} pieces are tagged ({share:.1%})")
    return 0


def _sentences(sources: Sequence[str | Path], layout: str) -> Iterator[tuple[str, str | Path]]:
    """Yield each sentence and its file, and show how far the files are read."""
    from spanbert_allen.formats.pretraining.texts import read_sentences

    show = file_progress(sources)
    words = 0
    for done, source in enumerate(sources, start=1):
        for sentence in read_sentences(source, layout):
            if sentence is not None:
                words += len(sentence.split())
                yield sentence, source
        show(done, len(sources), words)
