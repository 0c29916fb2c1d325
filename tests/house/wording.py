"""The words of fi-bump, collected from its source: what a user can read, and what its docstrings and pages say."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from typer import Typer
from typer.testing import CliRunner

from fi_bump.cli.app import app

TOP = Path(__file__).parents[2]
PACKAGE = TOP / "fi_bump"
FIELD = "{…}"

# A single word that is given to one of these is shown too: a line, a table's column, a heading.
_SHOWN_BY = {"say", "print", "_table", "add_column", "add_row", "Rows", "Section", "Items"}
_SHOWN_AS = {"help", "hint", "epilog", "message", "reason"}
_NOT_SHOWN_AS = {"place", "sep", "end", "file", "style", "header_style", "justify", "overflow"}
_RAISED = re.compile(r"\w+Error\Z")
_WORD = re.compile(r"[A-Za-z]{2,}")
# What is handed to another program is no message.
_PROGRAM = re.compile(r"\s*(?:import |from \S+ import |#include|__asm__)")


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


@cache
def messages(path: Path) -> frozenset[str]:
    """Each text of a module that a user can see, with `{…}` for what is filled in.

    These are: every string with a blank and a word that is not a docstring or a regular expression; every string, a
    single word too, that is given to something that shows or raises it; and the docstrings of commands, which are
    their help.
    """
    collector = _Messages(_commands(_dotted(path)))
    collector.visit(ast.parse(path.read_text()))
    return frozenset(collector.found)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Each docstring of a module, with the line on which it begins."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


@cache
def help_pages() -> str:
    """What `--help` prints for fi-bump and for each command, at 80 columns."""
    pages = []
    for words in [(), *_typed(app)]:
        shown = CliRunner().invoke(app, [*words, "--help"], prog_name="fi-bump", env={"COLUMNS": "80", "NO_COLOR": "1"})
        assert shown.exit_code == 0, shown.output
        pages.append(f"$ {' '.join(('fi-bump', *words))} --help\n{shown.output.strip()}\n")
    return "\n".join(pages)


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__")


@cache
def _callbacks() -> list[Callable[..., Any]]:
    """The functions that typer calls; it shows their docstrings."""
    found = [app.registered_callback.callback] if app.registered_callback else []
    for each in (app, *(group.typer_instance for group in app.registered_groups)):
        found += [command.callback for command in each.registered_commands] if each else []
    return [callback for callback in found if callback]


def _commands(module: str) -> set[str]:
    return {callback.__name__ for callback in _callbacks() if callback.__module__ == module}


def _typed(typed: Typer) -> Iterator[tuple[str, ...]]:
    """The words of each command, groups of commands too."""
    for command in typed.registered_commands:
        yield (str(command.name),)
    for group in typed.registered_groups:
        yield (str(group.name),)
        for words in _typed(group.typer_instance) if group.typer_instance else ():
            yield (str(group.name), *words)


def _is_re(node: ast.expr) -> bool:
    """Whether a node is a function of `re`, called or handed on: what is beside it is a pattern."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re"


class _Messages(ast.NodeVisitor):
    """Collects messages; `shown` says that the nodes below are given to something that shows them."""

    def __init__(self, commands: set[str]) -> None:
        self.commands = commands
        self.found: set[str] = set()
        self.shown = False

    def _below(self, node: ast.AST | None, shown: bool) -> None:
        if node is not None:
            before, self.shown = self.shown, shown
            self.visit(node)
            self.shown = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name in self.commands:
            self._take(ast.get_docstring(node) or "")
        for each in [*node.decorator_list, node.args, *node.body]:
            self._below(each, shown=False)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if any(_is_re(each) for each in (node.func, *node.args)):
            return
        shows = name in _SHOWN_BY or bool(_RAISED.match(name))
        self._below(node.func, self.shown)
        for argument in node.args:
            self._below(argument, shows or (self.shown and not isinstance(node.func, ast.Attribute)))
        for keyword in node.keywords:
            named = shows and keyword.arg not in _NOT_SHOWN_AS
            self._below(keyword.value, named or keyword.arg in _SHOWN_AS)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        pieces = list(_pieces(node))
        if isinstance(node.op, ast.Add) and any(isinstance(each, str) for each in pieces):
            self._take("".join(each if isinstance(each, str) else FIELD for each in pieces))
            for each in pieces:
                if isinstance(each, ast.AST):
                    self.visit(each)
            return
        self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self.visit_BinOp(ast.BinOp(node, ast.Add(), ast.Constant("")))

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._take(node.value)

    def _take(self, text: str) -> None:
        words = _WORD.search(text.replace(FIELD, "")) or FIELD in text
        if words and not _PROGRAM.match(text) and (self.shown or re.search(r"\S\s+\S", text.strip())):
            self.found.add(text)


def _pieces(node: ast.expr) -> Iterator[str | ast.expr]:
    """A sum of strings, in order: its texts, and the expressions between them."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _pieces(node.left)
        yield from _pieces(node.right)
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield from _pieces(value) if isinstance(value, ast.Constant) else [value]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        yield node
