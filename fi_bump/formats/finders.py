"""Imports the finder of a format when it is first needed: `check` pays only for the formats that a tree has."""

from __future__ import annotations

from collections.abc import Callable

from fi_bump.formats.table import Finder, format_named
from fi_bump.pins import Source, Wanted

# The second filters that were imported, by their formats; None for a format without one.
_PROMISES: dict[str, Callable[[Source, Wanted], bool] | None] = {}


def finder(name: str) -> Finder:
    """Return the finder of a format. Raises InternalError if there is no such format."""
    module = __import__(f"fi_bump.formats.{format_named(name).name}", fromlist=["find"])
    find: Finder = module.find
    return find


def may_contain(name: str, source: Source, wanted: Wanted) -> bool:
    """Whether the finder of a format may find something in a file, as far as a look at the names in it can tell."""
    if name not in _PROMISES:
        _PROMISES[name] = _promise(format_named(name).promise)
    promise = _PROMISES[name]
    return promise is None or promise(source, wanted)


def evidence(name: str, wanted: Wanted) -> tuple[str, ...]:
    """Return patterns for `grep -E`, in any case: each file in which the finder finds something has one on a line.

    Empty for a format that has none: any of its files may contain something.
    """
    name = format_named(name).evidence
    if not name:
        return ()
    module = __import__(f"fi_bump.formats.{name}", fromlist=["evidence"])
    patterns: tuple[str, ...] = module.evidence(wanted)
    return patterns


def _promise(module: str) -> Callable[[Source, Wanted], bool] | None:
    if not module:
        return None
    is_promising: Callable[[Source, Wanted], bool] = __import__(
        f"fi_bump.formats.{module}", fromlist=["is_promising"]
    ).is_promising
    return is_promising
