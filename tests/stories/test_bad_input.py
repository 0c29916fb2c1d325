"""Bad input: the whole message, the exit code, and nothing changed on disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.editing import write
from tests.conftest import LOCK, NEW, OLD, TREE, Run, plant, snapshot, spawn

COMMANDS = (["set", NEW], ["set", NEW, "--dry-run"], ["check"], ["check", "--fix"], ["status"])


@pytest.mark.parametrize("arguments", COMMANDS)
def test_no_lock(bare: Path, run: Run, arguments: list[str]) -> None:
    before = snapshot(bare)
    hint = "help: run fi-bump init, or give the repository's folder with -C\n"
    assert run(bare, *arguments) == (3, "", f"versions.lock.json: there is no lock here\n{hint}")
    assert snapshot(bare) == before


@pytest.mark.parametrize("arguments", COMMANDS)
def test_no_such_folder(tmp_path: Path, run: Run, arguments: list[str]) -> None:
    error = f"{tmp_path / 'x'}: there is no such folder\nhelp: give the repository's folder after -C\n"
    assert run(tmp_path / "x", *arguments) == (2, "", error)


LOCKS = {
    "not json": (
        LOCK.replace(b'"version":', b'"version"'),
        "versions.lock.json:5:17: is not JSON: expecting ':' delimiter\nhelp: fix it or restore it from git\n",
    ),
    "unknown key": (
        LOCK.replace(b'"version"', b'"verison"'),
        "versions.lock.json: in 'groups.flashinfer': the key 'version' is missing\n",
    ),
    "bad version": (
        LOCK.replace(b'"0.6.8.post1"', b'"newest"'),
        "versions.lock.json: in 'groups.flashinfer.version': \"newest\" is not a public PEP 440 version\n",
    ),
    "duplicate package": (
        LOCK.replace(b'"flashinfer-cubin": {},', b'"flashinfer-python": {},'),
        "versions.lock.json: one object has the key 'flashinfer-python' twice\nhelp: keep one of the two\n",
    ),
    "empty group": (
        LOCK.replace(
            b'{\n        "flashinfer-cubin": {},\n        "flashinfer-jit-cache": {},\n        "flashinfer-python": {}\n      }',
            b"{}",
        ),
        "versions.lock.json: in 'groups.flashinfer.packages': a group needs at least one package\n",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", LOCKS)
@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_wrong_lock(engine: Path, run: Run, case: str, arguments: list[str]) -> None:
    data, error = LOCKS[case]
    plant(engine, {"versions.lock.json": data})
    before = snapshot(engine)
    assert run(engine, *arguments) == (3, "", error)
    assert snapshot(engine) == before


def test_a_read_only_target(engine: Path, run: Run) -> None:
    (engine / "requirements/cuda.txt").chmod(0o444)
    before = snapshot(engine)
    error = "requirements/cuda.txt: is read-only\nhelp: nothing was changed; make it writable and run again\n"
    assert run(engine, "set", NEW) == (3, "", error)
    assert snapshot(engine) == before


def test_a_folder_in_place_of_a_target(engine: Path, run: Run) -> None:
    (engine / "docker/Dockerfile").unlink()
    (engine / "docker/Dockerfile").mkdir()
    before = snapshot(engine)
    result = run(engine, "set", NEW)
    first = "docker/Dockerfile:1:1: the lock records 'ARG FLASHINFER_VERSION' here, but there is no pin at this anchor [missing-site]"
    assert (result.code, result.out.splitlines()[0]) == (1, first)
    assert snapshot(engine) == before


def test_a_dangling_link(engine: Path, run: Run) -> None:
    (engine / "docker/Dockerfile").unlink()
    (engine / "docker/Dockerfile").symlink_to("nowhere")
    before = snapshot(engine)
    error = (
        "docker/Dockerfile: cannot be read: no such file or directory\n"
        "help: fix it, or exclude it in versions.lock.json\n"
    )
    assert run(engine, "set", NEW) == (3, "", error)
    assert snapshot(engine) == before


def test_a_link_that_leaves_the_repository(engine: Path, run: Run) -> None:
    outside = engine.parent / "outside"
    outside.write_bytes(TREE["docker/Dockerfile"])
    (engine / "docker/Dockerfile").unlink()
    (engine / "docker/Dockerfile").symlink_to(outside)
    before = snapshot(engine)
    error = (
        "docker/Dockerfile: is a link to a file outside the repository\n"
        "help: forget its site: fi-bump site remove 'docker/Dockerfile#ARG FLASHINFER_VERSION'\n"
    )
    assert run(engine, "set", NEW) == (3, "", error)
    assert snapshot(engine) == before
    assert outside.read_bytes() == TREE["docker/Dockerfile"]


def test_a_hard_link(engine: Path, run: Run) -> None:
    os.link(engine / "requirements/cuda.txt", engine / "elsewhere")
    before = snapshot(engine)
    error = (
        "requirements/cuda.txt: has a second name (a hard link), which fi-bump would cut off by replacing the file\n"
        "help: nothing was changed; copy the file to break the link, or exclude it in versions.lock.json\n"
    )
    assert run(engine, "set", NEW) == (3, "", error)
    assert snapshot(engine) == before


def test_a_link_inside_is_followed_and_stays(engine: Path, run: Run) -> None:
    (engine / "Dockerfile").symlink_to("docker/Dockerfile")
    (engine / "docker/Dockerfile").chmod(0o755)
    assert run(engine, "set", NEW).code == 0
    assert os.readlink(engine / "Dockerfile") == "docker/Dockerfile"
    assert (engine / "Dockerfile").read_bytes() == TREE["docker/Dockerfile"].replace(OLD.encode(), NEW.encode())
    assert (engine / "docker/Dockerfile").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("how", ["changed", "deleted"])
def test_changed_or_deleted_between_plan_and_write(
    engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path = engine / "docker/versions.json"
    real = write.commit

    def late(root: str, changes: list[write.FileChange], command: str) -> None:
        if how == "changed":
            path.write_bytes(b"mine")
        else:
            path.unlink()
        real(root, changes, command)

    monkeypatch.setattr(write, "commit", late)
    result = run(engine, "set", NEW)
    message = {
        "changed": "changed since it was read\nhelp: nothing was changed; run again\n",
        "deleted": "was deleted since it was read\nhelp: nothing was changed\n",
    }[how]
    assert result == (3, "", f"docker/versions.json: {message}")
    assert (engine / "docker/Dockerfile").read_bytes() == TREE["docker/Dockerfile"]
    assert (engine / "versions.lock.json").read_bytes() == LOCK
    assert path.exists() == (how == "changed")


@pytest.mark.slow
def test_two_at_once(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    with write.exclusive(str(engine)):
        child = spawn(engine, "set", NEW)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out) == (3, b"")
    assert err == b"fi-bump: another fi-bump is writing in this repository\nhelp: wait for it to end\n"
    assert snapshot(engine) == before
    assert run(engine, "set", NEW).code == 0


def test_the_write_lock_dies_with_its_process(engine: Path, run: Run) -> None:
    code = "import sys, time; from fi_bump.editing import write\nwith write.exclusive(sys.argv[1]): print('held', flush=True); time.sleep(60)"

    holder = subprocess.Popen([sys.executable, "-c", code, str(engine)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    holder.kill()
    holder.communicate()
    assert run(engine, "set", NEW).code == 0
    assert not (engine / ".fi-bump").exists()


@pytest.mark.parametrize(
    ("path", "data", "error"),
    [
        ("docker/Dockerfile", b"FROM x\nRUN <<EOF\nflashinfer\n", "docker/Dockerfile:2:"),
        ("docker/versions.json", b'{"variable": {"FLASHINFER_VERSION": ', "docker/versions.json:1:37: "),
    ],
)
def test_a_file_that_cannot_be_parsed(engine: Path, run: Run, path: str, data: bytes, error: str) -> None:
    plant(engine, {path: data})
    before = snapshot(engine)
    for arguments in COMMANDS:
        result = run(engine, *arguments)
        assert (result.code, result.out) == (3, "")
        assert result.err.startswith(error)
        assert result.err.endswith("help: fix it, or exclude it in versions.lock.json\n")
    assert snapshot(engine) == before


def test_odd_bytes_move_nothing_else(engine: Path, run: Run) -> None:
    data = b"\xef\xbb\xbf# caf\xe9 \xff\r\nflashinfer-python==0.6.8.post1 # \xc3\xa9\r\n# mixed\nflashinfer-cubin==0.6.8.post1"
    plant(engine, {"requirements/cuda.txt": data})
    assert run(engine, "set", NEW).code == 0
    assert (engine / "requirements/cuda.txt").read_bytes() == data.replace(OLD.encode(), NEW.encode())


def test_interrupted(engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = snapshot(engine)
    monkeypatch.setattr(write, "_stage", interrupt)
    assert run(engine, "set", NEW) == (130, "", "fi-bump: interrupted\n")
    assert snapshot(engine) == before


def test_control_c(engine: Path) -> None:
    before = snapshot(engine)
    code = (
        "import sys, time\n"
        "from fi_bump.editing import write\n"
        "from fi_bump.__main__ import main\n"
        "def stage(*_):\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "write._stage = stage\n"
        f"sys.argv = ['fi-bump', '-C', {str(engine)!r}, 'set', {NEW!r}]\n"
        "main()\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGINT)
    _, error = child.communicate(timeout=30)
    assert (child.returncode, error) == (130, b"fi-bump: interrupted\n")
    assert snapshot(engine) == before


def test_a_pipe_of_a_promising_name_is_not_opened(engine: Path, run: Run) -> None:
    os.mkfifo(engine / "requirements" / "pipe.txt")
    (engine / "requirements" / "link.txt").symlink_to("pipe.txt")
    assert run(engine, "check").code == 0


def test_killed_between_renames_then_check_reports_and_the_next_command_finishes(
    engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(write, "_carry_out", lambda *_: None)
        run(engine, "set", NEW)
    paths = (
        "docker/Dockerfile, docker/Dockerfile.nightly, docker/versions.json, requirements/cuda.txt, versions.lock.json"
    )
    checked = run(engine, "check")
    line = f"versions.lock.json:1:1: an interrupted fi-bump left its journal ({paths}) [interrupted]\n"
    summary = f"flashinfer {OLD}: 5 pins in 4 files, in step\n"
    assert checked == (1, f"{line}{summary}help: run fi-bump check --fix\n", "")
    fixed = run(engine, "check", "--fix")
    summary = f"flashinfer {NEW}: 5 pins in 4 files, in step\n"
    assert fixed == (0, f"finished an interrupted fi-bump: {paths}\n{summary}", "")
    assert sorted(path.name for path in engine.rglob("*.fi-bump-*")) == []


def test_our_own_mistake_is_said_and_nothing_is_written(
    engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fi_bump.editing import plan

    monkeypatch.setattr(plan, "splice", lambda data, edits: data)
    before = snapshot(engine)
    error = (
        "docker/Dockerfile: after the planned edit the file would have other pins than planned, so nothing was written\n"
        "help: this is a bug in fi-bump: please report it with the file\n"
    )
    assert run(engine, "set", NEW) == (3, "", error)
    assert snapshot(engine) == before


def test_an_unexpected_error_is_a_sentence(engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from fi_bump.commands import check

    def fail(_: check.CheckOptions) -> int:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(check, "run", fail)
    monkeypatch.delenv("FI_BUMP_TRACEBACK", raising=False)
    error = (
        "fi-bump: unexpected error: ZeroDivisionError: division by zero\n"
        "help: please report this bug with the traceback that FI_BUMP_TRACEBACK=1 shows\n"
    )
    assert run(engine, "check") == (3, "", error)
    monkeypatch.setenv("FI_BUMP_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        check_main(engine, monkeypatch)


def check_main(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    from fi_bump.__main__ import main

    monkeypatch.setattr(sys, "argv", ["fi-bump", "-C", str(root), "check"])
    main()


@pytest.mark.slow
def test_a_reader_that_leaves_early(engine: Path) -> None:
    command = f"'{sys.executable}' -m fi_bump -C '{engine}' set {NEW} --dry-run 2>/dev/null | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        b"diff --git a/docker/Dockerfile b/docker/Dockerfile\n",
        b"",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code"),
    [("check", 1), ("check --format json", 1), ("status", 0), ("init --force", 0), (f"set --offline {NEW}", 0)],
)
def test_a_reader_that_leaves_at_once_changes_no_verdict(engine: Path, line: str, code: int) -> None:
    plant(engine, {"requirements/x.txt": b"flashinfer-python==0.6.6\n"})
    # The reader is gone before anything is written.
    command = f"{{ sleep 0.2; '{sys.executable}' -m fi_bump -C '{engine}' {line}; }} | true"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


def test_an_endless_version_is_drift(engine: Path, run: Run) -> None:
    endless = "9" * 5000
    plant(engine, {"requirements/x.txt": f"flashinfer-python=={endless}\nflashinfer-cubin>={endless}\n".encode()})
    line = f"requirements/x.txt:1:20: flashinfer-python is {endless}, the lock says {OLD} [drift]"
    result = run(engine, "check")
    assert (result.code, result.out.splitlines()[0], result.err) == (1, line, "")
