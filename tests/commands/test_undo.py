"""`fi-bump undo`: whole outputs, every byte restored, and edits since."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fi_bump.editing import history
from fi_bump.state import state_folder
from tests.conftest import LOCK, NEW, OLD, Run, plant, snapshot

WHEN = "2026-01-02 03:04 UTC"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fi_bump.editing.history.time.time", lambda: 1767323040)


@pytest.fixture
def work_tree(engine: Path) -> Path:
    """Return the engine's repository as a git work tree."""
    subprocess.run(["git", "init", "-q", str(engine)], check=True)
    return engine


def records(root: Path) -> list[Path]:
    return sorted(Path(state_folder(str(root))).glob("undo*"))


FILES = ("docker/Dockerfile", "docker/Dockerfile.nightly", "docker/versions.json", "requirements/cuda.txt")
RESTORED = "".join(f"restored {name}\n" for name in (*FILES, "versions.lock.json"))


def test_set_is_taken_back_to_the_last_byte(work_tree: Path, run: Run) -> None:
    before = snapshot(work_tree)
    assert run(work_tree, "set", NEW).code == 0
    (record,) = records(work_tree)
    assert record.stat().st_mode & 0o777 == 0o600
    assert run(work_tree, "undo", "--list") == (0, f"{WHEN}  set flashinfer=={NEW}  5 files\n", "")
    result = run(work_tree, "undo")
    assert result == (0, f"{RESTORED}took back set flashinfer=={NEW} of {WHEN}: 5 files\n", "")
    assert snapshot(work_tree) == before
    assert records(work_tree) == []
    nothing = "fi-bump: fi-bump has recorded no change of this working tree\nhelp: see your own edits with git diff\n"
    assert run(work_tree, "undo") == (3, "", nothing)
    assert run(work_tree, "undo", "--list") == (3, "", nothing)


def test_the_patch_of_a_dry_run_takes_the_change_back(work_tree: Path, run: Run) -> None:
    before = snapshot(work_tree)
    run(work_tree, "set", NEW)
    after = snapshot(work_tree)
    result = run(work_tree, "undo", "--dry-run")
    assert (result.code, result.err) == (0, f"would take back set flashinfer=={NEW} of {WHEN}: 5 files\n")
    assert snapshot(work_tree) == after
    subprocess.run(["git", "apply"], cwd=work_tree, input=result.out.encode(), check=True)
    assert snapshot(work_tree) == before


def test_the_changes_of_every_command_are_taken_back_one_after_the_other(bare: Path, run: Run) -> None:
    subprocess.run(["git", "init", "-q", str(bare)], check=True)
    plant(bare, {"notes.txt": b"flashinfer 0.6.8.post1 is what we ship\n"})
    states = [snapshot(bare)]

    def change(*arguments: str) -> None:
        assert run(bare, *arguments).code == 0, arguments
        states.append(snapshot(bare))

    change("init")
    change("hold", "flashinfer", "waits for the driver")
    change("site", "add", "notes.txt:1", "--group", "flashinfer")
    change("member", "add", "flashinfer-extra")
    change("member", "set", "flashinfer-extra", "--label", "cu130")
    change("member", "remove", "flashinfer-extra")
    change("set", NEW)
    (bare / "docker/Dockerfile").write_bytes((bare / "docker/Dockerfile").read_bytes().replace(NEW.encode(), b"0.6.9"))
    states[-1] = snapshot(bare)
    change("check", "--fix")
    change("site", "remove", "docker/versions.json#variable.FLASHINFER_VERSION.default")
    change("template", "renovate", "--write")
    listed = run(bare, "undo", "--list").out
    assert listed == (
        f"{WHEN}  template renovate               1 file\n"
        f"{WHEN}  site remove                     1 file\n"
        f"{WHEN}  check --fix                     1 file\n"
        f"{WHEN}  set flashinfer==0.6.11.post2    6 files\n"
        f"{WHEN}  member remove flashinfer-extra  1 file\n"
        f"{WHEN}  member set flashinfer-extra     1 file\n"
        f"{WHEN}  member add flashinfer-extra     1 file\n"
        f"{WHEN}  site add                        1 file\n"
        f"{WHEN}  hold flashinfer                 1 file\n"
        f"{WHEN}  init                            1 file\n"
    )
    while len(states) > 1:
        last = states.pop()
        assert snapshot(bare) == last
        if len(states) == 7:  # somebody changed the Dockerfile between `set` and `check --fix`
            (bare / "docker/Dockerfile").write_bytes(
                (bare / "docker/Dockerfile").read_bytes().replace(b"0.6.9", NEW.encode())
            )
        result = run(bare, "undo")
        assert result.code == 0, result
    assert snapshot(bare) == states[0]


