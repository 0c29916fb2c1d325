"""Pins in CMake: `set` variables, the sources of FetchContent, ExternalProject and CPM, requirements in arguments.

`FetchContent_Declare(kit GIT_REPOSITORY https://… GIT_TAG vV)` has the anchor `FetchContent_Declare kit/GIT_TAG`; the
anchor of a variable is its name. A version with a hash beside it is reported, not moved, since both must change.
"""

from __future__ import annotations

import re
from itertools import pairwise

from fi_bump.formats.shared.addresses import release
from fi_bump.formats.shared.gathered import BESIDE, Gathered, release_span
from fi_bump.formats.shared.pieces import Text, joined
from fi_bump.formats.shell_commands import CommandReader
from fi_bump.grammar import LazyPattern, canonical_repository
from fi_bump.pins import Found, Guard, Kind, Source, Span, Wanted

# The tokens of cmake-language(7): comments, bracket arguments, quoted arguments, parentheses, unquoted arguments.
_TOKEN = LazyPattern(
    rb"(?P<unread>#\[(?P<mark>=*)\[.*?(?:\](?P=mark)\]|\Z)|#[^\n]*)"
    rb"|\[(?P<fence>=*)\[(?P<bracket>.*?)(?:\](?P=fence)\]|\Z)"
    rb"|\"(?P<quoted>(?:\\.|[^\"\\]|(?!))*+)(?:\"|\\?\Z)"
    rb"|(?P<open>\()|(?P<close>\))|(?P<word>(?:\\.|[^\s()#\"\\]|(?!))++)",
    re.DOTALL,
)
_NAME = LazyPattern(rb"[\w.-]+\Z")
_SHORT = LazyPattern(rb"(?:gh|github):(?P<name>[\w.-]+/[\w.-]+?)[@#](?P<ref>v?[0-9][\w.+-]*)\Z", re.IGNORECASE)
_HASHES = frozenset({b"URL_HASH", b"URL_MD5", b"EXPECTED_HASH", b"EXPECTED_MD5"})


class _CMakeFinder:
    """Finds the pins in a CMake file, in one pass."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self.data = source.masked
        self.wanted = wanted
        self.gathered = Gathered(source)
        self.commands = CommandReader(self.gathered, wanted)

    def text(self, span: Span) -> bytes:
        return self.data[span.start : span.end]

    def command(self, name: bytes, arguments: list[Span]) -> None:
        """Judge one command."""
        if name.lower() == b"set" and len(arguments) > 1:
            value = joined(self.data, [arguments[1]])
            self.commands.variable(value, self.text(arguments[0]), 0, len(value.data), "")
            self.commands.checksums.variable(value, self.text(arguments[0]), 0, len(value.data))
        prefix = f"{name.decode('ascii')} "
        named = {self.text(key): value for key, value in pairwise(arguments)}
        if arguments:
            called = _NAME.match(self.text(named.get(b"NAME", arguments[0])))
            self.fetched(prefix + called[0].decode("ascii") if called else prefix.rstrip(), named)
        for argument in arguments:
            text = joined(self.data, [argument])
            self.commands.units(text)
            if self.commands.concerns(text):
                self.commands.literals(text, prefix)
                self.short(text, prefix)
                self.commands.addresses(text, prefix, self.checksums(text, named) if b"/" in text.data else None)

    def fetched(self, anchor: str, named: dict[bytes, Span]) -> None:
        """Judge `GIT_REPOSITORY … GIT_TAG vV`, and CPM's `GITHUB_REPOSITORY owner/name` and `VERSION V`."""
        address = named.get(b"GIT_REPOSITORY") or named.get(b"GITHUB_REPOSITORY")
        if address is None:
            self.downloaded(anchor, named)
            return
        start = b"" if b"GIT_REPOSITORY" in named else b"https://github.com/"
        subject = canonical_repository((start + self.text(address)).decode("ascii"))
        if subject not in self.wanted.repositories:
            return
        refs = [key for key in (b"GIT_TAG", b"VERSION") if key in named]
        for key in refs:
            text = joined(self.data, [named[key]])
            where = f"{anchor}/{key.decode('ascii')}"
            self.commands.values.value(text, 0, len(text.data), where, Kind.GIT_REF, subject)
        if not refs:
            self.gathered.unpinned(address, subject, "fetched without a release")

    def downloaded(self, anchor: str, named: dict[bytes, Span]) -> None:
        """Judge CPM's `VERSION V` beside `URL …/vV.tar.gz`: it moves if the URL does, and only then."""
        version, url = named.get(b"VERSION"), named.get(b"URL")
        address = release(self.text(url), self.wanted) if version and url else None
        if version is None or address is None:
            return
        text = joined(self.data, [version])
        exact = release_span(text.data)
        if exact and address.versions:
            hashes = tuple([named[key] for key in _HASHES if key in named])
            guard = Guard(address.reason or BESIDE, hashes) if address.reason or hashes else None
            span = text.span(*exact)
            self.gathered.pin(span, f"{anchor}/VERSION", Kind.GIT_REF, address.subject, (), guard)
        elif exact:
            self.gathered.unpinned(version, address.subject, f"belongs to a URL, and is {address.reason}")

    def short(self, text: Text, prefix: str) -> None:
        """Judge CPM's `gh:owner/name@V` and `gh:owner/name#vV`."""
        match = _SHORT.match(text.data)
        subject = canonical_repository(f"github.com/{match['name'].decode('ascii')}") if match else ""
        if match and subject in self.wanted.repositories:
            where = f"{prefix}{subject}"
            self.commands.values.value(text, *match.span("ref"), where, Kind.GIT_REF, subject)

    def checksums(self, text: Text, named: dict[bytes, Span]) -> dict[bytes, tuple[Span, ...]]:
        """Return the checksums of a command with a URL (URL_HASH and its like), by the name of the URL's file.

        If the URL refers to a variable, they are the checksums of that variable.
        """
        spans = []
        for key in (key for key in _HASHES if key in named):
            start = named[key].start + self.text(named[key]).find(b"=") + 1
            spans.append(Span(start, named[key].end))
            self.commands.checksums.of_url(text, spans[-1])
        return {text.data.rpartition(b"/")[2]: tuple(spans)} if spans else {}


def find(source: Source, wanted: Wanted) -> Found:
    """Return every pin, unpinned mention and range of wanted names in a CMake file. No input is an error."""
    finder = _CMakeFinder(source, wanted)
    name, depth = b"", 0
    arguments: list[Span] = []
    for match in _TOKEN.finditer(finder.data):
        kind = match.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(depth - 1, 0)
            if depth == 0 and name:
                finder.command(name, arguments)
                name, arguments = b"", []
        elif match["unread"] is None and depth:
            body = next(group for group in ("word", "quoted", "bracket") if match[group] is not None)
            if match[body]:
                arguments.append(Span(*match.span(body)))
        elif match["word"] is not None:
            name = match["word"]
    return finder.gathered.found()
