"""Vocabularies of several tasks in one, through files and back."""

from __future__ import annotations

import pytest
from allennlp.common import Params
from allennlp.data import Instance, Vocabulary
from allennlp.data.fields import LabelField, MetadataField

import spanbert_allen.dataset_readers  # noqa: F401
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.multitask.vocabulary import MultitaskVocabulary, vocabulary_of

LABELS = {"films": ["good", "bad", "bad"], "books": ["dull"]}


def instances():
    for task, labels in LABELS.items():
        for label in labels:
            yield Instance({"task": MetadataField(task), "label": LabelField(label)})


def made(params=None):
    settings = Params({"type": "spanbert_multitask", **(params or {})})
    return Vocabulary.from_params(settings, instances=instances())


def labels(vocabulary, task):
    return vocabulary_of(vocabulary, task).get_token_to_index_vocabulary("labels")


@pytest.mark.parametrize("kind", [MultitaskVocabulary, Vocabulary])
def test_tasks_with_the_same_namespace_do_not_share_it(tmp_path, kind):
    vocabulary = made()
    vocabulary.save_to_files(str(tmp_path))
    # The workers of a distributed training read the files as AllenNLP's own vocabulary.
    for one in (vocabulary, kind.from_files(str(tmp_path))):
        assert labels(one, "films") == {"bad": 0, "good": 1}
        assert labels(one, "books") == {"dull": 0}
        assert labels(one, "plays") == {}


def test_a_namespace_that_is_empty_stays_without_padding(tmp_path):
    vocabulary = made({"tasks": {"films": {"type": "spanbert_relation"}}})
    vocabulary.save_to_files(str(tmp_path))
    for one in (vocabulary, MultitaskVocabulary.from_files(str(tmp_path))):
        own = vocabulary_of(one, "films")
        assert own.get_token_to_index_vocabulary("relation_markers") == {}


def test_the_counts_of_a_task_stay():
    assert vocabulary_of(made(), "films")._retained_counter["labels"] == {"good": 1, "bad": 2}


def test_another_vocabulary_is_shared():
    shared = Vocabulary.empty()
    assert vocabulary_of(shared, "films") is shared


def test_a_task_without_data():
    with pytest.raises(ConfigError, match=r"vocabulary.tasks.film: .*did you mean `films`"):
        made({"tasks": {"film": {"type": "spanbert_relation"}}})


def test_examples_that_do_not_say_their_task():
    with pytest.raises(ConfigError, match="use the reader `spanbert_multitask`"):
        MultitaskVocabulary.from_tasks([Instance({"label": LabelField("good")})])
