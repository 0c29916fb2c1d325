"""Values in shell commands and Dockerfiles: each becomes a pin, an unpinned place, or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fi_bump.formats.shared.addresses import file_address, release
from fi_bump.formats.shared.gathered import BESIDE, WRAPPING, Gathered, is_commit, release_span
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.references import referred, referred_in
from fi_bump.formats.shared.units import ARCHIVE
from fi_bump.grammar import LazyPattern, variable_of
from fi_bump.pins import Guard, Kind, Mark, Span, Wanted

_SPLIT = "the version is split over lines"

# The variable that is set to a URL: `KIT_URL=https://…`, `KIT_URL="${KIT_URL:-https://…}"`.
_BOUND = LazyPattern(rb"(?P<name>\w+)=\\?[\"']?(?:\$\{\w+:?[-=])?\Z")
_LONGEST_NAME = 200
# What is behind the name and the version of a wheel or an archive.
_RELEASE_OF_FILE = LazyPattern(
    rb"(?:\+[^-]*)?(?:(?:-[0-9]\w*)?-(?:py|cp|pp)[0-9].*)?(?:\.whl|\.tar\.gz|\.zip)\Z", re.DOTALL
)
# A reference's default, in a shell or in a workflow expression, which is inserted into commands as text.
_DEFAULT = LazyPattern(
    rb"\$\{\w+:?[-=](?P<shell>.*)\}\Z|\$\{\{[^{}]*\|\|\s*'(?P<workflow>[^'{}]*)'\s*\}\}\Z", re.DOTALL
)
# A value of another file that a template inserts: `{{ .Values.kit.version }}`.
_TEMPLATE = LazyPattern(rb"v?\{\{-?[ \t]*(\.?\w+(?:\.\w+)+)[ \t]*-?\}\}\Z")


class ShellValues:
    """Judges values in texts and adds the results to `gathered`."""

    def __init__(self, gathered: Gathered, variables: frozenset[str]) -> None:
        self.gathered = gathered
        self._variables = variables
        # The names of the files whose URLs were found.
        self._downloaded: set[bytes] = set()
        # What commands fetch from an index into a folder, as files are named: `kit_core-V`.
        self.fetched: set[bytes] = set()
        # The archives among them, such as `vV.tar.gz`, each with the place of the version in its name.
        self.archives: dict[bytes, tuple[int, int]] = {}

    def value(self, text: Text, start: int, end: int, anchor: str, kind: Kind, subject: str) -> None:
        """Judge `text.data[start:end]`, with any quotes around it, as the version of `subject`.

        An empty value and a reference are ignored; the default inside a reference (`${X:-0.6.1}`) is judged instead.
        """
        while start < end and text.data[start] in WRAPPING:
            start += 1
        while start < end and text.data[end - 1] in WRAPPING:
            end -= 1
        value = text.data[start:end]
        found = release_span(value)
        if found and not is_commit(value):
            self._release(text, start + found[0], start + found[1], anchor, kind, subject)
            return
        default = _DEFAULT.match(value)
        if default:
            inner = default.span(default.lastgroup or 0)
            self.value(text, start + inner[0], start + inner[1], anchor, kind, subject)
        elif (name := referred(value)) and not variable_of(name, self._variables):
            self.gathered.use(text.span(start, end), subject, name, installs=kind is not Kind.VARIABLE)
        elif (path := _TEMPLATE.match(value)) and name is None and kind is not Kind.VARIABLE:
            reason = f"takes its version from {path[1].decode('ascii')}, which this file does not set"
            self.unpinned(text, start, end, subject, reason)
        elif value and not any(mark in value for mark in (b"$", b"`", b"{{")):
            self.unpinned(text, start, end, subject, _reason(value, kind))

    def _release(self, text: Text, start: int, end: int, anchor: str, kind: Kind, subject: str) -> None:
        span = text.span(start, end)
        if span.end - span.start != end - start:
            self.unpinned(text, start, end, subject, _SPLIT)
        else:
            self.gathered.pin(span, anchor, kind, subject)

    def address(
        self, text: Text, start: int, end: int, wanted: Wanted, prefix: str, summed: Mapping[bytes, tuple[Span, ...]]
    ) -> None:
        """Judge `text.data[start:end]` as the URL of a release's file, or as the name of a file downloaded before.

        `summed` has the checksums beside files, by the names of the files.
        """
        file = text.data[start:end].rpartition(b"/")[2].replace(b"%2B", b"+")
        downloaded = file in self._downloaded or _RELEASE_OF_FILE.sub(b"", file).lower() in self.fetched
        found = release(text.data[start:end], wanted, downloaded=downloaded)
        if found is None:
            self._used(text, start, end, wanted)
            return
        spans = [text.span(start + begin, start + stop) for begin, stop in found.versions]
        lengths = {stop - begin for begin, stop in found.versions}
        guard = None
        if found.reason is not None or file in summed:
            digest = found.digest and (text.span(start + found.digest[0], start + found.digest[1]),)
            url = file_address(text.data[start:end], found.versions)
            guard = Guard(found.reason or BESIDE, digest or summed.get(file, ()), url)
        if found.reason is not None and not spans:
            self.gathered.unpinned(text.span(start, end), found.subject, found.reason)
        elif any(span.end - span.start not in lengths for span in spans):
            self.gathered.unpinned(text.span(start, end), found.subject, _SPLIT)
        else:
            bound = _BOUND.search(text.data, max(start - _LONGEST_NAME, 0), start)
            if bound:
                self.gathered.bindings[spans[0]] = bound["name"].decode("ascii")
            if b"://" in text.data[start:end]:
                self._downloaded.add(file)
                self.gathered.downloads[spans[0]] = file
                begin, stop = (start + each for each in found.versions[-1])
                if text.data[:end].endswith(file) and begin >= end - len(file) and ARCHIVE.match(file):
                    self.archives[file] = (begin - end + len(file), stop - end + len(file))
                anchor = f"{prefix}url {found.subject}"
            else:
                self.gathered.files[spans[0]] = file
                anchor = f"{prefix}file {found.subject}"
            self.gathered.pin(spans[0], anchor, Kind.URL, found.subject, tuple(spans[1:]), guard)

    def _used(self, text: Text, start: int, end: int, wanted: Wanted) -> None:
        """Add the variable that a wanted URL takes its version from."""
        reference = referred_in(text.data[start:end])
        found = release(reference[1], wanted) if reference else None
        if reference and found and found.versions and variable_of(reference[0], self._variables) is None:
            self.gathered.use(text.span(start, end), found.subject, reference[0], installs=True)

    def unpinned(
        self,
        text: Text,
        start: int,
        end: int,
        subject: str,
        reason: str,
        mark: Mark | None = None,
        anchor: str | None = None,
    ) -> None:
        """Add a place that fi-bump cannot move, and why; with an anchor it can once the lock records that."""
        self.gathered.unpinned(text.span(start, end), subject, reason, mark, anchor)

    def floor(self, text: Text, start: int, end: int, subject: str) -> None:
        """Add a range."""
        self.gathered.floor(text.span(start, end), subject, text.data[start:end].replace(b"\\", b""))


def _reason(value: bytes, kind: Kind) -> str:
    if is_commit(value):
        return "a commit, not a release"
    if kind is Kind.GIT_REF:
        return "not a release tag"
    return "a wildcard, not one version" if value.endswith(b".*") else "not a version"
