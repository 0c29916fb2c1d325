"""The readers on their corpus, and on some mutations of it; `make fuzz` gives them many more."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.__main__ import mutated
from tests.fuzz.targets import TARGETS, attempt, corpus


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_and_mutations_of_it(name: str) -> None:
    chance = random.Random(18)
    inputs = list(corpus(name))
    assert inputs
    for data in inputs:
        attempt(TARGETS[name], data)
        for _ in range(5):
            attempt(TARGETS[name], mutated(data, chance))
