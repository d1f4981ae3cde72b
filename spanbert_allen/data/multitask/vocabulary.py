"""The vocabularies of several tasks in one, each with namespaces of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from allennlp.common import Lazy
from allennlp.data import Instance, Vocabulary

from spanbert_allen.common.console import nearest
from spanbert_allen.common.errors import ConfigError

TASK = "task"
"""The field of an instance, and of a batch, that holds the name of its task."""


@Vocabulary.register("spanbert_multitask", constructor="from_tasks")
class MultitaskVocabulary(Vocabulary):
    """
    Hold the vocabularies of several tasks.

    The namespace `relation_labels` of the task `relation` is called `relation.relation_labels`, so
    that tasks which use the same names do not share them. `vocabulary_of` takes one task's out.

    Registered as a `Vocabulary` with name "spanbert_multitask".

    # Parameters

    instances : `Iterable[Instance]`
        The instances of all tasks, which AllenNLP gives.
    tasks : `dict[str, Vocabulary]`, optional (default = `None`)
        How the vocabulary of a task is made of its instances, such as `{"relation": {"type":
        "spanbert_relation", "negative_label": "Other"}}`. A task that is not named has AllenNLP's.
    """

    @classmethod
    def from_tasks(
        cls,
        instances: Iterable[Instance],
        *,
        tasks: dict[str, Lazy[Vocabulary]] | None = None,
    ) -> MultitaskVocabulary:
        """Make the vocabulary of each task of its instances; see the class."""
        of_task: dict[str, list[Instance]] = defaultdict(list)
        for instance in instances:
            if TASK not in instance.fields:
                raise ConfigError(
                    "vocabulary: the examples do not say their tasks; use the reader "
                    "`spanbert_multitask`, or the vocabulary of the one task"
                )
            of_task[instance[TASK].metadata].append(instance)
        makers = tasks or {}
        for name in makers:
            if name not in of_task:
                near = " or ".join(f"`{one}`" for one in nearest(name, of_task))
                raise ConfigError(
                    f"vocabulary.tasks.{name}: no training data is of such a task"
                    + (f"; did you mean {near}?" if near else "; leave it out")
                )
        made = {
            name: makers.get(name, Lazy(Vocabulary)).construct(instances=examples)
            for name, examples in of_task.items()
        }
        return cls.from_vocabularies(made)

    @classmethod
    def from_vocabularies(cls, vocabularies: Mapping[str, Vocabulary]) -> MultitaskVocabulary:
        """
        Put vocabularies together.

        # Parameters

        vocabularies : `Mapping[str, Vocabulary]`
            By the names of the tasks.
        """
        patterns = {
            pattern if pattern.startswith("*") else f"{task}.{pattern}"
            for task, one in vocabularies.items()
            for pattern in one._non_padded_namespaces
        }
        whole = cls(non_padded_namespaces=sorted(patterns))
        for task, one in vocabularies.items():
            for namespace in one.get_namespaces():
                _copy(one, namespace, whole, f"{task}.{namespace}")
        whole._of_tasks = dict(vocabularies)
        return whole

    _of_tasks: Mapping[str, Vocabulary] = {}


def vocabulary_of(vocabulary: Vocabulary, task: str) -> Vocabulary:
    """
    Return the vocabulary of one task, in which namespaces have the names that the task knows.

    # Parameters

    vocabulary : `Vocabulary`
        One of `MultitaskVocabulary`, or what was read from its files. Any other vocabulary is
        shared by all tasks, and comes back as it is.
    task : `str`
        The name of the task.
    """
    # As it was made, with the counts that the weights of classes may ask for.
    own = getattr(vocabulary, "_of_tasks", {}).get(task)
    if own is not None:
        return own
    names = set(vocabulary.get_namespaces())
    patterns = set(vocabulary._non_padded_namespaces)
    if not isinstance(vocabulary, MultitaskVocabulary) and not any(
        "." in name for name in names | patterns
    ):
        return vocabulary
    prefix = f"{task}."
    made = Vocabulary(
        non_padded_namespaces=sorted(
            pattern.removeprefix(prefix)
            for pattern in patterns
            if pattern.startswith(("*", prefix))
        )
    )
    for name in sorted(names):
        if name.startswith(prefix):
            _copy(vocabulary, name, made, name.removeprefix(prefix))
    return made


def _copy(source: Vocabulary, name: str, target: Vocabulary, new_name: str) -> None:
    tokens = source.get_index_to_token_vocabulary(name)
    for number in range(len(tokens)):
        target.add_token_to_namespace(tokens[number], new_name)
