"""The processes that a test starts, and whether they have been waited for."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process numbers of every grep that the test starts, in order."""
    numbers: list[int] = []
    spawn = os.posix_spawn

    def spawning(*arguments: object, **options: object) -> int:
        numbers.append(spawn(*arguments, **options))  # type: ignore[arg-type]  # as they came
        return numbers[-1]

    monkeypatch.setattr(os, "posix_spawn", spawning)
    return numbers


def assert_ended(numbers: list[int]) -> None:
    """Assert that each of these processes has ended and been waited for."""
    for number in numbers:
        with pytest.raises(ChildProcessError):
            os.waitpid(number, 0)
