"""Mentions: lines with a version near a name of a group that are not pins. A person reviews them; none is an error."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from fi_bump.boundary.names import excluder
from fi_bump.grammar import VERSION, name_pattern, names_any
from fi_bump.lock import LOCK_NAME, Group, Lock
from fi_bump.pins import Mark, Pin, Source, Unpinned
from fi_bump.scanning import files
from fi_bump.scanning.scan import Scan, needles, read_quietly, wanted_by
from fi_bump.scanning.search import WordSearch

# The lock itself, and a source distribution's metadata, which the next build rewrites.
_WRITTEN = (LOCK_NAME, "PKG-INFO")
_LARGEST = 1_000_000
_WIDTH = 120
_DOCUMENTS = (".md", ".rst", ".adoc")
_PATCHES = (".patch", ".diff")
_LOCK_FILES = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "pipfile.lock", "conda-lock.yml")
# The name before a version: `NAME==`, `NAME_VERSION = "`.
_BOUND = re.compile(
    rb"([A-Za-z][\w.-]*)(?:\[[^\]\n]*\])?[ \t]*[=~!<>]=[ \t]*[\"']?\Z"
    rb"|(\w*version)[\"']?[ \t]*[?:+]?[=:][ \t]*[\"']?\Z",
    re.IGNORECASE,
)
_LONGEST_NAME = 100
_VERSION = re.compile(r"[0-9]+\.[0-9][\w.]*")
# The body of a pull request, from report/change/pull_request.py: it contains versions, and each change rewrites it.
_BODY = re.compile(rb"## [^\n]+\n\n[0-9]+ pins? in [0-9]+ files?, (?:in step|[0-9]+ findings? of fi-bump check);")
_COMMENT = re.compile(rb"\s*(?:#|//|/\*|\*|;|--\s|<!--)")


class Mention(NamedTuple):
    """A line with a version; `kind` is a `Mark`'s value, or `comment`, `doc`, `patch` or `text`."""

    path: str
    line: int
    kind: str
    version: str
    text: str


def of_version(
    root: str,
    lock: Lock,
    group: Group,
    old: str,
    scan: Scan,
    moved: Container[Pin] = (),
    written: Mapping[str, bytes] | None = None,
) -> list[Mention]:
    """Return each line with the old version and a name of the group on it or on one of the two lines before.

    Left out are lines with a pin that the scan found and that was not `moved`, binary files, and files over 1 MB.
    Places with a finder's mark are added whatever version they have, except a lock file's entry at the group's version.
    `written` are files that count with other bytes than those on disk.
    """
    literal = old.encode()
    version = re.compile(rb"(?<![0-9A-Za-z.])v?(" + re.escape(literal) + rb")(?![0-9A-Za-z]|\.[0-9A-Za-z])")
    words = needles(wanted_by((group,)))
    found = []
    for on_disk in _sources(root, lock, (literal.lower(),)):
        source = Source(on_disk.path, written[on_disk.path]) if written and on_disk.path in written else on_disk
        # Python finds a fixed text many times faster than a pattern that starts with an optional letter, and few files
        # contain the version.
        if literal not in source.data:
            continue
        for match in version.finditer(source.data):
            bound = _BOUND.search(source.data, max(match.start() - _LONGEST_NAME, 0), match.start())
            if bound and not names_any(bound[0], words) and bound[0].lower()[:7] != b"version":
                continue  # `torchcodec==0.6.1` beside a pin of 0.6.1 is the version of another package.
            if names_any(_near(source, match.start(), match.end()), words):
                found.append(_mention(source, match.start(1), old))
    return _without(found, group, scan, moved)


def to_look_at(
    root: str,
    lock: Lock,
    group: Group,
    old: str,
    scan: Scan,
    moved: Container[Pin],
    written: Mapping[str, bytes] | None = None,
) -> list[Mention]:
    """Return the mentions to review after a move from `old`, without lock files, which get a command instead."""
    found = of_version(root, lock, group, old, scan, moved, written)
    return [mention for mention in found if mention.kind != Mark.LOCK_FILE.value]


def of_others(root: str, lock: Lock, group: Group, scan: Scan) -> list[Mention]:
    """Return each line on which a version other than the lock's follows a package name or variable of the group.

    It leaves out and adds the same lines as `of_version`.
    """
    names = [name_pattern(member.name) for member in group.packages]
    names += [re.escape(name.encode()) for name in group.variables]
    names += [re.escape(name.rpartition("/")[2].encode()) for name in group.repositories]
    # Between name and version may be operators, quotes, blanks, a word such as `version`, but no digit: the first
    # number counts.
    named = re.compile(
        rb"(?<![A-Za-z0-9])(?:" + b"|".join(sorted(names, reverse=True)) + rb")(?![A-Za-z0-9])"
        rb"[^0-9\n]{1,24}?(?<![0-9A-Za-z.])v?(" + VERSION + rb")(?![0-9A-Za-z]|[.+-][0-9A-Za-z])",
        re.IGNORECASE,
    )
    found = []
    words = needles(wanted_by((group,)))
    for source in _sources(root, lock, words):
        for match in _in_lines(named, source, words):
            text = match[1].decode("ascii")
            # A number without a dot is a count or a CUDA version more often than a release.
            if "." in text and not _same(text, group.version):
                found.append(_mention(source, match.start(1), text))
    return _without(found, group, scan)


