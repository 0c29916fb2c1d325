"""Tests of results on a terminal (whole screens, colours, NO_COLOR, width), and of plain text everywhere else."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from fi_bump.pins import Place
from fi_bump.report.findings.model import Result
from fi_bump.report.findings.snippet import show
from tests.conftest import Run
from tests.formats import scaling
from tests.report.samples import golden, result


def screen(*results: Result, width: int = 72) -> str:
    """Return what a screen without colour shows."""
    stream = io.StringIO()
    show(results, Console(file=stream, width=width))
    return stream.getvalue()


def on_terminal(root: Path, *arguments: str, width: int = 72, **environment: str) -> tuple[int, str]:
    """Run a command on a terminal; return its exit code and its output."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    command = [sys.executable, "-m", "fi_bump", "-C", str(root), *arguments]
    environ = {**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environ)
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux raises this when the last writer has exited
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    _, error = process.communicate()
    assert error == b""
    return process.returncode, said.decode().replace("\r\n", "\n")


CLOSING = (
    "flashinfer 0.6.8.post1: 6 pins in 5 files, 6 findings\n"
    "help: if it was renamed, run fi-bump site move 'requirements/gone.txt#flashinfer-python' "
    "'requirements/100%, a: b/cuda ü.txt#flashinfer-python'\n"
)


def test_a_terminal_without_colour(broken: Path) -> None:
    code, said = on_terminal(broken, "check", NO_COLOR="1")
    # Bold is allowed, because it is not a colour.
    plain = said.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert (code, plain) == (1, golden("check.terminal.txt", plain.removesuffix(CLOSING)) + CLOSING)


def test_colours() -> None:
    stream = io.StringIO()
    show([result(help=("x",))], Console(file=stream, width=72, force_terminal=True, color_system="standard"))
    assert stream.getvalue() == (
        "\x1b[1;31merror[drift]\x1b[0m\x1b[1m: kit is 0.9, the lock says 1.0\x1b[0m\n"
        "\x1b[1;34m --> \x1b[0ma.txt:2:6\n"
        "\x1b[1;34m  |\x1b[0m\n"
        "\x1b[1;34m2 | \x1b[0mkit==0.9  # ü\n"
        "\x1b[1;34m  | \x1b[0m\x1b[1;31m     ^^^ 1.0\x1b[0m\n"
        "\x1b[1;34m  = \x1b[0m\x1b[1mhelp\x1b[0m: x\n\n"
    )


@pytest.mark.slow
def test_a_terminal_has_colours(broken: Path) -> None:
    code, said = on_terminal(broken, "check", "docker/Dockerfile")
    assert (code, said.split("\n")[0]) == (
        1,
        "\x1b[1;31merror[drift]\x1b[0m\x1b[1m: FLASHINFER_VERSION is 0.6.6, the lock says 0.6.8.post1\x1b[0m",
    )
    assert "\x1b" not in on_terminal(broken, "check", "docker/Dockerfile", TERM="dumb")[1]


def test_in_step_a_terminal_shows_one_line(broken: Path) -> None:
    expected = "flashinfer 0.6.8.post1: 2 pins in 1 file, \x1b[32min step\x1b[0m\n"
    assert on_terminal(broken, "check", "requirements/cuda.txt") == (0, expected)
    plain = "flashinfer 0.6.8.post1: 2 pins in 1 file, in step\n"
    assert on_terminal(broken, "check", "requirements/cuda.txt", NO_COLOR="1") == (0, plain)


def test_elsewhere_the_text_is_plain(broken: Path, run: Run) -> None:
    found = run(broken, "check", "docker", "requirements/bare.txt")
    assert found == (
        1,
        "docker/Dockerfile:2:24: FLASHINFER_VERSION is 0.6.6, the lock says 0.6.8.post1 [drift]\n"
        "docker/versions.json:1:78: FLASHINFER_VERSION is 0.6.7, the lock says 0.6.8.post1 [drift]\n"
        "requirements/bare.txt:1:1: note: flashinfer-cubin: has no version specifier [unpinned]\n"
        "flashinfer 0.6.8.post1: 2 pins in 2 files, 2 findings\nhelp: run fi-bump check --fix\n",
        "",
    )


LONG = f"{'a' * 60} kit==0.9 {'b' * 60}"


@pytest.mark.parametrize(
    ("width", "line", "mark"),
    [
        (44, "2 | ...aaaaaaaaa kit==0.9 bbbbbbbbbbbbbbb...", f"  | {' ' * 18}^^^ 1.0"),
        (30, "2 | ...aa kit==0.9 bbbbbbbb...", f"  | {' ' * 11}^^^ 1.0"),
        (200, f"2 | {LONG}", f"  | {' ' * 66}^^^ 1.0"),
    ],
)
def test_a_long_line_is_cut_around_the_mark(width: int, line: str, mark: str) -> None:
    shown = screen(result(place=Place("a.txt", 2, 67, 70, LONG)), width=width).split("\n")
    assert shown[-4:-2] == [line, mark]


def test_odd_characters() -> None:
    text = "\tk\x1b[31mé\u202e日本 kit==0.9"
    assert screen(result(place=Place("a\x1bb.txt", 12, 18, 21, text), message="x\x07y\nz")) == (
        "error[drift]: x\ufffdy\nz\n  --> a\ufffdb.txt:12:18\n   |\n"
        f"12 |     k\ufffd[31mé\ufffd日本 kit==0.9\n   | {' ' * 22}^^^ 1.0\n\n"
    )


def test_a_label_keeps_its_room() -> None:
    place = Place("a.txt", 2, 67, 70, f"{'a' * 60} kit==0.9")
    shown = screen(result(place=place, fix="0.6.11.post2"), width=44).split("\n")
    assert shown[-4:-2] == ["2 | ...aaaaaaaaaaaaaaa kit==0.9", f"  | {' ' * 24}^^^ 0.6.11.post2"]


def test_what_is_not_one_place_has_no_mark() -> None:
    head = "error[drift]: kit is 0.9, the lock says 1.0\n"
    assert screen(result(place=Place("a.txt", 7))) == f"{head} --> a.txt:7\n\n"
    assert screen(result(place=Place("a.txt", 7, text="x" * 80)), width=24) == (
        "error[drift]: kit is\n0.9, the lock says 1.0\n --> a.txt:7\n  |\n7 | xxxxxxxxxxxxxxxxx...\n\n"
    )


@pytest.mark.slow
@given(st.text(), st.text(min_size=1), st.text(), st.integers(20, 90))
def test_no_line_is_wider_than_the_screen(before: str, marked: str, after: str, width: int) -> None:
    place = Place("a.txt", 2, len(before) + 1, len(before) + len(marked) + 1, before + marked + after)
    shown = screen(result(place=place), width=width)
    assert all(cell_len(line) <= width for line in shown.split("\n"))


def test_a_line_of_a_megabyte_is_cut_in_time_that_grows_with_its_length() -> None:
    def look(data: bytes) -> str:
        line = data.decode()
        column = len(line) // 2
        return screen(result(place=Place("a.json", 1, column, column + 3, line)))

    assert scaling.is_linear(look, lambda count: b"x" * count, 50_000)
    # What is far from the mark changes nothing.
    near, far = "x" * 400 + "1.2" + "y" * 400, "x" * 90_000 + "1.2" + "y" * 90_000
    assert [screen(result(place=Place("a.json", 1, 401, 404, near))).split("\n")[2:]] == [
        screen(result(place=Place("a.json", 1, 90_001, 90_004, far))).split("\n")[2:]
    ]
