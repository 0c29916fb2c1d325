"""Tests of `fi-bump set -i` with a terminal on both sides, and that nothing asks without -i."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Run, plant, snapshot
from tests.index.server import Index, Package, running, wheel

DATES = {"0.6.6": "2026-03-01", "0.6.17": "2026-08-05", "0.6.18": "2026-08-20", "0.7.0": "2026-09-22"}
Session = Callable[..., tuple[int, str]]


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with four releases of two packages."""
    with running() as started:
        for name in ("flashinfer-python", "flashinfer-cubin"):
            package = Package(name, {version: wheel(name, version) for version in DATES})
            package.uploaded({version: f"{day}T10:00:00Z" for version, day in DATES.items()})
            package.serve(started)
        yield started


@pytest.fixture
def pinned(tmp_path: Path, run: Run) -> Path:
    """A repository with two pins."""
    root = tmp_path / "pinned"
    plant(root, {"requirements.txt": b"flashinfer-python==0.6.6\nflashinfer-cubin==0.6.6\n"})
    assert run(root, "init").code == 0
    return root


@pytest.fixture
def session(index: Index, tmp_path: Path) -> Session:
    """Run `set` on a terminal with answers, and return its exit code and what the terminal shows."""

    def call(root: Path, *arguments: str, answers: str) -> tuple[int, str]:
        outer, inner = pty.openpty()
        environment = {
            **{name: value for name, value in os.environ.items() if name != "FI_BUMP_OFFLINE"},
            "XDG_CACHE_HOME": str(tmp_path / "user-cache"),
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }
        command = [
            sys.executable,
            "-m",
            "fi_bump",
            "-C",
            str(root),
            "set",
            "--index",
            f"{index.url}/simple",
            *arguments,
        ]
        process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=environment)
        os.close(inner)
        shown: list[bytes] = []

        def read() -> None:
            try:
                while piece := os.read(outer, 65536):
                    shown.append(piece)
            except OSError:  # the process has closed the terminal
                pass

        reader = threading.Thread(target=read)
        reader.start()
        os.write(outer, answers.encode())
        code = process.wait(60)
        reader.join(10)
        os.close(outer)
        # Versions link to the pages of their releases (OSC 8).
        text = re.sub(r"\x1b\]8;[^\x1b]*\x1b\\", "", b"".join(shown).decode())
        return code, text.replace("\r\n", "\n")

    return call


@pytest.mark.slow
def test_a_release_is_chosen_from_a_list_with_dates(pinned: Path, session: Session) -> None:
    code, shown = session(pinned, "-i", answers="2\ny\n")
    assert code == 0
    rows = [line.split() for line in shown.splitlines()]
    assert ["1", "0.7.0", "2026-09-22"] in rows
    assert ["2", "0.6.18", "2026-08-20"] in rows
    (faulty,) = [" ".join(row) for row in rows if row[:2] == ["3", "0.6.17"]]
    assert faulty.startswith("3 0.6.17 2026-08-05 known fault on sm_100: TRTLLM NVFP4 MoE gives NaN")
    assert "known fault on sm_90: the MoE of bf16 with MXFP4 gives wrong tokens now and then" in faulty
    assert ["4", "0.6.6", "2026-03-01", "locked"] in rows
    assert "+flashinfer-python==0.6.18\n" in shown
    assert "move flashinfer to 0.6.18? [y/N]" in shown
    assert shown.count("flashinfer 0.6.6 -> 0.6.18: 2 pins in 1 file\n") == 1
    assert shown.endswith("wrote 1 file and versions.lock.json\nnext: run fi-bump smoke on a GPU\n")
    assert (pinned / "requirements.txt").read_bytes() == b"flashinfer-python==0.6.18\nflashinfer-cubin==0.6.18\n"