def _same(text: str, version: str) -> bool:
    from fi_bump.versions import same_version

    return same_version(text, version)


def _sources(root: str, lock: Lock, words: tuple[bytes, ...]) -> Iterator[Source]:
    """Yield every text file that may contain one of the lower-case words, by path."""
    search = WordSearch(root, words)
    paths = sorted(path for path in files.walk(root, excluder(lock.exclude)) if path not in _WRITTEN)
    for path in paths:
        search.add(path)
    for path in sorted(search.maybe()):
        source = read_quietly(root, path, recorded=False)
        if source is None or len(source.data) > _LARGEST or b"\0" in source.data or _BODY.match(source.data):
            continue
        yield source


def _in_lines(pattern: re.Pattern[bytes], source: Source, words: tuple[bytes, ...]) -> Iterator[re.Match[bytes]]:
    """Yield the matches of a pattern that matches within one line, which contains one of the lower-case words."""
    lines: set[int] = set()
    for word in words:
        place = source.lowered.find(word)
        while place >= 0:
            lines.add(source.data.rfind(b"\n", 0, place) + 1)
            end = source.data.find(b"\n", place)
            place = source.lowered.find(word, end) if end >= 0 else -1
    for start in sorted(lines):
        end = source.data.find(b"\n", start)
        yield from pattern.finditer(source.data, start, end if end >= 0 else len(source.data))


def _near(source: Source, start: int, end: int) -> bytes:
    """Return the line around a place and the two lines before it."""
    before = source.data.rfind(b"\n", 0, start) + 1
    for _ in range(2):
        before = source.data.rfind(b"\n", 0, max(before - 1, 0)) + 1
    line_end = source.data.find(b"\n", end)
    return source.data[before : line_end if line_end >= 0 else None]


def _mention(source: Source, offset: int, version: str) -> Mention:
    line = source.line(offset)
    start = source.data.rfind(b"\n", 0, offset) + 1
    return Mention(
        source.path, source.position(offset)[0], _kind(source.path, line), version, _excerpt(line, offset - start)
    )


def _excerpt(line: bytes, offset: int) -> str:
    """Return the line, or the part of it around `offset` that fits on a terminal."""
    text = line.decode("utf-8", "replace").strip()
    if len(text) <= _WIDTH:
        return text
    begin = max(len(line[:offset].decode("utf-8", "replace").lstrip()) - _WIDTH // 2, 0)
    end = begin + _WIDTH
    return ("…" if begin else "") + text[begin:end].strip() + ("…" if end < len(text) else "")


def _kind(path: str, line: bytes) -> str:
    name = path.rpartition("/")[2].lower()
    if name in _LOCK_FILES:
        return "lock file"
    if name.endswith(_DOCUMENTS):
        return "doc"
    if name.endswith(_PATCHES):
        return "patch"
    if _COMMENT.match(line):
        return "comment"
    return "image tag" if re.match(rb"\s*(?:FROM|image:)\s", line, re.IGNORECASE) else "text"


def _without(found: list[Mention], group: Group, scan: Scan, moved: Container[Pin] = ()) -> list[Mention]:
    """Deduplicate by line, prefer the finder's mark, and drop lines that hold an unmoved pin."""
    pins = [pin for pin in scan.pins if pin not in moved]
    pinned = {(pin.source.path, pin.place.line) for pin in pins}
    places = [place for place in scan.unpinned if place.mark and place.subject in group.subjects]
    lines = {(each.path, each.line): each for each in reversed(found)}
    marked = {(each.path, each.line): each for each in map(_marked, reversed(places))}
    in_step = {
        (place.source.path, place.place.line)
        for place in places
        if (place.mark is Mark.LOCK_FILE and _same(place.version or "", group.version))
        or any(_same(row, group.version) for row in place.rows)
    }
    return sorted(each for at, each in (lines | marked).items() if at not in pinned and at not in in_step)


def _marked(place: Unpinned) -> Mention:
    text = place.version or place.source.text(place.span)
    version = _VERSION.search(text)
    mention = _mention(place.source, place.span.start, version[0] if version else text)
    return mention._replace(kind=place.mark.value) if place.mark else mention
