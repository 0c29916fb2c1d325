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
from fi_bump.pins import Source
from fi_bump.report.findings import markdown
from fi_bump.scanning.look import look
from tests.conftest import LOCK, Run
from tests.formats.test_fuzz import WANTED

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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("kit.rb", f"RUN pip{' ' * 200_000}install flashinfer-python==0.6.8\n"),
        ("kit.rb", "flashinfer-python" + "\t " * 100_000 + "0.6.8\n"),
        ("tox.ini", f"[a]\nflashinfer-python{' ' * 200_000}0.6.8\n"),
        ("tox.ini", f"[testenv]\ndeps =\n  a{',-' * 100_000} flashinfer-python==0.6.8\n"),
        ("setup.py", f"flashinfer-python{' ' * 200_000}0.6.8\n"),
        ("setup.py", "x = 'flashinfer-python" + "[flashinfer-python" * 20_000 + "'\n"),
        ("ci.yml", f"{'{{' * 100_000}flashinfer-python==0.6.8\n"),
        ("ci.yml", "{{ x\n" * 50_000 + "a: flashinfer-python==0.6.8\n"),
    ],
)
def test_a_file_with_a_long_run(path: str, text: str) -> None:
    assert look(Source(path, text.encode()), WANTED).floors == ()


@pytest.mark.parametrize(
    ("factors", "is_read"),
    [("py312", True), ("!a-b,c", True), ("a-!b", True), ("-!b", False), ("a,", False), ("a!b", False)],
)
def test_the_factors_of_tox_are_as_before(factors: str, is_read: bool) -> None:
    text = f"[testenv]\ndeps =\n  {factors}: flashinfer-python==0.6.8\n"
    assert [pin.version for pin in look(Source("tox.ini", text.encode()), WANTED).pins] == ["0.6.8"] * is_read
