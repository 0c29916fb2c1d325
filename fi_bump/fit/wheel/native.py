"""The C++ and CUDA sources of a release, as far as Python code meets them: exported functions, and what they check.

This is no C++ parser. It takes comments away, finds a function by its name in front of balanced parentheses and braces,
and reads calls of check macros. What it does not find is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|(\"(?:\\.|[^\"\\\n])*\")", re.DOTALL)
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"")
_WORD = re.compile(r"[A-Za-z_]\w*")
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*(?:<[^<>;(){}]*>)?\s*\(")
_OPEN, _CLOSE = {"(": ")", "{": "}"}, (")", "}")
# What may be between the parameters of a function and its body.
_QUALIFIERS = re.compile(r"\s*(?:const\b|noexcept\b|override\b|final\b|->\s*[\w:<>,\s*&]+)*\s*")
_LONGEST_STATEMENT = 600
# The first name in front of a parenthesis on a line that begins with a type, not deeper than a member of a class.
_DECLARED = re.compile(r"^ {0,4}[A-Za-z_][^\n;={}()]*?\b(\w+)\s*\(", re.MULTILINE)
_COMPARED = re.compile(r"\bname\s*==\s*\"(\w+)\"\s*\)\s*(?=\{)")


class NativeCheck(NamedTuple):
    """A check: its statement on one line, and the message that it shows where it has one."""

    statement: str
    message: str | None

    @property
    def names(self) -> frozenset[str]:
        """The names in the condition, without the words of its message (see `plain`)."""
        condition = self.statement.partition("<<")[0]
        return frozenset(plain(word) for word in _WORD.findall(_TEXT.sub(" ", condition)))


def plain(name: str) -> str:
    """A name without what C++ and Python write in different ways: `globalScale` and `global_scale`."""
    return name.replace("_", "").lower()


class NativeSource:
    """One source file."""

    def __init__(self, text: str) -> None:
        # Strings stay, since they are the messages of checks.
        self.text = _COMMENT.sub(lambda match: match[1] or " ", text)
        # The names that can be declared here at all: nearly every name that a body calls is none of them.
        self.declared = frozenset(_DECLARED.findall(self.text))
        self._bodies: dict[str, str | None] = {}
        self._calls: dict[str, frozenset[str]] = {}
        self._checks: dict[tuple[str, re.Pattern[str]], tuple[NativeCheck, ...]] = {}
        self._parameters: dict[str, list[str] | None] = {}
        self._exports: dict[tuple[str, ...], dict[str, frozenset[str]]] = {}

    def exports(self, macros: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """The exported names with the C++ functions behind them.

        They are exported one by one (`MACRO(name, function)`), or by a function that compares a name with each of them.
        """
        if macros not in self._exports:
            self._exports[macros] = self._exported(macros)
        return self._exports[macros]

    def _exported(self, macros: tuple[str, ...]) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for macro in macros:
            for match in re.finditer(rf"\b{re.escape(macro)}\s*\(\s*(\w+)\s*,\s*([\w:]+)", self.text):
                found[match[1]] = frozenset([match[2].rpartition("::")[2]])
        for match in _COMPARED.finditer(self.text):
            branch = self.text[match.end() : _balanced(self.text, match.end())]
            found.setdefault(match[1], called(branch) & self.declared)
        return found

    def parameters(self, function: str) -> list[str] | None:
        """The names of a function's parameters; None where it is not found, or several functions have its name."""
        if function not in self._parameters:
            self._parameters[function] = self._declaration(function)
        return self._parameters[function]

    def _declaration(self, function: str) -> list[str] | None:
        found = [_parameters(self.text[start:end]) for start, end, _ in self._named(function)]
        if len({len(each) for each in found}) != 1:
            return None
        return [(_WORD.findall(each.partition("=")[0]) or [""])[-1] for each in found[-1]]

    def body(self, function: str) -> str | None:
        """The body of a function; None where it is not defined here."""
        if function not in self._bodies:
            self._bodies[function] = self._body(function) if function in self.declared else None
        return self._bodies[function]

    def calls(self, function: str) -> frozenset[str]:
        """The names that a function defined here calls."""
        if function not in self._calls:
            self._calls[function] = called(self.body(function) or "")
        return self._calls[function]

    def checks(self, function: str, macros: re.Pattern[str]) -> tuple[NativeCheck, ...]:
        """The checks in a function defined here."""
        key = (function, macros)
        if key not in self._checks:
            self._checks[key] = tuple(checks(self.body(function) or "", macros))
        return self._checks[key]

    def _body(self, function: str) -> str | None:
        for _, _, behind in self._named(function):
            at = _QUALIFIERS.match(self.text, behind)
            start = at.end() if at else behind
            if self.text[start : start + 1] == "{":
                return self.text[start : _balanced(self.text, start)]
        return None

    def _named(self, function: str) -> Iterator[tuple[int, int, int]]:
        """Where a function's declarations are: the start and the end of the parameters, and what is behind them."""
        text = self.text
        at = text.find(function)
        while at >= 0:
            behind = at + len(function)
            opening = behind
            while text[opening : opening + 1].isspace():
                opening += 1
            if text[opening : opening + 1] == "(" and self._is_declared_at(at):
                end = _balanced(text, opening)
                yield opening + 1, end - 1, end
            at = text.find(function, behind)

    def _is_declared_at(self, start: int) -> bool:
        """Whether a name is declared where it is: with a type in front, and no operator, dot or `return`."""
        text = self.text
        if _is_word(text[start - 1 : start]):
            return False
        while text[start - 2 : start] == "::":
            start -= 2
            while _is_word(text[start - 1 : start]):
                start -= 1
        before = text[max(start - 80, 0) : start].rstrip()
        is_type = _is_word(before[-1:]) or before[-1:] in (">", "*", "&")
        return is_type and not before.endswith(("->", "return"))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def checks(body: str, macros: re.Pattern[str]) -> Iterator[NativeCheck]:
    """The calls of check macros in a function's body, with what is streamed into them."""
    # A macro's name in a message is no check.
    for match in macros.finditer(_TEXT.sub(lambda text: " " * len(text[0]), body)):
        end = _balanced(body, match.end() - 1)
        semicolon = body.find(";", end, end + _LONGEST_STATEMENT)
        statement = body[match.start() : end if semicolon < 0 else semicolon]
        texts = re.findall(r"\"((?:\\.|[^\"\\])*)\"", statement)
        yield NativeCheck(" ".join(statement.split()), "".join(texts).strip() or None)


def called(body: str) -> frozenset[str]:
    """The names that a body calls."""
    return frozenset(_CALL.findall(body))


@lru_cache(maxsize=2048)
def native_source(data: bytes) -> NativeSource:
    """A source file; the same one in two releases is read once."""
    return NativeSource(data.decode("utf-8", "replace"))


def _balanced(text: str, start: int) -> int:
    """One past the bracket that closes the one at `start`; the end of the text where none does."""
    depth, position = 0, start
    bracket = re.compile(r"[(){}]|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])'")
    for match in bracket.finditer(text, start):
        if match[0] in _OPEN:
            depth += 1
        elif match[0] in _CLOSE:
            depth -= 1
            if depth == 0:
                return match.end()
        position = match.end()
    return max(position, len(text))


def _parameters(text: str) -> list[str]:
    """The parameters of a declaration: commas inside `<>` and brackets part nothing."""
    parts: list[str] = [""]
    depth = 0
    for character in text:
        depth += (character in "<([{") - (character in ">)]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip() and part.strip() != "void"]
