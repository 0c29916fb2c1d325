"""What finders of commands and values gather: each place once, as a pin, an unpinned place or a floor."""

from __future__ import annotations

import re
from bisect import bisect_left

from fi_bump.grammar import VERSION, LazyPattern
from fi_bump.pins import Floor, Found, Kind, Mark, Pin, Source, Span, Unpinned, make_pin, number_anchors

# A label may hold references (`0.6.1+cu${CUDA}`): the public part is exact all the same.
RELEASE = LazyPattern(
    rb"(?:===?\s*)?(?:(?:refs/)?tags/)?v?(?P<version>" + VERSION + rb")(?:\+[\w.${}-]*)?\Z", re.IGNORECASE
)
WRAPPING = b"\"'\\ \t\r\n"
_COMMIT = LazyPattern(rb"(?:[0-9]{40}|[0-9]*[a-f][0-9a-f]*)\Z", re.IGNORECASE)
_COMMIT_LENGTH = (7, 40)


def is_commit(value: bytes) -> bool:
    """Whether a git ref is a commit's name: forty digits, or fewer with a letter among them."""
    shortest, longest = _COMMIT_LENGTH
    return shortest <= len(value) <= longest and _COMMIT.match(value) is not None


def is_release(ref: str) -> bool:
    """Whether a git ref is a release's tag, and not a commit or a mere number."""
    data = ref.encode("ascii")
    return "." in ref and RELEASE.match(data) is not None and not is_commit(data)


class Gathered:
    """The pins, unpinned places and floors met so far in one source; a place taken once is not taken again."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # The names of variables that hold checksums.
        self.checksums: list[str] = []
        # The variables that hold addresses, by the places of their versions.
        self.bindings: dict[Span, str] = {}
        self._pins: dict[Span, Pin] = {}
        self._unpinned: dict[Span, Unpinned] = {}
        self._floors: dict[Span, Floor] = {}

    def pin(self, span: Span, anchor: str, kind: Kind, subject: str, repeats: tuple[Span, ...] = ()) -> None:
        """Take a version."""
        if span not in self._pins:
            pin = make_pin(self.source, span.start, span.end, anchor, kind, subject)
            self._pins[span] = pin._replace(repeats=repeats) if repeats else pin

    def unpinned(self, span: Span, subject: str, reason: str, mark: Mark | None = None) -> None:
        """Report a place that cannot be moved."""
        self._unpinned.setdefault(span, Unpinned(self.source, span, subject, reason, None, mark))

    def hashed(self, span: Span, subject: str, reason: str) -> None:
        """Report a version that must not change without the hash beside it."""
        version = self.source.text(span)
        self._unpinned.setdefault(span, Unpinned(self.source, span, subject, reason, version, Mark.HASH_NEEDED))

    def floor(self, span: Span, subject: str, specifier: bytes) -> None:
        """Report a range; the specifier may have blanks."""
        text = b"".join(specifier.split()).decode("ascii")
        self._floors.setdefault(span, Floor(self.source, span, subject, text))

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
        """Whether KIT_SHA256 stands beside this KIT_VERSION or KIT_URL; then both change or neither: it is reported."""
        if not self.checksums or not (pin.kind is Kind.VARIABLE or pin.span in self.bindings):
            return False
        name = (self.bindings.get(pin.span) or re.split(r"[ /.]", pin.anchor)[-1]).upper()
        stem = name.rpartition("_")[0] + "_"
        beside = next((each for each in self.checksums if each.upper().startswith(stem)), None)
        if beside is None:
            return False
        reason = f"{beside} holds its checksum, and both must change together"
        self.hashed(pin.span, pin.subject, reason)
        return True
