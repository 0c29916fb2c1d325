"""Releases in Nix expressions: reported, never moved, since each has a hash beside it that must be recomputed.

A string attribute (`version = "V";`) is about a wanted package or repository if its attribute set names one (`pname`,
or `owner` and `repo`) or contains the sources of one (`src = fetchFromGitHub { … };`).
"""

from __future__ import annotations

import re

from fi_bump.grammar import LOCAL, VERSION, LazyPattern, canonical_name, canonical_repository, variable_of
from fi_bump.pins import Found, Mark, Source, Span, Unpinned, Wanted

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
        self.refs: list[Span] = []
        self.source: str | None = None
        self.hashed = False


class _NixFinder:
    """Finds the releases in a Nix file, in one pass."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self.source = source
        self.wanted = wanted
        self.sets = [_Set()]
        self.unpinned: list[Unpinned] = []
        self.variables: list[tuple[Span, str]] = []
        self.hashed = False

    def attribute(self, match: re.Match[bytes]) -> None:
        """Record `name = "value"` in the innermost set."""
        name = match["name"].decode("ascii").rpartition(".")[2]
        inner = self.sets[-1]
        inner.strings[name] = match["value"]
        start = match.start("value")
        release = _RELEASE.match(match["value"])
        variable = variable_of(name.replace("-", "_"), self.wanted.variables)
        if _HASHES.match(name):
            inner.hashed = self.hashed = True
        elif release and (name in _REFS or variable):
            span = Span(start + release.start("version"), start + release.end("version"))
            if variable:
                self.variables.append((span, variable))
            else:
                inner.refs.append(span)
        elif name == "url":
            self.input(match["value"], start)

    def input(self, value: bytes, start: int) -> None:
        """Report `inputs.kit.url = "github:owner/kit/vV"`."""
        match = _INPUT.match(value)
        release = _RELEASE.match(match["ref"]) if match else None
        if match and release:
            subject = canonical_repository(f"github.com/{match['name'].decode('ascii')}")
            begin = start + match.start("ref")
            span = Span(begin + release.start("version"), begin + release.end("version"))
            if subject in self.wanted.repositories:
                self.report(span, subject, _LOCKED)

    def close(self) -> None:
        """Close the innermost set, and report its releases if it is about something wanted."""
        if len(self.sets) == 1:
            return
        inner = self.sets.pop()
        outer = self.sets[-1]
        named = self.subject(inner)
        # A set with its own `pname` is about that package, even where it uses the sources of a wanted one.
        subject = named or (None if "pname" in inner.strings else inner.source)
        if subject is not None:
            for span in inner.refs:
                self.report(span, subject, _HASHED if inner.hashed else _UNHASHED)
        if named is not None:
            outer.source = outer.source or named
            outer.hashed = outer.hashed or inner.hashed

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

    def report(self, span: Span, subject: str, reason: str) -> None:
        mark = Mark.HASH_NEEDED if reason != _UNHASHED else None
        self.unpinned.append(
            Unpinned(
                source=self.source, span=span, subject=subject, reason=reason, version=self.source.text(span), mark=mark
            )
        )

    def finish(self) -> Found:
        while len(self.sets) > 1:
            self.close()
        for span, variable in self.variables:
            self.report(span, variable, _HASHED if self.hashed else _UNHASHED)
        return Found((), tuple(sorted(self.unpinned, key=lambda place: place.span)))


def find(source: Source, wanted: Wanted) -> Found:
    """Return every release of a wanted name in a Nix expression, all of them unpinned. No input is an error."""
    finder = _NixFinder(source, wanted)
    for match in _TOKEN.finditer(source.masked):
        if match["open"]:
            finder.sets.append(_Set())
        elif match["close"]:
            finder.close()
        elif match["name"]:
            finder.attribute(match)
    return finder.finish()
