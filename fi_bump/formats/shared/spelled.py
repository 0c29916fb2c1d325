"""Where a file spells wanted names: one search that rules out most files before their finder is imported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from fi_bump.formats.shared.subjects import image_names
from fi_bump.pins import Source, Wanted

_FEW = 6


class Search:
    """A search for patterns that begin with the same text, which Python finds many times faster than a pattern.

    `names` are lower-case names with `_` between their parts; `ends` is added to the pattern of each. A file may have
    any separators between the parts.
    """

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        ordered = sorted(set(names), key=lambda each: (-len(each[0]), each))
        first, last = min(ordered, default=("", "")), max(ordered, default=("", ""))
        shared = 0
        while shared < len(first[0]) and first[0][: shared + 1] == last[0][: shared + 1]:
            shared += 1
        # A separator may be several characters, so it is left to the pattern.
        start = re.split("[^a-z0-9]", first[0][:shared])[0]
        texts = [re.escape(name[len(start) :]).replace("_", "[-_.]+") + end for name, end in ordered]
        between = "[-_.]+" if texts and all(text.startswith("[-_.]+") for text in texts) else ""
        ends = "|".join(text[len(between) :] for text in texts)
        self._start = start.encode("ascii")
        self._pattern = re.compile(f"{start}{between}(?:{ends})".encode("ascii") if texts else rb"(?!)")

    def matches(self, lowered: bytes, start: int = 0, end: int | None = None) -> Iterator[re.Match[bytes]]:
        """Yield every match in a lower-case text that begins at one of the names, even inside another match.

        Only names that lie between `start` and `end` count.
        """
        end = len(lowered) if end is None else end
        if not self._start:
            yield from self._pattern.finditer(lowered, start, end)
            return
        place = lowered.find(self._start, start, end)
        while place >= 0:
            match = self._pattern.match(lowered, place)
            if match is not None:
                yield match
            place = lowered.find(self._start, place + 1, end)

    def found(self, lowered: bytes) -> bool:
        """Whether a lower-case text has one of the names."""
        place = -1
        # A pattern takes longer for each byte, but not for each name of which only the beginning is there.
        for _ in range(_FEW if self._start else 0):
            place = lowered.find(self._start, place + 1)
            if place < 0:
                return False
            if self._pattern.match(lowered, place):
                return True
        return self._pattern.search(lowered, place + 1) is not None


@lru_cache(maxsize=64)
def whole_names(wanted: Wanted) -> Search:
    """Return the search for whole packages and variables, and for the owners of repositories."""
    return Search((name, "") for name in _whole(wanted))


def _whole(wanted: Wanted) -> list[str]:
    # A URL may be split after a slash.
    owners = [name.split("/")[-2].replace("-", "_") for name in wanted.repositories]
    return [*(name.replace("-", "_") for name in wanted.packages), *map(str.lower, wanted.variables), *owners]


@lru_cache(maxsize=64)
def _any_names(wanted: Wanted) -> Search:
    # A short name is a word of its own, or a version follows it.
    ends = r"(?:(?![a-z0-9_]|-[a-z0-9])|[-_.:]?v?[0-9])"
    short = [*image_names(wanted), *(name.rpartition("/")[2] for name in wanted.repositories)]
    return Search([*((name, "") for name in _whole(wanted)), *((name.replace("-", "_"), ends) for name in short)])


def spells(source: Source, wanted: Wanted) -> bool:
    """Whether a file contains a wanted name that is not merely the beginning of another word."""
    return _any_names(wanted).found(source.lowered)
