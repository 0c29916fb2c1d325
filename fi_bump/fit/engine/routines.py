"""What is known of the functions of one module of a repository: what they are given, pass on and return."""

from __future__ import annotations

from dataclasses import replace

from fi_bump.fit.engine.uses import RESULT
from fi_bump.fit.engine.values import NOTHING_KNOWN, Applied, Pointer, Routine, Values, pointers
from fi_bump.fit.signature import Call
from fi_bump.fit.syntax import AnyFunction, decorator_names


class Routines:
    """The functions of one module, by the numbers that its reader gave them.

    Other modules can call a function as well: an object that it is given here is only guessed at inside it.
    """

    def __init__(self) -> None:
        # The names of those that have to do with the package.
        self.names: set[str] = set()
        self._nodes: dict[int, AnyFunction] = {}
        self._methods: set[int] = set()
        self._passed_on: dict[int, Values] = {}
        self._stated: dict[int, Values] = {}
        self._returned: dict[int, frozenset[Pointer]] = {}
        self._given: dict[int, dict[str, frozenset[Pointer]]] = {}

    def define(self, number: int, node: AnyFunction, stated: Values, *, is_method: bool) -> None:
        """Note a function; `stated` is what its annotation says that it returns."""
        self._nodes[number] = node
        self._stated[number] = stated
        if is_method and "staticmethod" not in decorator_names(node):
            self._methods.add(number)
        self._name(number, stated)

    def pass_on(self, number: int, to: Values) -> None:
        """Note what a function calls with all its own arguments."""
        self._passed_on[number] = to
        self._name(number, to)

    def return_(self, number: int, values: Values) -> None:
        """Note what a `return` gives: objects alone, since a function that is handed out may be any."""
        objects = _objects(values)
        if objects:
            self._returned[number] = self._returned.get(number, frozenset()) | objects
            self._name(number, objects)

    def give(self, number: int, positional: list[Values], named: dict[str, Values]) -> None:
        """Note the arguments of a call: of each, the objects of the package."""
        arguments = self._nodes[number].args
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        if number in self._methods:
            names = names[1:]
        held = self._given.setdefault(number, {})
        for name, values in (*zip(names, positional, strict=False), *named.items()):
            objects = _objects(values)
            if objects:
                held[name] = held.get(name, frozenset()) | objects
                self._name(number, objects)

    def given(self, number: int, name: str) -> Values:
        """What a parameter gets by the calls in this module; nothing where no call gives an object of the package."""
        return self._given.get(number, {}).get(name, frozenset())

    def applied(self, values: Values) -> list[Applied]:
        """What a call of these functions calls with the same arguments."""
        numbers = [each.number for each in values if isinstance(each, Routine)]
        return [Applied(each, Call()) for number in numbers for each in pointers(self._passed_on.get(number, ()))]

    def returned(self, values: Values) -> Values:
        """What functions return: what their annotations say, or else what their `return` statements give."""
        found: Values = frozenset()
        for each in values:
            if isinstance(each, Routine):
                found |= self._stated.get(each.number) or self._returned.get(each.number, frozenset())
        return found or NOTHING_KNOWN

    def learned(self) -> dict[str, object]:
        """What is known of each function that has to do with the package, by its name."""
        found: dict[str, object] = {}
        for number, node in self._nodes.items():
            if node.name in self.names:
                known = (
                    self._passed_on.get(number),
                    self._stated.get(number),
                    self._returned.get(number),
                    frozenset(self._given.get(number, {}).items()),
                )
                found[node.name] = (found.get(node.name), known)
        return found

    def _name(self, number: int, values: Values | frozenset[Pointer]) -> None:
        if values:
            self.names.add(self._nodes[number].name)


def _objects(values: Values) -> frozenset[Pointer]:
    return frozenset(replace(each, is_guess=True) for each in pointers(values) if RESULT in each.reference.path)
