"""The keys of the trainer in a configuration: AllenNLP's and its own."""

from __future__ import annotations

import inspect

from allennlp.training import GradientDescentTrainer

from spanbert_allen.training import SpanbertTrainer
from spanbert_allen.training.loop.inherited_keys import with_keys_of


def test_a_constructor_has_the_keys_that_it_passes_on():
    def base(first, second: int = 2, **more):
        """What is passed on to."""

    @with_keys_of(base)
    def constructor(own, second: str = "mine", **more):
        return own, second, more

    parameters = inspect.signature(constructor).parameters
    assert list(parameters) == ["own", "second", "first"]
    assert parameters["second"].default == "mine"
    assert constructor(1, first=3) == (1, "mine", {"first": 3})


def test_the_trainer_takes_all_that_allennlps_takes():
    own = inspect.signature(SpanbertTrainer.from_partial_objects).parameters
    theirs = inspect.signature(GradientDescentTrainer.from_partial_objects).parameters
    assert theirs.keys() - own.keys() == {"kwargs"}
    assert own.keys() - theirs.keys() >= {"precision", "leftover", "announce_memory"}
    assert all(one.kind is not one.VAR_KEYWORD for one in own.values())
