"""The writer without faults: what it keeps, what it refuses (whole messages), its lock and the folder of its state."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump import state as journal
from fi_bump.editing import journal as replay
from fi_bump.editing import recovery, write
from fi_bump.editing.contents import digest
from fi_bump.editing.write import FileChange
from fi_bump.errors import BusyError, FileError, InternalError
from tests.conftest import plant, snapshot

OLD, NEW = b"old\r\n\xff", b"new\r\n\xff\x00"
HELD = "import sys, time; from fi_bump.editing import recovery, write\nwith write.exclusive(sys.argv[1]): print('held', flush=True); time.sleep(60)"


def refused(root: Path, *changes: FileChange) -> tuple[str, str | None]:
    """Return the message and hint of a refusal, and assert that it changed nothing."""
    before = snapshot(root)
    with pytest.raises(FileError) as caught:
        write.commit(str(root), changes)
    assert snapshot(root) == before
    return str(caught.value), caught.value.hint


def test_files_are_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    plant(tmp_path, {"a": OLD, "sub/b": OLD, "other": b"other"})
    (tmp_path / "a").chmod(0o755)
    (tmp_path / "sub/b").chmod(0o600)
    os.chown(tmp_path / "sub/b", os.getuid(), os.getgid())
    write.commit(
        str(tmp_path), [FileChange("a", OLD, NEW), FileChange("sub/b", OLD, b""), FileChange("sub/new", None, NEW)]
    )
    mask = os.umask(0)
    os.umask(mask)
    assert snapshot(tmp_path) == {
        "a": (NEW, 0o100755),
        "other": (b"other", (tmp_path / "other").stat().st_mode),
        "sub/b": (b"", 0o100600),
        "sub/new": (NEW, 0o100666 & ~mask),
    }
    assert not (tmp_path / ".fi-bump").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_the_owner_is_kept(tmp_path: Path) -> None:
    plant(tmp_path, {"a": OLD})
    os.chown(tmp_path / "a", 1234, 2345)
    write.commit(str(tmp_path), [FileChange("a", OLD, NEW)])
    assert ((tmp_path / "a").stat().st_uid, (tmp_path / "a").stat().st_gid) == (1234, 2345)


def acl(*entries: tuple[int, int, int]) -> bytes:
    """Return an access control list as Linux stores it: entries of a tag, permissions and an id."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)


NOBODY, ACCESS, DEFAULT = 0xFFFFFFFF, "system.posix_acl_access", "system.posix_acl_default"
# Tags: 1 the owner, 2 a user, 4 the group, 16 the mask, 32 others.
LIST = acl((1, 6, NOBODY), (2, 4, 1234), (4, 4, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY))


def extended(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def set_or_skip(path: Path, name: str, value: bytes) -> None:
    """Set an extended attribute, or skip the test on a file system that cannot have it."""
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"no {name} here: {error}")


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="Python knows no extended attributes here")
@pytest.mark.parametrize(("name", "value"), [("user.note", b"mine\0\xff"), ("user.empty", b""), (ACCESS, LIST)])
def test_extended_attributes_and_access_control_lists_are_kept(tmp_path: Path, name: str, value: bytes) -> None:
    plant(tmp_path, {"a": OLD})
    set_or_skip(tmp_path / "a", name, value)
    before, mode = extended(tmp_path / "a"), (tmp_path / "a").stat().st_mode
    write.commit(str(tmp_path), [FileChange("a", OLD, NEW)])
    assert ((tmp_path / "a").read_bytes(), extended(tmp_path / "a")) == (NEW, before)
    assert (tmp_path / "a").stat().st_mode == mode


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="Python knows no extended attributes here")
def test_a_list_that_the_folder_would_give_is_not_taken(tmp_path: Path) -> None:
    plant(tmp_path, {"a": OLD})
    (tmp_path / "a").chmod(0o640)
    set_or_skip(tmp_path, DEFAULT, LIST)
    write.commit(str(tmp_path), [FileChange("a", OLD, NEW)])
    assert (extended(tmp_path / "a"), (tmp_path / "a").stat().st_mode & 0o777) == ({}, 0o640)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="Python knows no extended attributes here")
def test_an_attribute_that_cannot_be_kept_refuses_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"a": OLD, "b": OLD})
    set_or_skip(tmp_path / "b", "user.note", b"mine")

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "setxattr", refuse)
    reason = "its extended attribute user.note cannot be kept: operation not permitted"
    message = f"b: cannot be written: {reason}"
    changes = [FileChange("a", OLD, NEW), FileChange("b", OLD, NEW)]
    assert refused(tmp_path, *changes) == (message, "nothing was changed; fix the cause and run again")
    assert extended(tmp_path / "b") == {"user.note": b"mine"}


