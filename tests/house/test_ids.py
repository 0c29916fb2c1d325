"""The names of parametrized tests say which row failed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.version import Version

from fi_bump.pins import Kind, Span
from tests.ids import LONGEST, readable


class Unnamed:
    """An object whose text would hold an address."""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("", "empty"),
        (b"", "empty"),
        ([], "[]"),
        ({}, "{}"),
        (frozenset(), "[]"),
        (None, "None"),
        (False, "False"),
        (0.5, "0.5"),
        (b"A=1\r\n\tB  C", r"A=1\r\n\tB C"),
        (b"\xff\x00\x1b", r"\xff\x00\x1b"),
        ("é \ud800", r"é \ud800"),
        (["one", b"two"], "one, two"),
        ({"b", "a"}, "a, b"),
        ({"key": [1, 2]}, "key=1, 2"),
        (Span(1, 2), "Span(1, 2)"),
        (Kind.GIT_REF, "GIT_REF"),
        (Version("1.0rc1"), "1.0rc1"),
        (Path("/somewhere/of/this/run/file.txt"), "file.txt"),
        (re.compile(rb"a+"), "a+"),
        (ValueError("wrong"), "ValueError(wrong)"),
        (Unnamed(), "Unnamed"),
        (Unnamed, "Unnamed"),
        (len, "len"),
        (lambda: None, "lambda"),
        ("x" * 50 + "the end", "x" * 26 + ".." + "xxxxxthe end"),
    ],
)
def test_readable(value: object, expected: str) -> None:
    assert readable(value) == expected
    assert len(readable(value)) <= LONGEST


@pytest.mark.parametrize(("data", "expected"), [(b"A=1\n" * 2, ["1:3 A"]), ({"a": 1}, Unnamed())])
def test_a_row_is_named_by_its_values(request: pytest.FixtureRequest, data: object, expected: object) -> None:
    names = {r"test_a_row_is_named_by_its_values[A=1\nA=1\n-1:3 A]", "test_a_row_is_named_by_its_values[a=1-Unnamed]"}
    assert request.node.name in names
