"""The examples of each command's help: each one is run as it is shown, in a small repository."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from fi_bump.cli.examples import EXAMPLES, examples
from fi_bump.cli.help import SECTIONS
from fi_bump.repository import open_repository
from tests.conftest import NEW, OLD, Run, plant
from tests.index.server import Package, running, wheel
from tests.stories.test_precommit import git
from tools import command_line

# Their examples need a GPU, or environments for many releases: here the command line alone is checked.
LONG = ("smoke", "bisect")
JUNIT = '<testsuite name="s"><testcase classname="t" name="a" time="0.1"/></testsuite>'
# What makes an example meaningful in the test's repository, by its beginning.
BEFORE = {
    "undo": ("hold flashinfer why",),
    "hold flashinfer --off": ("hold flashinfer why",),
    "site add requirements": ("site remove requirements/cuda.txt#flashinfer-cubin",),
    "member remove": ("member add kit",),
    "member set": ("member add kit",),
}
# The exit codes other than 0 that an example may have here.
CODES = {"init --group torch": 3, "latest --exit-code": 1}


@pytest.fixture
def repository(engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The engine with two commits, what the examples name, and an index with two releases."""
    plant(engine, {"Makefile": f"V = {OLD}\n".encode(), "old.xml": JUNIT.encode(), "new.xml": JUNIT.encode()})
    plant(engine, {"n/1.xml": JUNIT.encode()})
    git(engine, "init")
    git(engine, "add", "-A")
    git(engine, "commit", "-m", "tree")
    git(engine, "branch", "release/1")
    monkeypatch.chdir(engine)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with running() as index:
        for name in ("flashinfer-python", "flashinfer-cubin"):
            Package(name, {each: wheel(name, each) for each in (OLD, NEW)}).serve(index)
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{index.url}/simple")
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        yield engine


def prepare(root: Path, line: str, run: Run) -> None:
    words = line.removeprefix("fi-bump ")
    if words.startswith("init"):
        (root / "versions.lock.json").unlink()
    if words.startswith("pr-body"):
        assert run(root, "set", NEW).code == 0
        if "HEAD~1" in words:
            git(root, "commit", "-am", "moved")
    if words.startswith("site move"):
        name = "a/Dockerfile" if " a/" in words else "Dockerfile"
        plant(root, {name: f"ARG FLASHINFER_VERSION={OLD}\n".encode()})
        lock = (root / "versions.lock.json").read_bytes()
        lock = lock.replace(b'"sites": [', b'"sites": [\n        "Dockerfile#ARG FLASHINFER_TAG",')
        plant(root, {"versions.lock.json": lock})
    for beginning, commands in BEFORE.items():
        if words.startswith(beginning):
            for command in commands:
                assert run(root, *command.split()).code == 0
    if words.startswith("fleet . "):
        plant(root.parent / "other", {"versions.lock.json": (root / "versions.lock.json").read_bytes(), "r.txt": b""})


LINES = [line for shown in EXAMPLES.values() for line, _ in shown]


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_it_runs_as_it_is_shown(repository: Path, run: Run, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(line)[1:]
    if " ".join(words).startswith(LONG) and "--list" not in words:
        from fi_bump.commands import bisect, smoke

        asked: list[object] = []

        def ran(options: object) -> int:
            asked.append(options)
            if isinstance(options, bisect.BisectOptions):
                # It raises what a command line lacks.
                assert bisect._question(options, open_repository(options.root)).group == "flashinfer"
            return 0

        for module in (bisect, smoke):
            monkeypatch.setattr(module, "run", ran)
        assert run(repository, *words).code == 0
        assert len(asked) == 1
        return
    prepare(repository, line, run)
    done = run(Path("."), *words, offline=False)
    expected = next((code for beginning, code in CODES.items() if " ".join(words).startswith(beginning)), 0)
    assert done.code == expected, done.out + done.err


def test_every_command_has_two_that_begin_with_its_name_and_fit_a_terminal() -> None:
    commands = {
        " ".join(words) for words, context in command_line.commands() if not hasattr(context.command, "commands")
    }
    assert set(EXAMPLES) == commands - {"merge-driver"}
    for name, shown in EXAMPLES.items():
        assert len(shown) == 2
        assert all(line.startswith(f"fi-bump {name}") for line, _ in shown)
        assert all(len(line) <= 78 for line in examples(name).split("\n"))


@pytest.mark.slow
def test_the_help_shows_them_and_every_command_has_a_heading(repository: Path, run: Run) -> None:
    for name in EXAMPLES:
        out = run(repository, *name.split(), "--help").out
        assert all(f"    {line}" in out for line, _ in EXAMPLES[name])
    top = run(repository, "--help").out
    listed = [name for names in SECTIONS.values() for name in names]
    shown = [
        line.split()[0]
        for line in top.partition("\nPins:\n")[2].partition("\n  Exit codes")[0].split("\n")
        if line.startswith("  ")
    ]
    assert shown == listed
    assert set(listed) == {name.split()[0] for name in EXAMPLES}
