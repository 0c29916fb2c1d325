"""Print the layers of fi_bump/, the arrows between its folders, and every import that breaks the order.

    python tools/layers.py              this repository's package
    python tools/layers.py FOLDER       another package folder, such as an older commit's `fi_bump`

The exit code is 1 when a module imports from its own layer or a higher one, when folders or files import each other in
a circle, when a unit has no layer, or when there are more flat modules than `MOST_FLAT`. tests/test_architecture.py
runs the same checks. An import counts wherever it is: at the top, in a function, or for type checkers only.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent / "fi_bump"

# From the top. A unit is a folder of fi_bump/ or a module directly in fi_bump/. It imports only from lower layers.
# A unit that needs its neighbour moves into a layer of its own above it, in this table, where a reviewer sees it.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("__main__",),
    ("cli",),
    ("api", "commands"),
    ("report",),
    ("bisection", "change", "fleet", "template"),
    ("audit", "smoke"),
    # The stage compares an engine's tests by the same rules, and an audit its calls.
    ("compare", "fit"),
    ("merging", "moving"),
    ("request",),
    ("repository",),
    ("editing", "findings", "grouping", "releases"),
    ("installs",),
    ("ownership", "scanning"),
    ("families", "formats", "versions"),
    ("index", "lock", "pins", "terminal"),
    ("git", "user_files"),
    ("errors", "grammar", "records", "state", "untrusted", "user_cache"),
    ("boundary",),
    # It holds the version.
    ("__init__",),
)
MOST_FLAT = 16


class Arrow(NamedTuple):
    """One file that imports another; both are paths relative to the package, such as `cli/set.py`."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


class Layout(NamedTuple):
    """The files of a package, sorted, and the imports between them, sorted and each once."""

    files: tuple[str, ...]
    arrows: tuple[Arrow, ...]

    @property
    def units(self) -> list[str]:
        """The folders and flat modules of the package, sorted."""
        return sorted({unit(file) for file in self.files})

    @property
    def flat(self) -> list[str]:
        """The modules directly in the package, without `__init__` and `__main__`, sorted."""
        return sorted({unit(file) for file in self.files if "/" not in file} - {"__init__", "__main__"})

    @property
    def unit_arrows(self) -> dict[str, list[str]]:
        """For each unit that imports another one, the units it imports, sorted."""
        pairs = sorted({(unit(each.importer), unit(each.imported)) for each in self.arrows})
        arrows: dict[str, list[str]] = {}
        for importer, imported in pairs:
            if importer != imported:
                arrows.setdefault(importer, []).append(imported)
        return arrows


def unit(file: str) -> str:
    """Return the folder of the package that contains a file, or the module's name if the file is in no folder."""
    return file.partition("/")[0].removesuffix(".py")


