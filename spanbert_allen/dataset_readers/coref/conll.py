"""The reader of CoNLL coreference files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.dataset_readers.coref.reader import CorefReader
from spanbert_allen.formats.coref.conll.reader import read_conll
from spanbert_allen.formats.coref.document import CorefDocument


@DatasetReader.register("spanbert_coref_conll")
class CorefConllReader(CorefReader[CorefDocument]):
    """
    Reads CoNLL-2012 files (OntoNotes' `*.v4_gold_conll`, OntoGUM) and LitBank's, plain or `.gz`;
    `common.conll.read_conll` says how. A folder is read as all files in it that end in `conll`.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`.
    keep_singletons : `bool`, optional (default = `True`)
        Whether annotated clusters of one mention are kept. OntoNotes has none; LitBank's are most
        of its clusters.
    """

    file_suffixes = ("conll",)

    def __init__(self, indexer: TokenIndexer, *, keep_singletons: bool = True, **kwargs: Any):
        super().__init__(indexer, **kwargs)
        self.keep_singletons = keep_singletons

    def raw_documents(self, path: str | Path) -> Iterator[CorefDocument]:
        """The documents: reading them is the cheap part."""
        yield from read_conll(path, keep_singletons=self.keep_singletons)

    def document(self, raw: CorefDocument) -> CorefDocument:
        """The document itself."""
        return raw
