"""Imports the finder of a format when it is first needed: `check` pays only for the formats that a tree has."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from fi_bump.formats.table import Finder, format_named
from fi_bump.pins import Source, Wanted
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


# This and `_promise` are asked of every file: the import of a module that is there takes longer than some finders.
@cache
def finder(name: str) -> Finder:
    """Return the finder of a format. Raises InternalError if there is no such format."""
    find: Finder = _module(format_named(name).name).find
    return find


def may_contain(name: str, source: Source, wanted: Wanted) -> bool:
    """Whether the finder of a format may find something in a file, as far as a look at the names in it can tell."""
    promise = _promise(name)
    return promise is None or promise(source, wanted)


def evidence(name: str, wanted: Wanted) -> tuple[str, ...]:
    """Return patterns for `grep -E`, in any case: each file in which the finder finds something has one on a line.

    Empty for a format that has none: any of its files may contain something.
    """
    module = format_named(name).evidence
    if not module:
        return ()
    patterns: tuple[str, ...] = _module(module).evidence(wanted)
    return patterns


@cache
def _promise(name: str) -> Callable[[Source, Wanted], bool] | None:
    """Return the second filter of a format; None for a format without one."""
    module = format_named(name).promise
    is_promising: Callable[[Source, Wanted], bool] | None = _module(module).is_promising if module else None
    return is_promising


def _module(name: str) -> ModuleType:
    module: ModuleType = __import__(f"fi_bump.formats.{name}", fromlist=[name])
    return module
