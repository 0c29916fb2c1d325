"""The bytes of a clone are those of the repository, whatever core.autocrlf is."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not (TOP / ".git").exists(), reason="the tree is no git checkout")


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=TOP, check=True, capture_output=True).stdout


def line_ends() -> dict[str, tuple[str, str]]:
    """For each tracked file: its line ends in the index (lf, crlf, mixed, none) and its attributes."""
    found = {}
    for entry in git("ls-files", "--eol", "-z").decode().split("\0")[:-1]:
        columns, _, path = entry.partition("\t")
        index, _, attributes = columns.partition("attr/")
        found[path] = (index.split()[0].removeprefix("i/"), attributes.strip())
    return found


def left_alone(seen: tuple[str, str]) -> bool:
    return seen[1].split()[:1] == ["-text"]


def blobs() -> dict[str, str]:
    """The hash that git has of each tracked file's bytes."""
    found = {}
    for entry in git("ls-files", "--stage", "-z").decode().split("\0")[:-1]:
        columns, _, path = entry.partition("\t")
        found[path] = columns.split()[1]
    return found


def blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_a_checkout_has_the_bytes_of_the_repository(autocrlf: str, tmp_path: Path) -> None:
    git("-c", f"core.autocrlf={autocrlf}", "checkout-index", "--all", f"--prefix={tmp_path}/")
    written = {
        str(path.relative_to(tmp_path)): blob(path.read_bytes()) for path in tmp_path.rglob("*") if path.is_file()
    }
    expected = blobs()
    assert written.keys() == expected.keys()
    assert [path for path in expected if written[path] != expected[path]] == []


def test_a_commit_keeps_the_line_ends_of_fixtures() -> None:
    # `git add` turns CRLF into LF in a file whose attribute is `text`; these files must have `-text`.
    found = line_ends()
    with_crlf = {path for path, (index, _) in found.items() if index in ("crlf", "mixed")}
    assert "tests/formats/cases/dockerfile/windows/Dockerfile" in with_crlf
    assert {path for path in with_crlf if not left_alone(found[path])} == set()


def test_every_compared_file_is_left_alone() -> None:
    compared = {path: seen for path, seen in line_ends().items() if "/cases/" in path or "/golden/" in path}
    assert len(compared) > 200
    assert {path for path, seen in compared.items() if not left_alone(seen)} == set()
