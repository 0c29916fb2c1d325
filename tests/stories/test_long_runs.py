"""A long run of one character, from a lock, a repository or a wheel, takes a time that grows with its length.

With a time that grows with the square of it, each of these tests would run for minutes.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from fi_bump.fit.wheel.deprecations import Deprecation, deprecations
from fi_bump.fit.wheel.library import Thing, ThingKind
from fi_bump.report.findings import markdown
from tests.conftest import LOCK, Run

LONG = 1_000_000


def test_a_long_name_in_a_table(engine: Path, run: Run) -> None:
    name = "a" * 100_000
    lock = json.loads(LOCK)
    lock["groups"] = {name: lock["groups"]["flashinfer"]}
    (engine / "versions.lock.json").write_text(json.dumps(lock))
    shown = run(engine, "fleet", ".").out
    assert name in shown
    # A pipe gets no padding.
    assert [line for line in shown.split("\n") if line.endswith(" ")] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" " * LONG + "x", " x"),
        ("a" + "\t" * LONG + "x", "a" + " " * LONG + "x"),
        ("a" + " " * LONG + "\n" + " " * LONG + "b", "a b"),
        ("a \r\n \n b", "a b"),
        ("a\n", "a "),
    ],
    ids=["at the beginning", "in a line", "around a line end", "line ends", "at the end"],
)
def test_a_run_of_blanks_in_a_summary(text: str, expected: str) -> None:
    assert markdown.plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" + "\n" * LONG + "y", []),
        ("x\n" + " " * LONG + "y", []),
        ("x" + "\n" * LONG + ".. deprecated:: 0.6\n", [Deprecation(None, "0.6")]),
        ("a\nb\nc\n\n\n  deprecated: use y", [Deprecation(None, "use y")]),
        ("a\nb\nc\nd\ndeprecated: use y", []),
    ],
    ids=["empty lines", "blanks", "empty lines before it", "the fourth line", "the fifth line"],
)
def test_a_run_of_blanks_in_a_docstring(text: str, expected: list[Deprecation]) -> None:
    node = ast.parse(f"def f():\n    {text!r}\n").body[0]
    assert deprecations(Thing(ThingKind.FUNCTION, "m", node)) == expected
