"""Whether a shell script can contain anything wanted: most of those with a wanted word only choose a backend by it.

A test compares this with the finder. What the finder needs beside a short name, such as `kit.__version__`, is a version
near it: within the distances and the numbers of lines in shell_reports.py.
"""

from __future__ import annotations

from fi_bump.formats.shared.name_search import merged
from fi_bump.formats.shared.spelled import names_in_text, spelling, with_joined_lines
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Source, Wanted

# A version where a command compares it, as _LITERAL of shell_reports.py finds it, and one that is an argument.
_COMPARED = LazyPattern(rb"(?:[=!]=|[ \t]=[ \t]|startswith\(|grep)[^\n]{0,64}?[0-9!]+\.[0-9a-dpr]")
_ARGUMENT = LazyPattern(rb"[ \t\"']v?[0-9!]+\.[0-9a-dpr]")
_DIGEST = LazyPattern(rb"[0-9a-f]{32}")
# How far from a name its version may be: see _FAR, _NEIGHBOURS and the patterns of arguments there.
_FAR = 2200
_LINES = 4
_LONGEST_CALL = 400


def is_promising(source: Source, wanted: Wanted) -> bool:
    """Whether the finder may find something in a shell script."""
    return has_version(with_joined_lines(source), wanted)


def has_version(source: Source, wanted: Wanted) -> bool:
    """Like `is_promising`, for a file whose lines are never joined."""
    if spelling(wanted).kind(source) > 0:
        return True
    data, places = source.lowered, names_in_text(wanted).short.places(source)
    if not places:
        return False
    # A table begins with a name, and its versions may be anywhere behind it.
    return (
        (b"case" in data and _DIGEST.search(data) is not None)
        or any(_COMPARED.search(data, *part) for part in merged(_around(data, place) for place in places))
        or any(_ARGUMENT.search(data, *part) for part in merged((place, place + _LONGEST_CALL) for place in places))
    )


def _around(data: bytes, place: int) -> tuple[int, int]:
    """Return the part in which a version may be compared with a name; empty lines and comments do not count."""
    start = end = place
    lines = 0
    while start > 0 and lines <= _LINES:
        begin = data.rfind(b"\n", 0, start - 1) + 1
        lines += _counts(data[begin:start])
        start = begin
    lines = 0
    while end < len(data) and lines <= _LINES:
        stop = data.find(b"\n", end) + 1 or len(data)
        lines += _counts(data[end:stop])
        end = stop
    return start, max(end, place + _FAR)


def _counts(line: bytes) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith(b"#")
