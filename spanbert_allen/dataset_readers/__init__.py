"""Files to documents and questions, and these to instances."""

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
from spanbert_allen.data.relation_vocabulary import RelationVocabulary
from spanbert_allen.dataset_readers.coref_conll import CorefConllReader
from spanbert_allen.dataset_readers.coref_files import CorefFilesReader
from spanbert_allen.dataset_readers.coref_instance import document_to_instance
from spanbert_allen.dataset_readers.coref_jsonl import CorefJsonlReader
from spanbert_allen.dataset_readers.coref_pieces import CorefPiecesReader
from spanbert_allen.dataset_readers.coref_reader import CorefReader
from spanbert_allen.dataset_readers.glue import GlueReader
from spanbert_allen.dataset_readers.mrqa import MrqaReader
from spanbert_allen.dataset_readers.qa_reader import QuestionReader
from spanbert_allen.dataset_readers.relation_jsonl import RelationJsonlReader
from spanbert_allen.dataset_readers.relation_reader import RelationReader
from spanbert_allen.dataset_readers.semeval import SemevalReader
from spanbert_allen.dataset_readers.squad import SquadReader
from spanbert_allen.dataset_readers.tacred import TacredReader
from spanbert_allen.dataset_readers.text_pairs_jsonl import TextPairsJsonlReader

__all__ = [
    "CorefConllReader",
    "CorefFilesReader",
    "CorefJsonlReader",
    "CorefPiecesReader",
    "CorefReader",
    "GlueReader",
    "MrqaReader",
    "QuestionReader",
    "RelationJsonlReader",
    "RelationReader",
    "RelationVocabulary",
    "SemevalReader",
    "SquadReader",
    "TacredReader",
    "TextPairsJsonlReader",
    "document_to_instance",
]
