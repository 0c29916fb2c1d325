"""Tests of links to files that the walk does not meet, and of what vanishes while the tree is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OLD, Run, plant, snapshot

WRONG = b"flashinfer-python==0.6.6\n"


def link(root: Path, path: str, target: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    os.symlink(target, root / path)


@pytest.mark.parametrize("folder", ["node_modules", ".venv/lib", "a/.tox", "pkg.egg-info"])
def test_a_wrong_pin_behind_a_link(engine: Path, run: Run, folder: str) -> None:
    plant(engine, {f"{folder}/requirements.txt": WRONG})
    link(engine, "deps/requirements.txt", f"../{folder}/requirements.txt")
    before = snapshot(engine)
    skipped = next(part for part in folder.split("/") if part not in ("a", "lib"))
    message = (
        f"deps/requirements.txt:1:20: flashinfer-python is 0.6.6, the lock says {OLD}; it is a link to "
        f"{folder}/requirements.txt, which is in {skipped}, where fi-bump reads and changes no file [drift]\n"
    )
    for arguments in (["check"], ["check", "--fix"]):
        done = run(engine, *arguments)
        assert (done.code, done.out.split("\n")[0] + "\n", done.err) == (1, message, "")
    assert run(engine, "set", "0.6.9").code == 1
    assert snapshot(engine) == before
    # A virtual environment is one by its file too.
    plant(engine, {f"{folder}/requirements.txt": WRONG.replace(b"0.6.6", OLD.encode())})
    assert run(engine, "check", "--fix").code == 0
    assert run(engine, "check").code == 0


def test_a_link_to_an_excluded_file(engine: Path, run: Run) -> None:
    plant(engine, {"third/requirements.txt": WRONG})
    lock = (engine / "versions.lock.json").read_bytes().rstrip()[:-1].rstrip() + b',\n  "exclude": ["third/**"]\n}\n'
    plant(engine, {"versions.lock.json": lock})
    assert run(engine, "check").code == 0
    link(engine, "requirements.txt", "third/requirements.txt")
    done = run(engine, "check")
    assert done.code == 1
    assert "; it is a link to third/requirements.txt, which the lock excludes [drift]\n" in done.out


def test_a_link_to_a_file_without_a_format(engine: Path, run: Run) -> None:
    """Nothing else would read the file, and it may be changed."""
    plant(engine, {"deps/base": WRONG})
    link(engine, "requirements.txt", "deps/base")
    assert run(engine, "check").out.startswith("requirements.txt:1:20: flashinfer-python is 0.6.6")
    assert run(engine, "check", "--fix").code == 0
    assert (engine / "deps/base").read_bytes() == f"flashinfer-python=={OLD}\n".encode()
    assert (engine / "requirements.txt").is_symlink()


@pytest.mark.parametrize("target", ["other/requirements.txt", ".git/requirements.txt", "own/requirements.txt"])
def test_links_that_are_not_read(engine: Path, run: Run, target: str) -> None:
    """Another checkout, git's own folder, and a folder with its own lock."""
    plant(engine, {target: WRONG, "other/.git": b"gitdir: x\n", "own/versions.lock.json": b"{}"})
    link(engine, "requirements.txt", target)
    assert run(engine, "check") == (0, f"flashinfer {OLD}: 5 pins in 4 files, in step\n", "")


def test_a_link_to_a_file_that_is_read_is_no_second_place(engine: Path, run: Run) -> None:
    link(engine, "requirements.txt", "requirements/cuda.txt")
    assert run(engine, "check").code == 0


def test_a_folder_that_vanishes_is_passed_over(engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build beside removes a folder between the listing of its parent and its own."""
    plant(engine, {"build/a.txt": b"", "docker/x.yml": b""})
    honest = os.scandir

    def scandir(path: Any) -> Any:
        if str(path).endswith("/build"):
            (engine / "build/a.txt").unlink(missing_ok=True)
            if (engine / "build").exists():
                (engine / "build").rmdir()
        return honest(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert run(engine, "check") == (0, f"flashinfer {OLD}: 5 pins in 4 files, in step\n", "")


@pytest.mark.parametrize(("path", "code"), [("docker/extra.yml", 0), ("docker/Dockerfile", 1)])
def test_a_file_that_vanishes(engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch, path: str, code: int) -> None:
    """It is passed over; what the lock records there is missing, as at the next check."""
    plant(engine, {"docker/extra.yml": b"x: flashinfer\n"})
    honest = os.open

    def opens(name: Any, *arguments: Any, **named: Any) -> int:
        if str(name).endswith(path):
            (engine / path).unlink(missing_ok=True)
        return honest(name, *arguments, **named)

    monkeypatch.setattr(os, "open", opens)
    done = run(engine, "check")
    assert (done.code, "[missing-site]" in done.out) == (code, bool(code))
