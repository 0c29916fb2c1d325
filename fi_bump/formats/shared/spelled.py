"""Where a file spells wanted names: one search that rules out most files before their finder is imported.

A test compares `is_promising` with the finders on all cases and on mutated files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from fi_bump.formats.shared.name_search import Search, collapsed
from fi_bump.formats.shared.subjects import image_names
from fi_bump.pins import Source, Wanted
from fi_bump.records import NamedTuple


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
        self._owners = tuple(map(collapsed, owners_of(wanted)))
        # A repository without an owner is named by its last part alone.
        alone = [name.partition("/")[2] for name in wanted.repositories if name.count("/") == 1]
        self._whole = tuple(collapsed(name.lower()) for name in (*wanted.packages, *wanted.variables, *alone))
        short = [*image_names(wanted), *(name.rpartition("/")[2] for name in wanted.repositories)]
        self._short = tuple(collapsed(name) for name in short)
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

    @property
    def starts(self) -> list[str]:
        """The texts with one of which each name begins, in lower case."""
        return [start.decode("ascii") for start in self._starts]

    def places_of_names(self, source: Source) -> list[int]:
        """Return each place at which a name may begin in a word of the second kind, in order; it must be plain."""
        lowered, rest = source.lowered, self._rest.match
        places = []
        for start in self._starts:
            end = 0
            for place in source.places(start):
                if place >= end:
                    word = _text(rest(lowered, place))
                    end, kind = place + len(word), self._known(word)
                if kind == _MOST:
                    places.append(place)
        return places if len(self._starts) == 1 else sorted(places)

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
                kind = max(kind, self._kind_at(collapsed(word[place:].decode("ascii"))))
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
# A version and a suffix after a short name, as in `_VERSION` and `_SUFFIX`, where `collapsed` has made one separator.
_MORE = re.compile(r"_?v?[0-9]|_(?:bin|git|wheel|cuda|src)")


def _text(rest: re.Match[bytes] | None) -> bytes:
    return rest[0] if rest else b""


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
