"""The pre-commit hooks, run by the real pre-commit in a scratch repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import LOCK, OLD, TREE, Run, plant

TOP = Path(__file__).parents[2]
HOOKS = (TOP / ".pre-commit-hooks.yaml").read_text()


def git(root: Path, *arguments: str) -> str:
    """Run git and return what it printed."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main"]
    return subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def pre_commit(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PRE_COMMIT_HOME": str(root.parent / "home"), "NO_COLOR": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    command = [sys.executable, "-m", "pre_commit", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A committed engine whose hooks are ours, run with the fi-bump that is installed (`language: system`)."""
    hooks = tmp_path / "hooks"
    plant(hooks, {".pre-commit-hooks.yaml": HOOKS.replace("language: python", "language: system").encode()})
    engine = tmp_path / "engine"
    config = f"repos:\n- repo: {hooks}\n  rev: v1.0.0\n  hooks:\n  - id: fi-bump-check\n"
    plant(engine, {**TREE, "versions.lock.json": LOCK, ".pre-commit-config.yaml": config.encode()})
    for root in (hooks, engine):
        git(root, "init")
        git(root, "add", "-A")
        git(root, "commit", "-m", "tree")
    git(hooks, "tag", "v1.0.0")
    return engine


def drift(root: Path) -> None:
    plant(root, {"docker/Dockerfile": TREE["docker/Dockerfile"].replace(OLD.encode(), b"0.6.6")})
    git(root, "add", "-A")


@pytest.mark.slow
def test_it_passes_in_step(scratch: Path) -> None:
    done = pre_commit(scratch, "run", "--all-files")
    assert done.returncode == 0
    assert re.fullmatch(r"fi-bump check\.+Passed", done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_it_fails_on_drift_with_our_message(scratch: Path) -> None:
    drift(scratch)
    done = pre_commit(scratch, "run")
    assert done.returncode == 1
    message = f"docker/Dockerfile:3:24: FLASHINFER_VERSION is 0.6.6, the lock says {OLD} [drift]\n"
    assert message in done.stdout


@pytest.mark.slow
def test_it_sees_a_commit_that_changes_other_files_only(scratch: Path) -> None:
    drift(scratch)
    git(scratch, "commit", "-m", "drift")
    plant(scratch, {"docs/readme.md": b"x"})
    git(scratch, "add", "-A")
    assert pre_commit(scratch, "run").returncode == 1


@pytest.mark.slow
def test_it_sees_a_site_in_a_file_without_a_format(scratch: Path, run: Run) -> None:
    plant(scratch, {"VERSIONS.cfg": f"flashinfer = {OLD} exactly\n".encode()})
    assert run(scratch, "site", "add", "VERSIONS.cfg:1", "--group", "flashinfer").code == 0
    git(scratch, "add", "-A")
    git(scratch, "commit", "-m", "site")
    plant(scratch, {"VERSIONS.cfg": b"flashinfer = 0.6.13 exactly\n"})
    git(scratch, "add", "-A")
    done = pre_commit(scratch, "run")
    assert done.returncode == 1
    assert f" is 0.6.13, the lock says {OLD} [drift]\n" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("path", ["requirements/cuda.txt", "versions.lock.json"])
def test_it_sees_a_commit_that_only_deletes_files(scratch: Path, path: str) -> None:
    """The commit itself, through the hook that pre-commit installs, not only `pre-commit run`."""
    assert pre_commit(scratch, "install").returncode == 0
    git(scratch, "rm", "--quiet", path)
    environment = {**os.environ, "PRE_COMMIT_HOME": str(scratch.parent / "home")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    done = subprocess.run(
        ["git", *identity, "commit", "-m", "gone"], cwd=scratch, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert ("[missing-site]" if path != "versions.lock.json" else "there is no lock here") in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("ci/env.yml", b"variables:\n  FLASHINFER_VERSION: 0.6.6\n"),
        ("pyproject.toml", b'[project]\nname = "x"\ndependencies = ["flashinfer-python==0.6.6"]\n'),
    ],
)
def test_it_runs_when_only_this_file_changed(scratch: Path, path: str, text: bytes) -> None:
    plant(scratch, {path: text})
    git(scratch, "add", "-A")
    done = pre_commit(scratch, "run")
    assert done.returncode == 1
    assert f" is 0.6.6, the lock says {OLD} [drift]\n" in done.stdout


@pytest.mark.slow
def test_the_fixing_hook_mends_and_fails_the_commit(scratch: Path) -> None:
    config = scratch / ".pre-commit-config.yaml"
    config.write_text(config.read_text().replace("fi-bump-check", "fi-bump-fix"))
    drift(scratch)
    done = pre_commit(scratch, "run")
    assert done.returncode == 1
    assert "files were modified by this hook" in done.stdout
    assert (scratch / "docker/Dockerfile").read_bytes() == TREE["docker/Dockerfile"]


@pytest.mark.network
def test_pre_commit_installs_fi_bump_itself(tmp_path: Path) -> None:
    engine = tmp_path / "engine"
    plant(engine, {**TREE, "versions.lock.json": LOCK})
    git(engine, "init")
    git(engine, "add", "-A")
    drift(engine)
    done = pre_commit(engine, "try-repo", str(TOP), "fi-bump-check", "--all-files")
    assert done.returncode == 1
    assert f"docker/Dockerfile:3:24: FLASHINFER_VERSION is 0.6.6, the lock says {OLD} [drift]\n" in done.stdout


def test_the_hooks_run_for_every_commit() -> None:
    assert [(hook["id"], hook["always_run"], hook.get("files")) for hook in yaml.safe_load(HOOKS)] == [
        ("fi-bump-check", True, None),
        ("fi-bump-fix", True, None),
    ]
