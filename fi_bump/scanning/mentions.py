"""Mentions: lines with a version near a name of a group that are not pins. A person reviews them; none is an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from fi_bump.grammar import names_any
from fi_bump.lock.records import Group, Lock
from fi_bump.pins import Mark, Pin, Source, Unpinned
from fi_bump.scanning.mention_files import LOCK_FILES, MentionFiles
from fi_bump.scanning.mention_rules import (
    Rules,
    in_same_comment,
    is_distinctive,
    is_quantity,
    of_another,
    others,
    rules_of,
    with_version,
)
from fi_bump.scanning.scan import Scan

_WIDTH = 120
_DOCUMENTS = (".md", ".rst", ".adoc")
_PATCHES = (".patch", ".diff")
# Lock files whose entries are versions of other packages, mostly.
_RESOLVED = (*LOCK_FILES, "cargo.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "go.sum", "pixi.lock")
# What makes a version another one: 0.6.1.post2 is not 0.6.1.
_LONGER = rb"[-_.](?:post|dev|rc)(?![A-Za-z]))"
_VERSION = re.compile(r"[0-9]+\.[0-9][\w.]*")
# The lines of a comment below one with a name of the group, in which a version may be without it.
_COMMENT_LINES = 4
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
    moved: Iterable[Pin] = (),
    written: Mapping[str, bytes] | None = None,
    among: MentionFiles | None = None,
) -> list[Mention]:
    """Return each line with the old version of a group.

    A name of the group is on the line or on one of the two lines before, or the version needs none: it is distinctive,
    no other group has it, and nothing binds it to another package. Left out are lines with a pin that the scan found
    and that was not `moved`, binary files, and files over 1 MB. Places with a finder's mark are added whatever version
    they have, except a lock file's entry at the group's version. `written` are files that count with other bytes than
    those on disk, and `among` those of `files_ahead`.
    """
    rules = rules_of(group)
    search = _search_for(old, lock, group)
    with among or MentionFiles(root, lock, search.words) as chosen:
        found = [each for source in chosen.sources(written) for each in _with_version(source, search, rules)]
    return _without(found, group, scan, moved)


def files_ahead(root: str, lock: Lock, groups: Iterable[Group], scan: Scan | None = None) -> MentionFiles:
    """Return the files that may mention the versions of some groups, for `of_version` after something else is done.

    A `scan` for the words of `words_of_versions` makes this faster.
    """
    return MentionFiles(root, lock, words_of_versions(lock, groups), scan.worded if scan is not None else None)


def words_of_versions(lock: Lock, groups: Iterable[Group]) -> tuple[bytes, ...]:
    """Return the words of which each file has one that mentions the version of one of the groups."""
    return tuple(sorted({word for group in groups for word in _search_for(group.version, lock, group).words}))


def _with_version(source: Source, search: _Search, rules: Rules) -> Iterator[Mention]:
    """Yield every line of a file with a version, as far as it is a version of the group."""
    # Python finds a fixed text many times faster than a pattern that starts with an optional letter, and few files
    # contain the version.
    if search.words[0] in source.lowered:
        alone = search.alone and source.path.rpartition("/")[2].lower() not in _RESOLVED
        for start in _literal(source, search, rules, alone):
            yield _mention(source, start, search.version)
    if search.words[-1] in source.lowered:
        for start, line in _lines_with(source, search.words[-1:]):
            for number in with_version(line, rules, search.version):
                yield _mention(source, start + number.start, number.version)


class _Search(NamedTuple):
    """A version to look for: its pattern, the words of which a file has one, and whether it needs no name beside it."""

    version: str
    pattern: re.Pattern[bytes]
    words: tuple[bytes, ...]
    alone: bool


def _search_for(version: str, lock: Lock, group: Group) -> _Search:
    literal = version.encode()
    alone = is_distinctive(version) and all(each.version != version or each.name == group.name for each in lock.groups)
    # A word may be right before a distinctive version, as in the image `engine:fi0.6.8.post1`.
    before = rb"(?:(?<![0-9A-Za-z.])v?|(?<=[A-Za-z]{2}))" if alone else rb"(?<![0-9A-Za-z.])v?"
    pattern = re.compile(before + rb"(" + re.escape(literal) + rb")(?![0-9A-Za-z]|\.[0-9]|" + _LONGER)
    # 2.13.0 is also written as 2.13.
    short = literal.removesuffix(b".0") if literal.count(b".") == 2 else literal
    return _Search(version, pattern, (literal.lower(), short.lower()), alone)


def _literal(source: Source, search: _Search, rules: Rules, alone: bool) -> Iterator[int]:
    """Yield where the version is in a text as a version of the group."""
    for match in search.pattern.finditer(source.data):
        start, end = match.span(1)
        if of_another(source.data, match.start(), end, rules) or is_quantity(source.data, start):
            continue
        if alone or names_any(_near(source, start, end), rules.words):
            yield start


def to_look_at(
    root: str,
    lock: Lock,
    group: Group,
    old: str,
    scan: Scan,
    moved: Iterable[Pin],
    written: Mapping[str, bytes] | None = None,
    among: MentionFiles | None = None,
) -> list[Mention]:
    """Return the mentions to review after a move from `old`, without lock files, which get a command instead."""
    found = of_version(root, lock, group, old, scan, moved, written, among)
    return [mention for mention in found if mention.kind != Mark.LOCK_FILE.value]


def of_others(root: str, lock: Lock, scan: Scan, earlier: Mapping[str, Iterable[str]]) -> list[Mention]:
    """Return each line that names a version of a group and is not a pin, group by group.

    That is another version than the lock's beside a name of the group, unless it is a bound that the lock satisfies;
    the lock's own version, since the next move leaves it behind; and one of the `earlier` versions of the group. It
    leaves out and adds the same lines as `of_version`.
    """
    looks = [(group, rules_of(group), [*_searches(lock, group, earlier)]) for group in lock.groups]
    words = words_of_others(lock, earlier)
    found: dict[str, list[Mention]] = {group.name: [] for group in lock.groups}
    # One pass for all groups and versions: reading the tree takes longer than what is looked for in it.
    with MentionFiles(root, lock, words, scan.worded) as chosen:
        for source in chosen.sources():
            for group, rules, searches in looks:
                found[group.name] += [_mention(source, start, text) for start, text in _others(source, rules)]
                for search in searches:
                    found[group.name] += _with_version(source, search, rules)
    return [mention for group in lock.groups for mention in _without(found[group.name], group, scan)]


def words_of_others(lock: Lock, earlier: Mapping[str, Iterable[str]]) -> tuple[bytes, ...]:
    """Return the words of which each file has one in which `of_others` finds something; see `files_ahead`."""
    words: set[bytes] = set()
    for group in lock.groups:
        words.update(rules_of(group).words, *(search.words for search in _searches(lock, group, earlier)))
    return tuple(sorted(words))


def _searches(lock: Lock, group: Group, earlier: Mapping[str, Iterable[str]]) -> Iterator[_Search]:
    for version in dict.fromkeys((group.version, *earlier.get(group.name, ()))):
        yield _search_for(version, lock, group)


def earlier_versions(lock: Lock, locks: Iterable[bytes]) -> dict[str, tuple[str, ...]]:
    """Return the versions that each group of a lock had in earlier locks, without its present one."""
    from fi_bump.errors import LockError
    from fi_bump.lock.reading import load

    found: dict[str, dict[str, None]] = {group.name: {} for group in lock.groups}
    for data in locks:
        try:
            groups = load(data).groups
        except LockError:
            continue  # fi-bump could not read the lock of that commit either
        for group in groups:
            found.setdefault(group.name, {})[group.version] = None
    return {group.name: tuple(each for each in found[group.name] if each != group.version) for group in lock.groups}


def _same(text: str, version: str) -> bool:
    from fi_bump.versions import same_version

    return same_version(text, version)


def _others(source: Source, rules: Rules) -> Iterator[tuple[int, str]]:
    """Yield the other versions on each line that contains one of the lower-case words, or is the next line after it."""
    end = -1
    for start, line in _lines_with(source, rules.words):
        if end >= 0 and start > end + 1:
            yield from _below(source, end, rules)
        yield from ((start + number.start, number.version) for number in others(line, rules))
        end = start + len(line)
    if end >= 0:
        yield from _below(source, end, rules)


def _below(source: Source, end: int, rules: Rules) -> Iterator[tuple[int, str]]:
    """Yield the other versions in what belongs to the line that ends at `end`.

    That is the line after it, if it describes the same entry, or the next lines of the same comment.
    """
    above = source.data[source.data.rfind(b"\n", 0, end) + 1 : end]
    is_comment = _COMMENT.match(above) is not None
    for _ in range(_COMMENT_LINES if is_comment else 1):
        start = end + 1
        end = source.data.find(b"\n", start)
        line = source.data[start : end if end >= 0 else None]
        if is_comment and not _COMMENT.match(line):
            return
        found = in_same_comment(line, rules) if is_comment else others(line, rules, above)
        yield from ((start + number.start, number.version) for number in found)
        if end < 0:
            return


def _lines_with(source: Source, words: tuple[bytes, ...]) -> Iterator[tuple[int, bytes]]:
    """Yield each line that contains one of the lower-case words, and where it starts."""
    starts: set[int] = set()
    for word in words:
        place = source.lowered.find(word)
        while place >= 0:
            starts.add(source.data.rfind(b"\n", 0, place) + 1)
            end = source.data.find(b"\n", place)
            place = source.lowered.find(word, end) if end >= 0 else -1
    for start in sorted(starts):
        end = source.data.find(b"\n", start)
        yield start, source.data[start : end if end >= 0 else None]


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
    if name in LOCK_FILES:
        return "lock file"
    if name.endswith(_DOCUMENTS):
        return "doc"
    if name.endswith(_PATCHES):
        return "patch"
    if _COMMENT.match(line):
        return "comment"
    return "image tag" if re.match(rb"\s*(?:FROM|image:)\s", line, re.IGNORECASE) else "text"


def _without(found: list[Mention], group: Group, scan: Scan, moved: Iterable[Pin] = ()) -> list[Mention]:
    """Deduplicate by line, prefer the finder's mark, and drop lines that hold an unmoved pin."""
    gone = frozenset(moved)
    pins = [pin for pin in scan.pins if pin not in gone]
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
