"""Releases in Nix expressions: pins with a guard, since each has a hash beside it that must be recomputed.

A string attribute (`version = "V";`) is about a wanted package or repository if its attribute set names one (`pname`,
or `owner` and `repo`) or contains the sources of one (`src = fetchFromGitHub { … };`).
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.addresses import file_address, release
from fi_bump.grammar import LOCAL, VERSION, LazyPattern, canonical_name, canonical_repository, variable_of
from fi_bump.pins import Found, Guard, Kind, Pin, Source, Span, Wanted, make_pin, number_anchors

_TOKEN = LazyPattern(
    rb"(?P<unread>#[^\n]*|/\*.*?(?:\*/|\Z)|''(?:'''|''\$|''\\|\$\$|(?!'').)*(?:''|\Z))|(?P<open>\{)|(?P<close>\})"
    rb"|(?P<name>[A-Za-z_][\w'.-]*)[ \t\r\n]*=[ \t\r\n]*\"(?P<value>(?:\\.|[^\"\\])*)\""
    rb"|\"(?:\\.|[^\"\\])*\"|[A-Za-z_][\w'.-]*",
    re.DOTALL,
)
_RELEASE = LazyPattern(
    rb"(?:refs/tags/)?v?(?=[0-9!]+\.)(?P<version>" + VERSION + rb")(?:" + LOCAL + rb")?\Z", re.IGNORECASE
)
_INPUT = LazyPattern(
    rb"(?:github:|git\+https://github\.com/)(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?(?:/|\?ref=|\?tag=)(?P<ref>[^?&/]+)"
)
_REFS = frozenset({"version", "rev", "tag", "ref"})
_HASHES = re.compile(r"(?:\w*[hH]ash|sha(?:256|512)|\w*Sha256)\Z")
_HASHED = "fi-bump does not update it, because its hash must be recomputed"
_UNHASHED = "a release in a Nix expression, which fi-bump does not update"
_LOCKED = "flake.lock contains its hash: update it by hand, then run nix flake update"


class _Set:
    """An attribute set: its strings, the spans of its releases, the wanted name that it fetches, its use of hashes."""

    def __init__(self) -> None:
        self.strings: dict[str, bytes] = {}
        self.refs: list[tuple[str, Span]] = []
        self.source: str | None = None
        self.hashes: list[Span] = []
        self.addresses: list[tuple[list[Span], str, str | None]] = []


class _NixFinder:
    """Finds the releases in a Nix file, in one pass."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self.source = source
        self.wanted = wanted
        self.sets = [_Set()]
        self.pins: list[Pin] = []
        self.variables: list[tuple[str, Span, str]] = []
        self.hashes: list[Span] = []

    def attribute(self, match: re.Match[bytes]) -> None:
        """Record `name = "value"` in the innermost set."""
        name = match["name"].decode("ascii").rpartition(".")[2]
        inner = self.sets[-1]
        inner.strings[name] = match["value"]
        start = match.start("value")
        found = _RELEASE.match(match["value"])
        variable = variable_of(name.replace("-", "_"), self.wanted.variables)
        if _HASHES.match(name):
            inner.hashes.append(Span(*match.span("value")))
            self.hashes.append(inner.hashes[-1])
        elif found and (name in _REFS or variable):
            span = Span(start + found.start("version"), start + found.end("version"))
            if variable:
                self.variables.append((name, span, variable))
            else:
                inner.refs.append((name, span))
        elif name == "url":
            self.input(match["value"], start)
            self.address(match["value"], start)

    def input(self, value: bytes, start: int) -> None:
        """Add `inputs.kit.url = "github:owner/kit/vV"`."""
        match = _INPUT.match(value)
        found = _RELEASE.match(match["ref"]) if match else None
        if match and found:
            subject = canonical_repository(f"github.com/{match['name'].decode('ascii')}")
            begin = start + match.start("ref")
            span = Span(begin + found.start("version"), begin + found.end("version"))
            if subject in self.wanted.repositories:
                self.pin(f"{subject}/url", span, subject, Guard(_LOCKED))

    def address(self, value: bytes, start: int) -> None:
        """Record `url = "…/kit-V-….whl"`, the URL of a wanted release's file."""
        found = release(value, self.wanted)
        if found and found.versions:
            spans = [Span(start + begin, start + end) for begin, end in found.versions]
            self.sets[-1].addresses.append((spans, found.subject, file_address(value, found.versions)))

    def close(self) -> None:
        """Close the innermost set, and add its releases if it is about something wanted."""
        if len(self.sets) > 1:
            inner = self.sets.pop()
            self.judge(inner, self.sets[-1])

    def judge(self, inner: _Set, outer: _Set) -> None:
        """Add the releases of a set. Its sources may be those of the set around it."""
        for (first, *others), wanted, address in inner.addresses:
            guard = _guard(inner.hashes)._replace(address=address)
            self.pin(f"{wanted}/url", first, wanted, guard, tuple(others))
        named = self.subject(inner)
        # A set with its own `pname` is about that package, even where it uses the sources of a wanted one.
        subject = named or (None if "pname" in inner.strings else inner.source)
        if subject is not None:
            for name, span in inner.refs:
                self.pin(f"{subject}/{name}", span, subject, _guard(inner.hashes))
        if named is not None:
            outer.source = outer.source or named
            outer.hashes += inner.hashes

    def subject(self, inner: _Set) -> str | None:
        """Return the wanted package or repository that a set names, or None."""
        for key in ("pname", "name"):
            name = canonical_name(inner.strings.get(key, b"").decode("ascii"))
            if name in self.wanted.packages:
                return name
            for repository in sorted(self.wanted.repositories) if name else ():
                if repository.endswith(f"/{name}"):
                    return repository
        parts = [inner.strings.get(key, b"").decode("ascii") for key in ("owner", "repo")]
        addresses = ["github.com/" + "/".join(parts), inner.strings.get("url", b"").decode("ascii")]
        return next((name for name in map(canonical_repository, addresses) if name in self.wanted.repositories), None)

    def pin(self, anchor: str, span: Span, subject: str, guard: Guard, repeats: tuple[Span, ...] = ()) -> None:
        kind = Kind.GIT_REF if subject in self.wanted.repositories else Kind.REQUIREMENT
        kind = Kind.VARIABLE if subject in self.wanted.variables else kind
        self.pins.append(make_pin(self.source, *span, anchor, kind, subject)._replace(guard=guard, repeats=repeats))

    def finish(self) -> Found:
        while len(self.sets) > 1:
            self.close()
        self.judge(self.sets[0], _Set())  # `let pname = "kit"; version = "V"; in …` is in no set
        for name, span, variable in self.variables:
            self.pin(name, span, variable, _guard(self.hashes))
        return Found(number_anchors(self.pins))


def _guard(hashes: list[Span]) -> Guard:
    return Guard(_HASHED, tuple(hashes)) if hashes else Guard(_UNHASHED)


def find(source: Source, wanted: Wanted) -> Found:
    """Return every release of a wanted name in a Nix expression, all of them with a guard. No input is an error."""
    finder = _NixFinder(source, wanted)
    for match in _TOKEN.finditer(source.masked):
        if match["open"]:
            finder.sets.append(_Set())
        elif match["close"]:
            finder.close()
        elif match["name"]:
            finder.attribute(match)
    return finder.finish()