def test_nothing_to_change_is_no_error(tmp_path: Path) -> None:
    plant(tmp_path, {"a": OLD})
    before = snapshot(tmp_path)
    write.commit(str(tmp_path), [])
    write.commit(str(tmp_path), [FileChange("a", OLD, OLD)])
    assert snapshot(tmp_path) == before


def test_files_are_renamed_in_the_callers_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["z", "a", "sub/m", "versions.lock.json"]
    plant(tmp_path, dict.fromkeys(names, OLD))
    real, order = os.replace, []

    def replace(source: str, target: str) -> None:
        order.append(os.path.relpath(target, tmp_path))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    write.commit(str(tmp_path), [FileChange(name, OLD, NEW) for name in names])
    assert order == [".fi-bump/journal.json", *names]


def test_links_are_followed_and_kept_and_long_names_work(tmp_path: Path) -> None:
    long = "n" * 255
    plant(tmp_path, {"sub/real": OLD, long: OLD})
    (tmp_path / "link").symlink_to("sub/real")
    write.commit(str(tmp_path), [FileChange("link", OLD, NEW), FileChange(long, OLD, NEW)])
    assert os.readlink(tmp_path / "link") == "sub/real"
    assert ((tmp_path / "sub/real").read_bytes(), (tmp_path / long).read_bytes()) == (NEW, NEW)


def test_refusals(tmp_path: Path) -> None:
    root = tmp_path / "root"
    plant(tmp_path, {"outside": OLD, "root/ok": OLD, "root/a": OLD, "root/locked": OLD, "root/hard": OLD})
    (root / "folder").mkdir()
    (root / "locked").chmod(0o444)
    os.link(root / "hard", tmp_path / "second")
    os.mkfifo(root / "pipe")
    (root / "out").symlink_to("../outside")
    (root / "nowhere").symlink_to("gone")
    (root / "alias").symlink_to("a")
    (root / "loop").symlink_to("loop")
    hard = "nothing was changed; copy the file to break the link, or exclude it in versions.lock.json"
    fix, none = "nothing was changed; fix the cause and run again", "nothing was changed"
    again = "nothing was changed; run again"
    leaves = "nothing was changed; put the file itself here, or exclude it in versions.lock.json"
    cases: list[tuple[str, bytes | None, str, str]] = [
        ("out", OLD, "is a link to a file outside the repository", leaves),
        ("../outside", OLD, "is a link to a file outside the repository", leaves),
        ("nowhere", OLD, "is a link to a missing file", none),
        ("nowhere", None, "is a link to a missing file", none),
        ("gone", OLD, "was deleted since it was read", none),
        ("folder", OLD, "is a folder", none),
        ("pipe", OLD, "is not a regular file", none),
        ("locked", OLD, "is read-only", "nothing was changed; make it writable and run again"),
        ("hard", OLD, "has a second name (a hard link), which fi-bump would cut off by replacing the file", hard),
        ("a", b"other", "changed since it was read", again),
        ("a", None, "changed since it was read", again),
        ("loop", OLD, "cannot be read: too many levels of symbolic links", fix),
        ("a/below", OLD, "cannot be read: not a directory", fix),
        ("absent/new", None, "cannot be written: no such file or directory", fix),
    ]
    for path, old, message, hint in cases:
        # A valid change before the refused one: it must not be made either.
        assert refused(root, FileChange("ok", OLD, NEW), FileChange(path, old, NEW)) == (f"{path}: {message}", hint)
    assert not list(tmp_path.rglob("*.fi-bump-*"))
    same = refused(root, FileChange("a", OLD, NEW), FileChange("alias", OLD, NEW))
    assert same == ("alias: is the same file as a", "nothing was changed; exclude one of the two")
    twice = refused(root, FileChange("a", OLD, NEW), FileChange("a", OLD, NEW))
    assert twice == ("a: is the same file as a", "nothing was changed; exclude one of the two")
    assert (tmp_path / "outside").read_bytes() == OLD


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (".git/config", "is in .git, where fi-bump reads and changes no file"),
        ("link", "is in .git, where fi-bump reads and changes no file"),
        ("way/config", "is in .git, where fi-bump reads and changes no file"),
        (".venv/bin/activate", "is in .venv, where fi-bump reads and changes no file"),
        ("nested/a", "is in another checkout (nested), which is not part of this repository"),
        ("env/a", "is in a virtual environment (env), which is not part of this repository"),
        ("./a", "is not a plain path inside the repository"),
    ],
)
def test_a_file_that_is_not_part_of_the_repository(tmp_path: Path, path: str, message: str) -> None:
    tree = {".git/config": OLD, ".venv/bin/activate": OLD, "a": OLD, "nested/a": OLD, "env/a": OLD}
    plant(tmp_path, {**tree, "nested/.git": b"", "env/pyvenv.cfg": b""})
    (tmp_path / "link").symlink_to(".git/config")
    (tmp_path / "way").symlink_to(".git")
    nothing = "nothing was changed"
    assert refused(tmp_path, FileChange("a", OLD, NEW), FileChange(path, OLD, NEW)) == (f"{path}: {message}", nothing)
    assert [(tmp_path / name).read_bytes() for name in tree] == [OLD] * len(tree)


