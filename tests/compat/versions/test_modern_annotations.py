"""`X | None` and annotations that are strings, in constructors that AllenNLP builds."""

from __future__ import annotations

from allennlp.common import FromParams, Lazy, Params, Registrable

import spanbert_allen.plugin  # noqa: F401


class Part(Registrable):
    pass


@Part.register("spanbert_test_part")
class Wheel(Part):
    def __init__(self, size: int = 1):
        self.size = size


class Whole(FromParams):
    def __init__(self, part: Part, other: Part | None = None, later: Lazy[Part] | None = None):
        self.part, self.other, self.later = part, other, later


class Derived(Whole):
    def __init__(self, name: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.name = name


def test_nested_objects_are_built():
    part = {"type": "spanbert_test_part", "size": 3}
    whole = Whole.from_params(Params({"part": {**part}, "other": {**part}, "later": {**part}}))
    assert (whole.part.size, whole.other.size, whole.later.construct().size) == (3, 3, 3)
    assert Whole.from_params(Params({"part": {**part}})).other is None


def test_superclasses_too():
    part = {"type": "spanbert_test_part", "size": 4}
    derived = Derived.from_params(Params({"name": "x", "part": {**part}, "other": {**part}}))
    assert (derived.name, derived.part.size, derived.other.size) == ("x", 4, 4)
