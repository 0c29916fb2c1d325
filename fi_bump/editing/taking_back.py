"""What a change replaced in a file, and how to take it back, also after somebody edited other lines of the file.

A record has the old lines, and of the new file only a short checksum of each line: a record must not become a second
copy of a file that may contain secrets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from fi_bump.editing.contents import digest, split_lines

# Above these sizes lines are not compared one by one: a larger part counts as one hunk, or cannot be found again.
_MOST_LINES = 50_000
_MOST_COMPARED = 4_000_000
CHECKSUM = 6


class ReplacedLines(NamedTuple):
    """Lines that a change replaced: the index of the first one in the new file, how many, and the old bytes."""

    start: int
    size: int
    old: bytes


class Replaced(NamedTuple):
    """What a change did to one file.

    `old` and `new` are the SHA-256 of its bytes, `old` None for a file that the change made. `lines` are the checksums
    of the new file's lines, None for a file with too many.
    """

    path: str
    old: str | None
    new: str
    lines: tuple[bytes, ...] | None
    hunks: tuple[ReplacedLines, ...]


class Touched(Exception):
    """Somebody edited a line of the change since. `line` is its number in the file as it is now, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def replaced(path: str, old: bytes | None, new: bytes) -> Replaced:
    """Return what a change of a file's bytes replaced."""
    lines = split_lines(new)
    checksums = tuple(map(_checksum, lines)) if len(lines) <= _MOST_LINES else None
    hunks = () if old is None else tuple(_hunks(split_lines(old), lines))
    return Replaced(path, digest(old), digest(new), checksums, hunks)


def taken_back(change: Replaced, now: bytes | None) -> bytes | None:
    """Return the bytes of the file without the change, None if there was no file before it.

    What somebody has edited elsewhere in the file stays. Raises Touched for an edit in the lines of the change, and
    ValueError if the record does not fit together.
    """
    found = digest(now)
    if found == change.old:
        return now
    if now is None:
        raise Touched(1)
    lines = split_lines(now)
    if found == change.new:
        if change.old is None:
            return None
        back = _spliced(lines, [(hunk.start, hunk) for hunk in change.hunks])
        if digest(back) != change.old:
            raise ValueError("the old bytes cannot be made")
        return back
    if change.old is None or change.lines is None:
        raise Touched(_first_difference(change.lines or (), lines) + 1)
    blocks = _matching(change.lines, list(map(_checksum, lines)))
    return _spliced(lines, [(_place(hunk, blocks, len(change.lines), len(lines)), hunk) for hunk in change.hunks])


def _spliced(lines: list[bytes], places: Sequence[tuple[int, ReplacedLines]]) -> bytes:
    parts: list[bytes] = []
    end = 0
    for start, hunk in places:
        if not end <= start <= start + hunk.size <= len(lines):
            raise ValueError("a hunk is not in the file")
        if hunk.old and not hunk.old.endswith(b"\n") and start + hunk.size < len(lines):
            # It was the end of the file, and somebody has added lines since: they would become one line with it.
            raise Touched(start + hunk.size + 1)
        parts += [*lines[end:start], hunk.old]
        end = start + hunk.size
    return b"".join([*parts, *lines[end:]])


def _hunks(old: list[bytes], new: list[bytes]) -> list[ReplacedLines]:
    head, tail = _common_ends(old, new)
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(before) == len(after):
        # Most changes replace versions in their lines: each line has its partner.
        differing = [number for number, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
        return [ReplacedLines(head + number, 1, before[number]) for number in differing]
    if len(before) * len(after) > _MOST_COMPARED:
        return [ReplacedLines(head, len(after), b"".join(before))]
    from difflib import SequenceMatcher  # Few changes add or remove a line.

    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [
        ReplacedLines(head + first, last - first, b"".join(before[start:end]))
        for kind, start, end, first, last in matcher.get_opcodes()
        if kind != "equal"
    ]


def _common_ends(old: Sequence[bytes], new: Sequence[bytes]) -> tuple[int, int]:
    """Return how many lines at the start and at the end are equal; no line counts twice."""
    least = min(len(old), len(new))
    head = 0
    while head < least and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < least - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail


def _matching(new: Sequence[bytes], now: Sequence[bytes]) -> list[tuple[int, int, int]]:
    """Return the equal runs of lines as (start in `new`, start in `now`, number of lines), in order."""
    head, tail = _common_ends(new, now)
    middle_new, middle_now = new[head : len(new) - tail], now[head : len(now) - tail]
    blocks = [(0, 0, head)]
    if len(middle_new) * len(middle_now) <= _MOST_COMPARED:
        from difflib import SequenceMatcher

        matcher = SequenceMatcher(None, middle_new, middle_now, autojunk=False)
        blocks += [(head + each.a, head + each.b, each.size) for each in matcher.get_matching_blocks()]
    blocks.append((len(new) - tail, len(now) - tail, tail))
    joined: list[tuple[int, int, int]] = []
    for start, place, size in blocks:
        if joined and size and joined[-1][0] + joined[-1][2] == start and joined[-1][1] + joined[-1][2] == place:
            joined[-1] = (joined[-1][0], joined[-1][1], joined[-1][2] + size)
        elif size:
            joined.append((start, place, size))
    return joined


def _place(hunk: ReplacedLines, blocks: list[tuple[int, int, int]], total: int, now: int) -> int:
    """Return where the lines of a hunk are now. Raises Touched if they are not all there, side by side.

    A hunk without new lines (the change removed some) needs the line on either side.
    """
    first, last = hunk.start, hunk.start + hunk.size
    if hunk.size == 0:
        first, last = max(first - 1, 0), min(last + 1, total)
    for start, place, size in blocks:
        if start <= first and last <= start + size:
            return place + hunk.start - start
    # The end of the run in which the hunk begins, or of the last one before it: there the file differs.
    above = [place + size for start, place, size in blocks if start <= (hunk.start if hunk.size else hunk.start - 1)]
    raise Touched(min(above[-1] if above else 0, max(now - 1, 0)) + 1)


def _first_difference(new: Sequence[bytes], now: Sequence[bytes]) -> int:
    head, _ = _common_ends(new, list(map(_checksum, now)))
    return min(head, max(len(now) - 1, 0))


def _checksum(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()[:CHECKSUM]
