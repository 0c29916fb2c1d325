"""Packages of tests: written down as texts, read by the product, and imported by Python to say who is right."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


class Folder:
    """The files of a release, as texts by path."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files
        self.read: list[str] = []

    @property
    def names(self) -> frozenset[str]:
        """The paths."""
        return frozenset(self.files)

    def get(self, name: str) -> bytes | None:
        """A file's bytes."""
        self.read.append(name)
        return self.files[name].encode() if name in self.files else None

    def fetch(self, names: Iterable[str]) -> None:
        """There is nothing to fetch."""


@contextmanager
def imported(root: Path, files: dict[str, str], top: str) -> Iterator[ModuleType]:
    """The package as Python imports it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(top)
    finally:
        sys.path.remove(str(root))
        for name in [name for name in sys.modules if name.partition(".")[0] == top]:
            del sys.modules[name]
