"""Imports the finder of a format when it is first needed: `check` pays only for the formats that a tree has."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from fi_bump.formats.table import Finder, format_named
from fi_bump.pins import Source, Wanted
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

# The second filters that were imported, by their formats; None for a format without one.
_PROMISES: dict[str, Callable[[Source, Wanted], bool] | None] = {}


def finder(name: str) -> Finder:
    """Return the finder of a format. Raises InternalError if there is no such format."""
    find: Finder = _module(name).find
    return find


# Asked of every file in which a finder runs: the import of a module that is there takes longer than some finders.
@cache
def _module(name: str) -> ModuleType:
    module: ModuleType = __import__(f"fi_bump.formats.{format_named(name).name}", fromlist=["find"])
    return module


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
