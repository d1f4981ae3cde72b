"""Files to documents and questions, and these to instances."""

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
from spanbert_allen.data.coref.instance import document_to_instance
from spanbert_allen.data.multitask.vocabulary import MultitaskVocabulary
from spanbert_allen.data.relation.vocabulary import RelationVocabulary
from spanbert_allen.dataset_readers.coref.any_format import CorefFilesReader
from spanbert_allen.dataset_readers.coref.conll import CorefConllReader
from spanbert_allen.dataset_readers.coref.jsonl import CorefJsonlReader
from spanbert_allen.dataset_readers.coref.pieces import CorefPiecesReader
from spanbert_allen.dataset_readers.coref.reader import CorefReader
from spanbert_allen.dataset_readers.multitask import MultitaskReader
from spanbert_allen.dataset_readers.pretraining.reader import PretrainingReader
from spanbert_allen.dataset_readers.qa.mrqa import MrqaReader
from spanbert_allen.dataset_readers.qa.reader import QuestionReader
from spanbert_allen.dataset_readers.qa.squad import SquadReader
from spanbert_allen.dataset_readers.relation.any_format import AnyRelationReader
from spanbert_allen.dataset_readers.relation.jsonl import RelationJsonlReader
from spanbert_allen.dataset_readers.relation.reader import RelationReader
from spanbert_allen.dataset_readers.relation.semeval import SemevalReader
from spanbert_allen.dataset_readers.relation.tacred import TacredReader
from spanbert_allen.dataset_readers.sequence.glue import GlueReader
from spanbert_allen.dataset_readers.sequence.jsonl import TextPairsJsonlReader

__all__ = [
    "AnyRelationReader",
    "CorefConllReader",
    "CorefFilesReader",
    "CorefJsonlReader",
    "CorefPiecesReader",
    "CorefReader",
    "GlueReader",
    "MrqaReader",
    "MultitaskReader",
    "MultitaskVocabulary",
    "PretrainingReader",
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
