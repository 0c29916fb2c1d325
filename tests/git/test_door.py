"""Tests of the one door to git: a repository's configuration starts no program."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fi_bump.errors import FiBumpError
from fi_bump.git import commits, conflict, door, refs

TOP = Path(__file__).parents[2]
# A signature that git hands to gpg.program; whether it is right does not matter.
SIGNED = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----\n\nsigned\n"


@pytest.fixture
def hostile(tmp_path: Path) -> tuple[Path, Path]:
    """A repository whose configuration names a program for all that git can be told to start, and what it writes."""
    root, mark = tmp_path / "tree", tmp_path / "ran"
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\necho ran >> {mark}\n")
    script.chmod(0o755)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    (root / "a.txt").write_text("a\n")
    # As old as the index, or newer: git must compare the bytes to know whether it changed, and starts the filter for it.
    os.utime(root / "a.txt", (4e9, 4e9))
    for command in (["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    settings = {
        "core.fsmonitor": str(script),
        "core.hooksPath": str(tmp_path / "hooks"),
        "core.pager": str(script),
        "core.sshCommand": str(script),
        "diff.external": str(script),
        "remote.origin.url": f"ext::{script}",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
        "extensions.partialClone": "origin",
        "log.showSignature": "true",
        **{f"gpg.{kind}program": str(script) for kind in ("", "openpgp.", "ssh.", "x509.")},
        **{f"diff.evil.{name}": str(script) for name in ("command", "textconv")},
        **{f"filter.evil.{name}": str(script) for name in ("clean", "smudge", "process")},
        "filter.evil.required": "true",
        "merge.evil.driver": str(script),
    }
    (root / ".git/info/attributes").write_text("* diff=evil filter=evil merge=evil\n")
    _sign(root)
    for name, value in settings.items():
        subprocess.run(["git", "config", name, value], cwd=root, check=True)
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks/post-index-change").symlink_to(script)
    return root, mark


def _sign(root: Path) -> None:
    """Replace the commit by one with a signature."""

    def git(*arguments: str, given: str = "") -> str:
        done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True, input=given)
        return done.stdout.strip()

    who = "t <t@example.invalid> 1 +0000"
    text = f"tree {git('write-tree')}\nauthor {who}\ncommitter {who}\n{SIGNED}"
    git("update-ref", "HEAD", git("hash-object", "-t", "commit", "-w", "--stdin", given=text))


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--porcelain"),
        ("ls-files", "-u", "-z"),
        ("diff", "--name-only", "--diff-filter=U"),
        ("log", "--format=%H"),
        ("show", "--no-patch"),
        ("diff-files", "--name-only"),
        # An object that is not here: a partial clone would ask the remote for it.
        ("cat-file", "blob", "0" * 39 + "1"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_program_of_the_configuration_runs(hostile: tuple[Path, Path], arguments: tuple[str, ...]) -> None:
    root, mark = hostile
    (root / "a.txt").write_text("b\n")
    door.run(str(root), *arguments, settings=door.without_filters(str(root)))
    assert not mark.exists()


def test_without_the_door_the_programs_run(hostile: tuple[Path, Path]) -> None:
    root, mark = hostile
    subprocess.run(["git", "status", "--porcelain"], cwd=root, check=False, capture_output=True)
    assert mark.exists()


@pytest.mark.parametrize("arguments", [("log", "--format=%H"), ("show", "--no-patch"), ("diff-files", "--name-only")])
def test_without_the_door_each_of_these_runs_one(hostile: tuple[Path, Path], arguments: tuple[str, ...]) -> None:
    root, mark = hostile
    subprocess.run(["git", "-c", "core.fsmonitor=false", *arguments], cwd=root, check=False, capture_output=True)
    assert mark.exists()


def a_commit(root: str) -> str:
    return commits.revision(root, "HEAD")


# Every function of fi_bump/git that looks at a repository, and the only one of `git commit` is not among them.
READERS: list[Callable[[str], object]] = [
    commits.refuse_commit,
    lambda root: commits.refuse_paths(root, ["a.txt"]),
    a_commit,
    lambda root: commits.at(root, a_commit(root), "a.txt"),
    lambda root: commits.at(root, a_commit(root), "b.txt"),
    lambda root: commits.earlier_files(root, "a.txt"),
    conflict.operation,
    conflict.unmerged,
    lambda root: conflict.clean(root, ["a.txt"]),
    lambda root: conflict.unstageable(root, ["a.txt"]),
    lambda root: conflict.merge(root, b"a\n", b"b\n", b"c\n", ["x", "y", "z"], show_base=True),
    lambda root: refs.matching(root, ["*"]),
    lambda root: refs.at_revision(root, "HEAD"),
    lambda root: list(refs.blobs(root, [each.blob for each in refs.tree(root, a_commit(root))])),
]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(READERS)))
def test_no_reader_starts_a_program_of_the_configuration(hostile: tuple[Path, Path], number: int) -> None:
    root, mark = hostile
    READERS[number](str(root))
    assert not mark.exists()


@pytest.mark.slow
def test_the_page_lists_every_call_of_git() -> None:
    calls = set()
    for file in (TOP / "fi_bump").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            if name == "door.run" or (name == "run" and file.name == "door.py"):
                # Each call names its subcommand here, so that this test can read it.
                assert isinstance(node.args[1], ast.Constant), f"{file}:{node.lineno}"
                calls.add(node.args[1].value)
    page = (TOP / "docs/security.md").read_text(encoding="utf-8")
    table = page.partition("| call | for |")[2].partition("\n\n")[0]
    rows = {name for cell in re.findall(r"^\| (`.+?) \|", table, re.M) for name in re.findall(r"`([a-z-]+)", cell)}
    assert calls == rows


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FiBumpError, match="git is not on PATH"):
        door.run(str(tmp_path), "status")