@pytest.mark.parametrize("before", ["put_journal", "finish"])
def test_a_change_by_somebody_else_during_the_write_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    plant(tmp_path, {"a": OLD, "b": OLD, "c": OLD})
    name = "sync_folders" if before == "put_journal" else "finish"
    real = getattr(replay, name)

    def late(*arguments: object) -> None:
        (tmp_path / "b").write_bytes(b"mine")
        real(*arguments)

    monkeypatch.setattr(replay, name, late)
    with pytest.raises(FileError) as caught:
        write.commit(str(tmp_path), [FileChange(path, OLD, NEW) for path in "abc"])
    assert str(caught.value) == "b: changed since it was read"
    assert caught.value.hint == "nothing was changed; run again"
    assert {name: data for name, (data, _) in snapshot(tmp_path).items()} == {"a": OLD, "b": b"mine", "c": OLD}


def test_only_one_writer_at_a_time_and_a_lock_that_ends_with_its_process(tmp_path: Path) -> None:
    plant(tmp_path, {"a": OLD})
    holder = subprocess.Popen([sys.executable, "-c", HELD, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(BusyError) as caught:
        write.commit(str(tmp_path), [FileChange("a", OLD, NEW)])
    assert str(caught.value) == "another fi-bump is writing in this repository"
    assert caught.value.hint == "wait for it to end"
    assert (tmp_path / "a").read_bytes() == OLD
    holder.kill()
    holder.communicate()
    with write.exclusive(str(tmp_path)), pytest.raises(BusyError), write.exclusive(str(tmp_path)):
        pass
    write.commit(str(tmp_path), [FileChange("a", OLD, NEW)])
    assert sorted(os.listdir(tmp_path)) == ["a"]


def test_a_lock_file_that_was_removed_meanwhile_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / ".fi-bump" / "lock"
    real, opened = os.open, []

    def open_(path: str, flags: int, mode: int = 0o777) -> int:
        descriptor = real(path, flags, mode)
        opened.append(descriptor)
        if len(opened) == 1:
            lock.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_)
    with write.exclusive(str(tmp_path)):
        assert len(opened) == 2
        assert os.path.samestat(os.fstat(opened[1]), lock.stat())


def test_recovery_needs_the_lock_and_does_nothing_without_a_journal(tmp_path: Path) -> None:
    with pytest.raises(InternalError, match="recovery was tried without the write lock"):
        recovery.recover(str(tmp_path))
    with write.exclusive(str(tmp_path)):
        assert recovery.recover(str(tmp_path)) is None
    assert not write.pending(str(tmp_path))
    assert write.pending_paths(str(tmp_path)) == []
    assert os.listdir(tmp_path) == []


def test_an_existing_journal_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"a": OLD, "b": OLD})
    with monkeypatch.context() as patch:
        patch.setattr(write, "_carry_out", lambda *_: None)
        write.commit(str(tmp_path), [FileChange("a", OLD, NEW), FileChange("b", OLD, NEW)])
    assert write.pending(str(tmp_path))
    assert write.pending_paths(str(tmp_path)) == ["a", "b"]
    error = refused(tmp_path, FileChange("a", OLD, b"third"))
    assert error == ("a, b: an interrupted fi-bump left its journal", "run fi-bump check --fix")
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    with write.exclusive(str(moved)):
        assert recovery.recover(str(moved)) == recovery.Recovery("finished", ("a", "b"))
    assert {name: data for name, (data, _) in snapshot(moved).items()} == {"a": NEW, "b": NEW}


def test_a_journal_cannot_name_files_outside_the_repository(tmp_path: Path) -> None:
    root, state = tmp_path / "root", tmp_path / "root/.fi-bump"
    plant(tmp_path, {"outside": OLD, "root/.x.fi-bump-1": NEW})
    entry = replay.JournalEntry(
        path="x",
        real=str(tmp_path / "outside"),
        temporary="x.fi-bump-1",
        old=digest(OLD),
        new=digest(NEW),
        old_data=OLD,
    )
    state.mkdir()
    replay.put_journal(str(root), str(state), [entry])
    with write.exclusive(str(root)), pytest.raises(FileError) as caught:
        recovery.recover(str(root))
    assert str(caught.value) == "x: is in the journal but is not a file of this repository"
    assert (tmp_path / "outside").read_bytes() == OLD


