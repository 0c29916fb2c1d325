"""Names and what they are bound to, by Python's own rules of scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fi_bump.fit.engine.values import NOTHING_KNOWN, Values

Environment = dict[str, Values]


class Scope:
    """A module, a class body or a function while it is read: `now` is what its names hold at this point.

    A local name counts from where it is bound: what reads it earlier does not run, but raises UnboundLocalError. Beside
    names `now` holds dotted texts, `self.x`, that were assigned or tested on the way.
    """

    def __init__(self, outer: Scope | None, *, is_class: bool = False) -> None:
        self.outer = outer
        self.is_class = is_class
        self.now: Environment = {}

    def value(self, name: str) -> Values:
        """What a name means here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.now and (scope is self or not scope.is_class):
                return scope.now[name]
            scope = scope.outer
        return NOTHING_KNOWN

    def bind(self, name: str, values: Values) -> None:
        """Bind a name, or a dotted text, and forget what was known of its attributes."""
        prefix = f"{name}."
        for other in [each for each in self.now if each.startswith(prefix)]:
            del self.now[other]
        self.now[name] = values


def merged(branches: Iterable[Mapping[str, Values]]) -> Environment:
    """What holds after one of several branches, whichever it was."""
    ways = list(branches)
    names = {name for way in ways for name in way}
    return {name: frozenset().union(*(way.get(name, NOTHING_KNOWN) for way in ways)) for name in names}
