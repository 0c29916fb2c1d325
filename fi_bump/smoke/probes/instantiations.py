"""Reduce translation units to the explicit instantiations that a probe needs.

CUTLASS compiles its kernels by explicit instantiation (`template void launcher<types, tile, cluster, …>(…);`). Each one
takes minutes, and a verdict on the layout and the results needs one correct kernel for each product. Which kernels
exist is read from the wheel's own sources; nothing here depends on their number or their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

_STATEMENT = re.compile(r"^template\s+(?:class|struct|void)\s+(\w+)\s*<", re.MULTILINE)
_SHAPE = re.compile(r"\bShape<\s*(?:\w+::)*Int<(\d+)>,\s*(?:\w+::)*Int<(\d+)>,\s*(?:\w+::)*Int<(\d+)>\s*>\Z")
_OPEN, _CLOSE = "<([{", ">)]}"


class Instantiation(NamedTuple):
    """One explicit instantiation: `text[start:end]` of its source, up to and with the semicolon."""

    template: str
    arguments: tuple[str, ...]
    start: int
    end: int

    @property
    def shapes(self) -> tuple[tuple[int, int, int], ...]:
        """The three-part shapes among the arguments, in order; a CUTLASS launcher has the tile, then the cluster."""
        found = (_SHAPE.search(argument) for argument in self.arguments)
        return tuple((int(match[1]), int(match[2]), int(match[3])) for match in found if match)


def instantiations(text: str) -> list[Instantiation]:
    """Return the explicit instantiations of a C++ source, in order.

    Only those at the beginning of a line are found, so not those after `//`. Angle brackets are counted as brackets, so
    an argument with a comparison would be read wrongly; CUTLASS has none.
    """
    found = []
    for match in _STATEMENT.finditer(text):
        end_of_arguments, arguments = _arguments(text, match.end())
        semicolon = text.find(";", end_of_arguments)
        if semicolon >= 0:
            found.append(Instantiation(match[1], arguments, match.start(), semicolon + 1))
    return found


def _arguments(text: str, start: int) -> tuple[int, tuple[str, ...]]:
    """Return the index after the closing bracket of the template arguments that begin at `start`, and the arguments."""
    depth, begin, arguments = 1, start, []
    for index in range(start, len(text)):
        letter = text[index]
        if letter in _OPEN:
            depth += 1
        elif letter in _CLOSE:
            depth -= 1
        if depth == 0 or (depth == 1 and letter == ","):
            arguments.append(" ".join(text[begin:index].split()))
            begin = index + 1
        if depth == 0:
            return index + 1, tuple(arguments)
    return len(text), tuple(arguments)


def keep(text: str, wanted: Callable[[Instantiation], bool]) -> tuple[str, int]:
    """Return the source without the instantiations that are not wanted, and the number of the remaining ones."""
    parts, last, kept = [], 0, 0
    for each in instantiations(text):
        if wanted(each):
            kept += 1
            continue
        parts.append(text[last : each.start])
        last = each.end
    return "".join([*parts, text[last:]]), kept


def smallest(launchers: Iterable[Instantiation]) -> list[Instantiation]:
    """Return, for each schedule, the launcher with the smallest tile without a cluster, which compiles fastest.

    `launchers` have two shapes, tile and cluster. The other arguments are the schedule. Of two tiles, the one with less
    depth (its third number) is smaller, because a tile accepts only products whose depth is a multiple of its own.
    """
    best: dict[tuple[str, ...], Instantiation] = {}
    for each in launchers:
        tile, cluster = each.shapes
        schedule = tuple(argument for argument in each.arguments if not _SHAPE.search(argument))
        if cluster == (1, 1, 1) and (schedule not in best or _size(tile) < _size(best[schedule].shapes[0])):
            best[schedule] = each
    return list(best.values())


def _size(tile: tuple[int, int, int]) -> tuple[int, int, int]:
    rows, columns, depth = tile
    return depth, rows * columns, rows


# `Shape<_128, _64, _Ktile>` in a header: CuTe's names of constants, or a name that the header computes.
_NAMED_SHAPE = re.compile(r"\bShape<\s*(\w+),\s*(\w+),\s*(\w+)\s*>")
_CONSTANT = re.compile(r"_(\d+)\Z")


def named_tiles(header: str, template: str) -> list[tuple[int | None, ...]]:
    """Return the tiles in a header's calls of a launcher; None stands for a number that the header computes.

    A dispatcher passes on its own parameters and names no tile. The others are calls that a wheel makes with every
    tactic; FlashInfer makes one to learn how large its workspace must be.
    """
    found = []
    for call in re.finditer(rf"\b{re.escape(template)}\s*<", header):
        _, arguments = _arguments(header, call.end())
        shapes = [match.groups() for argument in arguments if (match := _NAMED_SHAPE.fullmatch(argument))]
        if shapes and any(_CONSTANT.match(name) for name in shapes[0]):
            found.append(tuple(int(match[1]) if (match := _CONSTANT.match(name)) else None for name in shapes[0]))
    return found


def fits(each: Instantiation, tile: tuple[int | None, ...]) -> bool:
    """Return whether a launcher without a cluster has this tile. None in the tile matches any number."""
    own, cluster = each.shapes
    return cluster == (1, 1, 1) and all(number in (None, here) for number, here in zip(tile, own, strict=True))
