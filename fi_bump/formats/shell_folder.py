"""The folder in which commands run, and where it is relative to a clone: what `cd`, `git -C` and WORKDIR say."""

from __future__ import annotations

from fi_bump.grammar import LazyTextPattern
from fi_bump.records import NamedTuple

# A position is the number of folders below the top of the clone, or one of these. BESIDE is where `git clone` ran.
# There, and where the position is unknown, a checkout counts as one of the clone: not every script says `cd` in a way
# that is seen here.
OUTSIDE = -1
BESIDE = -2
UNKNOWN = -3
_BRACED = LazyTextPattern(r"\$\{(\w+)\}")


class Folder(NamedTuple):
    """A folder's name, with `${X}` written as `$X` ('' if it is unknown), and its position."""

    name: str
    position: int


NOWHERE = Folder("", UNKNOWN)


def folder_name(path: str) -> str:
    """Return the name of the folder at a path; '' if the path ends with `..` or the like and does not name it."""
    name = _plain(path).rstrip("/").rpartition("/")[2]
    return "" if name in ("", ".", "..", "-") or name[0] in "~+" else name


def entered(path: str, before: Folder, clone: str) -> Folder:
    """Return the folder after `cd PATH`. `clone` is the name of the clone's folder, '' if it is unknown."""
    if path == "-" or path.startswith("+"):  # the folder before, and one of those that pushd keeps
        return NOWHERE
    position = before.position
    if path.startswith(("/", "~")):
        position = OUTSIDE
    elif path.startswith("$"):
        position = UNKNOWN
    for name in _plain(path).split("/"):
        position = _into(name, position, clone)
    return Folder(before.name if path in (".", "./") else folder_name(path), position)


def _into(name: str, position: int, clone: str) -> int:
    if name in ("", "."):
        return position
    if name == "..":
        return UNKNOWN if position == UNKNOWN else max(position - 1, OUTSIDE)
    if position >= 0:
        return position + 1
    if name == clone:
        return 0
    return UNKNOWN if position == UNKNOWN or "$" in name else OUTSIDE


def _plain(path: str) -> str:
    return _BRACED.sub(r"$\1", path) if "{" in path else path
