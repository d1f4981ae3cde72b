"""The base of the coreference readers, which finds files and shares documents among workers."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from allennlp.data import DatasetReader, Instance, TokenIndexer
from allennlp.data.fields import MetadataField

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.coref.instance import document_to_instance
from spanbert_allen.dataset_readers.data_paths import local_files
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings

logger = logging.getLogger(__name__)

RawDocument = TypeVar("RawDocument")

Named = Callable[[CorefDocument], CorefDocument]
"""What gives a document its name in the folder that it was found in."""


class LeftOut(Findings):
    """Leave out bad records, and warn at the end how many they were, with the first mistake."""

    def __init__(self) -> None:
        super().__init__()
        self._problems: list[DataError] = []

    def problem(self, error: DataError) -> None:
        """Note a mistake."""
        self._problems.append(error)

    def end_of_file(self) -> None:
        """Warn of what was left out, and of what was put right."""
        super().end_of_file()
        if self._problems:
            count, first = len(self._problems), self._problems[0]
            logger.warning("%d bad records left out; the first: %s", count, first)
        self._problems.clear()


class CorefReader(DatasetReader, Generic[RawDocument]):
    """
    Base of the coreference readers.

    A subclass reads a file in two steps: `raw_documents`, the cheap one, which every worker runs
    over everything, and `document`, which it runs on its own share. Where reading is cheap,
    `raw_documents` yields documents, and that is all.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`, which cuts words into pieces and segments.
    mentions : `str`, optional (default = `"found"`)
        The mentions that the model links, in training and evaluation: those that it finds, or with
        `gold` the annotated ones and no others.
    """

    file_suffixes: ClassVar[Sequence[str]]
    """What the names of the files in a folder must end in; `.gz` may follow."""

    def __init__(self, indexer: TokenIndexer, *, mentions: str = "found", **kwargs: Any):
        super().__init__(
            manual_distributed_sharding=True, manual_multiprocess_sharding=True, **kwargs
        )
        if not hasattr(indexer, "index_document"):
            raise ConfigError(
                f"dataset_reader.indexer: a {type(indexer).__name__} does not cut documents into "
                'segments of word pieces; use {"type": "spanbert", ...}'
            )
        self.indexer = indexer
        if mentions not in ("found", "gold"):
            raise ConfigError(
                f"dataset_reader.mentions: {mentions!r} is neither 'found' nor 'gold', which links "
                "the annotated mentions"
            )
        self.mentions = mentions

    def raw_documents(self, path: str | Path) -> Iterator[RawDocument]:
        """Yield what stands for each document of a file until it is known which worker reads it."""
        raise NotImplementedError

    def document(self, raw: RawDocument) -> CorefDocument | None:
        """Return the document, or `None` for one to be passed over; by default `raw` is one."""
        assert isinstance(raw, CorefDocument)
        return raw

    def documents(self, file_path: Any) -> Iterator[CorefDocument]:
        """
        Yield the documents of this process's share.

        # Parameters

        file_path : `str | Path | list`
            A file, a folder or a list of them; see `local_files`. Documents that are named for
            files of one name are named for their places in the folder, or in that of all of a list.
        """
        for item, named in self.raw_share(file_path):
            document = self.document(item)
            if document is not None:
                yield named(document)

    def raw_share(self, file_path: Any) -> Iterator[tuple[RawDocument, Named]]:
        """Yield what stands for the documents of this process's share, and what names each."""
        yield from self.shard_iterable(self._raw(file_path))

    def _raw(self, file_path: Any) -> Iterator[tuple[RawDocument, Named]]:
        files, names = local_files(file_path, suffixes=self.file_suffixes)
        for file in files:
            named = partial(names.named, file=file, field="doc_key")
            for raw in self.raw_documents(file):
                yield raw, named

    def text_to_instance(self, document: CorefDocument) -> Instance:
        """Return the instance of a document."""
        return self.with_mentions(document_to_instance(document, self.indexer))

    def with_mentions(self, instance: Instance) -> Instance:
        """Return the instance, with its annotated mentions as given ones if that is asked for."""
        metadata = instance["metadata"].metadata
        if self.mentions == "gold" and metadata["document"].clusters is not None:
            given = {"given_spans": instance["gold_spans"].tensor}
            instance.add_field("metadata", MetadataField(metadata | given))
        return instance

    def _read(self, file_path: Any) -> Iterable[Instance]:
        for document in self.documents(file_path):
            yield self.text_to_instance(document)
