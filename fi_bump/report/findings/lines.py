"""The lines that results are about."""

from __future__ import annotations

from fi_bump.errors import FileError
from fi_bump.pins import BOM
from fi_bump.report.findings.model import Place
from fi_bump.scanning import files


class Lines:
    """The lines of a repository's files, each file read once."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._files: dict[str, list[str]] = {}

    def place(self, path: str, line: int, column: int = 1, end_column: int = 1) -> Place:
        """A place with its line's text, where there is such a line. A line ends as in `pins.Source`."""
        if path not in self._files:
            self._files[path] = self._read(path)
        known = self._files[path]
        return Place(path, line, column, end_column, known[line - 1] if line <= len(known) else None)

    def stated(self, place: str, columns: tuple[int, int] = (1, 1)) -> Place:
        """A place that is written `path:line`."""
        path, _, line = place.rpartition(":")
        return self.place(path, int(line), *columns)

    def _read(self, path: str) -> list[str]:
        try:
            source = files.read_optional(self._root, path)
        except FileError:
            return []
        data = b"" if source is None else source.data.removeprefix(BOM)
        return [line.removesuffix(b"\r").decode("utf-8", "replace") for line in data.split(b"\n")] if data else []
