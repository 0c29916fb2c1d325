"""Test with the real git that applying a diff gives exactly the new bytes."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.editing.diff import unified

LINES = b"".join(b"line %d\n" % number for number in range(20))


def applied(root: Path, path: str, old: bytes, diff: bytes) -> bytes:
    """Return the bytes that `git apply` makes of `old` at `path`."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(old)
    # --whitespace=nowarn: git would warn about spaces at line ends, but never change them.
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
    # Outside a repository `git apply` works on plain files.
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CEILING_DIRECTORIES": str(root.parent), "LC_ALL": "C"}
    done = subprocess.run(command, cwd=root, input=diff, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return target.read_bytes()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"a\n", b"b\n"),
        (b"a", b"b"),
        (b"a\n", b"a"),
        (b"a", b"a\n"),
        (b"a\r\nb\r\n", b"a\r\nc\r\n"),
        (b"a\r\n", b"a\n"),
        (b"\xef\xbb\xbfa\nb", b"\xef\xbb\xbfa\nc"),
        (b"a\x0cb\x85c\xe2\x80\xa8d\re\n", b"a\x0cb\x85c\xe2\x80\xa8D\re\n"),
        (b"\xff\xfe\n", b"\xff\xfd\n"),
        (b"\n\n\n", b"\n\n"),
        (LINES, LINES.replace(b"line 1\n", b"x\n").replace(b"line 18\n", b"")),
    ],
)
def test_git_applies_it(tmp_path: Path, old: bytes, new: bytes) -> None:
    assert applied(tmp_path, "docker/Dockerfile", old, unified("docker/Dockerfile", old, new)) == new


@pytest.mark.parametrize(
    "path", ["with blank/a b.txt", "é/ü.txt", 'quote".txt', "back\\slash.txt", "tab\there", " a", "a ", "a\nb", "\x7f"]
)
def test_paths(tmp_path: Path, path: str) -> None:
    assert applied(tmp_path, path, b"1\n2\n", unified(path, b"1\n2\n", b"1\n3\n")) == b"1\n3\n"


def test_a_path_that_is_no_utf_8(tmp_path: Path) -> None:
    path = b"a\xff.txt".decode("utf-8", "surrogateescape")
    assert applied(tmp_path, path, b"1\n", unified(path, b"1\n", b"2\n")) == b"2\n"


def test_the_whole_diff() -> None:
    assert unified("a b/é.txt", b"one\ntwo\nthree", b"one\n2\nthree") == (
        b'diff --git a/a b/\xc3\xa9.txt "b/a b/\\303\\251.txt"\n'.replace(
            b"a/a b/\xc3\xa9.txt", b'"a/a b/\\303\\251.txt"'
        )
        + b'--- "a/a b/\\303\\251.txt"\t\n+++ "b/a b/\\303\\251.txt"\t\n'
        b"@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n\\ No newline at end of file\n"
    )


def test_nothing_differs() -> None:
    assert unified("a", b"same", b"same") == b""


DATA = st.lists(
    st.sampled_from([b"a", b"b", b"-", b"+", b" ", b"\\", b"\n", b"\n", b"\r", b"\r\n", b"\x0c", b"\xc2\x85", b"\xff"]),
    max_size=12,
).map(b"".join)


@settings(max_examples=25, deadline=None)
@given(DATA.filter(bool), DATA.filter(bool))
def test_any_bytes(old: bytes, new: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        diff = unified("f", old, new)
        assert (applied(Path(folder), "f", old, diff) if diff else old) == new
