"""The second search of grep: which of the files with a wanted word have a pattern of their format on a line."""

from __future__ import annotations

from collections.abc import Iterable

from fi_bump.pins import Wanted
from fi_bump.scanning.look import evidence
from fi_bump.scanning.search import FileSearch, pattern_search

# Starting the first process, for which the patterns are made, takes as long as examining this many files; and a process
# after it.
FEWEST, FEWEST_MORE = 40, 10


class EvidenceSearch:
    """Rules out files in which no finder finds anything. It takes files as soon as they are known, in any portions.

    `given` are the files that grep reads.
    """

    def __init__(self, root: str, wanted: Wanted) -> None:
        self._root = root
        self._wanted = wanted
        self._waiting: dict[str, list[str]] = {}
        # By format; None for a format without patterns.
        self._searches: dict[str, FileSearch | None] = {}
        self.given: set[str] = set()

    def add(self, files: Iterable[tuple[str, str | None]]) -> None:
        """Take files with a wanted word, each with its format, and start grep for those that are enough."""
        for path, form in files:
            if form is not None:
                self._waiting.setdefault(form, []).append(path)
        for form, paths in self._waiting.items():
            if len(paths) >= (FEWEST_MORE if form in self._searches else FEWEST):
                search = self._search(form)
                if search is not None:
                    search.add(*paths)
                    search.begin()
                    self.given.update(paths)
                paths.clear()

    def ruled_out(self) -> set[str]:
        """Wait for the answers, and return the files that need not be examined."""
        maybe = [search.maybe() for search in self._searches.values() if search is not None]
        return self.given.difference(*maybe)

    def end(self) -> None:
        """End the searches, which an error may have left running."""
        for search in self._searches.values():
            if search is not None:
                search.end()

    def _search(self, form: str) -> FileSearch | None:
        if form not in self._searches:
            patterns = evidence(form, self._wanted)
            self._searches[form] = pattern_search(self._root, patterns) if patterns else None
        return self._searches[form]
