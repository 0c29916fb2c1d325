"""-q, -v and --color: options of every command, before and after its name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.terminal import wanted
from tests.conftest import NEW, OLD, TREE, Result, plant
from tests.index.server import Package, running, wheel

VALUES = frozenset({"--text", "-C"})


def fi_bump(root: Path, *words: str, **variables: str) -> Result:
    command = [sys.executable, "-m", "fi_bump", *words]
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"FI_BUMP_OFFLINE": "1", "COLUMNS": "80", "TERM": "xterm-256color", **variables}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def drifted(engine: Path) -> Path:
    plant(engine, {"docker/Dockerfile": TREE["docker/Dockerfile"].replace(OLD.encode(), b"0.6.6")})
    return engine


@pytest.mark.slow
@pytest.mark.parametrize("words", [("-q", "check"), ("check", "--quiet"), ("check", "--format", "json", "-q")])
def test_quiet_leaves_the_exit_code(drifted: Path, words: tuple[str, ...]) -> None:
    assert fi_bump(drifted, *words) == (1, "", "")


def test_quiet_still_prints_errors(tmp_path: Path) -> None:
    done = fi_bump(tmp_path, "status", "-q")
    assert (done.code, done.out, done.err.partition("\n")[0]) == (3, "", "versions.lock.json: there is no lock here")


@pytest.mark.slow
def test_quiet_with_a_patch_prints_the_patch_alone(engine: Path) -> None:
    plain = fi_bump(engine, "set", NEW, "--dry-run")
    assert fi_bump(engine, "set", NEW, "--dry-run", "-q") == (0, plain.out, "")


@pytest.mark.parametrize("words", [("status",), ("check",), ("--color=auto", "check")])
def test_a_pipe_has_no_colour(drifted: Path, words: tuple[str, ...]) -> None:
    assert "\x1b" not in fi_bump(drifted, *words).out


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("check", "--color", "always"), ("--color=always", "check"), ("status", "--color=always")]
)
def test_always_is_a_terminals_look(drifted: Path, words: tuple[str, ...]) -> None:
    for variables in ({}, {"NO_COLOR": "1"}):
        assert "\x1b[" in fi_bump(drifted, *words, **variables).out


def test_never_is_plain_where_another_variable_wants_colour(drifted: Path) -> None:
    assert "\x1b" not in fi_bump(drifted, "status", "--color", "never", FORCE_COLOR="1").out


@pytest.mark.slow
def test_a_wrong_colour_is_named(engine: Path) -> None:
    done = fi_bump(engine, "--color", "blue", "status")
    assert (done.code, done.out) == (2, "")
    assert "'blue' is not one of 'auto', 'always', 'never'." in done.err


@pytest.mark.slow
def test_verbose_names_each_request(engine: Path, tmp_path: Path) -> None:
    with running() as index:
        for name in ("flashinfer-python", "flashinfer-cubin"):
            Package(name, {OLD: wheel(name, OLD)}).serve(index)
        words = ("latest", "--index", f"{index.url}/simple")
        quiet = fi_bump(engine, *words, FI_BUMP_OFFLINE="0", XDG_CACHE_HOME=str(tmp_path / "a"))
        done = fi_bump(engine, *words, "-v", FI_BUMP_OFFLINE="0", XDG_CACHE_HOME=str(tmp_path / "b"))
    assert (done.code, done.out) == (quiet.code, quiet.out)
    assert "asked" not in quiet.err
    assert f"asked {index.url}/simple/flashinfer-python/: 200, " in done.err


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        (["check", "-q"], ["check"]),
        (["site", "add", "x:1", "--text", "-v"], ["site", "add", "x:1", "--text", "-v"]),
        (["-C", "-q", "check"], ["-C", "-q", "check"]),
        (["check", "--", "-q"], ["check", "--", "-q"]),
        (["--color"], ["--color"]),
        (["--color", "x", "check"], ["--color", "x", "check"]),
        (["--colors=never"], ["--colors=never"]),
    ],
)
def test_which_words_are_taken(words: list[str], rest: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wanted.OutputChoices, "quiet", False)
    assert wanted.taken(words, VALUES) == rest
    assert wanted.OutputChoices.quiet is (words == ["check", "-q"])
