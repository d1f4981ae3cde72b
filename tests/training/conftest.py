"""What tests of several rooms of training need."""

from __future__ import annotations

import pytest
from torch import distributed


@pytest.fixture
def group_of_one():
    """A group of workers, as torch's DDP needs it, of this process alone."""
    store = distributed.HashStore()
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()
