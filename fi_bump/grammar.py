"""The small grammars that several formats share, over masked bytes: versions, names, variables, repositories.

Every pattern works on `Source.masked`, where each byte of 0x80 or more reads as `x`, so that an index is a byte offset.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator

# The public part of a PEP 440 version (packaging.version.VERSION_PATTERN without other spellings of the epoch and
# without the local label), as bytes. Its users anchor it.
VERSION = (
    rb"(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*"
    rb"(?:[-_.]?(?:alpha|beta|preview|pre|a|b|c|rc)[-_.]?[0-9]*)?"
    rb"(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?"
    rb"(?:[-_.]?dev[-_.]?[0-9]*)?"
)
LOCAL = rb"\+[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*"

# An anchor that is the text of a line, with the mark where the version is: `literal:expected = "{version}"`.
LITERAL = "literal:"
LITERAL_MARK = "{version}"

_SEPARATORS = re.compile(r"[-_.]+")


def is_version(text: str) -> bool:
    """Whether `text` is a PEP 440 version without a local label."""
    return is_common_version(text) or _VERSION_TEXT.match(text) is not None


def is_common_version(text: str) -> bool:
    """Whether `text` has the form of most versions, which is canonical: `0.6.11` or `0.6.11.post2`.

    To take these apart takes a hundredth of the time that it takes to compile a pattern of all versions.
    """
    release, post, number = text.partition(".post")
    numbers = release.split(".")
    if post:
        numbers.append(number)
    return text.isascii() and all(each.isdigit() and (each[0] != "0" or each == "0") for each in numbers)


def is_literal_anchor(anchor: str) -> bool:
    """Whether `anchor` is a literal anchor with some text, and a mark at each place of the version."""
    text = anchor.removeprefix(LITERAL)
    return text != anchor and LITERAL_MARK in text and text.replace(LITERAL_MARK, "") != ""


def canonical_name(name: str) -> str:
    """Return the PEP 503 name: lower case, each run of `-_.` as one `-`."""
    return _SEPARATORS.sub("-", name).lower()


def name_pattern(canonical: str) -> bytes:
    """Return a regular expression for every spelling of a canonical distribution name (use with IGNORECASE)."""
    return rb"[-_.]+".join(re.escape(part.encode("ascii")) for part in canonical.split("-"))


def longest_first(names: Iterable[str]) -> list[str]:
    """Sort names so that no name in an alternation hides a longer one."""
    return sorted(names, key=lambda name: (-len(name), name))


def one_of(words: Iterable[str]) -> bytes:
    """Return a pattern for one of the words, the longest first; empty without words.

    The common prefix of all words is in the pattern once, since each character takes time to compile.
    """
    ordered = longest_first(words)
    shared = 0
    while ordered and len({word[: shared + 1] for word in ordered}) == 1 and shared < len(ordered[-1]):
        shared += 1
    ends = b"|".join([re.escape(word[shared:].encode("ascii")) for word in ordered])
    return re.escape(ordered[0][:shared].encode("ascii")) + b"(?:" + ends + b")" if ordered else b""


def compiled(alternatives: bytes, pattern: bytes, flags: int = re.IGNORECASE) -> re.Pattern[bytes]:
    """Compile a pattern, by default case-insensitive; if `alternatives` is empty, one that never matches."""
    return re.compile(pattern if alternatives else rb"(?!)", flags)


def names_any(data: bytes, words: tuple[bytes, ...]) -> bool:
    """Whether `data` contains one of the lower-case words, in any case."""
    return has_any(data.lower(), words)


def fewest(words: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the words that contain no other one, sorted: a text contains one of them if it contains any of all."""
    every = set(words)
    return tuple(sorted(word for word in every if not any(each in word for each in every - {word})))


def longest_parts(names: Iterable[str]) -> set[str]:
    """Return the longest part of each canonical name: every spelling of a name contains its own, in some case."""
    return {max(name.split("-"), key=len) for name in names}


def has_any(data: bytes, words: Iterable[bytes]) -> bool:
    """Whether `data` contains one of the words.

    `word in data` takes seven times as long in a short text: Python first asks whether the word is a number.
    """
    for word in words:  # noqa: SIM110 - asked of every text: a generator costs as much as a search
        if data.find(word) >= 0:
            return True
    return False


