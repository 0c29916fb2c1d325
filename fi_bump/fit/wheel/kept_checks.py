"""The checks of a release's functions, kept between runs under the hash of its wheel: no release ever changes.

They are kept with a digest of the code that found them and of what it was asked to look for. What another version of
fi-bump or of Python kept is ignored, and so is an entry that is damaged: then the functions are read again.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple, Protocol

from fi_bump.fit.packages import NativeApi

# What is unpacked from one entry at most.
_LARGEST = 64 << 20
_NAME = "checks"


class Precondition(NamedTuple):
    """One check: what identifies it, the words for a reader, and the names that its condition is about.

    `entry` is the compiled function that checks one of its own arguments so, where that is what it does.
    """

    identity: str
    words: str
    names: frozenset[str]
    entry: str | None = None


class Memory(Protocol):
    """Keeps what was worked out from a wheel."""

    def recall(self, name: str) -> bytes | None:
        """What an earlier run kept under a name, or None."""

    def remember(self, name: str, data: bytes) -> None:
        """Keep something for later runs."""


class KeptChecks:
    """The checks of functions by their places (`kit.ops:12:0`). Without a memory nothing is kept."""

    def __init__(self, memory: Memory | None, native: NativeApi | None) -> None:
        self._memory = memory
        self._name = f"{_NAME} {_digest(native)}"
        data = None if memory is None else memory.recall(self._name)
        self._functions = {} if data is None else _read(data)
        self._has_new = False

    def get(self, place: str) -> dict[str, Precondition] | None:
        """The checks of the function at a place by what identifies them; None where they are not known."""
        return self._functions.get(place)

    def put(self, place: str, found: dict[str, Precondition]) -> None:
        """Note the checks of the function at a place."""
        self._functions[place] = found
        self._has_new = True

    def keep(self) -> None:
        """Keep what is known for later runs, if it is more than was kept before."""
        if self._memory is not None and self._has_new:
            self._memory.remember(self._name, _written(self._functions))
            self._has_new = False


@cache
def _digest(native: NativeApi | None) -> str:
    """The digest of the code that finds checks, of Python's version, and of what is looked for in compiled sources."""
    found = hashlib.sha256(repr((sys.version_info[:2], native)).encode())
    for module in _code():
        found.update(module)
    return found.hexdigest()


def _code() -> Iterable[bytes]:
    """The source of the modules that find checks: all that read a wheel."""
    for package in ("fi_bump.fit.wheel", "fi_bump.fit"):
        folder = files(package)
        for file in sorted(folder.iterdir(), key=lambda each: each.name):
            if file.name.endswith(".py") and (package.endswith("wheel") or file.name == "syntax.py"):
                yield file.read_bytes()


def _written(functions: dict[str, dict[str, Precondition]]) -> bytes:
    """The entry: each check once, and for each function the numbers of its checks in their order."""
    numbers: dict[Precondition, int] = {}
    listed = {
        place: [numbers.setdefault(check, len(numbers)) for check in found.values()]
        for place, found in functions.items()
    }
    checks = [(each.identity, each.words, sorted(each.names), each.entry) for each in numbers]
    return zlib.compress(json.dumps({"checks": checks, "functions": listed}).encode(), 1)


def _read(data: bytes) -> dict[str, dict[str, Precondition]]:
    """The checks in an entry; nothing for one that is damaged."""
    try:
        unpacker = zlib.decompressobj()
        document = json.loads(unpacker.decompress(data, _LARGEST))
        checks = [
            Precondition(_text(identity), _text(words), frozenset(map(_text, names)), entry and _text(entry))
            for identity, words, names, entry in document["checks"]
        ]
        return {
            place: {checks[number].identity: checks[number] for number in numbers}
            for place, numbers in document["functions"].items()
        }
    except (zlib.error, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return {}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
