"""Files that are larger than the memory: each is an error with its place, and neither a hang nor a bug."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fi_bump.errors import PackageIndexError
from fi_bump.index.credentials import CredentialStore
from tests.conftest import Run

SIZE = 8 << 30


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A file of 8 GiB that takes no place on the disk."""
    path = tmp_path / "big"
    path.touch()
    os.truncate(path, SIZE)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.py", "requirements.txt", "docker/Dockerfile.cpu", "versions.lock.json"])
@pytest.mark.parametrize("command", [["check"], ["set", "0.6.9", "--offline"]], ids=" ".join)
def test_a_file_of_the_repository(engine: Path, run: Run, big: Path, name: str, command: list[str]) -> None:
    os.replace(big, engine / name)
    result = run(engine, *command)
    assert (result.code, result.out) == (3, "")
    what = "restore it from git" if name == "versions.lock.json" else "exclude it in versions.lock.json"
    assert result.err.startswith(f"{name}: is larger than 1024 MiB\nhelp: fix it")
    assert what in result.err


def test_a_planted_journal(engine: Path, run: Run, big: Path) -> None:
    (engine / ".fi-bump").mkdir()
    os.replace(big, engine / ".fi-bump/journal.json")
    assert run(engine, "check").out.startswith("versions.lock.json:1:1: an interrupted fi-bump left its journal")
    result = run(engine, "set", "0.6.9", "--offline")
    assert (result.code, "bug" in result.err, "larger than 1024 mib" in result.err) == (3, False, True), result


def test_a_netrc(big: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", str(big))
    with pytest.raises(PackageIndexError) as caught:
        CredentialStore().of("https://index.invalid/simple", None)
    assert str(caught.value) == f"{big}: cannot be read: larger than 1024 mib"
