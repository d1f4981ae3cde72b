"""The reader of documents that are cut into word pieces already."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from allennlp.data import DatasetReader, Instance, TokenIndexer

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import default_doc_key, json_object
from spanbert_allen.common.record_checks import RecordError
from spanbert_allen.common.spans import PieceSpan
from spanbert_allen.data.coref.instance import pieces_to_instance
from spanbert_allen.data.coref.minimised import piece_document
from spanbert_allen.data.indexer import SpanbertIndexer
from spanbert_allen.data.piece_document import PieceDocument
from spanbert_allen.dataset_readers.coref.reader import CorefReader
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings, RecordFindings
from spanbert_allen.formats.coref.minimised import MinimisedDocument, parse_minimised
from spanbert_allen.formats.coref.records import (
    RawRecord,
    RecordContext,
    raw_records,
)


class CutDocument(NamedTuple):
    """A document whose pieces are given."""

    document: CorefDocument
    pieces: PieceDocument
    cluster_of: dict[PieceSpan, int] | None


@DatasetReader.register("spanbert_coref_pieces")
class CorefPiecesReader(CorefReader[RawRecord]):
    """
    Read minimised JSON lines, in which documents are cut into word pieces.

    They are `{train,dev,test}.english.384.jsonlines` of the programs of Joshi et al. (2019) and of
    Xu and Choi (2020); see `formats.coref.minimised`. Pieces, segments and the sentences of pieces
    stay exactly as they are, so that a model sees what theirs saw. With the model's
    `special_pieces` spans may hold [CLS] and [SEP], as in theirs.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert` of the encoder that the pieces were made for. Its `max_length`
        is the most pieces that a segment may have.
    keep_singletons : `bool`, optional (default = `True`)
        Whether annotated clusters of one mention are kept.
    """

    file_suffixes = (".jsonlines", ".jsonl")

    def __init__(self, indexer: TokenIndexer, *, keep_singletons: bool = True, **kwargs: Any):
        super().__init__(indexer, **kwargs)
        assert isinstance(indexer, SpanbertIndexer)
        self.keep_singletons = keep_singletons
        self._ids = {piece: i for i, piece in enumerate(indexer.tokenizer.vocabulary)}
        self._max_length = indexer.max_length
        self._findings = Findings()

    def raw_documents(self, path: str | Path) -> Iterator[RawRecord]:
        """Yield the lines that are not blank."""
        yield from raw_records(path)
        self._findings.end_of_file()

    def cut_document(self, raw: RawRecord) -> CutDocument:
        """Return the document of a line, with its pieces."""
        context = RecordContext(
            default_key=default_doc_key(raw.path, raw.line),
            findings=RecordFindings(self._findings, raw.path, raw.line),
        )
        record = json_object(raw.text, path=raw.path, line=raw.line)
        try:
            given = parse_minimised(record, context)
            self._check_lengths(given)
            document = given.to_document()
            pieces = piece_document(given, self._ids.get, len(document.words))
        except RecordError as error:
            raise DataError(str(error), raw.path, raw.line) from error
        if not self.keep_singletons:
            document = document.without_singletons()
        return CutDocument(document, pieces, self._cluster_of(given))

    def document(self, raw: RawRecord) -> CorefDocument:
        """Return the document of a line, in words."""
        return self.cut_document(raw).document

    def _read(self, file_path: Any) -> Iterable[Instance]:
        for raw, named in self.raw_share(file_path):
            cut = self.cut_document(raw)
            yield self.with_mentions(
                pieces_to_instance(named(cut.document), cut.pieces, cut.cluster_of)
            )

    def _check_lengths(self, given: MinimisedDocument) -> None:
        for index, segment in enumerate(given.segments):
            if len(segment) > self._max_length:
                raise RecordError(
                    f"sentences[{index}] has {len(segment)} pieces, but the indexer's max_length "
                    f"is {self._max_length}; set it to the length that the file was made with"
                )

    def _cluster_of(self, given: MinimisedDocument) -> dict[PieceSpan, int] | None:
        if given.clusters is None:
            return None
        least = 1 if self.keep_singletons else 2
        kept = [cluster for cluster in given.clusters if len(cluster) >= least]
        return {span: number for number, cluster in enumerate(kept) for span in cluster}
