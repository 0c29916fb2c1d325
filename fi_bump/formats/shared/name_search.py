"""Where a file has one of several names, with any separators between their parts.

Most files have few words that begin like a name. Each of these is taken apart once, which takes less time than to
compile a pattern of all names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fi_bump.grammar import LazyPattern, LazyTextPattern
from fi_bump.pins import Source
from fi_bump.records import NamedTuple

BETWEEN = "[-_.]+"
_SEPARATORS = b"-_."
_PLAIN = LazyTextPattern("[a-z0-9]+(?:_+[a-z0-9]+)*")
_RUN = LazyTextPattern(BETWEEN)
# A word from the beginning of a name on. A longer one is left to the pattern.
_LONGEST = 1000
_WORD = LazyPattern(rb"[\w.-]{0,1000}")
# How many words are remembered.
_MOST_WORDS = 10_000


class _Way(NamedTuple):
    """A name in lower case and as parts, each with the least number of separators before it; and what must follow."""

    text: str
    parts: tuple[tuple[int, bytes], ...]
    end: LazyPattern | None


class Search:
    """A search for names in lower case with `_` between their parts, each with a pattern of what follows, or "".

    A file may have any separators between the parts, and any letters before a name.
    """

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._names = sorted(set(names), key=lambda each: (-len(each[0]), each))
        first, last = min(self._names, default=("", "")), max(self._names, default=("", ""))
        shared = 0
        while shared < len(first[0]) and first[0][: shared + 1] == last[0][: shared + 1]:
            shared += 1
        # What all names begin with. A separator may be several characters, so it is left to the rest.
        self._start = re.split("[^a-z0-9]", first[0][:shared])[0].encode("ascii")
        self._ways: list[_Way] = []
        self._words: dict[bytes, list[tuple[int, LazyPattern | None]]] = {}
        self._compiled: re.Pattern[bytes] | None = None

    @property
    def _pattern(self) -> re.Pattern[bytes]:
        """All names, for what cannot be taken apart."""
        if self._compiled is None:
            # Names with the same end share it, since each character takes time to compile.
            by_end: dict[str, list[str]] = {}
            for name, end in self._names:
                by_end.setdefault(end, []).append(re.escape(name).replace("_", BETWEEN))
            texts = [f"(?:{'|'.join(names)}){end}" for end, names in by_end.items()]
            self._compiled = re.compile("|".join(texts or ["(?!)"]).encode("ascii"))
        return self._compiled

    def runs(self, source: Source, gap: int) -> Iterator[tuple[int, int]]:
        """Yield the first and the last place of each run of places that are at most `gap` bytes apart, in order.

        The places are those of the text with which all names begin; without one, those of the names.
        """
        places = source.few_places(self._start) if self._start else self.places(source)
        if places is not None:
            for first, end in merged((place, place + gap) for place in places):
                yield first, end - gap
            return
        lowered, word = source.lowered, self._start
        first = lowered.find(word)
        while first >= 0:
            last = first
            # From the last one within reach to the last one within its reach: a run may have thousands.
            while (further := lowered.rfind(word, last + 1, last + gap + len(word))) >= 0:
                last = further
            yield first, last
            first = lowered.find(word, last + 1)

    def is_in(self, source: Source) -> bool:
        """Whether one of the names is in a file."""
        places = source.few_places(self._start) if self._start else None
        if places is None:
            # Many places are found sooner by a pattern.
            return self._pattern.search(source.lowered) is not None
        lowered = source.lowered
        return any(self.is_at(lowered, place) for place in places)

    def is_in_text(self, lowered: bytes) -> bool:
        """Whether one of the names is in a lower-case text, which is shorter than most files."""
        if not self._start:
            return self._pattern.search(lowered) is not None
        place = lowered.find(self._start)
        while place >= 0:
            if self.is_at(lowered, place):
                return True
            place = lowered.find(self._start, place + 1)
        return False

    def places(self, source: Source) -> list[int]:
        """Return where the names begin in a file, in order, even inside another match."""
        lowered = source.lowered
        if not self._start:
            return [match.start() for match in self._pattern.finditer(lowered)]
        return [place for place in source.places(self._start) if self.is_at(lowered, place)]

    def is_at(self, lowered: bytes, place: int) -> bool:
        """Whether one of the names is at a place of a text."""
        match = _WORD.match(lowered, place)
        word = match[0] if match else b""
        ends = self._words.get(word)
        if ends is None:
            if len(word) == _LONGEST:
                return self._pattern.match(lowered, place) is not None
            ends = self._remember(word)
        for end, pattern in ends:  # noqa: SIM110 - asked of every place: a generator costs more than most patterns
            if pattern is None or pattern.match(lowered, place + end):
                return True
        return False

    def _remember(self, word: bytes) -> list[tuple[int, LazyPattern | None]]:
        """Return where the names end with which a word begins, each with what must follow there."""
        if not self._ways:
            patterns = {end: LazyPattern(end.encode("ascii")) for _, end in self._names if end}
            self._ways = [_way(name, end, patterns) for name, end in self._names]
        if len(self._words) > _MOST_WORDS:
            self._words.clear()
        text = collapsed(word.decode("ascii"))
        begun = [way for way in self._ways if text.startswith(way.text)]
        found = [(_end(word, way.parts), way.end) for way in begun]
        self._words[word] = ends = [(end, pattern) for end, pattern in found if end is not None]
        return ends


def collapsed(name: str) -> str:
    """Return a name with each run of separators as one `_`."""
    return _RUN.sub("_", name)


def _way(name: str, end: str, patterns: dict[str, LazyPattern]) -> _Way:
    """Return a name as parts; from a character on that is not in a word, it is left to the pattern."""
    plain = _PLAIN.match(name)
    begin = plain[0] if plain else ""
    rest = re.escape(name[len(begin) :]).replace("_", BETWEEN)
    pattern = LazyPattern(f"{rest}{end}".encode("ascii")) if rest else patterns.get(end)
    return _Way(collapsed(begin), _parts(begin), pattern)


def _parts(name: str) -> tuple[tuple[int, bytes], ...]:
    """Return the parts of a name, each with the number of separators before it."""
    parts: list[tuple[int, bytes]] = []
    before = 0
    for part in name.split("_"):
        if part:
            parts.append((before, part.encode("ascii")))
            before = 0
        before += 1
    return tuple(parts)


def _end(word: bytes, parts: tuple[tuple[int, bytes], ...]) -> int | None:
    """Return where a name ends that begins with a word, or None if the word does not begin with it."""
    at = 0
    for least, part in parts:
        rest = len(word) - len(word[at:].lstrip(_SEPARATORS)) if least else at
        if rest - at < least or not word.startswith(part, rest):
            return None
        at = rest + len(part)
    return at


def merged(parts: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield parts of a text, given by their starts in order, with those that overlap or touch as one."""
    first = last = -1
    for start, end in parts:
        if start > last:
            if first >= 0:
                yield first, last
            first = start
        last = max(last, end)
    if first >= 0:
        yield first, last
