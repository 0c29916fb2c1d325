"""The Python files of a repository: which there are, and their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fi_bump.boundary.inside import Boundary
from fi_bump.boundary.left_out import excluder
from fi_bump.errors import FileError
from fi_bump.scanning import files

if TYPE_CHECKING:
    from fi_bump.scanning.scan import Scan

# Bytes of files that are kept.
_MOST_KEPT = 256 << 20
_TESTS = re.compile(
    r"(?:\A|/)(?:tests?|testing|benchmarks?|examples?|docs?|tools|scripts)/|(?:\A|/)(?:test_|conftest)[^/]*\Z|_test\.py\Z"
)


def is_test(path: str) -> bool:
    """Whether a file is no part of the package that users run: a test, a benchmark, an example."""
    return _TESTS.search(path) is not None


def python_files(root: str, exclude: Iterable[str]) -> list[str]:
    """The paths of a repository's Python files."""
    found = files.candidates(root, excluder(exclude))
    return sorted(path for path, form in found if form == "python")


def scanned_python_files(scan: Scan) -> list[str]:
    """What `python_files` returns, from a scan of the whole tree."""
    return [path for path, form in scan.all_paths if form == "python"]


class RepositoryFiles:
    """The bytes of a repository's files. They are kept, up to a limit: several questions go through all of them."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._boundary = Boundary(root)
        self._kept: dict[str, bytes] = {}
        self._left = _MOST_KEPT

    def read(self, path: str) -> bytes:
        """A file's bytes; nothing for one that cannot be read, of which `check` speaks."""
        if path in self._kept:
            return self._kept[path]
        try:
            data = files.read(self._root, path, boundary=self._boundary).data
        except FileError:
            data = b""
        if len(data) <= self._left:
            self._kept[path] = data
            self._left -= len(data)
        return data
