"""Files, hooks and tests whose names and output look like commands of a runner or of a terminal."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from fi_bump.report.formats import REPORT_FORMATS
from tests.conftest import NEW, OLD, Run, plant
from tests.report.test_injection import CONTROL
from tests.test_untrusted import is_command

NAMES = [
    b"::error::PWN Dockerfile",
    b"Dockerfile.\n::error::PWN",
    b"Dockerfile.\r::error::PWN",
    b"Dockerfile.\x1b[31mred\x1b[2J",
    b"Dockerfile.\xff\xfe\x9b31m",
    "Dockerfile.\u2028::error::PWN\u202egnp".encode(),
    b"Dockerfile.##[error]PWN ##vso[task.x]y",
    b"Dockerfile.[red]x[/red] [/]",
    b"Dockerfile.`x` <img src=x onerror=1> @org [a](b) #1 |c| ]]>&lt;%0A::error::PWN",
]


@pytest.mark.slow
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_is_no_command(engine: Path, run: Run, name: bytes, broken: bool) -> None:
    drift = {os.fsdecode(name): b"FROM base\nARG FLASHINFER_VERSION=0.6.7\n"}
    unreadable = {os.fsdecode(name.replace(b"Dockerfile", b"pyproject-") + b".toml"): b"flashinfer [[[ = \n"}
    plant(engine, unreadable if broken else drift)
    runs = [("check", "--format", form) for form in REPORT_FORMATS]
    for command in [*runs, ("status",), ("status", "--format", "json"), ("set", NEW, "--offline"), ("init", "--force")]:
        code, *streams = run(engine, *command)
        text = "".join(streams)
        assert code in (0, 1, 3)
        assert "unexpected error" not in text
        assert CONTROL.search(text) is None
        commands = [line for line in text.split("\n") if is_command(line)]
        assert all(line.startswith("::") and "title=fi-bump " in line for line in commands)
        assert not commands or command[-1] == "github"
        if "json" in command and code < 2:
            json.loads(text)


def test_a_place_is_shown_in_one_line(engine: Path, run: Run) -> None:
    plant(engine, {"Dockerfile.\n::error::PWN": b"FROM base\nARG FLASHINFER_VERSION=0.6.7\n"})
    assert run(engine, "check", "--format", "text").out.split("\n")[0] == (
        f"Dockerfile.\\n::error::PWN:2:24: FLASHINFER_VERSION is 0.6.7, the lock says {OLD} [drift]"
    )


PATCH_LINE = b"::error::PWN ##[group]x"


@pytest.mark.parametrize("command", [("check", "--diff"), ("set", NEW, "--offline", "--dry-run")])
def test_a_patch_has_no_command_and_still_applies(
    engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    path = engine / "docker/Dockerfile"
    version = b"0.6.7" if command[0] == "check" else OLD.encode()
    path.write_bytes(path.read_bytes().replace(OLD.encode(), version) + PATCH_LINE + b"\n")
    before = run(engine, *command).out
    assert f"\n {PATCH_LINE.decode()}\n" in before
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    out = run(engine, *command).out
    stop, rest = out.split("\n", 1)
    token = stop.removeprefix("::stop-commands::")
    assert (len(token), token in before, f"::{token}::\n" in rest) == (32, False, True)
    assert rest.replace(f"::{token}::\n", "", 1) == before
    subprocess.run(["git", "init", "-q"], cwd=engine, check=True)
    subprocess.run(["git", "apply", "-"], cwd=engine, input=out.encode(), check=True)
    assert (OLD if command[0] == "check" else NEW).encode() in path.read_bytes()


def test_a_patch_without_a_command_is_not_framed(engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run(engine, "set", NEW, "--offline", "--dry-run").out.startswith("diff --git ")