@pytest.mark.parametrize("path", [".venv/lib/sitecustomize.py", "nested/a", "link/activate"])
def test_a_planted_journal_writes_no_file_that_fi_bump_never_writes(tmp_path: Path, path: str) -> None:
    state = tmp_path / ".fi-bump"
    plant(tmp_path, {".venv/activate": OLD, "nested/.git": b"", "nested/a": OLD, ".venv/lib/sitecustomize.py": OLD})
    (tmp_path / "link").symlink_to(".venv")
    entry = replay.JournalEntry(
        path="x",
        real=str(tmp_path / path),
        temporary="x.fi-bump-1",
        old=digest(OLD),
        new=digest(NEW),
        old_data=OLD,
    )
    state.mkdir()
    (tmp_path / path).with_name("x.fi-bump-1").write_bytes(NEW)
    replay.put_journal(str(tmp_path), str(state), [entry])
    with write.exclusive(str(tmp_path)), pytest.raises(FileError) as caught:
        recovery.recover(str(tmp_path))
    assert str(caught.value) == "x: is in the journal but is not a file of this repository"
    assert (tmp_path / path).read_bytes() == OLD


def test_a_state_folder_that_is_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    plant(root, {"a": OLD})
    outside.mkdir()
    (root / ".fi-bump").symlink_to(outside)
    assert refused(root, FileChange("a", OLD, NEW)) == (
        ".fi-bump: is a link, but fi-bump keeps its journal there",
        "remove this link",
    )
    assert list(outside.iterdir()) == []
    assert (root / "a").read_bytes() == OLD


@pytest.mark.parametrize("name", ["journal.json", "intent.json"])
def test_a_pipe_in_place_of_the_journal(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {"a": OLD})
    (tmp_path / ".fi-bump").mkdir()
    os.mkfifo(tmp_path / ".fi-bump" / name)
    assert journal.pending_paths(str(tmp_path)) == []
    message, _ = refused(tmp_path, FileChange("a", OLD, NEW))
    assert (
        message
        == {
            "journal.json": f"{tmp_path}/.fi-bump/journal.json: an interrupted fi-bump left its journal",
            "intent.json": f"{tmp_path}/.fi-bump/intent.json: cannot be written: not a regular file",
        }[name]
    )
    assert (tmp_path / "a").read_bytes() == OLD


def test_the_folder_of_the_state(tmp_path: Path) -> None:
    bare, repository, worktree = tmp_path / "bare", tmp_path / "repository", tmp_path / "worktree"
    long = "/".join(["d" * 100] * 3)
    for folder in (bare, repository / ".git/worktrees/w", worktree / "sub", repository / long):
        folder.mkdir(parents=True)
    (worktree / ".git").write_text(f"gitdir: {repository}/.git/worktrees/w\n")
    for name, text in (("HEAD", ""), ("commondir", "../.."), ("gitdir", f"{worktree}/.git\n")):
        (repository / ".git/worktrees/w" / name).write_text(text)
    git = repository / ".git/fi-bump"
    names = [".", "root", "a/b", "a%2Fb", "a%b"]
    found = [Path(journal.state_folder(str(repository / name))) for name in names]
    assert found == [git / name for name in ("root", "in-root", "in-a%2Fb", "in-a%252Fb", "in-a%25b")]
    deep = Path(journal.state_folder(str(repository / long)))
    assert (deep.parent, len(deep.name)) == (git, 67)
    assert journal.state_folder(str(worktree / "sub")) == f"{repository}/.git/worktrees/w/fi-bump/in-sub"
    (worktree / ".git").write_text("nonsense")
    assert journal.state_folder(str(worktree / "sub")) == f"{worktree}/sub/.fi-bump"
    assert journal.state_folder(str(bare)) == f"{bare}/.fi-bump"
    plant(repository, {"a": OLD})
    write.commit(str(repository), [FileChange("a", OLD, NEW)])
    assert snapshot(repository) == {"a": (NEW, (repository / "a").stat().st_mode)}
    # Only the record for `undo` is left.
    assert [str(path.relative_to(git)) for path in git.rglob("*")] == ["root", "root/undo-000000001.json"]


def test_looking_for_a_journal_does_not_import_the_writer() -> None:
    code = (
        "import sys; from fi_bump import state; state.pending('.')\n"
        "print([name for name in ('fi_bump.editing.write', 'fi_bump.editing.journal', 'hashlib', 'json', 'fcntl') if name in sys.modules])"
    )
    # Coverage measurement would load its own modules.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert child.stdout == b"[]\n"
