"""Checks that are kept between runs: what comes back, and what is ignored."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.fit.packages import NativeApi
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.wheel import kept_checks
from fi_bump.fit.wheel.kept_checks import KeptChecks, Precondition
from fi_bump.fit.wheel.library import Library
from tests.fit.folder import Folder

NATIVE = NativeApi(("kit/csrc/",), frozenset(["_cached_module"]), "binding", ("KIT_EXPORT",), ("KIT_CHECK",))
TEXTS = st.text(max_size=8)
CHECKS = st.builds(Precondition, TEXTS, TEXTS, st.frozensets(TEXTS, max_size=3), st.none() | TEXTS)
RUN = "def run(q):\n    if q is None:\n        raise ValueError('q is needed')\n"


class Memory:
    """A memory in this process."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.written = 0

    def recall(self, name: str) -> bytes | None:
        """What is kept."""
        return self.held.get(name)

    def remember(self, name: str, data: bytes) -> None:
        """Keep it."""
        self.held[name] = data
        self.written += 1


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.dictionaries(TEXTS, st.lists(CHECKS, max_size=4, unique_by=lambda each: each.identity)))
def test_what_is_kept_comes_back_in_its_order(functions: dict[str, list[Precondition]]) -> None:
    memory = Memory()
    first = KeptChecks(memory, NATIVE)
    for place, found in functions.items():
        first.put(place, {each.identity: each for each in found})
    first.keep()
    second = KeptChecks(memory, NATIVE)
    for place, found in functions.items():
        held = second.get(place)
        assert held is not None
        assert list(held.items()) == [(each.identity, each) for each in found]
    assert second.get("another place") is None


def checks(files: Folder, memory: Memory | None, native: NativeApi | None = NATIVE) -> list[str]:
    """The checks of kit.run() by a release whose work is kept in a memory."""
    side = ReleaseSide("kit", "1.0", Library(files), memory=memory)
    (thing,) = side.library.find("kit", ("run",)).things
    found = side.checks(native).of(thing)
    side.keep()
    return [each.words for each in found.values()]


def test_a_second_run_does_not_read_the_functions_again() -> None:
    memory = Memory()
    files = {
        "kit/__init__.py": "from kit.help import need\n" + RUN + "    need(q)\n",
        "kit/help.py": "def need(x): ...\n",
    }
    first, second = Folder(files), Folder(files)
    assert checks(first, memory) == checks(second, memory) == ["q is needed"]
    assert ("kit/help.py" in first.read, "kit/help.py" in second.read) == (True, False)
    assert memory.written == 1


def test_what_was_looked_for_in_another_way_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    checks(Folder({"kit/__init__.py": RUN}), memory)
    other = {"kit/__init__.py": RUN.replace("needed", "wanted")}
    assert checks(Folder(other), memory) == ["q is needed"]  # one wheel never changes: it is not read again
    assert checks(Folder(other), memory, None) == ["q is wanted"]
    monkeypatch.setattr(kept_checks, "_digest", lambda native: "of another version")
    assert checks(Folder(other), memory) == ["q is wanted"]
    assert memory.written == 3


DOCUMENTS: list[object] = [
    None,
    {},
    {"checks": 1, "functions": {}},
    {"checks": [["a", "b", ["c"]]], "functions": {}},
    {"checks": [["a", 1, ["c"], None]], "functions": {}},
    {"checks": [["a", "b", [1], None]], "functions": {}},
    {"checks": [["a", "b", [], 1]], "functions": {}},
    {"checks": [], "functions": {"kit:1:0": [0]}},
    {"checks": [], "functions": {"kit:1:0": 0}},
    {"checks": [], "functions": []},
]
DAMAGED = [
    b"",
    b"no zlib",
    zlib.compress(b"no json"),
    *(zlib.compress(json.dumps(each).encode()) for each in DOCUMENTS),
    zlib.compress(json.dumps({"checks": [], "functions": {"kit:1:0": []}}).encode())[:-8],
]


@pytest.mark.parametrize("data", DAMAGED)
def test_a_damaged_entry_is_ignored_and_replaced(data: bytes) -> None:
    memory = Memory()
    checks(Folder({"kit/__init__.py": RUN}), memory)
    (name,) = memory.held
    good, memory.held[name] = memory.held[name], data
    assert checks(Folder({"kit/__init__.py": RUN}), memory) == ["q is needed"]
    assert memory.held[name] == good


def test_without_a_memory_nothing_is_kept() -> None:
    assert checks(Folder({"kit/__init__.py": RUN}), None) == ["q is needed"]
