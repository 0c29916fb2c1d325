"""The closed kernels that a release downloads: which of them are others in the proposed release."""

from __future__ import annotations

import ast

from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.wheel.library import ThingKind


def changed_artifacts(pinned: ReleaseSide, proposed: ReleaseSide, listed: str) -> str | None:
    """A sentence with the names of those that changed or are new; None where nothing did.

    `listed` is the dotted name of a class whose attributes are addresses of artifacts. Nearly every release changes
    some: that is no verdict, but a reason to run what uses them.
    """
    old, new = _paths(pinned, listed), _paths(proposed, listed)
    names = sorted(name for name, path in new.items() if old.get(name) != path)
    if not old or not names:
        return None
    return f"{proposed.label} downloads other compiled kernels: {', '.join(names)}; only a run on their GPUs tests them"


def _paths(side: ReleaseSide, listed: str) -> dict[str, str]:
    """The attributes of the class that hold a text, by name."""
    module, _, name = listed.rpartition(".")
    things = side.library.find(module, (name,)).things
    node = next((each.node for each in things if each.kind is ThingKind.CLASS), None)
    found: dict[str, str] = {}
    for statement in node.body if isinstance(node, ast.ClassDef) else ():
        match statement:
            case (
                ast.AnnAssign(target=ast.Name(id=attribute), value=ast.Constant(value=str() as text))
                | ast.Assign(targets=[ast.Name(id=attribute)], value=ast.Constant(value=str() as text))
            ):
                found[attribute] = text
    return found
