"""Where a name went that a release no longer has: the same name elsewhere, or the same body under another name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fi_bump.fit.engine.uses import Reference
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.wheel.library import Library, Thing, ThingKind
from fi_bump.fit.wheel.modules import Binding


def replacement(reference: Reference, old: ReleaseSide, new: ReleaseSide) -> str | None:
    """The dotted name of what replaces a function or class; None where nothing is known to.

    Only the modules around the old definition are looked at, those at the top of the package, and those that lie where
    its module was: more would mean to fetch the whole release.
    """
    things = old.resolve(reference)[0].things
    thing = next((each for each in things if each.kind in (ThingKind.FUNCTION, ThingKind.CLASS)), None)
    if thing is None or not reference.path:
        return None
    name = reference.path[-1]
    body = _body(thing)
    same_body: str | None = None
    for module in _near(new.library, thing.home):
        code = new.library.code(module)
        for other, definitions in code.names.items() if code is not None else ():
            for each in definitions:
                if each.binding not in (Binding.FUNCTION, Binding.CLASS):
                    continue
                if other == name and (module, (name,)) != (reference.module, reference.path):
                    return f"{module}.{name}"
                if same_body is None and body is not None and body == _body(Thing(thing.kind, module, each.node)):
                    same_body = f"{module}.{other}"
    return same_body


def _near(library: Library, home: str) -> Iterator[str]:
    top, folder = home.partition(".")[0], home.rpartition(".")[0]
    for module in library.modules():
        above = module.rpartition(".")[0]
        if module == home or above in (home, folder, top) or module in (folder, top):
            yield module


def _body(thing: Thing) -> str | None:
    """A function's or class's body as text, without its name, docstring and decorators; None for a trivial one."""
    node = thing.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return None
    has_docstring = ast.get_docstring(node) is not None
    statements = node.body[1:] if has_docstring else node.body
    if sum(1 for statement in statements for _ in ast.walk(statement)) < 20:
        return None
    return "\n".join(ast.unparse(each) for each in statements)
