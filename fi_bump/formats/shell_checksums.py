"""Which checksums in commands belong to which downloads: `curl -o f URL && echo "DIGEST  f" | sha256sum -c`.

A checksum belongs to the file of its name, if one of the URLs leads to it, else to the last URL before it, and that of
an option (`ADD --checksum=sha256:DIGEST URL`) to the next URL. A variable that contains a checksum counts at the places
that refer to it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from fi_bump.formats.shared.gathered import ChecksumLink, Gathered
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.searches import Searched
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Span
from fi_bump.records import NamedTuple

_NAME = LazyPattern(
    rb"(?<![\w$-])(?P<name>(?:\w*_)?(?:SHA|CHECKSUM|DIGEST|HASH)\w*)=[\\\"']{0,2}"
    rb"(?P<digest>(?:sha[0-9]{3}[-:])?[0-9a-f]{64,128}(?![0-9a-z]))",
    re.IGNORECASE,
)
_SUM_NAME = LazyPattern(rb"(?:\w*_)?(?:SHA|CHECKSUM|DIGEST|HASH)\w*\Z", re.IGNORECASE)
_VALUE = LazyPattern(rb"[\s\\\"']*((?:sha[0-9]{3}[-:=])?[0-9a-f]{64,128})[\s\"']*\Z", re.IGNORECASE)
_DIGEST = LazyPattern(
    rb"(?<![0-9A-Za-z])(?:[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})(?![0-9A-Za-z])"
    rb"|\$\{?(?P<name>\w*(?:sha|sum|digest|hash)\w*)\}?",
    re.IGNORECASE,
)
# What names an image, or an option of pip, has a checksum of another thing.
_OTHER = LazyPattern(rb"(?:@sha[0-9]{3}:|#\w+=|--hash[= ]\w+:|/)\Z")
# The name of the file in a line of sha256sum's output, or in the text of a command that compares a checksum.
_FILE = LazyPattern(rb"[ \t]+\*?(?:[^\s\"'`;|&()<>]{0,300}/)?(?P<file>[^\s\"'`;|&()<>/]{1,300})")
# A URL, or a variable whose name says that it contains one.
_URL = LazyPattern(
    rb"(?:https?|ftp)://(?:\$?\{\{?[^{}\n]{0,200}\}?\}|[^\s\"'`;|&()<>\\{}])+|\$\{?(?P<name>\w*(?:URL|LINK)\w*)\}?",
    re.IGNORECASE,
)
_REFERENCE = LazyPattern(rb"\$(?:(?P<name>\w+)|\{(?P<braced>\w+)[^{}]*\}|\{\{[^{}]*?(?P<key>\w+)[ \t]*\}\})")
_OPTION = LazyPattern(rb"--checksum[= ][\"']?(?:sha[0-9]{3}:)?\Z")
_BEFORE = 24
# Every checksum that is written out contains this; most texts have none, and this is found soonest.
_WRITTEN = LazyPattern(rb"[0-9a-fA-F]{64}")


class _Url(NamedTuple):
    """A URL in a text: its indices, and the name of the variable if it is a reference."""

    start: int
    end: int
    name: str


class ChecksumReader:
    """Reads the texts of one file in order.

    With `steps`, the texts are steps of one script: a checksum in a step without a URL belongs to the last URL before.
    """

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._last: tuple[Text, _Url] | None = None
        # The texts after that of the last URL that were not searched for URLs, because no checksum was known.
        self._waiting: list[Callable[[], Text]] = []

    def read(self, text: Text, *, steps: bool = False) -> None:
        """Add the checksums in a text, those of variables and those that belong to a download."""
        if self._may_wait(text):
            self._waiting.append(lambda: text)
            return
        for each in reversed(self._waiting):
            earlier = each()
            if urls := _urls(earlier):
                self._last = (earlier, urls[-1])
                break
        self._waiting.clear()
        set_here = set()
        for match in _NAME.finditer(text.data):
            span = text.span(*match.span("digest"))
            self._gathered.checksums.setdefault(match["name"].decode("ascii"), span)
            set_here.add(match.end())
        urls = _urls(text)
        ends = [url.end for url in urls]
        files = {text.data[url.start : url.end].rpartition(b"/")[2]: url for url in reversed(urls)}
        for match in _DIGEST.finditer(text.data) if urls or steps else ():
            if match.end() in set_here or _OTHER.search(text.data, max(match.start() - _BEFORE, 0), match.start()):
                continue
            name = (match["name"] or b"").decode("ascii")
            checksum = self._gathered.checksums.get(name) if name else text.span(*match.span())
            file = _FILE.match(text.data, match.end())
            # The number of URLs that end before the checksum, and so the index of the next one.
            passed = bisect_right(ends, match.start())
            if _OPTION.search(text.data, max(match.start() - _BEFORE, 0), match.start()):
                url = urls[passed] if passed < len(urls) else None
            else:
                url = files.get(file["file"] if file else b"") or (urls[passed - 1] if passed else None)
            where = (text, url) if url else self._last if steps else None
            if checksum is not None and where is not None:
                self._gathered.links.append(_link(*where, checksum, file["file"] if file else b""))
        self._last = (text, urls[-1]) if urls else self._last

    def read_searched(self, searched: Searched) -> None:
        """Read a step whose searches need not be known if there is no checksum."""
        if self._may_wait(searched.whole):
            self._waiting.append(lambda: searched.text)
        else:
            self.read(searched.text, steps=True)

    def _may_wait(self, text: Text) -> bool:
        return not self._gathered.checksums and not _WRITTEN.search(text.data)

    def variable(self, text: Text, name: bytes, start: int, end: int) -> None:
        """Add `text.data[start:end]` if the variable `name` contains a checksum: `KIT_SHA256 := DIGEST` in make."""
        digest = _VALUE.match(text.data[start:end])
        if digest and _SUM_NAME.match(name):
            span = text.span(start + digest.start(1), start + digest.end(1))
            self._gathered.checksums.setdefault(name.decode("ascii"), span)

    def of_url(self, text: Text, checksum: Span) -> None:
        """Add a checksum that belongs to the URL that the whole text is."""
        self._gathered.links.append(_link(text, _Url(0, len(text.data), ""), checksum, b""))


def _urls(text: Text) -> list[_Url]:
    """Return the URLs in a text, and the references to variables that contain one."""
    return [_Url(*match.span(), (match["name"] or b"").decode("ascii")) for match in _URL.finditer(text.data)]


def _link(text: Text, url: _Url, checksum: Span, file: bytes) -> ChecksumLink:
    address = text.data[url.start : url.end]
    references = [*_REFERENCE.finditer(address), *_REFERENCE.finditer(file)]
    names = {(match["name"] or match["braced"] or match["key"]).decode("ascii"): None for match in references}
    if url.name:
        return ChecksumLink(checksum, None, tuple(names))
    template = None
    if len(names) == 1 and b"://" in address:
        template = _REFERENCE.sub(b"{version}", address).decode("ascii", "replace")
    return ChecksumLink(checksum, text.span(url.start, url.end), tuple(names), template)
