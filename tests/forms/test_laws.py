"""Laws over all cases: what `set` leaves behind is in its output, and no line of an output is there twice."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.forms.test_forms import CASES, LOCK, files, names

# Lines with the version of another package, which happens to be the old version too: `torchcodec==`, `OTHER_VERSION=`.
# `set` does not list them. A line that is not in this table must be in the output.
OTHERS = {
    "A1-requirement-line": {"requirements/cuda.txt:7"},
    "A2-local-label": {"requirements.txt:4"},
    "E1-shell-variables": {"Makefile:2"},
    "F1-yaml-keys": {"images.yml:3"},
    "T2-tox-and-setup-cfg": {"tox.ini:11"},
    "T3-task-runners": {"justfile:1"},
    "V-another-package-too": {"run.sh:2"},
    "repository-engine": {"docker/Dockerfile:3", "python/pyproject.toml:8"},
}


def transcript(name: str) -> list[tuple[str, list[str]]]:
    """Return the commands of a case, each with the lines that it prints."""
    text = (CASES / name / "transcript.txt").read_text()
    blocks = [block.split("\n") for block in text.split("$ fi-bump ")[1:]]
    return [(block[0], [line for line in block[1:] if line]) for block in blocks]


@pytest.mark.parametrize("name", names())
def test_no_line_is_printed_twice(name: str) -> None:
    for command, lines in transcript(name):
        if command.split()[0] not in ("init", "check", "set"):
            continue
        assert twice(command, lines) == []


def twice(command: str, lines: list[str]) -> list[str]:
    """Return what is in the output of a command more often than once: a line, or a line of a file as a mention."""
    # The table of `init` has a head for each group.
    own = [line for line in lines if not re.match(r"place +anchor +version", line)]
    found = [line for line in set(own) if own.count(line) > 1]
    # In a check a line of a file is a mention or has a finding; in `set` a part of it may move.
    mentions = [match[1] for line in lines if (match := re.match(r" *([^\s:]+:[0-9]+): [a-z -]+: ", line))]
    findings = [match[1] for line in lines if (match := re.match(r"([^\s:]+:[0-9]+):[0-9]+: ", line))]
    named = set(findings) if command.startswith("check") else set()
    return found + [each for each in set(mentions) if mentions.count(each) > 1 or each in named]


def old_lines(root: Path, version: str, exclude: list[str]) -> set[str]:
    """Return `path:line` of every line that contains a version, as a word of its own."""
    word = re.compile(rf"(?<![0-9A-Za-z.])v?{re.escape(version)}(?![0-9A-Za-z]|[.+-][0-9]|\.(?:post|dev)[0-9])")
    found = set()
    for path, data in files(root).items():
        if path != LOCK and b"\0" not in data and not any(path.startswith(each.rstrip("*/")) for each in exclude):
            lines = data.decode("utf-8", "replace").split("\n")
            found |= {f"{path}:{number}" for number, line in enumerate(lines, 1) if word.search(line)}
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_what_set_leaves_behind_is_in_its_output(name: str, tmp_path: Path, run: Run) -> None:
    root = tmp_path / "tree"
    shutil.copytree(CASES / name / "tree", root)
    for command, _ in transcript(name):
        lock = root / LOCK
        before = json.loads(lock.read_bytes()) if lock.exists() else None
        result = run(root, *shlex.split(command))
        if not command.startswith("set ") or before is None or result.code:
            continue
        after = json.loads(lock.read_bytes())
        for group, old in before["groups"].items():
            new = after["groups"][group]
            if old["version"] == new["version"]:
                continue
            others = {each["version"] for each in after["groups"].values()}
            if old["version"] in others:
                continue  # Another group is at this version.
            left = old_lines(root, old["version"], before.get("exclude", []))
            assert silent(left, result.out) == OTHERS.get(name, set()), command
        break


def silent(left: set[str], out: str) -> set[str]:
    """Return which lines an output does not name: neither the line, nor its file as one to regenerate."""
    shown = set(re.findall(r"[^\s:]+:[0-9]+", out)) | {line.partition(":")[0] for line in out.split("\n")}
    named = {each.removeprefix("note: ") for each in shown}
    return {each for each in left if each not in named and each.rpartition(":")[0] not in lock_files(out)}


def lock_files(out: str) -> set[str]:
    """Return the lock files that an output says to regenerate."""
    return set(re.findall(r"^note: ([^:\n]+):", out, re.MULTILINE))
