"""The reader of CoNLL coreference files."""

from collections.abc import Sequence
from typing import ClassVar

from allennlp.data import DatasetReader

from spanbert_allen.dataset_readers.coref.any_format import CorefFormatReader


@DatasetReader.register("spanbert_coref_conll")
class CorefConllReader(CorefFormatReader):
    """
    Read CoNLL files of coreference, plain or `.gz`.

    They are CoNLL-2012 (OntoNotes' `*.v4_gold_conll`, OntoGUM) or LitBank's; see
    `formats.coref.conll.reader`. A folder stands for all files in it whose names end in `conll`.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`.
    language, keep_singletons, strict
        See `CorefFilesReader`.
    """

    file_suffixes: ClassVar[Sequence[str]] = ("conll",)
    format_name: ClassVar[str] = "conll"
