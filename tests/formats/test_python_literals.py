"""The names that lead to a string: which text before a value is its name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.formats import python_literals
from fi_bump.formats.python_literals import Literal, installs, runs, scope
from fi_bump.pins import Source, Span

# What a name before a value is, as one pattern, which is too slow for every string of a file.
NAME = re.compile(rb"(?:(\w+)[ \t]*|(\w+)[ \t]*(?::[^=\n]*)?=\s*|[\"']([^\"'\n=@:]{1,100})[\"']\s*[:=]\s*)\Z")
KEYWORDS = ("in", "not", "and", "or", "if", "else", "return", "yield", "assert", "is", "lambda", "await")
PIECES = ["a", "key", "in", "=", ":", " ", "\t", "\n", "\x0b", '"', "'", "@", "_", "(", "[", ",", "9", "é", "." * 150]


def named(before: bytes) -> str:
    """Return the name of a string after this text."""
    span = Span(len(before), len(before) + 2)
    return scope(Source("x.py", before + b'""'), Literal(span, span, False, False, ()))


@pytest.mark.parametrize(
    ("before", "name"),
    [
        (b"call(x, ", ""),
        (b"run ", "run"),
        (b"run\n", ""),
        (b"x: str =\n  ", "x"),
        (b'{"the key": ', "the key"),
        (b"a == ", ""),
        (b"return ", ""),
        (b"", ""),
    ],
)
def test_the_name_of_a_string(before: bytes, name: str) -> None:
    assert named(before) == name


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@settings(deadline=None, max_examples=300)
def test_the_name_is_what_the_whole_pattern_finds(text: str) -> None:
    before = text.encode()
    match = NAME.search(before, max(len(before) - 200, 0))
    name = match[match.lastindex or 0].decode("utf-8", "replace") if match else ""
    assert named(before) == ("" if name in KEYWORDS else name)


NAMED = [
    "run",
    "system",
    "check_output",
    "xrun_commands",
    "-run_commands",
    "create_subprocess_exec",
    "pre_requirements",
]
NAMED += ["pip_install", "x_pip_install", "extras_require", "deps", "adeps", "dependencies", "call", "x", ".", "_", "é"]


@given(st.lists(st.sampled_from(NAMED), max_size=6))
def test_a_scope_runs_or_installs_as_its_pattern_says(names: list[str]) -> None:
    text = "".join(names)
    assert runs(text) == (python_literals._RUNS.search(text) is not None)
    assert installs(text) == (python_literals._INSTALLS.search(text) is not None)
