"""The results of a finder that reads commands and values: each span once, as a pin, an unpinned place or a floor."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from fi_bump.grammar import VERSION, LazyPattern, plain_span
from fi_bump.pins import (
    Floor,
    Found,
    Guard,
    Kind,
    Mark,
    Pin,
    Source,
    Span,
    Unpinned,
    VariableUse,
    make_pin,
    number_anchors,
)
from fi_bump.records import NamedTuple

# A label may contain references (`0.6.1+cu${CUDA}`): the public part is exact all the same.
_RELEASE = LazyPattern(
    rb"(?:===?\s*)?(?:(?:refs/)?tags/)?v?(?P<version>" + VERSION + rb")(?:\+[\w.${}-]*)?\Z", re.IGNORECASE
)
# What a release may begin with.
_BEGINS = frozenset([b"%c" % each for each in b"0123456789=vVrRtT"])
WRAPPING = b"\"'\\ \t\r\n"
_COMMIT = LazyPattern(rb"(?:[0-9]{40}|[0-9]*[a-f][0-9a-f]*)\Z", re.IGNORECASE)
_COMMIT_LENGTH = (7, 40)
TABLE = "a table of versions and checksums: add a row for the new version"
BESIDE = "its checksum is beside it; update both together"


def release_at(source: Source, span: Span) -> Span | None:
    """Return the span of the version if the text at `span` is one release (`V`, `vV`, `==V`), else None."""
    found = release_span(source.masked[slice(*span)])
    return Span(span.start + found[0], span.start + found[1]) if found else None


def release_span(value: bytes) -> tuple[int, int] | None:
    """Return the indices of the version if a value is one release (`V`, `vV`, `==V`, `refs/tags/V`), else None."""
    if value[:1] not in _BEGINS:
        return None
    found = None if (plain := plain_span(value)) else _RELEASE.match(value)
    return found.span("version") if found else plain


def is_commit(value: bytes) -> bool:
    """Whether a git ref is a commit hash: 40 hexadecimal digits, or at least 7 with a letter among them."""
    shortest, longest = _COMMIT_LENGTH
    return shortest <= len(value) <= longest and _COMMIT.match(value) is not None


def is_release(ref: str) -> bool:
    """Whether a git ref is a release tag, not a commit hash and not a plain number."""
    data = ref.encode("ascii")
    return "." in ref and release_span(data) is not None and not is_commit(data)


class ChecksumLink(NamedTuple):
    """A checksum of a downloaded file: its span, and what decides which file it is of.

    These are the span of the URL if the file writes it out, and the names of the variables that the URL refers to.
    `address` is the URL with `{version}` in place of a reference, where it has only one.
    """

    checksum: Span
    url: Span | None
    names: tuple[str, ...]
    address: str | None = None


class Gathered:
    """The pins, unpinned places and floors found so far in one file; a span that was added is not added again."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # The variables that contain checksums: the spans of the checksums by name.
        self.checksums: dict[str, Span] = {}
        # The checksums that belong to a download, whatever their names.
        self.links: list[ChecksumLink] = []
        # The names of the variables that contain URLs, by the span of the version in each URL.
        self.bindings: dict[Span, str] = {}
        # The names of the files that URLs and paths lead to, by the spans of the versions in them.
        self.downloads: dict[Span, bytes] = {}
        self.files: dict[Span, bytes] = {}
        # The versions in names of folders and files, which belong to the address or the variable before them.
        self.units: list[Span] = []
        self._pins: dict[Span, Pin] = {}
        self._unpinned: dict[Span, Unpinned] = {}
        self._floors: dict[Span, Floor] = {}
        self._uses: dict[Span, VariableUse] = {}

    def pin(
        self,
        span: Span,
        anchor: str,
        kind: Kind,
        subject: str,
        repeats: tuple[Span, ...] = (),
        guard: Guard | None = None,
    ) -> None:
        """Add the version at `span` as a pin."""
        if span not in self._pins:
            pin = make_pin(self.source, span.start, span.end, anchor, kind, subject)
            self._pins[span] = pin._replace(repeats=repeats, guard=guard) if repeats or guard else pin

    def unpinned(
        self, span: Span, subject: str, reason: str, mark: Mark | None = None, anchor: str | None = None
    ) -> None:
        """Add a place that fi-bump cannot move, and why; with an anchor it can once the lock records that."""
        self._unpinned.setdefault(
            span, Unpinned(source=self.source, span=span, subject=subject, reason=reason, mark=mark, anchor=anchor)
        )

    def use(self, span: Span, subject: str, variable: str, *, installs: bool) -> None:
        """Add a place that takes the version of `subject` from a variable."""
        self._uses.setdefault(span, VariableUse(self.source, span, subject, variable, installs))

    def table(self, rows: list[Span], subject: str) -> None:
        """Add a table of versions and checksums, by the spans of the versions in its rows."""
        table = Unpinned(
            source=self.source,
            span=rows[0],
            subject=subject,
            reason=TABLE,
            mark=Mark.HASH_NEEDED,
            rows=tuple(map(self.source.text, rows)),
        )
        self._unpinned.setdefault(rows[0], table)

    def floor(self, span: Span, subject: str, specifier: bytes) -> None:
        """Add a range; its specifier may contain blanks."""
        text = b"".join(specifier.split()).decode("ascii")
        self._floors.setdefault(span, Floor(self.source, span, subject, text))

    def found(self) -> Found:
        """Return everything in the order of the file, without the unpinned places that contain a pin."""
        links = _ChecksumLinks(self.links)
        pins = [self._guarded(pin, links) for pin in self._pins.values()]
        # The name of a file moves only if the URL that the file comes from does.
        guards = {self.downloads[pin.span]: pin.guard for pin in pins if pin.guard and pin.span in self.downloads}
        if guards:
            pins = [pin._replace(guard=pin.guard or guards.get(self.files.get(pin.span, b""))) for pin in pins]
        pins = self._with_units(pins)
        starts = sorted(span.start for pin in pins for span in (pin.span, *pin.repeats))
        unpinned = []
        for span in sorted(self._unpinned):
            inside = bisect_left(starts, span.start)
            if inside == len(starts) or starts[inside] >= span.end:
                unpinned.append(self._unpinned[span])
        floors = tuple(self._floors[span] for span in sorted(self._floors))
        uses = tuple(self._uses[span] for span in sorted(self._uses))
        return Found(number_anchors(pins), tuple(unpinned), floors, uses)

    def _with_units(self, pins: list[Pin]) -> list[Pin]:
        """Return the pins, each with the names of folders and files that contain its version.

        This name belongs to the last address, git release or variable before it, or else to the first one after it.
        """
        if not self.units:
            return pins
        taken = {span for pin in pins for span in (pin.span, *pin.repeats)}
        owners = sorted((pin for pin in pins if pin.kind is not Kind.REQUIREMENT), key=lambda pin: pin.span)
        starts = [pin.span.start for pin in owners]
        repeats: dict[Span, list[Span]] = {}
        for unit in sorted(set(self.units) - taken) if owners else ():
            owner = owners[max(bisect_right(starts, unit.start) - 1, 0)]
            if self.source.text(unit) == owner.version:
                repeats.setdefault(owner.span, []).append(unit)
        return [pin._replace(repeats=(*pin.repeats, *repeats.get(pin.span, ()))) for pin in pins]

    def _guarded(self, pin: Pin, known: _ChecksumLinks) -> Pin:
        """Return the pin, with a guard if a checksum belongs to it."""
        if pin.guard or not (self.checksums or self.links):
            return pin
        name = self.bindings.get(pin.span) or (
            re.split(r"[ /.]", pin.anchor)[-1] if pin.kind is Kind.VARIABLE else None
        )
        links = known.of(name, pin.span)
        if links:
            address = links[0].address or self._address(links[0].url, [pin.span, *pin.repeats])
            return pin._replace(guard=Guard(BESIDE, tuple({link.checksum: None for link in links}), address))
        if name is None:
            return pin
        # KIT_SHA256 belongs to KIT_VERSION and KIT_URL.
        stem = name.upper().rpartition("_")[0] + "_"
        beside = {each: span for each, span in self.checksums.items() if each.upper().startswith(stem)}
        if not beside:
            return pin
        reason = f"{next(iter(beside))} holds its checksum; update both together"
        return pin._replace(guard=Guard(reason, tuple(beside.values())))

    def _address(self, url: Span | None, spans: list[Span]) -> str | None:
        """Return the URL at a span with `{version}` at each of the spans in it."""
        if url is None or not all(_contains(url, span) for span in spans):
            return None
        value = self.source.masked[url.start : url.end]
        for start, end in sorted(spans, reverse=True):
            value = value[: start - url.start] + b"{version}" + value[end - url.start :]
        return value.decode("ascii")


class _ChecksumLinks:
    """The links of one file, by the variables that they refer to and by the spans of their URLs."""

    def __init__(self, links: list[ChecksumLink]) -> None:
        self._by_name: dict[str, list[ChecksumLink]] = {}
        self._by_url: dict[Span, list[ChecksumLink]] = {}
        for link in links:
            for name in link.names:
                self._by_name.setdefault(name, []).append(link)
            if link.url:
                self._by_url.setdefault(link.url, []).append(link)
        self._urls = sorted(self._by_url)

    def of(self, name: str | None, span: Span) -> list[ChecksumLink]:
        """Return the links that refer to a variable, or whose URL contains a span."""
        before = bisect_right(self._urls, span) - 1
        url = self._urls[before] if before >= 0 and _contains(self._urls[before], span) else None
        return [*(self._by_name.get(name, ()) if name else ()), *(self._by_url[url] if url else ())]


def _contains(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
