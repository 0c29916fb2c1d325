"""Which strings are beside a given string of a Python text: in a bracket with it, or a short way before or after it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from fi_bump.formats.python_literals import Literal

# How far a string outside of all brackets can be from the other one, in bytes.
_NEAR = 250


class Neighbours:
    """Strings in the order of the file, found by the brackets that they are in.

    To compare every string with every other would take hours for a file with ten thousand of each.
    """

    def __init__(self, strings: Iterable[Literal]) -> None:
        self._strings = tuple(strings)
        self._directly_in: dict[int, list[int]] = {}
        self._anywhere_in: dict[int, list[int]] = {}
        self._outside: list[int] = []
        for number, string in enumerate(self._strings):
            for bracket in string.brackets:
                self._anywhere_in.setdefault(bracket, []).append(number)
            if string.brackets:
                self._directly_in.setdefault(string.brackets[-1], []).append(number)
            else:
                self._outside.append(number)
        self._starts = [self._strings[number].whole.start for number in self._outside]
        self._ends = [self._strings[number].whole.end for number in self._outside]

    def of(self, literal: Literal) -> list[int]:
        """Return the numbers of the strings beside `literal`, in order.

        A string in brackets is beside it if the innermost bracket of one of the two is around the other too.
        """
        first = bisect_left(self._ends, literal.whole.start - _NEAR)
        last = bisect_right(self._starts, literal.whole.end + _NEAR)
        found = set(self._outside[first:last])
        for bracket in literal.brackets:
            found.update(self._directly_in.get(bracket, ()))
        if literal.brackets:
            found.update(self._anywhere_in.get(literal.brackets[-1], ()))
        return sorted(found)
