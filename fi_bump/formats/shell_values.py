"""What is gathered from shell commands and Dockerfiles: one value in, a pin, an unpinned place or nothing out."""

from __future__ import annotations

import re
from bisect import bisect_left

from fi_bump.formats.shell_text import Text
from fi_bump.grammar import VERSION, LazyPattern
from fi_bump.pins import Floor, Found, Kind, Pin, Source, Span, Unpinned, make_pin, number_anchors

# A label may hold references (`0.6.1+cu${CUDA}`): the public part is exact all the same.
_RELEASE = LazyPattern(
    rb"(?:===?\s*)?(?:(?:refs/)?tags/)?v?(?P<version>" + VERSION + rb")(?:\+[\w.${}-]*)?\Z", re.IGNORECASE
)
_DEFAULT = LazyPattern(rb"\$\{\w+:?[-=](?P<value>.*)\}\Z", re.DOTALL)
_COMMIT = LazyPattern(rb"[0-9]*[a-f][0-9a-f]*\Z", re.IGNORECASE)
_WRAPPING = b"\"'\\ \t\r\n"
_COMMIT_LENGTH = (7, 40)


def _is_commit(value: bytes) -> bool:
    shortest, longest = _COMMIT_LENGTH
    return shortest <= len(value) <= longest and (len(value) == longest or _COMMIT.match(value) is not None)


class Gathered:
    """The pins, unpinned places and floors met so far in one source; a place taken once is not taken again."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # The names of variables that hold checksums.
        self.checksums: list[str] = []
        self._pins: dict[Span, Pin] = {}
        self._unpinned: dict[Span, Unpinned] = {}
        self._floors: dict[Span, Floor] = {}

    @staticmethod
    def is_release(ref: str) -> bool:
        """Whether a git ref is a release's tag, and not a commit or a mere number."""
        data = ref.encode("ascii")
        return "." in ref and _RELEASE.match(data) is not None and not _is_commit(data)

    def value(self, text: Text, start: int, end: int, anchor: str, kind: Kind, subject: str) -> None:
        """Judge `text.data[start:end]`, quotes and all, as the version of `subject`.

        An empty value and a reference are nothing; the default inside a reference (`${X:-0.6.1}`) is judged instead.
        """
        while start < end and text.data[start] in _WRAPPING:
            start += 1
        while start < end and text.data[end - 1] in _WRAPPING:
            end -= 1
        value = text.data[start:end]
        release = _RELEASE.match(value)
        if release and not _is_commit(value):
            self._release(text, start + release.start("version"), start + release.end("version"), anchor, kind, subject)
            return
        default = _DEFAULT.match(value)
        if default:
            self.value(text, start + default.start("value"), start + default.end("value"), anchor, kind, subject)
        elif value and not any(mark in value for mark in (b"$", b"`")):
            self.unpinned(text, start, end, subject, _reason(value, kind))

    def _release(self, text: Text, start: int, end: int, anchor: str, kind: Kind, subject: str) -> None:
        span = text.span(start, end)
        if span.end - span.start != end - start:
            self.unpinned(text, start, end, subject, "the version is split over lines")
        elif span not in self._pins:
            self._pins[span] = make_pin(self.source, span.start, span.end, anchor, kind, subject)

    def unpinned(self, text: Text, start: int, end: int, subject: str, reason: str) -> None:
        """Report a place that cannot be moved."""
        span = text.span(start, end)
        self._unpinned.setdefault(span, Unpinned(self.source, span, subject, reason))

    def floor(self, text: Text, start: int, end: int, subject: str) -> None:
        """Report a range; the specifier is the text without blanks."""
        span = text.span(start, end)
        specifier = b"".join(text.data[start:end].replace(b"\\", b"").split()).decode("ascii")
        self._floors.setdefault(span, Floor(self.source, span, subject, specifier))

    def found(self) -> Found:
        """Everything in the order of the file. An unpinned place with a pin inside it is left out."""
        pins = [pin for pin in self._pins.values() if not self._bound_to_checksum(pin)]
        starts = sorted(pin.span.start for pin in pins)
        unpinned = []
        for span in sorted(self._unpinned):
            inside = bisect_left(starts, span.start)
            if inside == len(starts) or starts[inside] >= span.end:
                unpinned.append(self._unpinned[span])
        floors = tuple(self._floors[span] for span in sorted(self._floors))
        return Found(number_anchors(pins), tuple(unpinned), floors)

    def _bound_to_checksum(self, pin: Pin) -> bool:
        """Whether KIT_SHA256 stands beside this KIT_VERSION; then both change or neither, so it is reported."""
        name = re.split(r"[ /]", pin.anchor)[-1].upper()
        stem = name.rpartition("_")[0] + "_"
        beside = next((each for each in self.checksums if each.upper().startswith(stem)), None)
        if beside is None or pin.kind is not Kind.VARIABLE:
            return False
        reason = f"{beside} holds its checksum, and both must change together"
        self._unpinned[pin.span] = Unpinned(self.source, pin.span, pin.subject, reason, pin.version)
        return True


def _reason(value: bytes, kind: Kind) -> str:
    if _is_commit(value):
        return "a commit, not a release"
    if kind is Kind.GIT_REF:
        return "not a release tag"
    return "a wildcard, not one version" if value.endswith(b".*") else "not a version"