def read_layout(package: Path = PACKAGE) -> Layout:
    """Return the layout of a package folder. Raises SyntaxError for a file that is not Python."""
    texts = {path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*.py")}
    modules = {_module(package.name, file): file for file in texts}
    arrows = set()
    for file, text in texts.items():
        for name in imported_names(ast.parse(text, file), package.name, file):
            arrows |= {Arrow(file, target) for target in _targets(name, modules) if target != file}
    return Layout(tuple(sorted(texts)), tuple(sorted(arrows)))


def _module(package: str, file: str) -> str:
    """Return the dotted name of a file; for an `__init__.py`, that of its folder."""
    return f"{package}/{file}".removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported_names(tree: ast.Module, package: str, file: str) -> Iterator[str]:
    """Yield every name that a module imports: `a.b` for `import a.b`, `a.b.c` for `from a.b import c`.

    `__import__(f"a.b.{name}")` gives `a.b.*`.
    """
    folder = f"{package}/{file}".split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "__import__":
            argument = node.args[0]
            first = argument.values[0] if isinstance(argument, ast.JoinedStr) else argument
            yield str(ast.literal_eval(first)) + ("*" if first is not argument else "")


def _targets(name: str, modules: Mapping[str, str]) -> Iterator[str]:
    """Yield the files that an imported name means: a module, the module that defines it, or for `a.b.*` all of a.b."""
    if name.endswith(".*"):
        folder = name.removesuffix(".*")
        yield from (file for module, file in modules.items() if module.rpartition(".")[0] == folder)
    elif name in modules:
        yield modules[name]
    elif name.rpartition(".")[0] in modules:
        yield modules[name.rpartition(".")[0]]


def wrong_layers(layout: Layout) -> list[str]:
    """Return a sentence for each unit without a layer, and for each entry of a layer that is unknown or given twice."""
    given = [name for layer in LAYERS for name in layer]
    missing = [f"{name} has no layer: give it one in tools/layers.py" for name in layout.units if name not in given]
    stale = [f"{name} has a layer in tools/layers.py and does not exist" for name in given if name not in layout.units]
    twice = [f"{name} has two layers in tools/layers.py" for name in sorted(set(given)) if given.count(name) > 1]
    return missing + stale + twice


def upward(layout: Layout) -> list[str]:
    """Return a sentence for each import of another unit from the importer's own layer or from a higher one."""
    heights = {name: -number for number, layer in enumerate(LAYERS) for name in layer}
    found = []
    for arrow in layout.arrows:
        importer, imported = unit(arrow.importer), unit(arrow.imported)
        if importer == imported or not {importer, imported} <= heights.keys():
            continue
        if heights[imported] >= heights[importer]:
            where = "a higher layer" if heights[imported] > heights[importer] else "its own layer"
            found.append(f"{arrow}, which is in {where}")
    return found


def cycles(layout: Layout) -> list[str]:
    """Return a sentence, with an import for each step, for each circle of files and of the members of any folder."""
    found = [" and ".join(map(str, steps)) for steps in _circles({each: each for each in layout.arrows})]
    folders = sorted({folder for file in layout.files for folder in _folders(file)})
    for folder in folders:
        # The first import between two members is the one to show.
        steps: dict[Arrow, Arrow] = {}
        for arrow in layout.arrows:
            ends = Arrow(_member(folder, arrow.importer), _member(folder, arrow.imported))
            if all(ends) and ends.importer != ends.imported:
                steps.setdefault(ends, arrow)
        found += [" and ".join(map(str, circle)) for circle in _circles(steps)]
    return list(dict.fromkeys(found))


def _folders(file: str) -> list[str]:
    """Return the folders around a file, each with a `/` at its end; the package itself is ``."""
    parts = file.split("/")[:-1]
    return ["".join(f"{part}/" for part in parts[:number]) for number in range(len(parts) + 1)]


def _member(folder: str, file: str) -> str:
    """Return the member of a folder that a file belongs to; `` for the folder's `__init__.py` and for files outside."""
    if not file.startswith(folder):
        return ""
    member = file.removeprefix(folder).partition("/")[0]
    return "" if member == "__init__.py" else member


def _circles(steps: Mapping[Arrow, Arrow]) -> Iterator[list[Arrow]]:
    """Yield a shortest circle through the first node of each knot, as the imports that `steps` names for its arrows.

    A knot is a set of nodes of which each one leads to all others.
    """
    following: dict[str, list[str]] = {}
    for importer, imported in steps:
        following.setdefault(importer, []).append(imported)
    seen: set[str] = set()
    for start in sorted(following):
        path = [] if start in seen else _way_back(start, following)
        if path:
            yield [steps[Arrow(*ends)] for ends in zip(path, [*path[1:], start], strict=True)]
            seen |= {node for node in _reached(start, following) if start in _reached(node, following)}


def _reached(start: str, following: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the nodes that arrows lead to from `start`."""
    found: set[str] = set()
    left = [start]
    while left:
        new = set(following.get(left.pop(), ())) - found
        found |= new
        left += new
    return found


def _way_back(start: str, following: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the nodes of a shortest circle from `start` to itself, `start` first; empty if there is no circle."""
    came_from: dict[str, str] = {}
    level = [start]
    while level:
        reached = []
        for node in level:
            for target in following.get(node, ()):
                if target == start:
                    path = [node]
                    while path[0] != start:
                        path.insert(0, came_from[path[0]])
                    return path
                if target not in came_from:
                    came_from[target] = node
                    reached.append(target)
        level = reached
    return []


def main() -> int:
    """Print the layout of the package; the exit code is 1 where something is wrong."""
    layout = read_layout(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE)
    print("layers, from the top:")
    for layer in LAYERS:
        print(f"  {' '.join(layer)}")
    print("arrows:")
    for importer, targets in layout.unit_arrows.items():
        print(f"  {importer} -> {' '.join(targets)}")
    between_units = sum(map(len, layout.unit_arrows.values()))
    print(f"imports between files: {len(layout.arrows)} in {len(layout.files)} files")
    print(f"arrows between folders and flat modules: {between_units} over {len(layout.units)}")
    print(f"flat modules besides __init__ and __main__: {len(layout.flat)} (at most {MOST_FLAT})")
    wrong = wrong_layers(layout)
    for title, found in (("upward", upward(layout)), ("cycles", cycles(layout)), ("wrong layers", wrong)):
        print(f"{title}: {len(found)}")
        for sentence in found:
            print(f"  {sentence}")
        wrong = wrong + found if found is not wrong else wrong
    return 1 if wrong or len(layout.flat) > MOST_FLAT else 0


if __name__ == "__main__":
    raise SystemExit(main())
