"""Read the lines that results point to."""

from __future__ import annotations

from fi_bump.errors import FileError
from fi_bump.pins import BOM, Place
from fi_bump.scanning import files


class Lines:
    """The lines of a repository's files. Each file is read once."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._files: dict[str, list[str]] = {}

    def read(self, place: Place) -> Place:
        """Return the place with the text of its line, or without text if there is no such line.

        Lines end as in `pins.Source`.
        """
        if place.path not in self._files:
            self._files[place.path] = self._read(place.path)
        known = self._files[place.path]
        return place._replace(text=known[place.line - 1] if place.line <= len(known) else None)

    def _read(self, path: str) -> list[str]:
        try:
            source = files.read_optional(self._root, path)
        except FileError:
            return []
        data = b"" if source is None else source.data.removeprefix(BOM)
        return [line.removesuffix(b"\r").decode("utf-8", "replace") for line in data.split(b"\n")] if data else []
