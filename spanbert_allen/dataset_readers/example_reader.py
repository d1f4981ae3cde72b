"""What the readers of questions, relations and texts share: files, word pieces, bad records."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from allennlp.data import DatasetReader, Instance, TokenIndexer

from spanbert_allen.common.errors import ConfigError, DataError, OnProblem
from spanbert_allen.data.pieces import PieceTokenizer, SpecialPieces
from spanbert_allen.dataset_readers.data_paths import local_files

logger = logging.getLogger(__name__)

Example = TypeVar("Example")


class ExampleReader(DatasetReader, Generic[Example]):
    """
    Base of the readers of examples that are cut into word pieces.

    Examples are questions, texts with two entities, or texts. A subclass says what an instance is
    made of, and its own subclasses say what a file holds.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`: its word pieces and its vocabulary.
    strict : `bool`, optional (default = `True`)
        Whether the first bad example stops reading. `False`: bad ones are left out, and a warning
        at the end says how many, and what is wrong with the first.
    """

    file_suffixes: ClassVar[Sequence[str]]
    """How the names of data files end, if a folder is to be read; `.gz` may follow."""
    called: ClassVar[str] = "examples"
    """What messages call examples."""
    cut: ClassVar[str] = "texts into word pieces"
    """What the indexer must cut, for messages."""

    def __init__(self, indexer: TokenIndexer, *, strict: bool = True, **kwargs: Any):
        super().__init__(
            manual_distributed_sharding=True, manual_multiprocess_sharding=True, **kwargs
        )
        tokenizer = getattr(indexer, "tokenizer", None)
        if not isinstance(tokenizer, PieceTokenizer):
            raise ConfigError(
                f"dataset_reader.indexer: a {type(indexer).__name__} does not cut {self.cut}; "
                'use {"type": "spanbert", ...}'
            )
        self.tokenizer = tokenizer
        self.strict = strict
        self._special = SpecialPieces.of(tokenizer)
        self._bad: list[DataError] = []

    def examples_of(self, path: str | Path, on_problem: OnProblem) -> Iterator[Example]:
        """Yield the examples of a file; what is wrong with one goes to `on_problem`."""
        raise NotImplementedError

    def _instances(self, file_path: Any) -> Iterator[Instance]:
        """
        Yield the instances of this process's share.

        # Parameters

        file_path : `Any`
            As the configuration gives it.
        """
        raise NotImplementedError

    def _read(self, file_path: Any) -> Iterable[Instance]:
        self._bad.clear()
        yield from self._instances(file_path)
        if self._bad:
            logger.warning(
                "%d bad %s left out; the first: %s", len(self._bad), self.called, self._bad[0]
            )

    def _examples(self, paths: Any) -> Iterator[Example]:
        """Yield the examples of all files, each with a name; `paths` is as for `local_files`."""
        files, names = local_files(paths, suffixes=self.file_suffixes)
        for file in files:
            for example in self.examples_of(file, self._leave_out):
                yield names.named(example, file, field="id")

    def _leave_out(self, problem: DataError) -> None:
        """Count a bad example, or stop reading."""
        if self.strict:
            raise problem
        self._bad.append(problem)