def variable_of(name: str, wanted: frozenset[str]) -> str | None:
    """Return the wanted variable that `name` is, in any case, alone or after a prefix (`VLLM_FLASHINFER_VERSION`).

    If several fit, the longest.
    """
    upper = name.upper()
    matches = [candidate for candidate in wanted if upper == candidate or upper.endswith("_" + candidate)]
    return max(matches, key=len, default=None)


def canonical_repository(url: str) -> str:
    """Return `host/owner/name` in lower case for any git URL: https, ssh, git+, with or without `.git`."""
    text = url.strip().lower()
    text = text.removeprefix("git+")
    if "://" in text:
        text = text.partition("://")[2]
    elif "@" in text and ":" in text:
        text = text.replace(":", "/", 1)
    text = text.rpartition("@")[2] if "@" in text.split("/", 1)[0] else text
    return text.rstrip("/").removesuffix(".git").rstrip("/")


class LazyPattern:
    """A regular expression that is compiled on first use: compiling all of them takes longer than most checks.

    It has the methods of re.Pattern[bytes] that finders use. A possessive group ends with an alternative that never
    matches, `(?:a|b|(?!))*+`: tests/house/test_patterns.py says why.
    """

    __slots__ = ("_flags", "_pattern", "_text")

    def __init__(self, text: bytes, flags: int = 0) -> None:
        self._text = text
        self._flags = flags
        self._pattern: re.Pattern[bytes] | None = None

    @property
    def compiled(self) -> re.Pattern[bytes]:
        """The compiled pattern, for tight loops."""
        if self._pattern is None:
            self._pattern = re.compile(self._text, self._flags)
        return self._pattern

    def match(self, data: bytes, start: int = 0, end: int = sys.maxsize) -> re.Match[bytes] | None:
        """See re.Pattern.match."""
        return self.compiled.match(data, start, end)

    def search(self, data: bytes, start: int = 0, end: int = sys.maxsize) -> re.Match[bytes] | None:
        """See re.Pattern.search."""
        return self.compiled.search(data, start, end)

    def finditer(self, data: bytes, start: int = 0, end: int = sys.maxsize) -> Iterator[re.Match[bytes]]:
        """See re.Pattern.finditer."""
        return self.compiled.finditer(data, start, end)

    def sub(self, replacement: bytes | Callable[[re.Match[bytes]], bytes], data: bytes) -> bytes:
        """See re.Pattern.sub."""
        return self.compiled.sub(replacement, data)


class LazyTextPattern:
    """The same for texts, with the methods that finders use on names."""

    __slots__ = ("_flags", "_pattern", "_text")

    def __init__(self, text: str, flags: int = 0) -> None:
        self._text = text
        self._flags = flags
        self._pattern: re.Pattern[str] | None = None

    @property
    def compiled(self) -> re.Pattern[str]:
        """The compiled pattern."""
        if self._pattern is None:
            self._pattern = re.compile(self._text, self._flags)
        return self._pattern

    def match(self, text: str) -> re.Match[str] | None:
        """See re.Pattern.match."""
        return self.compiled.match(text)

    def search(self, text: str) -> re.Match[str] | None:
        """See re.Pattern.search."""
        return self.compiled.search(text)

    def sub(self, replacement: str, text: str, count: int = 0) -> str:
        """See re.Pattern.sub."""
        return self.compiled.sub(replacement, text, count)


_VERSION_TEXT = LazyTextPattern(VERSION.decode("ascii") + r"\Z", re.IGNORECASE)
_EXACT = LazyPattern(
    rb"v?(" + VERSION + rb")(?:" + LOCAL + rb"|\+[A-Za-z0-9._-]*\$\{[^}]*\}[A-Za-z0-9._-]*)?\Z", re.IGNORECASE
)


def plain_span(data: bytes) -> tuple[int, int] | None:
    """Return the indices of the version if `data` is `V` or `vV`, as most values are, else None."""
    start = 1 if data[:1] in (b"v", b"V") else 0
    return (start, len(data)) if is_version(data[start:].decode("latin-1")) else None


def exact_span(data: bytes) -> tuple[int, int] | None:
    """Return the indices of the public version if `data` is one version, else None.

    It may have a `v` and a label, which may contain references: `v0.6.1+cu${CUDA}`.
    """
    match = None if (plain := plain_span(data)) else _EXACT.match(data)
    return match.span(1) if match else plain
