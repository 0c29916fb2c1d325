"""Tests of commands in a subfolder: they find the lock above, and paths are relative to where the user is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.scanning.upwards import folder_first
from tests.conftest import NEW, OLD, TREE, Result, plant, snapshot


def fi_bump(folder: Path, *arguments: str) -> Result:
    """Run the command in a folder, as a shell does."""
    command = [sys.executable, "-m", "fi_bump", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def checkout(engine: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", str(engine)], check=True)
    plant(engine, {"docker/deep/readme.md": b""})
    return engine


DRIFT = f"FLASHINFER_VERSION is 0.6.6, the lock says {OLD} [drift]\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "arguments", "path"),
    [
        ("docker", ["check"], "Dockerfile"),
        ("docker/deep", ["check"], "../Dockerfile"),
        ("requirements", ["check", "../docker"], "../docker/Dockerfile"),
        (".", ["-C", "docker/deep", "check"], "../Dockerfile"),
        (".", ["check", "-C", "docker"], "Dockerfile"),
        (".", ["-C", "docker", "check", "-C", "deep"], "../Dockerfile"),
        # The full parser.
        ("docker/deep", ["check", "--mentions"], "../Dockerfile"),
        (".", ["check", "--mentions", "-C", "docker"], "Dockerfile"),
    ],
)
def test_findings(checkout: Path, folder: str, arguments: list[str], path: str) -> None:
    plant(checkout, {"docker/Dockerfile": TREE["docker/Dockerfile"].replace(OLD.encode(), b"0.6.6")})
    done = fi_bump(checkout / folder, *arguments)
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith(f"{path}:3:24: {DRIFT}")


def test_documents_have_paths_of_the_lock(checkout: Path) -> None:
    plant(checkout, {"docker/Dockerfile": TREE["docker/Dockerfile"].replace(OLD.encode(), b"0.6.6")})
    here = fi_bump(checkout / "docker", "check", "--format", "json")
    assert here == fi_bump(checkout, "check", "--format", "json")
    assert json.loads(here.out)["result"]["findings"][0]["path"] == "docker/Dockerfile"


def test_set_and_fix(checkout: Path) -> None:
    before = snapshot(checkout)
    done = fi_bump(checkout / "docker/deep", "set", NEW, "--offline")
    assert done.out.split("\n")[0] == f"../Dockerfile:3:24: FLASHINFER_VERSION {OLD} -> {NEW}"
    assert fi_bump(checkout / "docker", "set", "--offline", OLD, "--strict").code == 0
    assert snapshot(checkout) == before
    plant(checkout, {"docker/Dockerfile": TREE["docker/Dockerfile"].replace(OLD.encode(), b"0.6.6")})
    done = fi_bump(checkout / "docker", "check", "--fix", "Dockerfile")
    assert done.out.split("\n")[0] == f"fixed Dockerfile:3:24: FLASHINFER_VERSION 0.6.6 -> {OLD}"
    assert snapshot(checkout) == before


@pytest.mark.slow
def test_sites_are_typed_and_printed_as_paths_are(checkout: Path) -> None:
    before = snapshot(checkout)
    folder = checkout / "docker"
    status = fi_bump(folder, "status").out
    assert "  Dockerfile#ARG FLASHINFER_VERSION " in status
    assert "  ../requirements/cuda.txt#flashinfer-cubin " in status
    site = "Dockerfile#ARG FLASHINFER_VERSION"
    assert fi_bump(folder, "site", "remove", site) == (0, f"flashinfer no longer records {site}\n", "")
    assert fi_bump(folder, "site", "add", "Dockerfile:3") == (0, f"recorded {site} under flashinfer\n", "")
    assert fi_bump(folder, "site", "remove", f"docker/{site}").code == 0
    assert fi_bump(folder, "site", "add", site).code == 0
    assert snapshot(checkout) == before
    assert fi_bump(folder, "check", "../..").err.startswith("../..: is outside the repository\n")


def test_it_looks_no_higher_than_the_checkout(checkout: Path) -> None:
    nested = checkout / "nested/sub"
    nested.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", str(checkout / "nested")], check=True)
    assert fi_bump(nested, "check").err.startswith("versions.lock.json: there is no lock here\n")


def test_without_a_checkout_it_does_not_look_up(engine: Path) -> None:
    assert fi_bump(engine / "docker", "check").err.startswith("versions.lock.json: there is no lock here\n")


@pytest.mark.slow
def test_the_nearest_lock_counts_and_init_stays_where_it_is(checkout: Path) -> None:
    plant(checkout, {"services/a/requirements.txt": b"flashinfer-python==0.6.13\n", "services/a/sub/x": b""})
    assert fi_bump(checkout / "services/a", "init").code == 0
    assert fi_bump(checkout / "services/a/sub", "check").out == "flashinfer 0.6.13: 1 pin in 1 file, in step\n"
    assert fi_bump(checkout / "services", "check").out == f"flashinfer {OLD}: 5 pins in 4 files, in step\n"
    done = fi_bump(checkout, "init", "--force")
    assert done.code == 0
    assert "\nnote: services/a has a lock of its own, so its pins are not recorded here\n" in done.out


def test_a_folder_behind_a_link(checkout: Path) -> None:
    os.symlink("docker/deep", checkout / "link")
    assert fi_bump(checkout / "link", "check").code == 0
    assert fi_bump(checkout, "check", "-C", "link").code == 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("check", "check"),
        ("-C a check", "-C a check"),
        ("check -C a", "-C a check"),
        ("-C a check -C b --fix", "-C a/b check --fix"),
        ("check -C /a", "-C /a check"),
        ("check -C", "check -C"),
        ("check -- -C a", "check -- -C a"),
        ("check -C a -- -C", "-C a check -- -C"),
    ],
)
def test_folder_first(given: str, expected: str) -> None:
    assert folder_first(given.split()) == expected.split()


def test_a_folder_that_is_not_there(checkout: Path) -> None:
    assert fi_bump(checkout, "check", "-C", "none").code == 2