def test_an_edit_in_another_line_stays(work_tree: Path, run: Run) -> None:
    run(work_tree, "set", NEW)
    path = work_tree / "requirements/cuda.txt"
    path.write_bytes(b"# mine\n" + path.read_bytes().replace(b"numba == 0.61.2", b"numba == 0.62.0") + b"new==1\n")
    edited = path.read_bytes()
    assert run(work_tree, "undo").code == 0
    assert path.read_bytes() == edited.replace(NEW.encode(), OLD.encode())
    assert (work_tree / "versions.lock.json").read_bytes() == LOCK


def test_an_edit_in_the_same_line_refuses_with_its_place(work_tree: Path, run: Run) -> None:
    run(work_tree, "set", NEW)
    path = work_tree / "requirements/cuda.txt"
    path.write_bytes(b"# mine\n" + path.read_bytes().replace(b"  # kernels", b"  # our kernels"))
    (work_tree / "docker/versions.json").unlink()
    before = snapshot(work_tree)
    result = run(work_tree, "undo")
    assert result == (
        1,
        "docker/versions.json: this file was removed since set flashinfer==0.6.11.post2\n"
        "requirements/cuda.txt:6: this line was edited since set flashinfer==0.6.11.post2\n"
        "nothing was changed\n"
        "help: take back your edits in these lines first, or edit them by hand\n",
        "",
    )
    assert snapshot(work_tree) == before
    assert len(records(work_tree)) == 1


def test_a_change_that_somebody_took_back_by_hand(work_tree: Path, run: Run) -> None:
    before = {path: path.read_bytes() for path in work_tree.rglob("*") if path.is_file() and ".git" not in path.parts}
    run(work_tree, "set", NEW)
    for path, data in before.items():
        path.write_bytes(data)
    assert run(work_tree, "undo") == (0, f"set flashinfer=={NEW} of {WHEN} is taken back already\n", "")
    assert records(work_tree) == []


def test_without_git_nothing_is_recorded(engine: Path, run: Run) -> None:
    run(engine, "set", NEW)
    assert not (engine / ".fi-bump").exists()
    assert run(engine, "undo") == (
        3,
        "",
        ".: fi-bump records its changes inside .git, and this folder is in no git work tree\n"
        "help: restore the files from your own copy\n",
    )


def test_a_record_of_another_checkout(work_tree: Path, run: Run, tmp_path: Path) -> None:
    run(work_tree, "set", NEW)
    copy = tmp_path / "copy"
    shutil.copytree(work_tree, copy)
    before = snapshot(copy)
    (record,) = records(copy)
    assert run(copy, "undo") == (
        3,
        "",
        f"{record}: this record of a change is from another checkout, {work_tree}\n"
        f"help: run fi-bump -C {work_tree} undo, or remove this file\n",
    )
    assert snapshot(copy) == before
    moved = work_tree.rename(tmp_path / "moved")
    assert run(moved, "undo").code == 0


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("broken", "this record of a change cannot be read"),
        ("another version", "this record of a change cannot be read"),
        ("hunk", "this record of a change cannot be read"),
        ("writable", "this record of a change cannot be used: not a file of this user"),
        ("large", "this record of a change cannot be used: too large for a cache"),
    ],
)
def test_a_record_that_cannot_be_used(work_tree: Path, run: Run, what: str, message: str) -> None:
    run(work_tree, "set", NEW)
    (record,) = records(work_tree)
    document = json.loads(record.read_bytes())
    if what == "broken":
        record.write_bytes(b"{")
    elif what == "another version":
        record.write_text(json.dumps({**document, "version": 2}))
    elif what == "hunk":
        document["files"][0]["hunks"][0][0] = 999
        record.write_text(json.dumps(document))
    elif what == "writable":
        record.chmod(0o666)
    else:
        record.write_bytes(b" " * (history.LARGEST + 1))
    before = snapshot(work_tree)
    place, help_ = run(work_tree, "undo").err.splitlines()
    assert place == f"{record}: {message}"
    assert help_ == f"help: run rm {record}; the change before it can then be taken back"
    assert snapshot(work_tree) == before


def test_a_record_names_only_files_of_the_repository(work_tree: Path, run: Run, tmp_path: Path) -> None:
    run(work_tree, "set", NEW)
    (record,) = records(work_tree)
    (tmp_path / "outside").write_bytes(b"x")
    document = json.loads(record.read_bytes())
    document["files"][0]["path"] = "../outside"
    record.write_text(json.dumps(document))
    result = run(work_tree, "undo")
    assert (result.code, result.err) == (
        3,
        "../outside: is not a plain path inside the repository\n",
    )
    assert (tmp_path / "outside").read_bytes() == b"x"


