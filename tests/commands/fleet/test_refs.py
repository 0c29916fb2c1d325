"""Tests of `fleet --refs` and `status --ref`: branches are read from git's objects, as checkouts of them would be."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import LOCK, NEW, OLD, TREE, Run, plant, snapshot

DATE = "2026-01-02T03:04:05+00:00"


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    environment = {**os.environ, "GIT_COMMITTER_DATE": DATE, "GIT_AUTHOR_DATE": DATE}
    done = subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, env=environment)
    return done.stdout.decode().strip()


def commit(root: Path, branch: str) -> None:
    git(root, "switch", "--quiet", "-c", branch)
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", branch)


@pytest.fixture
def repository(tmp_path: Path, run: Run) -> Path:
    """`main` at the new version, `release/1` at the old one, `release/2` with a drift, `bare` without a lock."""
    root = tmp_path / "engine"
    plant(root, {**TREE, "third/versions.lock.json": b"{}", "third/requirements.txt": b"flashinfer-python==0.1\n"})
    plant(root, {"node_modules/requirements.txt": b"flashinfer-python==0.1\n"})
    hidden = {f"mirror.git/{name}": b"x" for name in ("HEAD", "objects/a", "refs/b")}
    plant(root, {**hidden, "mirror.git/requirements.txt": b"flashinfer-python==0.1\n"})
    git(tmp_path, "init", "--quiet", "-b", "bare", str(root))
    git(root, "add", "-A", "-f")
    git(root, "commit", "--quiet", "-m", "bare")
    plant(root, {"versions.lock.json": LOCK})
    commit(root, "release/1")
    dockerfile = TREE["docker/Dockerfile"].replace(OLD.encode(), b"0.6.6")
    plant(root, {"docker/Dockerfile": dockerfile})
    commit(root, "release/2")
    git(root, "switch", "--quiet", "release/1")
    assert run(root, "set", NEW).code == 0
    commit(root, "main")
    return root


@pytest.mark.slow
def test_the_table(repository: Path, run: Run) -> None:
    commits = {name: git(repository, "rev-parse", name)[:9] for name in ("main", "release/1", "release/2", "bare")}
    before = snapshot(repository)
    done = run(repository, "fleet", "--refs", "main", "release/*", "bare")
    assert (done.code, done.err) == (0, "")
    rows = [line.split() for line in done.out.split("\n")[1:5]]
    ahead = [NEW, "in", "main"]
    assert rows == [
        ["main", commits["main"], "2026-01-02", "flashinfer", NEW, "in", "step"],
        ["release/1", commits["release/1"], "2026-01-02", "flashinfer", OLD, "in", "step", *ahead],
        ["release/2", commits["release/2"], "2026-01-02", "flashinfer", OLD, "1", "finding", *ahead],
        ["bare", commits["bare"], "2026-01-02", "-", "-", "no", "lock"],
    ]
    assert done.out.split("\n")[5] == "4 branches: 2 behind, 1 with findings, 1 without a lock"
    assert snapshot(repository) == before


@pytest.mark.slow
def test_json_and_the_exit_code(repository: Path, run: Run) -> None:
    done = run(repository, "fleet", "--refs", "main", "--refs", "release/1", "--format", "json", "--exit-code")
    document = json.loads(done.out)["result"]
    assert (done.code, document["ok"]) == (1, False)
    main, release = document["repositories"]
    assert (main["name"], main["commit"], main["date"]) == ("main", git(repository, "rev-parse", "main"), DATE)
    assert release["groups"][0]["fleet"] == {"newest": NEW, "in": "main", "behind": True}
    assert run(repository, "fleet", "--refs", "main", "--exit-code").code == 0


@pytest.mark.slow
def test_they_disagree_with_an_engine(repository: Path, run: Run) -> None:
    out = run(repository, "fleet", "--refs", "main", "release/1", "--engine", "main", "--format", "json").out
    assert json.loads(out)["result"]["counts"]["disagree"] == 1
    assert run(repository, "fleet", "--refs", "main", "--engine", "other").code == 2


@pytest.mark.slow
def test_as_a_checkout_would_be(repository: Path, run: Run, tmp_path: Path) -> None:
    """What is read of a branch is what a checkout of it gives, pin for pin."""
    for name in ("main", "release/1", "release/2"):
        folder = tmp_path / name.replace("/", "-")
        git(repository, "worktree", "add", "--quiet", "--detach", str(folder), name)
        for form in ("text", "json"):
            there = run(folder, "status", "--format", form)
            assert run(repository, "status", "--ref", name, "--format", form) == there
        (checkout,) = json.loads(run(folder, "fleet", ".", "--format", "json").out)["result"]["repositories"]
        (branch,) = json.loads(run(repository, "fleet", "--refs", name, "--format", "json").out)["result"][
            "repositories"
        ]
        assert branch["groups"] == [{**group, "fleet": {**group["fleet"], "in": name}} for group in checkout["groups"]]


@pytest.mark.slow
def test_a_held_group_is_not_behind(repository: Path, run: Run) -> None:
    git(repository, "switch", "--quiet", "release/1")
    reason = "1.x stays on CUDA 12.8"
    assert run(repository, "hold", "flashinfer", reason) == (0, f"flashinfer is held at {OLD}: {reason}\n", "")
    assert f"  held: {reason}\n" in run(repository, "status").out
    assert run(repository, "check").code == 0
    git(repository, "commit", "--quiet", "-am", "hold")
    done = run(repository, "fleet", "--refs", "main", "release/1", "--exit-code")
    assert done.code == 0
    assert done.out.split("\n")[2].endswith(f"in step  held: {reason}")
    assert done.out.split("\n")[3] == "2 branches: all in step, none behind"
    assert run(repository, "hold", "flashinfer", "--off") == (0, "flashinfer is not held\n", "")
    assert (repository / "versions.lock.json").read_bytes() == LOCK


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "fi-bump: the lock has no group 'none'\nhelp: the groups are flashinfer\n"),
        (
            ["flashinfer"],
            "fi-bump: the command needs either a reason or --off\nhelp: write why it stays behind, or --off\n",
        ),
        (
            ["flashinfer", "two\nlines"],
            'fi-bump: "two\\nlines" is not a reason: one line of text\nhelp: give the reason in one line\n',
        ),
    ],
    ids=["group", "nothing", "lines"],
)
def test_wrong_use_of_hold(repository: Path, run: Run, arguments: list[str], message: str) -> None:
    if arguments == ["none"]:
        arguments = ["none", "why"]
    assert run(repository, "hold", *arguments) == (2, "", message)


@pytest.mark.slow
def test_several_repositories(repository: Path, run: Run) -> None:
    git(repository.parent, "clone", "--quiet", str(repository), "other")
    out = run(repository.parent, "fleet", "--refs", "main", "engine", "other", "release/1").out
    assert [line.split()[0] for line in out.split("\n")[1:5]] == [
        "engine:main",
        "engine:release/1",
        "other:main",
        "other:origin/release/1",
    ]


@pytest.mark.slow
def test_a_lock_that_cannot_be_read_stops_no_other(repository: Path, run: Run) -> None:
    plant(repository, {"versions.lock.json": b"{"})
    commit(repository, "broken")
    out = run(repository, "fleet", "--refs", "broken", "main").out
    assert "broken:versions.lock.json:1:2: is not JSON" in out
    assert run(repository, "status", "--ref", "broken").code == 3
    assert run(repository, "status", "--ref", "bare").err == (
        "versions.lock.json: there is no lock in bare\nhelp: name another revision with --ref\n"
    )


@pytest.mark.slow
def test_a_lock_below_the_top(repository: Path, run: Run) -> None:
    tree = {"requirements.txt": f"flashinfer-python=={OLD}\n".encode()}
    plant(repository / "sub", tree)
    assert run(repository / "sub", "init").code == 0
    commit(repository, "sub")
    assert run(repository / "sub", "status", "--ref", "sub") == run(repository / "sub", "status")
    # The folder has a lock of its own, so its pins are none of the repository's above.
    assert "sub/requirements.txt" not in run(repository, "status", "--ref", "sub").out


def test_a_revision_that_status_does_not_know(repository: Path, run: Run, tmp_path: Path) -> None:
    assert run(repository, "status", "--ref", "nowhere") == (
        2,
        "",
        "fi-bump: 'nowhere' is not a revision of this git repository\n"
        "help: name a commit, a branch or a tag with --ref\n",
    )
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/versions.lock.json").write_bytes((repository / "versions.lock.json").read_bytes())
    result = run(tmp_path / "plain", "status", "--ref", "main")
    assert result.code == 3
    assert result.err.endswith("help: leave out --ref\n")
