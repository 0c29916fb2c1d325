"""The law of help: every command that a `help:` line of a case names can be run as it is, and does no harm.

It is run on a copy of the tree. Afterwards nothing in the files has changed but versions and checksums, `set` has moved
no group to an older version, and `check` is green or names what is left.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from packaging.version import Version

from tests.conftest import Run
from tests.forms.test_forms import CASES, COMMANDS, files, names

LOCK = "versions.lock.json"
HELP = re.compile(r"^help: .*?\bfi-bump (?P<words>(?:check|set|init|site|member)\b[^;,\n]*)", re.MULTILINE)
VERSION = re.compile(rb"(?:sha256:)?[0-9][0-9A-Za-z.]*")


def helps(text: str) -> list[list[str]]:
    """Return the words of each command that the output proposes."""
    found = []
    for match in HELP.finditer(text):
        words = shlex.split(match["words"])
        words = words[: words.index("to")] if "to" in words else words
        # A line for several findings has a word in their place: SITE.
        if not any(word.isupper() for word in words):
            found.append(words)
    return found


def versions(root: Path) -> dict[str, Version]:
    """Return the version of each group of a tree's lock."""
    path = root / LOCK
    groups = json.loads(path.read_bytes())["groups"] if path.exists() else {}
    return {name: Version(group["version"]) for name, group in groups.items()}


def hold(root: Path, words: list[str], scratch: Path, run: Run) -> None:
    """Run a proposed command on a copy of the tree, and check what it has done."""
    copy = scratch / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(root, copy, symlinks=True)
    before = files(copy)
    result = run(copy, *words)
    assert (words, result.code in (0, 1), result.err) == (words, True, "")
    after = files(copy)
    assert before.keys() | {LOCK} == after.keys() | {LOCK}
    for name in before.keys() - {LOCK}:
        if before[name] != after[name]:
            assert VERSION.sub(b"V", before[name]) == VERSION.sub(b"V", after[name]), (words, name)
    old, new = versions(root), versions(copy)
    assert words[0] != "set" or [name for name in old if name in new and new[name] < old[name]] == []
    checked = run(copy, "check")
    assert checked.code == 0 or (checked.code == 1 and "[" in checked.out), (words, checked)


def disturbed(root: Path, folder: Path) -> list[Path]:
    """Return copies of a tree in which something is wrong: a pin at another version, and a file without its pins."""
    path = root / LOCK
    groups = json.loads(path.read_bytes())["groups"] if path.exists() else {}
    sites = sorted({site.partition("#")[0] for group in groups.values() for site in group.get("sites", [])})
    trees = []
    for number, name in enumerate(sites):
        text = (root / name).read_bytes()
        old = next((g["version"].encode() for g in groups.values() if g["version"].encode() in text), None)
        gone = b"" if len(sites) > 1 else None  # Without any pin there is nothing to check.
        for kind, data in (("drift", old and text.replace(old, b"0.6.7", 1)), ("gone", gone)):
            if data is not None:
                tree = folder / f"{kind}{number}"
                shutil.copytree(root, tree, symlinks=True)
                (tree / name).write_bytes(data)
                trees.append(tree)
    return trees


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_every_help_of_a_case_can_be_run(name: str, tmp_path: Path, run: Run) -> None:
    root = tmp_path / "tree"
    shutil.copytree(CASES / name / "tree", root)
    expected = (CASES / name / "transcript.txt").read_text(encoding="utf-8")
    commands = [line[len("$ fi-bump ") :] for line in expected.split("\n") if line.startswith("$ fi-bump ")] or COMMANDS
    for command in commands:
        result = run(root, *shlex.split(command))
        for words in helps(result.out + result.err):
            hold(root, words, tmp_path, run)
    for tree in disturbed(root, tmp_path / "disturbed"):
        result = run(tree, "check")
        for words in helps(result.out + result.err):
            hold(tree, words, tmp_path, run)


def test_the_words_of_a_command() -> None:
    text = "help: run fi-bump check --fix to move 1 pin to 1.0, or fi-bump init\nhelp: run fi-bump set a==1 b==2\nnote: run fi-bump x\nhelp: put it back, or: fi-bump site remove 'a#b c'\n"
    assert helps(text) == [["check", "--fix"], ["set", "a==1", "b==2"], ["site", "remove", "a#b c"]]
