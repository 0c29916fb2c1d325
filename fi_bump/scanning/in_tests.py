"""A version in a string of a test file is data of the test, and a pin only where the lock records it."""

from __future__ import annotations

from collections.abc import Iterable

from fi_bump.lock.records import Lock
from fi_bump.pins import Pin


def split_tests(pins: Iterable[Pin], lock: Lock) -> tuple[tuple[Pin, ...], tuple[Pin, ...]]:
    """Separate the pins from the strings of test files that the lock does not record: those are data of a test."""
    kept: list[Pin] = []
    left: list[Pin] = []
    recorded: set[str] | None = None
    for pin in pins:
        if is_test(pin.source.path):
            recorded = set(lock.sites) if recorded is None else recorded
            (kept if pin.site in recorded else left).append(pin)
        else:
            kept.append(pin)
    return tuple(kept), tuple(left)


def is_test(path: str) -> bool:
    """Whether a path is that of a Python test: in a folder of tests, or with the name of a test file."""
    if not path.endswith((".py", ".pyi")):
        return False
    *folders, name = path.split("/")
    named = name.startswith("test_") or name == "conftest.py" or name.rpartition(".")[0].endswith("_test")
    return named or "tests" in folders or "test" in folders
