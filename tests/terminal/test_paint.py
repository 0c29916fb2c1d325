"""Tests of the colours and links of lines on a terminal: what is shown is the same text."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.boundary import here
from fi_bump.terminal.paint import linked, painted, painted_patch, style, wanted
from fi_bump.terminal.wanted import OutputChoices

_ESCAPES = re.compile("\x1b\\[[0-9;]*m|\x1b\\]8;;[^\x1b]*\x1b\\\\")


def plain(text: str) -> str:
    return _ESCAPES.sub("", text)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("note: x", "\x1b[1;36mnote\x1b[0m: x"),
        ("help: run fi-bump check --fix", "\x1b[1mhelp\x1b[0m: run fi-bump check --fix"),
        ("next: run fi-bump check", "\x1b[1;32mnext\x1b[0m: run fi-bump check"),
        ("a 1.0 -> 1.1: 5 pins", "a \x1b[31m1.0\x1b[0m -> \x1b[32m1.1\x1b[0m: 5 pins"),
        ("f.txt:1:2: a is 1, the lock says 2 [drift]", "f.txt:1:2: a is 1, the lock says 2 \x1b[1;31m[drift]\x1b[0m"),
        ("a 1.0: 5 pins in 4 files, in step", "a 1.0: 5 pins in 4 files, \x1b[32min step\x1b[0m"),
        ("a 1.0: 5 pins in 4 files, 1 finding", "a 1.0: 5 pins in 4 files, 1 finding"),
        ("denote: x", "denote: x"),
        ("a[0]", "a[0]"),
    ],
)
def test_lines(line: str, shown: str) -> None:
    assert painted(line) == shown


def test_a_place_leads_to_its_file_if_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a b.txt").write_bytes(b"")
    monkeypatch.setattr(here, "_folder", str(tmp_path))
    address = f"file://{os.uname().nodename}{tmp_path}/a%20b.txt"
    assert painted("a b.txt:3:4: x") == f"\x1b]8;;{address}\x1b\\a b.txt:3:4\x1b]8;;\x1b\\: x"
    assert painted("fixed a b.txt:3:4: x") == f"fixed \x1b]8;;{address}\x1b\\a b.txt:3:4\x1b]8;;\x1b\\: x"
    assert painted("other.txt:3:4: x") == "other.txt:3:4: x"
    assert linked("x", None) == "x"


@pytest.mark.parametrize(
    ("line", "code"),
    [("+a", "32"), ("-a", "31"), ("+++ b/x", "1"), ("--- a/x", "1"), ("@@ -1 +1 @@", "36"), ("diff --git a b", "1")],
)
def test_a_patch_has_the_colours_of_git(line: str, code: str) -> None:
    assert painted_patch(line) == style(line, code)
    assert painted_patch(f" {line}") == f" {line}"


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("ab/.:1 2->[]ok notehlp,'#"), max_size=60))
def test_the_text_stays_the_same(line: str) -> None:
    assert plain(painted(line)) == line
    assert plain(painted_patch(line)) == line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_when_colours_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert wanted(Terminal())
    assert not wanted(io.StringIO())
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as context:
            context.setenv(name, value)
            assert not wanted(Terminal())
            context.setattr(OutputChoices, "colour", "always")
            assert wanted(io.StringIO())
    monkeypatch.setattr(OutputChoices, "colour", "never")
    assert not wanted(Terminal())
