"""Where a file spells wanted names: one search that rules out most files before their finder is imported.

A test compares `is_promising` with the finders on all cases and on mutated files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from fi_bump.formats.shared.subjects import image_names
from fi_bump.pins import Source, Wanted
from fi_bump.records import NamedTuple

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
            # NamesInText with the same end share it, since each character takes time to compile.
            by_end: dict[str, list[str]] = {}
            for name, end in self._names:
                by_end.setdefault(end, []).append(re.escape(name[len(self._start) :]).replace("_", _BETWEEN))
            names = [name for each in by_end.values() for name in each]
            between = _BETWEEN if names and all(name.startswith(_BETWEEN) for name in names) else ""
            texts = [f"(?:{'|'.join(name[len(between) :] for name in each)}){end}" for end, each in by_end.items()]
            pattern = f"{self._start}{between}(?:{'|'.join(texts)})" if texts else "(?!)"
            self._compiled = re.compile(pattern.encode("ascii"))
        return self._compiled

    def runs(self, source: Source, gap: int) -> Iterator[tuple[int, int]]:
        """Yield the first and the last place of each run of places that are at most `gap` bytes apart, in order.

        The places are those of the text with which all names begin; without one, those of the names.
        """
        places = source.few_places(self._word) if self._start else self.places(source)
        if places is not None:
            yield from _runs(places, gap)
            return
        lowered, word = source.lowered, self._word
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
        places = source.few_places(self._word) if self._start else None
        if places is None:
            return self._pattern.search(source.lowered) is not None
        lowered = source.lowered
        return bool(places) and any(self._pattern.match(lowered, place) for place in places)

    def is_in_text(self, lowered: bytes) -> bool:
        """Whether one of the names is in a lower-case text, which is shorter than most files."""
        place = lowered.find(self._word)
        while place >= 0:
            if self._pattern.match(lowered, place):
                return True
            place = lowered.find(self._word, place + 1)
        return False

    def places(self, source: Source) -> list[int]:
        """Return where the names begin in a file, in order, even inside another match."""
        if not self._start:
            return [match.start() for match in self._pattern.finditer(source.lowered)]
        match, lowered = self._pattern.match, source.lowered
        return [place for place in source.places(self._word) if match(lowered, place)]


def _runs(places: list[int], gap: int) -> Iterator[tuple[int, int]]:
    first = last = -1
    for place in places:
        if first >= 0 and place - last > gap:
            yield first, last
            first = -1
        first, last = place if first < 0 else first, place
    if first >= 0:
        yield first, last


def owners_of(wanted: Wanted) -> list[str]:
    """Return the owners of the wanted repositories as names of a search; a URL may be split after a slash."""
    return [name.split("/")[-2].replace("-", "_") for name in wanted.repositories]


class NamesInText(NamedTuple):
    """The searches for names in texts of any format.

    `versioned` are whole names, and short ones that a version or the like follows. `short` are the names of images and
    repositories as words of their own.
    """

    versioned: Search
    short: Search


# After the beginning of a package's name: the reference with which it goes on, as in `kit-cu${CUDA}`.
_REFERENCE = r"[-_.][\w.-]*\$"
# After a short name: a version, what other systems add to the name of a package, and a table in a shell script.
_VERSION = r"[-_.:]?v?[0-9]"
_SUFFIX = r"-(?:bin|git|wheel|cuda|src)"
_TABLE = r"\w*=\("
_ALONE = r"(?![a-z0-9_]|-[a-z0-9])"


@lru_cache(maxsize=64)
def names_in_text(wanted: Wanted) -> NamesInText:
    """Return the searches for the wanted names, compiled once."""
    whole = [name.replace("-", "_") for name in wanted.packages]
    whole += [*map(str.lower, wanted.variables), *owners_of(wanted)]
    short = [*image_names(wanted), *(name.rpartition("/")[2] for name in wanted.repositories)]
    short = [name.replace("-", "_") for name in short]
    tables = [name.rpartition("_")[0].lower() for name in wanted.variables if "_" in name.strip("_")]
    versioned = [(name, f"(?:{_VERSION}|{_SUFFIX})") for name in short]
    versioned += [(name, _TABLE) for name in tables]
    versioned += [(name.partition("-")[0], _REFERENCE) for name in wanted.packages if "-" in name]
    return NamesInText(Search([*((name, "") for name in whole), *versioned]), Search((name, _ALONE) for name in short))


class Spelling:
    """Says of a file, without a pattern for each name, whether `NamesInText.versioned` can be in it.

    The words of a file that begin like a name are few, and most of them are in many files: each is judged once. Where
    `is_plain` is false it knows no words, and any file may have a name.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._owners = tuple(map(_collapsed, owners_of(wanted)))
        # A repository without an owner is named by its last part alone.
        alone = [name.partition("/")[2] for name in wanted.repositories if name.count("/") == 1]
        self._whole = tuple(_collapsed(name.lower()) for name in (*wanted.packages, *wanted.variables, *alone))
        short = [*image_names(wanted), *(name.rpartition("/")[2] for name in wanted.repositories)]
        self._short = tuple(_collapsed(name) for name in short)
        names = [*self._owners, *self._whole, *self._short]
        starts = {re.split("[^a-z0-9]", name)[0] for name in names}
        # A name with another character is in several words.
        self.is_plain = "" not in starts and re.fullmatch(r"\w*", "".join(names), re.ASCII) is not None
        starts = {word for word in starts if not any(word.startswith(each) for each in starts - {word})}
        begun = [word.encode("ascii") for word in sorted(starts)]
        self._starts = {word: re.compile(word + _REST) for word in begun}
        self._rest = re.compile(_REST)
        self._kinds: dict[bytes, int] = {}

    def kind(self, source: Source) -> int:
        """Return 0 for a file without any of the names, 1 if only owners of repositories are in it, 2 for any other."""
        if not self.is_plain:
            return _MOST
        lowered, kinds, rest = source.lowered, self._kinds, self._rest.match
        most = 0
        for start, word in self._starts.items():
            few = source.few_places(start)
            # Many places are found sooner by a pattern, which is tried at every byte.
            found = set(word.findall(lowered)) if few is None else [_text(rest(lowered, place)) for place in few]
            for each in found:
                kind = kinds.get(each)
                if kind is None:
                    kind = self._known(each)
                if kind > most:
                    most = kind
        return most

    def patterns(self) -> tuple[str, ...]:
        """Return patterns for `grep -E`, in lower case: each file that has a kind matches one; empty if it is unknown.

        A word of extraordinary length has a kind without a look at it, and matches only if it has one of the names.
        """
        if not self.is_plain:
            return ()
        whole = [name.replace("_", _BETWEEN) for name in (*self._owners, *self._whole)]
        short = [f"{name.replace('_', _BETWEEN)}{_MORE_IN_TEXT}" for name in self._short]
        return (*whole, *short, *(f"{start.decode('ascii')}{_REST_IN_TEXT}" for start in self._starts))

    def places(self, source: Source) -> Iterator[tuple[int, int]]:
        """Yield where each word begins that has one of the names, with the word's kind."""
        lowered, rest = source.lowered, self._rest.match
        for start in self._starts:
            end = 0
            for place in source.places(start):
                if place >= end:
                    word = _text(rest(lowered, place))
                    end = place + len(word)
                    kind = self._known(word)
                    if kind:
                        yield place, kind

    def _known(self, word: bytes) -> int:
        kind = self._kinds.get(word)
        if kind is None:
            if len(self._kinds) > _MOST_WORDS:
                self._kinds.clear()
            kind = self._kinds[word] = self._kind(word)
        return kind

    def _kind(self, word: bytes) -> int:
        """Return the kind of a word; a name may begin anywhere in it."""
        if word.endswith((b"$", b"(")) or word.find(b":") >= 0 or len(word) > _LONGEST_WORD:
            return _MOST
        kind = 0
        for start in self._starts:
            place = word.find(start)
            while place >= 0:
                kind = max(kind, self._kind_at(_collapsed(word[place:].decode("ascii"))))
                place = word.find(start, place + 1)
        return kind

    def _kind_at(self, text: str) -> int:
        if text.startswith(self._whole) or any(
            text.startswith(name) and _MORE.match(text, len(name)) for name in self._short
        ):
            return _MOST
        return int(text.startswith(self._owners))


