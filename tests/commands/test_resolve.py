"""Tests of `fi-bump resolve`: what two branches did to the pins, merged by git, and decided by one command."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import LOCK, NEW, OLD, TREE, Run, plant, snapshot

MIDDLE = "0.6.9"


def git(root: Path, *arguments: str, fails: bool = False) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    done = subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """The engine as a git repository with one commit on `main`."""
    root = tmp_path / "engine"
    plant(root, {**TREE, "versions.lock.json": LOCK})
    git(tmp_path, "init", "--quiet", "-b", "main", str(root))
    git(root, "config", "user.name", "t")
    git(root, "config", "user.email", "t@example.invalid")
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", "tree")
    return root


def bump(root: Path, run: Run, branch: str, version: str, also: dict[str, tuple[bytes, bytes]] | None = None) -> None:
    """Move the pins on a new branch from main, replace some other text too, and commit."""
    git(root, "checkout", "--quiet", "-b", branch, "main")
    assert run(root, "set", version).code == 0
    for path, (old, new) in (also or {}).items():
        data = (root / path).read_bytes()
        assert data.count(old) == 1
        (root / path).write_bytes(data.replace(old, new))
    git(root, "commit", "--quiet", "-am", branch)


def tracked(root: Path) -> dict[str, tuple[bytes, int]]:
    return {path: each for path, each in snapshot(root).items() if not path.startswith(".git/")}


@pytest.fixture
def conflicted(engine: Path, run: Run) -> Path:
    """`a` moved to 0.6.9 and `b` to the newest, and git could not merge five files."""
    bump(engine, run, "a", MIDDLE)
    bump(engine, run, "b", NEW)
    git(engine, "checkout", "--quiet", "a")
    git(engine, "merge", "b", fails=True)
    assert git(engine, "diff", "--name-only", "--diff-filter=U").split() == [*sorted(TREE), "versions.lock.json"]
    return engine


def as_set(root: Path, run: Run, version: str) -> dict[str, tuple[bytes, int]]:
    """What `set` writes for a version, from main."""
    git(root, "worktree", "add", "--quiet", "--detach", "../other", "main")
    assert run(root.parent / "other", "set", version).code == 0
    return {path: each for path, each in snapshot(root.parent / "other").items() if path != ".git"}


REFUSED = f"""\
versions.lock.json: flashinfer is {MIDDLE} on our side and {NEW} on theirs
nothing was changed
help: run fi-bump resolve --newest to take the newer version; --ours and --theirs choose a side
"""
RESOLVED = """\
docker/Dockerfile: resolved
docker/Dockerfile.nightly: resolved
docker/versions.json: resolved
requirements/cuda.txt: resolved
flashinfer VERSION (0.6.9 on our side, 0.6.11.post2 on theirs): 5 pins in 4 files
staged 5 files
help: run git merge --continue
"""


def test_two_versions_are_refused_without_a_choice(conflicted: Path, run: Run) -> None:
    before = tracked(conflicted)
    assert run(conflicted, "resolve") == (1, REFUSED, "")
    assert tracked(conflicted) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "version"),
    [
        (["--ours"], MIDDLE),
        (["--theirs"], NEW),
        (["--newest"], NEW),
        (["--version", "0.6.10"], "0.6.10"),
        (["--version", f"flashinfer=={OLD}"], OLD),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_one_command_leaves_what_set_writes(conflicted: Path, run: Run, options: list[str], version: str) -> None:
    assert run(conflicted, "resolve", *options) == (0, RESOLVED.replace("VERSION", version), "")
    assert tracked(conflicted) == as_set(conflicted, run, version)
    assert git(conflicted, "status", "--porcelain").strip().split("\n") == (
        [""] if version == MIDDLE else [f"M  {path}" for path in [*sorted(TREE), "versions.lock.json"]]
    )
    git(conflicted, "-c", "core.editor=true", "merge", "--continue")
    assert run(conflicted, "check").code == 0


@pytest.mark.slow
def test_a_rebase_and_a_cherry_pick(engine: Path, run: Run) -> None:
    bump(engine, run, "a", MIDDLE)
    bump(engine, run, "b", NEW)
    git(engine, "rebase", "a", fails=True)
    refused = run(engine, "resolve")
    note = "note: in a rebase, ours is the branch that you rebase onto, and theirs is your own commit\n"
    assert refused == (1, REFUSED + note, "")
    done = run(engine, "resolve", "--theirs")
    assert (done.code, done.out.split("\n")[-2]) == (0, "help: run git rebase --continue")
    git(engine, "-c", "core.editor=true", "rebase", "--continue")
    assert run(engine, "check") == (0, f"flashinfer {NEW}: 5 pins in 4 files, in step\n", "")

    git(engine, "checkout", "--quiet", "main")
    bump(engine, run, "c", "0.6.10")
    git(engine, "cherry-pick", "a", fails=True)
    done = run(engine, "resolve", "--ours")
    assert (done.code, done.out.split("\n")[-2]) == (0, "help: run git cherry-pick --continue")
    assert run(engine, "check") == (0, "flashinfer 0.6.10: 5 pins in 4 files, in step\n", "")


@pytest.mark.slow
def test_other_conflicts_stay_and_are_named(engine: Path, run: Run) -> None:
    plant(engine, {"notes.md": b"one\n"})
    git(engine, "add", "-A")
    git(engine, "commit", "--quiet", "-m", "notes")
    numba, notes = "requirements/cuda.txt", "notes.md"
    bump(engine, run, "a", MIDDLE, {numba: (b"numba == 0.61.2", b"numba == 0.61.3"), notes: (b"one", b"two")})
    bump(engine, run, "b", NEW, {numba: (b"numba == 0.61.2", b"numba == 0.62.0"), notes: (b"one", b"three")})
    git(engine, "merge", "a", fails=True)
    done = run(engine, "resolve", "--newest")
    assert done == (
        1,
        "docker/Dockerfile: resolved\n"
        "docker/Dockerfile.nightly: resolved\n"
        "docker/versions.json: resolved\n"
        f"flashinfer {NEW} ({NEW} on our side, {MIDDLE} on theirs): 3 pins in 3 files\n"
        "staged 4 files\n"
        "requirements/cuda.txt:3:1: this conflict stays: more than a version differs\n"
        "note: conflicts without a pin: notes.md\n"
        "help: resolve by hand what stays in requirements/cuda.txt, then run git add requirements/cuda.txt\n",
        "",
    )
    text = (engine / numba).read_text()
    assert text == (
        "-r common.txt\n\n<<<<<<< HEAD\nnumba == 0.62.0\n=======\nnumba == 0.61.3\n>>>>>>> a\n"
        "# in step with the image\n"
        f"flashinfer-python=={NEW}  # kernels\nflashinfer-cubin=={NEW}\n"
    )
    assert git(engine, "diff", "--name-only", "--diff-filter=U").split() == [notes, numba]
    # Again: nothing of it is decided twice.
    again = run(engine, "resolve", "--newest")
    assert (again.code, (engine / numba).read_text()) == (1, text)


def test_a_change_beside_a_version_on_one_side_only_is_merged(engine: Path, run: Run) -> None:
    """git takes adjacent lines as one conflict; with the versions decided the other change is no conflict."""
    bump(engine, run, "a", MIDDLE, {"requirements/cuda.txt": (b"  # kernels", b"  # the kernels")})
    bump(engine, run, "b", NEW)
    git(engine, "merge", "a", fails=True)
    assert run(engine, "resolve", "--newest").code == 0
    assert (engine / "requirements/cuda.txt").read_bytes() == TREE["requirements/cuda.txt"].replace(
        OLD.encode(), NEW.encode()
    ).replace(b"# kernels", b"# the kernels")


@pytest.mark.slow
def test_what_the_user_has_written_between_conflicts_stays(conflicted: Path, run: Run) -> None:
    path = conflicted / "requirements/cuda.txt"
    path.write_bytes(path.read_bytes().replace(b"numba == 0.61.2", b"numba == 0.70"))
    assert run(conflicted, "resolve", "--newest").code == 0
    assert b"numba == 0.70\n" in path.read_bytes()


def test_one_side_that_moved_needs_no_choice(engine: Path, run: Run) -> None:
    """A pin that one side deleted, and a new one of the other side: git merges both, and the lock follows."""
    bump(engine, run, "a", NEW)
    git(engine, "checkout", "--quiet", "-b", "b", "main")
    plant(engine, {"new/requirements.txt": f"flashinfer-python=={OLD}\n".encode()})
    assert run(engine, "check", "--fix").code == 0
    git(engine, "add", "-A")
    git(engine, "commit", "--quiet", "-m", "b")
    (engine / "versions.lock.json").write_bytes((engine / "versions.lock.json").read_bytes())
    git(engine, "merge", "--no-commit", "a")
    # git has merged the lock, but the new pin is at the old version.
    assert run(engine, "resolve") == (0, "the lock and the files with pins have no merge conflict\n", "")
    assert run(engine, "check").code == 1


@pytest.mark.slow
def test_the_newer_pin_of_a_file_that_git_merged_follows(engine: Path, run: Run) -> None:
    bump(engine, run, "a", MIDDLE)
    git(engine, "checkout", "--quiet", "-b", "b", "main")
    plant(engine, {"new/requirements.txt": f"flashinfer-python=={OLD}\n".encode()})
    assert run(engine, "check", "--fix").code == 0
    assert run(engine, "set", NEW).code == 0
    git(engine, "add", "-A")
    git(engine, "commit", "--quiet", "-m", "b")
    git(engine, "checkout", "--quiet", "a")
    git(engine, "merge", "b", fails=True)
    done = run(engine, "resolve", "--ours")
    assert done.code == 0
    assert f"new/requirements.txt:1:20: flashinfer-python {NEW} -> {MIDDLE}\n" in done.out
    assert run(engine, "check") == (0, f"flashinfer {MIDDLE}: 6 pins in 5 files, in step\n", "")
    assert git(engine, "diff", "--name-only") == ""


def test_without_a_conflict_and_without_git(engine: Path, run: Run, tmp_path: Path) -> None:
    assert run(engine, "resolve", "--newest") == (0, "the lock and the files with pins have no merge conflict\n", "")
    plant(tmp_path / "plain", {**TREE, "versions.lock.json": LOCK})
    assert run(tmp_path / "plain", "resolve").code == 3


@pytest.mark.slow
def test_markers_that_somebody_committed(conflicted: Path, run: Run) -> None:
    git(conflicted, "add", "-A")
    git(conflicted, "commit", "--quiet", "-m", "markers")
    assert run(conflicted, "resolve", "--newest").code == 0
    assert tracked(conflicted) == as_set(conflicted, run, NEW)


@pytest.mark.slow
@pytest.mark.parametrize("style", ["diff3", "zdiff3"])
def test_other_conflict_styles(engine: Path, run: Run, style: str) -> None:
    bump(engine, run, "a", MIDDLE)
    bump(engine, run, "b", NEW)
    git(engine, "-c", f"merge.conflictStyle={style}", "merge", "a", fails=True)
    assert run(engine, "resolve", "--newest").code == 0
    assert tracked(engine) == as_set(engine, run, NEW)


def test_a_filter_of_the_configuration_is_not_started(conflicted: Path, run: Run, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    git(conflicted, "config", "filter.evil.clean", f"touch {mark}; cat")
    (conflicted / ".git/info").mkdir(exist_ok=True)
    (conflicted / ".git/info/attributes").write_text("docker/* filter=evil\n")
    done = run(conflicted, "resolve", "--newest")
    assert done.code == 1
    assert "docker/Dockerfile: not staged, because git would start a filter for it\n" in done.out
    assert done.out.endswith("help: run git add docker/Dockerfile docker/Dockerfile.nightly docker/versions.json\n")
    assert not mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--ours", "--newest"], "fi-bump: --ours cannot be used with --newest\nhelp: leave out one of the two\n"),
        (
            ["--ours", "--version", NEW],
            "fi-bump: --ours cannot be used with --version\nhelp: leave out one of the two\n",
        ),
        (["--version", "kit==1"], "fi-bump: the lock has no group 'kit'\nhelp: the groups are flashinfer\n"),
    ],
)
def test_wrong_usage(conflicted: Path, run: Run, options: list[str], message: str) -> None:
    assert run(conflicted, "resolve", *options) == (2, "", message)


def test_a_lock_that_one_side_deleted(engine: Path, run: Run) -> None:
    bump(engine, run, "a", MIDDLE)
    git(engine, "checkout", "--quiet", "-b", "b", "main")
    git(engine, "rm", "--quiet", "versions.lock.json")
    git(engine, "commit", "--quiet", "-m", "gone")
    git(engine, "merge", "a", fails=True)
    done = run(engine, "resolve")
    assert (done.code, done.err.split("\n")[0]) == (3, "versions.lock.json: your side has deleted the lock")
