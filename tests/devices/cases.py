"""Every model with every registered part, on the tiny encoder, and a batch for each."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from allennlp.common import Params, Registrable
from allennlp.data import Batch, DataLoader, DatasetReader, Vocabulary
from allennlp.models import Model
from allennlp.nn.util import move_to_device

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.data.pretraining.masking import Masking
from spanbert_allen.data.relation.vocabulary import RelationVocabulary
from spanbert_allen.formats.pretraining.corpus import Corpus
from spanbert_allen.modules.classification.relation_pooling import RelationPooling
from spanbert_allen.modules.coref.antecedents.scorer import AntecedentScorer
from spanbert_allen.modules.coref.losses import LinkLoss
from spanbert_allen.modules.coref.mentions.scorer import MentionScorer
from spanbert_allen.modules.coref.refinements import Refinement
from spanbert_allen.modules.pretraining.objectives import Objective
from spanbert_allen.modules.qa.decoder import AnswerDecoder
from spanbert_allen.modules.qa.heads import AnswerHead
from tests import places
from tests.data.pretraining.corpora import sample_corpus

ENCODER = {"type": "spanbert", "model_name": "tiny"}
BATCH_SIZE = 2
HEAD = {"hidden_dim": 12, "max_span_width": 6, "max_antecedents": 5, "feature_size": 4}
LIGHT = {
    "mentions": {"type": "spanbert_biaffine_mentions"},
    "links": {"type": "spanbert_bilinear_links"},
}
MERGING = {"type": "spanbert_cluster_merging", "hidden_dim": 9}


def parts_of(kind: type[Registrable]) -> list[str]:
    """Return the names that this package registers of a kind of part."""
    return [
        name
        for name in kind.list_available()
        if kind.by_name(name).__module__.startswith("spanbert_allen.")
    ]


def _coref_options() -> dict[str, dict[str, Any]]:
    options: dict[str, dict[str, Any]] = {
        "special pieces": {"special_pieces": True, "whole_words": False},
        "words, one segment": {"units": "words", "unit_dropout": 0.2, "max_training_segments": 1},
        "singletons": {"mention_loss_weight": 1.0, "singleton_threshold": 0.0},
        "crossing, mention loss of top spans": {
            "mention_loss_weight": 1.0,
            "mention_loss_on": "kept",
            "head": {**HEAD, "allow_crossing": True},
        },
        "windows": {
            "windows": {
                **{"length": 12, "overlap": 4, "remembered": 3},
                "joined_by": {"type": "spanbert_mean_of_mentions"},
            },
            "head": {**HEAD, **LIGHT},
        },
        "easy first + spanbert_cluster_merging": {
            "head": {**HEAD, "refinement": {**MERGING, "easy_first": True, "train_both": True}}
        },
    }
    kinds = (MentionScorer, AntecedentScorer, Refinement, LinkLoss)
    names = [parts_of(kind) for kind in kinds]
    for turn in range(max(map(len, names))):  # every part once, several in a model
        chosen = [some[turn % len(some)] for some in names]
        mentions, links, refinement, loss = ({"type": name} for name in chosen)
        head = {**HEAD, "mentions": mentions, "links": links, "refinement": refinement}
        options[" + ".join(chosen)] = {
            "head": head,
            "link_loss": loss,
            "mention_loss_weight": 1.0,  # which some mention scorers cannot do without
        }
    return options


COREF = _coref_options()
QA = {
    **{name: {"decoder": name} for name in parts_of(AnswerDecoder)},
    **{name: {"head": {"type": name}} for name in parts_of(AnswerHead)},
    "as the original": {"softmax_over": "everything"},
}
RELATION = {name: {"pooling": name} for name in parts_of(RelationPooling)}
SEQUENCE: dict[str, dict[str, Any]] = {
    "classes": {"task": "rte"},
    "numbers": {"task": "sts-b"},
    "label sets": {"multi_label": True},
}
_OF_READER = ("masking", "questions")
PRETRAINING: dict[str, dict[str, Any]] = {
    **{name: {"masking": {"type": name}} for name in parts_of(Masking)},
    **{
        name: {"objectives": [{"type": name}], "questions": {"type": name}}
        for name in parts_of(Objective)
    },
    "next sentence": {"next_sentence": True},
    "as the original": {"reproduce": True},
    "no boundaries": {"boundary_weight": 0.0},
}


class Case:
    """A model on the CPU, and a batch of training data and one of others for it."""

    def __init__(self, params: dict[str, Any], training: Any, other: Any, vocab: Vocabulary):
        self.params, self.training, self.other, self.vocab = params, training, other, vocab

    def model(self) -> Model:
        """Return a new model, the same each time, with scores that differ."""
        torch.manual_seed(2)
        model = Model.from_params(Params(deepcopy(self.params)), vocab=self.vocab)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if not name.startswith("embedder."):
                    parameter.add_(torch.randn_like(parameter) * 0.2)
        return model


def tensors(reader: dict[str, Any], path: Any, vocab: Vocabulary | None = None) -> dict[str, Any]:
    """Return the first examples of a file as a batch."""
    params = {"indexer": {**ENCODER, "max_length": 24}, **reader}
    reading = DatasetReader.from_params(Params(deepcopy(params))).read(path)
    batch = Batch(list(islice(reading, BATCH_SIZE)))
    batch.index_instances(vocab or Vocabulary())
    return batch.as_tensor_dict()


def moved(batch: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """Return a batch on a device; AllenNLP's function for that changes the dicts it is given."""
    copied = {name: dict(one) if isinstance(one, dict) else one for name, one in batch.items()}
    result: dict[str, Any] = move_to_device(copied, device)
    return result


