"""Where a file spells wanted names: one search that rules out most files before their finder is imported.

A test compares `is_promising` with the finders on all cases and on mutated files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from fi_bump.formats.shared.subjects import image_names
from fi_bump.pins import Source, Wanted

_BETWEEN = "[-_.]+"


class Search:
    """A search for patterns that begin with the same text, which Python finds many times faster than a pattern.

    `names` are lower-case names with `_` between their parts; `ends` is added to the pattern of each. A file may have
    any separators between the parts.
    """

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._names = sorted(set(names), key=lambda each: (-len(each[0]), each))
        first, last = min(self._names, default=("", "")), max(self._names, default=("", ""))
        shared = 0
        while shared < len(first[0]) and first[0][: shared + 1] == last[0][: shared + 1]:
            shared += 1
        # A separator may be several characters, so it is left to the pattern.
        self._start = re.split("[^a-z0-9]", first[0][:shared])[0]
        self._word = self._start.encode("ascii")
        self._compiled: re.Pattern[bytes] | None = None

    @property
    def _pattern(self) -> re.Pattern[bytes]:
        if self._compiled is None:
            # Names with the same end share it, since each character takes time to compile.
            by_end: dict[str, list[str]] = {}
            for name, end in self._names:
                by_end.setdefault(end, []).append(re.escape(name[len(self._start) :]).replace("_", _BETWEEN))
            names = [name for each in by_end.values() for name in each]
            between = _BETWEEN if names and all(name.startswith(_BETWEEN) for name in names) else ""
            texts = [f"(?:{'|'.join(name[len(between) :] for name in each)}){end}" for end, each in by_end.items()]
            pattern = f"{self._start}{between}(?:{'|'.join(texts)})" if texts else "(?!)"
            self._compiled = re.compile(pattern.encode("ascii"))
        return self._compiled

    def starts(self, source: Source) -> list[int]:
        """Return every place of the text with which all names begin; without one, the places of the names."""
        return source.places(self._word) if self._start else self.places(source)

    def places(self, source: Source) -> list[int]:
        """Return where the names begin in a file, in order, even inside another match."""
        if not self._start:
            return [match.start() for match in self._pattern.finditer(source.lowered)]
        match, lowered = self._pattern.match, source.lowered
        return [place for place in source.places(self._word) if match(lowered, place)]


def owners_of(wanted: Wanted) -> list[str]:
    """Return the owners of the wanted repositories as names of a search; a URL may be split after a slash."""
    return [name.split("/")[-2].replace("-", "_") for name in wanted.repositories]


@lru_cache(maxsize=64)
def _any_names(wanted: Wanted) -> Search:
    # A short name is a word of its own, or a version follows it.
    ends = r"(?:(?![a-z0-9_]|-[a-z0-9])|[-_.:]?v?[0-9])"
    whole = [
        *(name.replace("-", "_") for name in wanted.packages),
        *map(str.lower, wanted.variables),
        *owners_of(wanted),
    ]
    short = [*image_names(wanted), *(name.rpartition("/")[2] for name in wanted.repositories)]
    return Search([*((name, "") for name in whole), *((name.replace("-", "_"), ends) for name in short)])


def is_promising(source: Source, wanted: Wanted) -> bool:
    """Whether a file contains a wanted name that is not merely the beginning of another word.

    A name may be broken by the end of a line after a backslash, and a part of it written as an escape.
    """
    lowered = source.lowered
    if b"\\" in lowered:
        if b"\\u" in lowered or b"\\x" in lowered:
            return True
        if b"\\\n" in lowered or b"\\\r\n" in lowered:
            source = Source(source.path, lowered.replace(b"\\\r\n", b"").replace(b"\\\n", b""))
    return bool(_any_names(wanted).places(source))
