"""Image references that contain a version of a wanted name: in FROM, in commands, in YAML."""

from __future__ import annotations

import re
from functools import lru_cache

from fi_bump.formats.shared.subjects import image_names
from fi_bump.grammar import VERSION, LazyPattern, compiled, longest_first
from fi_bump.pins import Wanted

# The part of an image reference before a name: `host:5000/owner/name:tag`.
_BEFORE = LazyPattern(rb"(?:[\w.-]+(?::[0-9]+)?/)+[\w.@:-]*\Z")
_LONGEST = 200
# The same part up to a version in the tag, and what follows the version.
_REFERENCE = LazyPattern(rb"(?<![\w.-])(?P<name>[A-Za-z0-9][\w.-]*):[\w.-]*\Z")
_REST = LazyPattern(rb"[\w.@:-]+")


@lru_cache(maxsize=64)
def images(wanted: Wanted) -> re.Pattern[bytes]:
    """Return the pattern for a wanted name that a version follows directly."""
    names = b"|".join(re.escape(name.encode("ascii")) for name in longest_first(image_names(wanted)))
    return compiled(
        names,
        rb"(?<![A-Za-z0-9])(?P<name>"
        + names
        + rb")[-_.:]?v?(?=[0-9!]+\.)(?P<version>"
        + VERSION
        + rb")(?![A-Za-z0-9])",
    )


def image_name(data: bytes, start: int, end: int) -> str | None:
    """Return the name of the image whose tag has a version at a span, without its owner.

    None for an image with a digest, which must change too, and for a version before the tag: in the image's own name.
    """
    rest = _REST.match(data, end)
    before = _REFERENCE.search(data, max(start - _LONGEST, 0), start)
    if before is None or (rest and b"@" in rest[0]):
        return None
    return before["name"].decode("ascii")


def is_image(data: bytes, match: re.Match[bytes]) -> bool:
    """Whether a match of `images` is inside an image reference with an owner and a tag."""
    before = data[max(match.start() - _LONGEST, 0) : match.start()]
    start = _BEFORE.search(before)
    if start is None or before[: start.start()].endswith((b"/", b"://", b"@")):
        return False
    return b":" in before[start.start() :].rpartition(b"/")[2] + data[match.start() : match.start("version")]