def test_a_change_that_is_too_large_is_listed_and_refused(
    work_tree: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LARGEST", 400)
    run(work_tree, "set", NEW)
    assert run(work_tree, "undo", "--list").out == f"{WHEN}  set flashinfer=={NEW}  too large to be recorded\n"
    assert run(work_tree, "undo") == (
        3,
        "",
        f"fi-bump: set flashinfer=={NEW} of {WHEN} changed too much to be recorded, so it cannot be taken back\n"
        "help: compare the files with git: git diff\n",
    )


def test_a_lock_that_would_be_invalid(work_tree: Path, run: Run) -> None:
    run(work_tree, "hold", "flashinfer", "waits")
    lock = work_tree / "versions.lock.json"
    lock.write_bytes(lock.read_bytes().replace(b'"lock-version": 1', b'"lock-version": 7'))
    before = snapshot(work_tree)
    result = run(work_tree, "undo")
    assert (result.code, result.err.splitlines()[-1]) == (3, "help: nothing was changed; edit the lock by hand")
    assert "with your edits since, the lock would be invalid: " in result.err
    assert snapshot(work_tree) == before


def test_the_records_are_bounded(work_tree: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_RECORDS", 3)
    for number in range(5):
        run(work_tree, "hold", "flashinfer", f"reason {number}")
    assert [path.name for path in records(work_tree)] == [f"undo-{number:09}.json" for number in (3, 4, 5)]
    monkeypatch.setattr(history, "MOST_BYTES", 1)
    run(work_tree, "hold", "flashinfer", "--off")
    assert [path.name for path in records(work_tree)] == ["undo-000000006.json"]


def test_a_change_of_nothing_is_not_recorded(work_tree: Path, run: Run) -> None:
    assert run(work_tree, "check", "--fix").code == 0
    assert run(work_tree, "set", OLD).code == 0
    assert records(work_tree) == []


def test_a_conflict_that_resolve_decided_comes_back(work_tree: Path, run: Run) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", *arguments],
            cwd=work_tree,
            capture_output=True,
        )

    git("add", ".")
    git("commit", "-qm", "old")
    git("checkout", "-qb", "other")
    run(work_tree, "set", NEW)
    git("commit", "-qam", "new")
    git("checkout", "-q", "-")
    run(work_tree, "set", "0.6.9")
    git("commit", "-qam", "mine")
    git("merge", "other")
    before = snapshot(work_tree)
    assert run(work_tree, "resolve", "--newest").code == 0
    result = run(work_tree, "undo")
    names = " ".join((*FILES, "versions.lock.json"))
    assert result.out == (
        f"{RESTORED}took back resolve of {WHEN}: 5 files\n"
        f"note: git has the resolved files staged; to see their conflicts again, run git checkout --merge -- {names}\n"
    )
    assert snapshot(work_tree) == before


@pytest.mark.slow
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_change_and_its_undo_leave_every_byte_and_every_foreign_edit(
    tmp_path_factory: pytest.TempPathFactory, run: Run, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("tree")
    lines = data.draw(
        st.lists(
            st.sampled_from([b"numba==0.61.2", b"# x", b"", b"flashinfer-python==0.6.8.post1", b"\xff\r"]), max_size=12
        )
    )
    end = data.draw(st.sampled_from([b"", b"\n"]))
    plant(root, {"requirements.txt": b"\n".join([*lines, b"flashinfer-cubin==0.6.8.post1"]) + end})
    (root / ".git").mkdir()
    assert run(root, "init", "--version", OLD).code == 0
    before = snapshot(root)
    moved = run(root, "set", NEW)
    if moved.code != 0:
        assert snapshot(root) == before
        return
    after = (root / "requirements.txt").read_bytes().split(b"\n")
    spot = data.draw(st.integers(0, len(after) - 1))
    kind = data.draw(st.sampled_from(["none", "insert", "edit"]))
    edited = list(after)
    if kind == "insert":
        edited.insert(spot, b"# foreign")
    elif kind == "edit":
        edited[spot] += b" # foreign"
    (root / "requirements.txt").write_bytes(b"\n".join(edited))
    now = snapshot(root)
    result = run(root, "undo")
    if kind == "none":
        assert (result.code, snapshot(root)) == (0, before)
    elif kind == "edit" and NEW.encode() in after[spot]:
        assert (result.code, snapshot(root)) == (1, now)
        assert f"requirements.txt:{spot + 1}: this line was edited since set" in result.out
    else:
        assert result.code == 0
        assert (root / "requirements.txt").read_bytes() == b"\n".join(edited).replace(NEW.encode(), OLD.encode())
        assert (root / "versions.lock.json").read_bytes() == before["versions.lock.json"][0]
