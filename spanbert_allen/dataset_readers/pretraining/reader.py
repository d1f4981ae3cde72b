"""Corpora of word pieces as the examples of pre-training."""

# AllenNLP builds this class from its annotations. Left to itself it knows `Optional`, but neither
# `X | None` nor annotations that are strings.
# ruff: noqa: UP045

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

import numpy as np
from allennlp.data import DatasetReader, Instance, TokenIndexer
from allennlp.data.fields import MetadataField, TensorField

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.pieces import PieceTokenizer, SpecialPieces
from spanbert_allen.data.pretraining.blocks import pair_blocks, single_blocks
from spanbert_allen.data.pretraining.examples import BoundarySettings, Examples
from spanbert_allen.data.pretraining.masked_text import MASK, masked_text
from spanbert_allen.data.pretraining.masking import GeometricSpans, Masking
from spanbert_allen.data.pretraining.questions import QuestionSpans
from spanbert_allen.data.pretraining.replacement import Replacement
from spanbert_allen.encoders import WordPieceVocabulary
from spanbert_allen.formats.pretraining.corpus import Corpus


@DatasetReader.register("spanbert_pretraining")
class PretrainingReader(DatasetReader):
    """
    Read a corpus that `spanbert-allen corpus` made, for the data loader `spanbert_pretraining`.

    Registered as a `DatasetReader` with name "spanbert_pretraining". The data loader of the same
    name makes batches straight from the corpus; an instance for each block would cost more time
    than the model.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`: its vocabulary must be the corpus's.
    max_length : `int`, optional (default = `512`)
        The most pieces of a block, `[CLS]` and `[SEP]` counted.
    masking : `Masking`, optional (default = `GeometricSpans()`)
        Which pieces are masked.
    maskings : `dict[str, Masking]`, optional (default = `None`)
        Several schemes by name, instead of `masking`: in training batches take them in turn, and an
        evaluation takes every block with each of them.
    questions : `QuestionSpans`, optional (default = `None`)
        Spans that become questions before the rest of a block is masked, such as
        `spanbert_recurring_spans`; in a pair, each sequence is asked about by itself.
    next_sentence : `bool`, optional (default = `False`)
        Whether a block is a pair of sequences for next-sentence prediction, and not a single one.
    mask_share, random_share : `float`, optional (defaults = `0.8`, `0.1`)
        How likely a masked piece is replaced by `[MASK]`, and by a random piece.
    replace_by_span : `bool`, optional (default = `True`)
        Whether that is decided for a span, and not for each of its pieces.
    max_boundary_targets : `int`, optional (default = `15`)
        How many pieces of a span the span-boundary objective predicts.
    external_boundaries : `bool`, optional (default = `True`)
        Whether it predicts from the pieces around a span, and not from the first and the last one.
    tags : `str`, optional (default = `None`)
        A file with one bit for each piece of the corpus, as `spanbert-allen corpus-tags` makes it,
        for the masking `spanbert_tagged_spans`.
    reproduce : `bool`, optional (default = `False`)
        Whether sentences longer than a block are left out, and pairs of sequences drawn, as in the
        original program; see `single_blocks` and `pair_blocks`.
    seed : `int`, optional (default = `42`)
        What masks and pairs follow from.
    """

    def __init__(
        self,
        indexer: TokenIndexer,
        *,
        max_length: int = 512,
        masking: Optional[Masking] = None,
        maskings: Optional[dict[str, Masking]] = None,
        questions: Optional[QuestionSpans] = None,
        next_sentence: bool = False,
        mask_share: float = 0.8,
        random_share: float = 0.1,
        replace_by_span: bool = True,
        max_boundary_targets: int = 15,
        external_boundaries: bool = True,
        tags: Optional[str] = None,
        reproduce: bool = False,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        tokenizer = getattr(indexer, "tokenizer", None)
        if not isinstance(tokenizer, PieceTokenizer):
            raise ConfigError(
                f"dataset_reader.indexer: a {type(indexer).__name__} has no word pieces; use "
                '{"type": "spanbert", ...}'
            )
        if masking is not None and maskings is not None:
            raise ConfigError("dataset_reader: give `masking` or `maskings`, not both")
        least = 6 if next_sentence else 3
        if max_length < least:
            raise ConfigError(
                f"dataset_reader.max_length is {max_length}: it must be {least} or more"
            )
        self._tokenizer = tokenizer
        self._vocabulary = WordPieceVocabulary(tokenizer.vocabulary)
        self._max_length, self._next_sentence = max_length, next_sentence
        self._questions = questions and (
            questions.of_vocabulary(tokenizer),
            questions.piece_id(tokenizer),
        )
        self._maskings = maskings or {"masking": masking or GeometricSpans()}
        self._replacement = Replacement(
            mask_share=mask_share, random_share=random_share, by_span=replace_by_span
        )
        self.boundaries = BoundarySettings(
            most_targets=max_boundary_targets, external=external_boundaries
        )
        self._tags, self._reproduce, self._seed = tags, reproduce, seed

    def examples(self, path: str | Path) -> Examples:
        """
        Open a corpus and cut it into blocks.

        # Parameters

        path : `str | Path`
            The folder of the corpus.

        # Returns

        `Examples`
            The blocks; nothing but places in the corpus is held in memory.
        """
        corpus = Corpus(path)
        corpus.check_vocabulary(self._vocabulary, "the configuration's encoder")
        pairs = None
        if self._next_sentence:
            blocks, pairs = pair_blocks(
                corpus, self._max_length - 3, seed=self._seed, reproduce=self._reproduce
            )
        else:
            most = self._max_length - 2
            blocks = single_blocks(corpus, most, reproduce=self._reproduce)
        return Examples(
            corpus,
            self._vocabulary,
            blocks,
            pairs,
            maskings=self._maskings,
            replacement=self._replacement,
            boundaries=self.boundaries,
            questions=self._questions,
            tags=self._read_tags(corpus),
            seed=self._seed,
        )

    def text_to_instance(self, text: Any, spans: Any = None, *, name: str = "text") -> Instance:
        """
        Return the instance of a user's own text, whose masked spans are to be filled.

        # Parameters

        text, spans, name
            As for `masked_text`.

        # Returns

        `Instance`
            `token_ids`, with `[CLS]` and `[SEP]` and with `[MASK]` for what is masked, and
            `segment_ids`, which is 0 throughout, both of shape (num_pieces,); `masked`, a
            `MaskedText`.
        """
        masked = masked_text(
            text, spans, self._tokenizer, name=name, max_pieces=self._max_length - 2
        )
        special = SpecialPieces.of(self._tokenizer)
        seen = np.where(masked.runs.mask[0], self._tokenizer.id_of(MASK), masked.pieces)
        # Shape: (num_pieces,)
        token_ids = np.asarray([special.cls, *seen, special.sep], np.int64)
        return Instance(
            {
                "token_ids": TensorField(token_ids),
                "segment_ids": TensorField(np.zeros(len(token_ids), np.int64), padding_value=-1),
                "masked": MetadataField(masked),
            }
        )

    def _read_tags(self, corpus: Corpus) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
        needs_tags = any(masking.needs_tags for masking in self._maskings.values())
        if self._tags is None:
            if needs_tags:
                raise ConfigError(
                    "dataset_reader.tags is not set: the masking spanbert_tagged_spans needs the "
                    "tags of the corpus, which `spanbert-allen corpus-tags` makes"
                )
            return None
        try:
            packed = np.fromfile(self._tags, np.uint8)
        except OSError as error:
            raise DataError(f"cannot be read ({error.strerror}): check the path", self._tags) from (
                error
            )
        needed = -(-len(corpus.pieces) // 8)
        if len(packed) != needed:
            raise DataError(
                f"has {len(packed)} bytes, and the corpus {corpus.folder} needs {needed}: make the "
                "tags of this corpus",
                self._tags,
            )
        # Shape: (num_pieces,)
        return np.unpackbits(packed, count=len(corpus.pieces)).astype(np.bool_)

    def _read(self, file_path: Any) -> Iterable[Instance]:
        """Yield an instance for each block that says no more than its number and length."""
        examples = self.examples(file_path)
        for number, length in enumerate(examples.lengths):
            yield Instance({"block": MetadataField({"number": number, "length": length})})
