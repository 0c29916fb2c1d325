"""What is known of one module of a repository while it is read, and the uses of a package that were found in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import NamedTuple

from fi_bump.fit.engine.routines import Routines
from fi_bump.fit.engine.scopes import Environment, Scope
from fi_bump.fit.engine.uses import Guard, PrivateCall, Use, UseKind
from fi_bump.fit.engine.values import Pointer
from fi_bump.fit.signature import Call
from fi_bump.pins import Place

_MODULE_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*\Z")


class Subject(NamedTuple):
    """The package that is looked for: the top names that it is imported by, and the names of its distribution.

    `private` are attributes in which its objects hold compiled functions.
    """

    tops: frozenset[str]
    distributions: frozenset[str]
    private: frozenset[str] = frozenset()

    def has(self, text: str) -> bool:
        """Whether a text names one of its modules, or its distribution."""
        return text in self.distributions or self.has_module(text)

    def has_module(self, text: str) -> bool:
        """Whether a text can be the name of one of its modules."""
        return text.partition(".")[0] in self.tops and _MODULE_PATH.match(text) is not None


class ModuleState:
    """One module: its names at the point that is read, what is known of its objects, and the uses so far."""

    def __init__(self, path: str, lines: list[bytes], subject: Subject) -> None:
        self.path = path
        self.subject = subject
        self.uses: list[Use] = []
        self.scope = Scope(None)
        self.guards: tuple[Guard, ...] = ()
        self.lines = lines
        self.routines = Routines()
        # What objects of this module's classes hold.
        self.held: dict[int, Environment] = {}
        self.bases: dict[int, list[Pointer]] = {}
        # What an attribute of that name is given anywhere in the module; `ambiguous` ones can be anything else as well.
        self.attributes: dict[str, set[Pointer]] = {}
        self.ambiguous: set[str] = set()
        # The attributes that the module itself gives to objects, whosever they are.
        self.stored: set[str] = set()
        # The names of the package that the module tests for, to hold at its top level whether they are there.
        self.tested: set[str] = set()
        self.private: list[PrivateCall] = []
        # Whether the module imports `annotations` from `__future__`.
        self.are_annotations_texts = False

    def use(self, node: ast.AST, kind: UseKind, found: Iterable[Pointer], call: Call | None = None) -> None:
        """Note a use of what the pointers lead to, at the place of `node`; for a call, of the name that is called."""
        listed = list(found)
        references = tuple(dict.fromkeys(each.reference for each in listed))
        if not references:
            return
        self.uses.append(
            Use(
                place=self.place(node),
                kind=kind,
                references=references,
                call=call,
                guards=self.guards,
                is_guess=any(each.is_guess for each in listed),
                optional=tuple(sorted(self._optional(listed))),
            )
        )

    def _optional(self, found: Iterable[Pointer]) -> set[str]:
        """The names without which the code goes on."""
        names = {each.optional.shown for each in found if each.optional is not None}
        shown = [f"{each.reference.shown}." for each in found]
        return names | {name for name in self.tested if any(each.startswith(f"{name}.") for each in shown)}

    def place(self, node: ast.AST) -> Place:
        """The place of a node; for a call, of the name that is called."""
        named = node.func if isinstance(node, ast.Call) else node
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end = getattr(named, "end_col_offset", column) if getattr(named, "end_lineno", None) == line else column
        raw = self.lines[line - 1] if line <= len(self.lines) else b""
        first, last = (len(raw[:at].decode("utf-8", "replace")) + 1 for at in (column, end))
        return Place(self.path, line, first, last)
