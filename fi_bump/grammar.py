"""The small grammars that several formats share, over masked bytes: versions, names, variables, repositories.

Every pattern works on `Source.masked`, where each byte from 0x80 on reads as `x`, so an index is a byte offset.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator

# The public part of a PEP 440 version (packaging.version.VERSION_PATTERN without epoch spelling changes and
# without the local label), as bytes. It is anchored by its users.
VERSION = (
    rb"(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*"
    rb"(?:[-_.]?(?:alpha|beta|preview|pre|a|b|c|rc)[-_.]?[0-9]*)?"
    rb"(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?"
    rb"(?:[-_.]?dev[-_.]?[0-9]*)?"
)
LOCAL = rb"\+[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*"

# An anchor that is a line's own text, with the mark where the version stands: `literal:expected = "{version}"`.
LITERAL = "literal:"
LITERAL_MARK = "{version}"

_VERSION_TEXT = re.compile(VERSION.decode("ascii") + r"\Z", re.IGNORECASE)
_SEPARATORS = re.compile(r"[-_.]+")


def is_version(text: str) -> bool:
    """Whether `text` is a PEP 440 version without a local label."""
    return _VERSION_TEXT.match(text) is not None


def is_literal_anchor(anchor: str) -> bool:
    """Whether a literal anchor has some text and one mark."""
    return anchor.startswith(LITERAL) and anchor.count(LITERAL_MARK) == 1 and anchor != LITERAL + LITERAL_MARK


def canonical_name(name: str) -> str:
    """The PEP 503 name: lower case, runs of `-_.` as one `-`."""
    return _SEPARATORS.sub("-", name).lower()


def name_pattern(canonical: str) -> bytes:
    """A regular expression for every spelling of a canonical distribution name (use with IGNORECASE)."""
    return rb"[-_.]+".join(re.escape(part.encode("ascii")) for part in canonical.split("-"))


def longest_first(names: Iterable[str]) -> list[str]:
    """Names in the order in which the alternatives of a pattern must stand."""
    return sorted(names, key=lambda name: (-len(name), name))


def one_of(words: Iterable[str]) -> bytes:
    """A pattern for one of the words, the longest first; empty without any.

    What all of them begin with stands in it once: each character takes time to compile.
    """
    ordered = longest_first(words)
    shared = 0
    while ordered and len({word[: shared + 1] for word in ordered}) == 1 and shared < len(ordered[-1]):
        shared += 1
    ends = b"|".join([re.escape(word[shared:].encode("ascii")) for word in ordered])
    return re.escape(ordered[0][:shared].encode("ascii")) + b"(?:" + ends + b")" if ordered else b""


def compiled(alternatives: bytes, pattern: bytes, flags: int = re.IGNORECASE) -> re.Pattern[bytes]:
    """The pattern, in any case; one that never matches where there are no alternatives in it."""
    return re.compile(pattern if alternatives else rb"(?!)", flags)


def names_any(data: bytes, words: tuple[bytes, ...]) -> bool:
    """Whether `data` holds one of the lower-case words, in any case."""
    lowered = data.lower()
    for word in words:  # noqa: SIM110 - asked of every file: a generator costs as much as a search
        if word in lowered:
            return True
    return False


def variable_of(name: str, wanted: frozenset[str]) -> str | None:
    """The wanted variable that `name` spells: itself or with a prefix (`VLLM_FLASHINFER_VERSION`), in any case.

    The longest one where several fit.
    """
    upper = name.upper()
    matches = [candidate for candidate in wanted if upper == candidate or upper.endswith("_" + candidate)]
    return max(matches, key=len, default=None)


def canonical_repository(url: str) -> str:
    """`host/owner/name` in lower case of any spelling of a git address: https, ssh, git+, with or without `.git`."""
    text = url.strip().lower()
    text = text.removeprefix("git+")
    if "://" in text:
        text = text.partition("://")[2]
    elif "@" in text and ":" in text:
        text = text.replace(":", "/", 1)
    text = text.rpartition("@")[2] if "@" in text.split("/", 1)[0] else text
    return text.rstrip("/").removesuffix(".git").rstrip("/")


class LazyPattern:
    """A regular expression that is compiled when it is first used: compiling all of them costs more than most checks.

    It has the methods of re.Pattern[bytes] that finders use.
    """

    __slots__ = ("_flags", "_pattern", "_text")

    def __init__(self, text: bytes, flags: int = 0) -> None:
        self._text = text
        self._flags = flags
        self._pattern: re.Pattern[bytes] | None = None

    @property
    def compiled(self) -> re.Pattern[bytes]:
        """The pattern itself, for tight loops."""
        if self._pattern is None:
            self._pattern = re.compile(self._text, self._flags)
        return self._pattern

    def match(self, data: bytes, start: int = 0, end: int = sys.maxsize) -> re.Match[bytes] | None:
        """As re.Pattern.match."""
        return self.compiled.match(data, start, end)

    def search(self, data: bytes, start: int = 0, end: int = sys.maxsize) -> re.Match[bytes] | None:
        """As re.Pattern.search."""
        return self.compiled.search(data, start, end)

    def finditer(self, data: bytes, start: int = 0, end: int = sys.maxsize) -> Iterator[re.Match[bytes]]:
        """As re.Pattern.finditer."""
        return self.compiled.finditer(data, start, end)

    def sub(self, replacement: bytes | Callable[[re.Match[bytes]], bytes], data: bytes) -> bytes:
        """As re.Pattern.sub."""
        return self.compiled.sub(replacement, data)