@cache
def _coref_batch() -> dict[str, Any]:
    return tensors({"type": "spanbert_coref_conll"}, places.FIXTURES / "coref" / "small.conll")


def coref(option: str, folder: Path) -> Case:
    params = {"type": "spanbert_coref", "embedder": ENCODER, "head": HEAD, **COREF[option]}
    return Case(params, _coref_batch(), _coref_batch(), Vocabulary())


def qa(option: str, folder: Path) -> Case:
    options = QA[option]
    params = {"type": "spanbert_qa", "embedder": ENCODER, "impossible_answers": True, **options}
    reader = {"type": "spanbert_squad", "impossible_answers": True, "max_question_length": 20}
    reader |= {"max_length": 48, "stride": 9, "indexer": ENCODER}
    path = places.FIXTURES / "qa" / "squad.json"
    return Case(
        params, tensors({**reader, "training": True}, path), tensors(reader, path), Vocabulary()
    )


def relation(option: str, folder: Path) -> Case:
    vocab = RelationVocabulary.from_lists(
        ["no_relation", "per:title", "org:founded_by"],
        ["SUBJ=PERSON", "OBJ=TITLE", "SUBJ=ORGANIZATION", "OBJ=PERSON"],
    )
    options = RELATION[option]
    embedder = {**ENCODER, "pooler": RelationPooling.by_name(option).uses_pooler}
    batch = tensors(
        {"type": "spanbert_tacred", "indexer": ENCODER},
        places.FIXTURES / "relation" / "tacred.json",
        vocab,
    )
    return Case({"type": "spanbert_relation", "embedder": embedder, **options}, batch, batch, vocab)


def sequence(option: str, folder: Path) -> Case:
    options, vocab = SEQUENCE[option], Vocabulary()
    if "task" in options:
        task = {"rte": "RTE", "sts-b": "STS-B"}[options["task"]]
        reader: dict[str, Any] = {"type": "spanbert_glue", "task": task, "indexer": ENCODER}
        batch = tensors(reader, places.FIXTURES / "glue" / task / "dev.tsv")
    else:
        vocab.add_tokens_to_namespace(["good", "bad", "new"], "labels")
        reader = {"type": "spanbert_text_pairs_jsonl", "indexer": ENCODER, "multi_label": True}
        path = folder / "texts.jsonl"
        path.write_text(
            '{"text": "A warm film.", "label": ["good", "new"]}\n{"text": "Dull.", "label": []}\n'
        )
        batch = tensors(reader, path, vocab)
    params = {"type": "spanbert_sequence_classifier", "embedder": {**ENCODER, "pooler": True}}
    return Case({**params, **options}, batch, batch, vocab)


def pretraining(option: str, folder: Path) -> Case:
    options = PRETRAINING[option]
    corpus = sample_corpus(folder)
    tags = np.resize(
        np.array([0b00110001], np.uint8), -(-Corpus(corpus).description.num_pieces // 8)
    )
    tags.tofile(folder / "tags")
    next_sentence = options.get("next_sentence", False)
    reader = {"type": "spanbert_pretraining", "indexer": ENCODER, "max_length": 64}
    reader |= {"next_sentence": next_sentence, "tags": str(folder / "tags")}
    reader |= {name: options[name] for name in _OF_READER if name in options}
    batches = []
    for evaluation in (False, True):
        loader = DataLoader.from_params(
            Params({"type": "spanbert_pretraining", "max_pieces": 240, "evaluation": evaluation}),
            reader=DatasetReader.from_params(Params(deepcopy(reader))),
            data_path=str(corpus),
        )
        batches.append(next(iter(loader)))
    params = {"type": "spanbert_pretrainer", "embedder": {**ENCODER, "pooler": next_sentence}}
    of_model = {name: value for name, value in options.items() if name not in _OF_READER}
    return Case({**params, **of_model}, *batches, Vocabulary())


TASKS: dict[str, tuple[dict[str, dict[str, Any]], Callable[[str, Path], Case]]] = {
    "spanbert_coref": (COREF, coref),
    "spanbert_qa": (QA, qa),
    "spanbert_relation": (RELATION, relation),
    "spanbert_sequence_classifier": (SEQUENCE, sequence),
    "spanbert_pretrainer": (PRETRAINING, pretraining),
}
CASES = [(model, option) for model, (options, _) in TASKS.items() for option in options]


def case_of(model: str, option: str, folder: Path) -> Case:
    """Return the case of a model and one of its options; a folder is for files that it needs."""
    return TASKS[model][1](option, folder)
