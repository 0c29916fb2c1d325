"""Changes of meaning that no signature shows: rules that are data (data/meanings.json), searched for in the code."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from packaging.specifiers import SpecifierSet

from fi_bump.boundary.reading import read_data
from fi_bump.findings.rules import Rule
from fi_bump.fit.engine.files import is_test
from fi_bump.fit.engine.uses import Reference, Use, UseKind
from fi_bump.fit.model import ApiFinding
from fi_bump.fit.patterns import matches, pattern
from fi_bump.fit.syntax import AnyFunction, functions, last_name, parsed, walk
from fi_bump.pins import Place

Read = Callable[[str], bytes]


class Meaning(NamedTuple):
    """One rule. `table` is its entry in the data, which schemas/meanings.schema.json describes."""

    name: str
    releases: SpecifierSet
    table: dict[str, Any]

    @property
    def introduced(self) -> tuple[str, ...]:
        """The dotted names that the releases have and earlier ones do not."""
        return tuple(self.table["introduced"])

    def concerns(self, pinned: str, proposed: str) -> bool:
        """Whether a move from one release to the other brings the new meaning."""
        return self.releases.contains(proposed, prereleases=True) and not self.releases.contains(
            pinned, prereleases=True
        )


class SourceFile(NamedTuple):
    """A Python file in which something can be found."""

    path: str
    lines: list[bytes]
    tree: ast.Module


def meanings(package: str) -> tuple[Meaning, ...]:
    """The rules about a package."""
    return tuple(each for each in _document() if each.table["package"] == package)


@cache
def _document() -> tuple[Meaning, ...]:
    document = json.loads(read_data("meanings.json"))
    return tuple(Meaning(entry["name"], SpecifierSet(entry["releases"]), entry) for entry in document)


def found_meanings(
    rules: Iterable[Meaning], paths: Iterable[str], read: Read, tops: frozenset[str]
) -> list[ApiFinding]:
    """What the rules find in the files at `paths` that name the package by one of its `tops`, code and tests apart.

    Code that names what the release introduced follows the change, and that of tests does not speak for the package.
    """
    findings: list[ApiFinding] = []
    words = [top.lower().encode() for top in tops]
    listed = list(rules)
    texts = (
        {path: data for path in paths if any(word in (data := read(path)).lower() for word in words)} if listed else {}
    )
    for rule in listed:
        for in_tests in (False, True):
            part = {path: data for path, data in texts.items() if is_test(path) is in_tests}
            uses = list(_found(rule, part))
            if uses:
                findings.append(_finding(rule, uses))
    return findings


def _finding(rule: Meaning, uses: list[Use]) -> ApiFinding:
    symbol = uses[0].references[0].path[-1]
    return ApiFinding(
        rule=Rule.API_MEANING,
        symbol=symbol,
        detail=rule.name,
        message=f"{symbol}() {rule.table['message']}",
        uses=tuple(uses),
        probe=rule.table["probe"],
        reasons=(rule.table["reason"],),
    )


def _found(rule: Meaning, texts: dict[str, bytes]) -> Iterator[Use]:
    table = rule.table
    argument, calls = table.get("argument"), table.get("calls")
    introduced = [name.rpartition(".")[2].encode() for name in rule.introduced]
    if any(name in data for name in introduced for data in texts.values()):
        return
    if calls and not any(all(word.encode() in data for word in calls.values()) for data in texts.values()):
        return
    # What a file must hold as text for a pattern to be in it: most are not worth parsing.
    needed = [argument["functions"]] if argument else [_methods(each) for each in table["contains"]]
    for path, data in sorted(texts.items()):
        if not all(any(word.encode() in data for word in words) for words in needed):
            continue
        tree = parsed(data)
        if tree is None:
            continue
        source = SourceFile(path, data.split(b"\n"), tree)
        search = _by_argument(source, argument) if argument else _by_content(source, table["contains"])
        for node, name in search:
            yield Use(_place(source, node), UseKind.CALL, (Reference("", (name,)),))


def _methods(texts: list[str]) -> list[str]:
    """The names that the patterns call."""
    calls = (pattern(text) for text in texts)
    return [last_name(each.func) for each in calls if isinstance(each, ast.Call)]


def _place(source: SourceFile, node: ast.stmt | ast.expr) -> Place:
    line = node.lineno
    raw = source.lines[line - 1] if line <= len(source.lines) else b""
    first = len(raw[: node.col_offset].decode("utf-8", "replace")) + 1
    named = node.func if isinstance(node, ast.Call) else None
    end = named.end_col_offset if named is not None and named.end_lineno == line else None
    return Place(source.path, line, first, first if end is None else len(raw[:end].decode("utf-8", "replace")) + 1)


def _by_content(source: SourceFile, wanted: list[list[str]]) -> Iterator[tuple[AnyFunction, str]]:
    """The innermost functions that hold one of each list of patterns."""
    words = [[word.encode() for word in _methods(texts)] for texts in wanted]
    for function in functions(source.tree):
        text = b"\n".join(source.lines[function.lineno - 1 : function.end_lineno])
        if not all(any(word in text for word in one) for one in words):
            continue
        nodes = [node for statement in function.body for node in walk(statement)]
        if any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for node in nodes):
            continue
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        if all(any(matches(pattern(text), call) for text in texts for call in calls) for texts in wanted):
            yield function, function.name


def _by_argument(source: SourceFile, wanted: dict[str, Any]) -> Iterator[tuple[ast.Call, str]]:
    """The calls whose argument is a plain name that is bound to one of the patterns, through other names too."""
    seen: set[int] = set()
    names = [name.encode() for name in wanted["functions"]]
    for function in functions(source.tree):
        text = b"\n".join(source.lines[function.lineno - 1 : function.end_lineno])
        if not any(name in text for name in names):
            continue
        bound = _bound(function, [pattern(text) for text in wanted["bound"]])
        for node in walk(function):
            if not isinstance(node, ast.Call) or id(node) in seen or last_name(node.func) not in wanted["functions"]:
                continue
            position = wanted["position"]
            by_name = [word.value for word in node.keywords if word.arg in wanted["keywords"]]
            given = node.args[position] if len(node.args) > position else next(iter(by_name), None)
            if isinstance(given, ast.Name) and given.id in bound:
                seen.add(id(node))
                yield node, last_name(node.func)


def _bound(function: AnyFunction, wanted: list[ast.expr]) -> set[str]:
    """The names that a function binds to one of the patterns, or to something made of one of them alone."""
    assigned = [
        (target.id, node.value)
        for node in walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    found: set[str] = set()
    while True:
        more = {name for name, value in assigned if _is_made_of(value, wanted, found)}
        if more <= found:
            return found
        found |= more


def _is_made_of(value: ast.expr, wanted: list[ast.expr], known: set[str]) -> bool:
    """Whether a value is one of the patterns, or keeps the shape of one: converted, or with a number beside it."""
    if any(matches(each, value) for each in wanted):
        return True
    match value:
        case ast.Name(id=name):
            return name in known
        case ast.Call(func=ast.Attribute(value=base, attr="to" | "contiguous" | "cuda" | "float" | "clone")):
            return _is_made_of(base, wanted, known)
        case ast.BinOp(left=left, right=right):
            return _is_made_of(left, wanted, known) or _is_made_of(right, wanted, known)
    return False
