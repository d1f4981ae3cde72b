"""What the readers of texts and pairs of texts share: parts of the data, pieces, labels."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from allennlp.data import Instance, TokenIndexer

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.sequence.instance import Output, pair_instance
from spanbert_allen.data.sequence.pieces import is_pair_cut, pair_columns
from spanbert_allen.data.unseen_names import UnseenNames
from spanbert_allen.dataset_readers.example_reader import ExampleReader
from spanbert_allen.dataset_readers.label_check import LabelCheck
from spanbert_allen.formats.sequence.text_pair import Label, TextPair

logger = logging.getLogger(__name__)

USUAL_LENGTH = 128
"""The most pieces where a configuration does not say."""
_SHORTEST = 8  # [CLS], two times [SEP], and some pieces of each text


class TextPairReader(ExampleReader[TextPair]):
    """
    Base of the readers of texts and pairs of texts.

    A sequence is [CLS] text [SEP], or [CLS] text [SEP] second text [SEP], cut to length as in the
    original programs (Joshi et al., 2020, section 4.1). A subclass says what a file holds.

    In place of a path, a configuration may give several by name, such as
    `{"matched": ..., "mismatched": ...}`: these parts of the data are scored one by one.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`: its word pieces and its vocabulary.
    max_length : `int`, optional (default = `128`)
        The most pieces, special ones counted. A warning counts the texts that are cut.
    fixed_length : `bool`, optional (default = `False`)
        Whether to pad to `max_length`, as in the original.
    strict : `bool`, optional (default = `True`)
        Whether the first bad record stops reading. `False`: bad ones are left out, and a warning
        at the end says how many, and what is wrong with the first; a text whose class the model
        does not know counts as a mistake.
    """

    called: ClassVar[str] = "records"

    def __init__(
        self,
        indexer: TokenIndexer,
        *,
        max_length: int = USUAL_LENGTH,
        fixed_length: bool = False,
        strict: bool = True,
        **kwargs: Any,
    ):
        super().__init__(indexer, strict=strict, **kwargs)
        if max_length < _SHORTEST:
            raise ConfigError(
                f"dataset_reader.max_length is {max_length}: it must be {_SHORTEST} or more"
            )
        self.max_length = max_length
        self.fixed_length = fixed_length

    def output_of(self, pair: TextPair, label: Label) -> Output:
        """
        Return what the model learns for a label.

        Raises a `DataError` for a label that cannot be one.

        # Parameters

        pair : `TextPair`
            The text that has the label.
        label : `Label`
            The label.
        """
        raise NotImplementedError

    def text_to_instance(
        self, pair: TextPair, part: str | None = None, unseen: UnseenNames | None = None
    ) -> Instance:
        """
        Return an instance.

        # Parameters

        pair : `TextPair`
            The texts.
        part : `str`, optional (default = `None`)
            The part of the data that the texts belong to.
        unseen : `UnseenNames`, optional (default = `None`)
            As for `ClassLabelField`.
        """
        label = None if pair.label is None else self.output_of(pair, pair.label)
        first = self.tokenizer.pieces_of(pair.text)
        second = self.tokenizer.pieces_of(pair.text_pair or "")
        columns = pair_columns(
            first,
            second,
            self._special,
            max_length=self.max_length,
            fixed_length=self.fixed_length,
        )
        return pair_instance(
            columns,
            pair,
            label=label,
            part=part,
            is_cut=is_pair_cut(first, second, self.max_length),
            unseen=unseen,
        )

    def _instances(self, file_path: Any) -> Iterator[Instance]:
        unseen = None if self.strict else UnseenNames()
        num_read = num_cut = 0
        for pair, part in self.shard_iterable(self._parted(file_path)):
            try:
                instance = self.text_to_instance(pair, part, unseen)
            except DataError as error:
                self._leave_out(error)
            else:
                num_read += 1
                num_cut += instance["pair"].metadata.is_cut
                yield instance
        if num_cut:
            logger.warning(
                "%d of %d %s have more than %d pieces, and are cut: raise `max_length`",
                num_cut,
                num_read,
                self.called,
                self.max_length,
            )

    def _parted(self, file_path: Any) -> Iterator[tuple[TextPair, str | None]]:
        """Yield the texts, each with its part: all with labels, or all without."""
        check = LabelCheck()
        parts = file_path.items() if isinstance(file_path, Mapping) else [(None, file_path)]
        for part, paths in parts:
            for pair in check.passed(self._examples(paths), self._leave_out):
                yield pair, part
