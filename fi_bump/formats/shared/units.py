"""Names of folders and files that contain the version of an address: `cd kit-V` after `curl …/vV.tar.gz | tar xz`.

They are one unit with the address: both move, or neither. This also holds for the file that a download leaves:
`tar xf vV.tar.gz` after `wget …/vV.tar.gz`. A name below a folder of the repository does not count, because a file of
that name is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from fi_bump.formats.shared.spelled import versioned_names
from fi_bump.formats.shared.subjects import image_names
from fi_bump.grammar import VERSION, LazyPattern, compiled, longest_first
from fi_bump.pins import Wanted

# How a path begins that does not lead into the repository.
_OUTSIDE = (b"/", b"./", b"$", b"~", b"../")
_PATH = re.compile(rb"[^\s\"'`;|&()<>=,]*\Z")
_LONGEST_PATH = 300
# The name of an archive: `vV.tar.gz`.
ARCHIVE = LazyPattern(rb"(?<![\w.:@%+-])[\w.+-]{1,200}?\.(?:tar\.\w+|tgz|zip)(?![\w%+-]|\.\w)", re.IGNORECASE)


@lru_cache(maxsize=64)
def _pattern(wanted: Wanted) -> re.Pattern[bytes]:
    names = [re.escape(name.encode("ascii")).replace(rb"\-", rb"[-_.]") for name in longest_first(image_names(wanted))]
    alternatives = b"|".join(names)
    return compiled(
        alternatives,
        rb"(?<![A-Za-z0-9_.:@%+-])(?:" + alternatives + rb")-v?(?P<version>(?=[0-9!]+\.)" + VERSION + rb")"
        rb"(?:\.(?:tar\.(?:gz|bz2|xz)|tgz|zip))?(?![\w+%-]|\.\w)",
    )


def units(data: bytes, wanted: Wanted) -> Iterator[tuple[int, int]]:
    """Yield the places of the versions in names such as `kit-V`, `/tmp/kit-V.tar.gz` and `$SRC/kit-V`."""
    # Compiling the pattern takes longer than most texts.
    if not versioned_names(wanted).is_in_text(data.lower()):
        return
    for match in _pattern(wanted).finditer(data):
        if _is_outside(data, match.start()):
            yield match.span("version")


def downloaded(data: bytes, files: Mapping[bytes, tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the places of the versions in the names of archives, each given with the place of the version in it."""
    for match in ARCHIVE.finditer(data) if files else ():
        place = files.get(match[0])
        if place is not None and _is_outside(data, match.start()):
            yield match.start() + place[0], match.start() + place[1]


def _is_outside(data: bytes, start: int) -> bool:
    """Whether a name is no part of an address, and not below a folder of the repository."""
    path = _PATH.search(data, max(start - _LONGEST_PATH, 0), start)
    folder = path[0] if path else b""
    return not folder or (folder.startswith(_OUTSIDE) and b"://" not in folder)