# A word from the beginning of a name on, with what may follow it.
_REST = rb"[\w.-]*(?:\$|=\(|:v?[0-9])?"
# The kind of a file with whole names, or with short ones that something follows.
_MOST = 2
# How many words are remembered, and how long they may be.
_MOST_WORDS, _LONGEST_WORD = 10_000, 1000
# A version and a suffix after a short name, as in `_VERSION` and `_SUFFIX`, where `_collapsed` has made one separator.
_MORE = re.compile(r"_?v?[0-9]|_(?:bin|git|wheel|cuda|src)")
# The same where separators are as they are, and `_REST` with one of its ends, both as `re` and `grep -E` read them.
_MORE_IN_TEXT = "([-_.]*v?[0-9]|[-_.]+(bin|git|wheel|cuda|src))"
_REST_IN_TEXT = "[a-z0-9_.-]*([$]|=[(]|:v?[0-9])"


def _text(rest: re.Match[bytes] | None) -> bytes:
    return rest[0] if rest else b""


def _collapsed(name: str) -> str:
    """Return a name with each run of separators as one `_`."""
    return re.sub(_BETWEEN, "_", name)


@lru_cache(maxsize=64)
def spelling(wanted: Wanted) -> Spelling:
    """Return the judge of files for the wanted names, made once."""
    return Spelling(wanted)


@lru_cache(maxsize=64)
def versioned_names(wanted: Wanted) -> Search:
    """Return the search for names of images and repositories that a number follows."""
    names = [*image_names(wanted), *(name.rpartition("/")[2] for name in wanted.repositories)]
    return Search((name.replace("-", "_"), _VERSION) for name in names)


def is_promising(source: Source, wanted: Wanted) -> bool:
    """Whether a file contains a wanted name that is not merely the beginning of another word."""
    if b"\\u" in source.lowered or b"\\x" in source.lowered:
        return True
    names, source = names_in_text(wanted), with_joined_lines(source)
    return names.versioned.is_in(source) or names.short.is_in(source)


def with_joined_lines(source: Source) -> Source:
    """Return the file without line ends after a backslash, which may be inside a name."""
    lowered = source.lowered
    if b"\\\n" not in lowered and b"\\\r\n" not in lowered:
        return source
    return Source(source.path, lowered.replace(b"\\\r\n", b"").replace(b"\\\n", b""))
