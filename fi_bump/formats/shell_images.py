"""Images whose references carry a version of something wanted: in FROM, in commands, in YAML."""

from __future__ import annotations

import re
from functools import lru_cache

from fi_bump.grammar import VERSION, LazyPattern, compiled, longest_first
from fi_bump.pins import Wanted

# What stands before a name in an image's reference: `host:5000/owner/name:tag`.
_BEFORE = LazyPattern(rb"(?:[\w.-]+(?::[0-9]+)?/)+[\w.@:-]*\Z")
_LONGEST = 200


@lru_cache(maxsize=64)
def images(wanted: Wanted) -> re.Pattern[bytes]:
    """Whatever names a wanted subject and, right behind it, a version."""
    names = b"|".join(re.escape(name.encode("ascii")) for name in longest_first(image_names(wanted)))
    return compiled(
        names,
        rb"(?<![A-Za-z0-9])(?P<name>"
        + names
        + rb")[-_.:]?v?(?=[0-9!]+\.)(?P<version>"
        + VERSION
        + rb")(?![A-Za-z0-9])",
    )


@lru_cache(maxsize=64)
def image_names(wanted: Wanted) -> dict[str, str]:
    """How an image may name a subject, and the subject: a package, a repository's last part, `X` of `X_VERSION`."""
    names = {name.lower().removesuffix("_version").replace("_", "-"): name for name in sorted(wanted.variables)}
    names |= {repository.rpartition("/")[2]: repository for repository in sorted(wanted.repositories)}
    return names | {package: package for package in sorted(wanted.packages)}


def is_image(data: bytes, match: re.Match[bytes]) -> bool:
    """Whether a match of `images` stands in an image's reference that has an owner and a tag."""
    before = data[max(match.start() - _LONGEST, 0) : match.start()]
    start = _BEFORE.search(before)
    if start is None or before[: start.start()].endswith((b"/", b"://", b"@")):
        return False
    return b":" in before[start.start() :].rpartition(b"/")[2] + data[match.start() : match.start("version")]
