"""The reader of coreference documents as JSON lines."""

from collections.abc import Sequence
from typing import Any, ClassVar

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.dataset_readers.coref.any_format import CorefFilesReader


@DatasetReader.register("spanbert_coref_jsonl")
class CorefJsonlReader(CorefFilesReader):
    """
    Reads JSON lines, plain or `.gz`; the module `common.coref_jsonl` says what a record holds. A
    folder is read as all files in it that end in `.jsonl`.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split texts into words and sentences.
    keep_singletons : `bool`, optional (default = `True`)
        Whether annotated clusters of one mention are kept.
    strict : `bool`, optional (default = `True`)
        Whether the first bad record stops reading. `False`: bad records are left out, and a warning
        at the end says how many, and what is wrong with the first.
    """

    file_suffixes: ClassVar[Sequence[str]] = (".jsonl",)

    def __init__(
        self,
        indexer: TokenIndexer,
        *,
        language: str = "en",
        keep_singletons: bool = True,
        strict: bool = True,
        **kwargs: Any,
    ):
        super().__init__(
            indexer,
            format="jsonl",
            language=language,
            keep_singletons=keep_singletons,
            strict=strict,
            **kwargs,
        )