@pytest.mark.slow
@pytest.mark.parametrize("answers", ["\n", "2\nn\n", "2\n\n", "\x04"])
def test_without_a_yes_nothing_is_written(pinned: Path, session: Session, answers: str) -> None:
    before = snapshot(pinned)
    code, shown = session(pinned, "-i", "flashinfer", answers=answers)
    assert (code, shown.endswith("nothing was changed\n")) == (1, True)
    assert snapshot(pinned) == before


@pytest.mark.slow
def test_a_version_can_be_typed(pinned: Path, session: Session) -> None:
    code, shown = session(pinned, "-i", answers="0.7.0\nyes\n")
    assert (code, "+flashinfer-cubin==0.7.0\n" in shown) == (0, True)
    code, shown = session(pinned, "-i", answers="0.9\n")
    assert (code, "flashinfer-python 0.9 is not on " in shown) == (1, True)


@pytest.mark.slow
def test_without_a_terminal_it_does_not_ask(pinned: Path, run: Run) -> None:
    error = "fi-bump: -i asks questions, but there is no terminal to answer them\nhelp: name the version: fi-bump set VERSION\n"
    assert run(pinned, "set", "-i", offline=False) == (2, "", error)


@pytest.mark.slow
def test_without_i_nothing_asks(pinned: Path, session: Session) -> None:
    code, shown = session(pinned, "0.7.0", answers="")
    assert (code, "?" in shown) == (0, False)


def test_a_version_must_be_named(pinned: Path, run: Run) -> None:
    error = "fi-bump: name the version to move to\nhelp: run fi-bump set latest, or fi-bump set -i to choose one\n"
    assert run(pinned, "set") == (2, "", error)


@pytest.mark.slow
def test_a_conflict_is_seen_at_a_glance(pinned: Path, session: Session, index: Index) -> None:
    needing = {each: wheel("flashinfer-python", each, "dsl>=4.5") for each in DATES}
    Package("flashinfer-python", needing).serve(index)
    Package("dsl", {each: wheel("dsl", each) for each in ("4.4", "4.5")}).serve(index)
    plant(pinned, {"requirements.txt": b"flashinfer-python==0.6.6\nflashinfer-cubin==0.6.6\ndsl==4.4\n"})
    for arguments in (["0.7.0", "--dry-run"], ["0.7.0"]):
        code, shown = session(pinned, *arguments, answers="")
        plain = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()]
        assert code == 0
        conflict = "error[conflict]: dsl==4.4 conflicts with flashinfer-python 0.7.0, which needs dsl>=4.5"
        assert plain[plain.index(conflict) + 1] == "--> requirements.txt:3:1"
        help_ = plain.index("help: run fi-bump set flashinfer==0.7.0 dsl==4.5")
        assert plain[help_ - 1] == "flashinfer 0.7.0: 1 conflict"
        # What moved comes after the conflicts, and the help is what to do next.
        assert plain[help_ + 1] == "requirements.txt:1:20: flashinfer-python 0.6.6 -> 0.7.0"
        assert not any(line.startswith("next: ") for line in plain)
        moved = "flashinfer-python is pinned here and would move to 0.7.0" if arguments[1:] else "0.7.0 is pinned here"
        assert any(line.endswith(moved) for line in plain)


def test_an_audit_of_a_move_does_not_say_that_it_is_made(
    pinned: Path, session: Session, index: Index, run: Run
) -> None:
    Package("flashinfer-python", {each: wheel("flashinfer-python", each, "dsl>=4.5") for each in DATES}).serve(index)
    Package("dsl", {each: wheel("dsl", each) for each in ("4.4", "4.5")}).serve(index)
    plant(pinned, {"requirements.txt": b"flashinfer-python==0.6.6\nflashinfer-cubin==0.6.6\ndsl==4.4\n"})
    address = ("--index", f"{index.url}/simple", "--format", "sarif")
    planned = run(pinned, "audit", "0.7.0", *address, offline=False).out
    assert "flashinfer-python is pinned here and would move to 0.7.0" in planned
    assert "0.7.0 is pinned here" not in planned
    assert "flashinfer-python 0.6.6 is pinned here" in run(pinned, "audit", *address, offline=False).out
