"""The results of a finder that reads commands and values: each span once, as a pin, an unpinned place or a floor."""

from __future__ import annotations

import re
from bisect import bisect_left

from fi_bump.grammar import VERSION, LazyPattern
from fi_bump.pins import Floor, Found, Kind, Mark, Pin, Source, Span, Unpinned, make_pin, number_anchors

# A label may contain references (`0.6.1+cu${CUDA}`): the public part is exact all the same.
RELEASE = LazyPattern(
    rb"(?:===?\s*)?(?:(?:refs/)?tags/)?v?(?P<version>" + VERSION + rb")(?:\+[\w.${}-]*)?\Z", re.IGNORECASE
)
WRAPPING = b"\"'\\ \t\r\n"
_COMMIT = LazyPattern(rb"(?:[0-9]{40}|[0-9]*[a-f][0-9a-f]*)\Z", re.IGNORECASE)
_COMMIT_LENGTH = (7, 40)


def is_commit(value: bytes) -> bool:
    """Whether a git ref is a commit hash: 40 hexadecimal digits, or at least 7 with a letter among them."""
    shortest, longest = _COMMIT_LENGTH
    return shortest <= len(value) <= longest and _COMMIT.match(value) is not None


def is_release(ref: str) -> bool:
    """Whether a git ref is a release tag, not a commit hash and not a plain number."""
    data = ref.encode("ascii")
    return "." in ref and RELEASE.match(data) is not None and not is_commit(data)


class Gathered:
    """The pins, unpinned places and floors found so far in one file; a span that was added is not added again."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # The names of the variables that contain checksums.
        self.checksums: list[str] = []
        # The names of the variables that contain URLs, by the span of the version in each URL.
        self.bindings: dict[Span, str] = {}
        self._pins: dict[Span, Pin] = {}
        self._unpinned: dict[Span, Unpinned] = {}
        self._floors: dict[Span, Floor] = {}

    def pin(self, span: Span, anchor: str, kind: Kind, subject: str, repeats: tuple[Span, ...] = ()) -> None:
        """Add the version at `span` as a pin."""
        if span not in self._pins:
            pin = make_pin(self.source, span.start, span.end, anchor, kind, subject)
            self._pins[span] = pin._replace(repeats=repeats) if repeats else pin

    def unpinned(self, span: Span, subject: str, reason: str, mark: Mark | None = None) -> None:
        """Add a place that fi-bump cannot move, and why."""
        self._unpinned.setdefault(
            span, Unpinned(source=self.source, span=span, subject=subject, reason=reason, version=None, mark=mark)
        )

    def hashed(self, span: Span, subject: str, reason: str) -> None:
        """Add a version that must not change without the hash beside it."""
        version = self.source.text(span)
        self._unpinned.setdefault(
            span,
            Unpinned(
                source=self.source, span=span, subject=subject, reason=reason, version=version, mark=Mark.HASH_NEEDED
            ),
        )

    def floor(self, span: Span, subject: str, specifier: bytes) -> None:
        """Add a range; its specifier may contain blanks."""
        text = b"".join(specifier.split()).decode("ascii")
        self._floors.setdefault(span, Floor(self.source, span, subject, text))

    def found(self) -> Found:
        """Return everything in the order of the file, without the unpinned places that contain a pin."""
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
        """Whether a checksum variable belongs to this pin (KIT_SHA256 to KIT_VERSION or KIT_URL); if so, report it."""
        if not self.checksums or not (pin.kind is Kind.VARIABLE or pin.span in self.bindings):
            return False
        name = (self.bindings.get(pin.span) or re.split(r"[ /.]", pin.anchor)[-1]).upper()
        stem = name.rpartition("_")[0] + "_"
        beside = next((each for each in self.checksums if each.upper().startswith(stem)), None)
        if beside is None:
            return False
        reason = f"{beside} holds its checksum; update both together"
        self.hashed(pin.span, pin.subject, reason)
        return True
