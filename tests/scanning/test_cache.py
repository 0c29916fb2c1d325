"""The cache of the last check: a cached check gives the same report as a full one, and hides its own errors."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fi_bump.commands import check
from fi_bump.errors import FiBumpError
from fi_bump.lock.reading import load
from fi_bump.pins import Source
from fi_bump.scanning import cache, file_scanner, files
from fi_bump.scanning.asked import wanted_by
from fi_bump.scanning.cache_codec import decode, encode
from fi_bump.scanning.look import look as look_at
from fi_bump.scanning.scan import scan, watch_names
from tests.conftest import LOCK, OLD, TREE, plant

IN_STEP = b"flashinfer 0.6.8.post1: 5 pins in 4 files, in step\n"
EXCLUDED = LOCK.replace(b"\n  }\n}", b'\n  },\n  "exclude": ["third_party/**"]\n}')
LATER = 10 * 1_000_000_000


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an engine in step, whose files count as old, with its own cache."""
    monkeypatch.delenv("FI_BUMP_NO_CACHE")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "time_ns", lambda: time.time_ns() + LATER)
    root = tmp_path / "engine"
    plant(root, {**TREE, "versions.lock.json": LOCK, "src/a.py": b"x = '1.0'\n", "src/b.py": b"import flashinfer\n"})
    return root


def look(root: Path) -> int:
    return check.run(check.CheckOptions(str(root)))


def watching(root: Path) -> cache.Watch:
    """Return a watch, made as `check` makes it."""
    return cache.Watch(str(root), watch_names(load(LOCK)), cache.recall(str(root)))


def kept(root: Path) -> cache.CachedCheck | None:
    """Return what the cache has of a tree."""
    return cache.recall(str(root)).cached


def files_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each later read of a file of the tree adds its path."""
    read: list[str] = []
    real = files.read

    def spy(root: str, path: str, watch: Any = None, boundary: Any = None) -> Any:
        read.append(path)
        return real(root, path, watch, boundary)

    monkeypatch.setattr("fi_bump.scanning.files.read", spy)
    return read


WITH_FINDINGS = ["docker/Dockerfile", "docker/Dockerfile.nightly", "docker/versions.json", "requirements/cuda.txt"]


def test_files_with_findings_are_read_at_every_check(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept(tree) is None
    assert look(tree) == 0
    read = files_read(monkeypatch)
    for _ in range(2):
        read.clear()
        assert look(tree) == 0
        assert sorted(read) == [*WITH_FINDINGS, "versions.lock.json"]


def test_the_cache_of_a_tree_has_one_name(tree: Path) -> None:
    assert look(tree) == 0
    assert kept(tree / ".." / "engine") is not None


def test_the_cache_has_no_verdict(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A pin that drifts without a trace, as after a write to a mapped page: the version comes from the file's bytes.
    assert look(tree) == 0
    monkeypatch.setattr(cache, "_unguarded_signature", lambda now: 1)
    assert look(tree) == 0
    edit(tree)
    assert cache.recall(str(tree)).changed == {}
    assert look(tree) == 1


def test_unchanged_files_without_findings_are_not_read_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tree) == 0
    read = files_read(monkeypatch)
    (tree / "src/b.py").write_bytes(b"import torch\n")
    assert look(tree) == 0
    assert sorted(read) == [*WITH_FINDINGS, "src/b.py", "versions.lock.json"]


def spied(monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """Return a list to which each later call of a function of `file_scanner` adds the path of its source."""
    seen: list[str] = []
    real = getattr(file_scanner, name)

    def spy(source: Any, *rest: Any) -> Any:
        seen.append(source.path)
        return real(source, *rest)

    monkeypatch.setattr(file_scanner, name, spy)
    return seen


def test_the_findings_of_an_unchanged_file_come_from_the_cache(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tree, {"src/broken.json": b'{"flashinfer": '})
    assert look(tree) == 0
    (tree / "requirements/cuda.txt").write_bytes(TREE["requirements/cuda.txt"] + b"# a remark\n")
    found = spied(monkeypatch, "look")
    decoded = spied(monkeypatch, "decode")
    assert look(tree) == 0
    assert sorted(found) == ["requirements/cuda.txt", "src/broken.json"]
    assert sorted(decoded) == ["docker/Dockerfile", "docker/Dockerfile.nightly", "docker/versions.json"]


def test_a_scan_lists_the_files_that_it_skipped(tree: Path) -> None:
    assert look(tree) == 0
    lock = load(LOCK)
    whole = scan(str(tree), lock)
    quick = scan(str(tree), lock, watch=watching(tree))
    assert sorted(quick.skipped) == ["src/a.py", "src/b.py"]
    assert quick.all_paths == whole.all_paths
    assert [(pin.site, pin.version) for pin in quick.pins] == [(pin.site, pin.version) for pin in whole.pins]


def test_folders_that_did_not_change_are_not_listed_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tree) == 0
    listed: list[str] = []
    real = os.scandir

    def spy(path: str) -> Any:
        listed.append(path)
        return real(path)

    monkeypatch.setattr("fi_bump.scanning.files.os.scandir", spy)

    def trees() -> list[str]:
        return sorted(path.removeprefix(str(tree)) for path in listed if path.startswith(str(tree)))

    plant(tree, {"src/a.py": b"x = '2.0'\n"})
    assert look(tree) == 0
    assert trees() == []
    plant(tree, {"src/new/deep/c.py": b"", "src/new/requirements.txt": b"flashinfer-python==0.6.1\n"})
    assert look(tree) == 1
    assert trees() == ["/src", "/src/new", "/src/new/deep"]


@pytest.mark.parametrize("kind", ["pin with hashes", "url", "mark", "floor"])
def test_every_finding_survives_encoding(kind: str) -> None:
    url = b"flashinfer-python @ https://x.example/v0.6.1/flashinfer_python-0.6.1-py3-none-any.whl\n"
    said = {
        "pin with hashes": b"flashinfer-python==0.6.1 --hash=sha256:" + b"0" * 64 + b" --hash=sha256:" + b"1" * 64,
        "url": url,
        "mark": b'[[package]]\nname = "flashinfer-python"\nversion = "0.6.1"\n',
        "floor": b"flashinfer-python>=0.6\n",
    }[kind]
    source = Source("uv.lock" if kind == "mark" else "requirements.txt", said)
    found = look_at(source, wanted_by(load(LOCK).groups))
    assert any(found)
    data = marshal.loads(marshal.dumps(encode(source, found)))
    assert decode(source, data) == found
    assert repr(decode(source, data)) == repr(found)


def edit(root: Path) -> None:
    path = root / "docker/Dockerfile"
    path.write_bytes(path.read_bytes().replace(OLD.encode(), b"0.6.8.post2"))


def edit_with_its_old_time(root: Path) -> None:
    path = root / "docker/Dockerfile"
    before = path.stat()
    edit(root)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap(root: Path) -> None:
    new = root / "new"
    new.write_bytes((root / "docker/Dockerfile").read_bytes().replace(OLD.encode(), b"0.6.8.post2"))
    new.rename(root / "docker/Dockerfile")


def lock_only(root: Path) -> None:
    (root / "versions.lock.json").write_bytes(LOCK.replace(OLD.encode(), b"0.6.8.post2"))


def add(root: Path) -> None:
    plant(root, {"src/deep/requirements.txt": b"flashinfer-python==0.6.1\n"})


def remove(root: Path) -> None:
    (root / "requirements/cuda.txt").unlink()


def move_folder(root: Path) -> None:
    (root / "docker").rename(root / "images")


def speak(root: Path) -> None:
    (root / "src/a.py").write_bytes(b"x = ['flashinfer-python==0.6.1']\n")


def journal(root: Path) -> None:
    (root / ".fi-bump").mkdir()
    (root / ".fi-bump" / "journal.json").write_bytes(b"{}")


@pytest.mark.parametrize(
    "change", [edit, edit_with_its_old_time, swap, lock_only, add, remove, move_folder, speak, journal]
)
def test_every_change_is_seen(tree: Path, change: Any) -> None:
    assert look(tree) == 0
    change(tree)
    assert look(tree) == 1


def test_a_file_replaced_by_a_link_out_of_the_repository(tree: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert look(tree) == 0
    outside = tree.parent / "outside.txt"
    outside.write_bytes(b"flashinfer-python==0.6.1\n")
    (tree / "src" / "requirements.txt").symlink_to(outside)
    note = (
        b"src/requirements.txt:1:1: note: this link leads out of the repository, so fi-bump does not read it "
        b"[link-outside]\n"
    )
    for _ in range(2):
        capfdbinary.readouterr()
        assert look(tree) == 0
        assert capfdbinary.readouterr().out == note + IN_STEP
    (tree / "docker" / "Dockerfile").unlink()
    (tree / "docker" / "Dockerfile").symlink_to(outside)
    with pytest.raises(FiBumpError, match="docker/Dockerfile: is a link to a file outside the repository"):
        look(tree)


class OneTick:
    """The attributes of a file, as if everything happened in one tick of the clock."""

    st_ctime_ns = st_mtime_ns = 1

    def __init__(self, now: os.stat_result) -> None:
        self._now = now

    def __getattr__(self, name: str) -> Any:
        return getattr(self._now, name)


@pytest.fixture
def one_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give all files and folders the same times, as those have that an archive or a checkout makes at once."""
    for name in ("stat", "fstat"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda path, real=real, **options: OneTick(real(path, **options)))


def twins(root: Path) -> None:
    """Make two files of one size: one has a pin and is excluded, the other one has none."""
    texts = {"on": b"ARG FLASHINFEX_VERSION=0.6.7\n", "third_party": b"ARG FLASHINFER_VERSION=0.6.7\n"}
    plant(root, {f"{folder}/Dockerfile": text for folder, text in texts.items()})


@pytest.mark.usefixtures("one_tick")
def test_two_folders_that_change_places(tree: Path) -> None:
    plant(tree, {"versions.lock.json": EXCLUDED})
    twins(tree)
    assert look(tree) == 0
    (tree / "on").rename(tree / "x")
    (tree / "third_party").rename(tree / "on")
    (tree / "x").rename(tree / "third_party")
    assert look(tree) == 1


@pytest.mark.usefixtures("one_tick")
def test_two_files_that_change_places(tree: Path) -> None:
    plant(tree, {"versions.lock.json": EXCLUDED})
    twins(tree)
    assert look(tree) == 0
    (tree / "on/Dockerfile").rename(tree / "x")
    (tree / "third_party/Dockerfile").rename(tree / "on/Dockerfile")
    (tree / "x").rename(tree / "third_party/Dockerfile")
    assert look(tree) == 1


@pytest.mark.usefixtures("one_tick")
def test_a_folder_behind_another_one_of_its_name(tree: Path) -> None:
    plant(tree, {"versions.lock.json": EXCLUDED, "a/b/c/notes": b"", "third_party/b/c/notes": b""})
    twins(tree / "a/b/c")
    (tree / "a/b/c/third_party").rename(tree / "third_party/b/c/on")
    assert look(tree) == 0
    (tree / "a/b").rename(tree / "x")
    (tree / "third_party/b").rename(tree / "a/b")
    assert look(tree) == 1


def test_a_file_that_changed_just_now_is_not_cached(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "time_ns", time.time_ns)
    assert look(tree) == 0
    assert not watching(tree).can_skip("src/a.py")


def test_only_a_check_without_options_is_cached(tree: Path) -> None:
    assert check.run(check.CheckOptions(str(tree), form="json")) == 0
    assert check.run(check.CheckOptions(str(tree), paths=("docker",))) == 0
    assert check.run(check.CheckOptions(str(tree), fix=True)) == 0
    assert kept(tree) is None


def test_cold_reads_every_file_and_keeps_what_it_saw(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tree) == 0
    monkeypatch.setattr(cache, "_unguarded_signature", lambda now: 1)
    assert look(tree) == 0
    plant(tree, {"src/a.py": b"x = ['flashinfer-python==0.6.1']\n"})
    assert look(tree) == 0
    read = files_read(monkeypatch)
    assert check.run(check.CheckOptions(str(tree), cold=True)) == 1
    assert sorted(read) == sorted([*WITH_FINDINGS, "src/a.py", "src/b.py", "versions.lock.json"])
    assert look(tree) == 1


@pytest.mark.parametrize(("value", "off"), [("true", True), ("1", True), ("", False), ("false", False), ("0", False)])
def test_nothing_is_kept_in_ci(tree: Path, monkeypatch: pytest.MonkeyPatch, value: str, off: bool) -> None:
    monkeypatch.setenv("CI", value)
    assert look(tree) == 0
    assert (kept(tree) is None) is off


def test_another_version_of_fi_bump_ignores_the_cache(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tree) == 0
    monkeypatch.setattr(cache, "__version__", "99")
    assert kept(tree) is None
    assert not watching(tree).can_skip("src/a.py")


def test_other_wanted_names_are_found_in_cached_files(tree: Path) -> None:
    plant(tree, {"src/a.py": b"x = ['numpy==1.0']\n"})
    assert look(tree) == 0
    lock = LOCK.replace(b'"flashinfer-cubin": {}', b'"flashinfer-cubin": {},\n        "numpy": {}')
    assert lock != LOCK
    plant(tree, {"versions.lock.json": lock})
    assert look(tree) == 1


def cache_file(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "cache/fi-bump/checks").iterdir()
    return file


@pytest.mark.slow
@pytest.mark.parametrize("data", [b"", b"x", b"\0\0\0\0", b"\0" * 100, marshal.dumps((1, 2)), b"[\xff\xff\xff\x7f"])
@pytest.mark.parametrize("summed", [False, True])
def test_a_broken_cache_is_ignored(tree: Path, tmp_path: Path, data: bytes, summed: bool) -> None:
    assert look(tree) == 0
    file = cache_file(tmp_path)
    file.write_bytes(zlib.crc32(data).to_bytes(4) + data if summed else data)
    assert kept(tree) is None
    assert look(tree) == 0
    assert kept(tree) is not None


def rewrite(tree: Path, file: Path, **fields: Any) -> None:
    """Write the cache of a tree again with other fields."""
    before = kept(tree)
    assert before is not None
    values = [
        fields.get(name, getattr(before, name)) for name in ("code", "names", "folders", "files", "found", "linked")
    ]
    data = marshal.dumps((str(tree), *values, *fields.get("more", ())))
    file.write_bytes(zlib.crc32(data).to_bytes(4) + data)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [
        *(
            {name: value}
            for name in ("code", "names", "folders", "files", "found", "linked")
            for value in (None, 5, "x")
        ),
        {"folders": {1: 2}},
        {"folders": {"a": 2}},
        {"files": {"a": "b"}},
        {"files": {b"a": 1}},
        {"found": {"nowhere": ((), (), ())}},
        {"linked": frozenset(["nowhere"])},
        {"more": (1,)},
        {"folders": [], "files": []},
    ],
)
def test_a_cache_of_another_shape_is_ignored(tree: Path, tmp_path: Path, fields: dict[str, Any]) -> None:
    plant(tree, {"src/b.py": b"x = ['flashinfer-python==0.6.1']\n"})
    assert look(tree) == 1
    rewrite(tree, cache_file(tmp_path), **fields)
    if fields not in ({"code": "x"}, {"names": "x"}):
        assert kept(tree) is None
    assert look(tree) == 1


@pytest.mark.parametrize(
    "found",
    [
        5,
        "abc",
        (),
        ((), ()),
        ((1,), (), ()),
        ((((0, 3), "a", "requirement", "b", (), None, ()),), (), ()),
        ((((19, 10**9), "a", "requirement", "b", (), None, ()),), (), ()),
        ((((19, 30), 1, "requirement", "b", (), None, ()),), (), ()),
        ((((19, 30), "a", "nothing", "b", (), None, ()),), (), ()),
        ((), (((0, 1), "a", "b", 5, None),), ()),
        ((), (), (((0, 1), "a"),)),
    ],
)
def test_findings_that_do_not_fit_their_file_are_found_again(tree: Path, tmp_path: Path, found: Any) -> None:
    assert look(tree) == 0
    cached = kept(tree)
    assert cached is not None
    rewrite(tree, cache_file(tmp_path), found={**cached.found, "requirements/cuda.txt": found})
    assert look(tree) == 0
    again = kept(tree)
    assert again is not None
    assert again.found == cached.found


def test_only_a_file_of_the_user_is_believed(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tree) == 0
    file = cache_file(tmp_path)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    data = file.read_bytes()
    for mode in (0o620, 0o602, 0o666):
        file.chmod(mode)
        assert kept(tree) is None
    file.chmod(0o600)
    assert kept(tree) is not None
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert kept(tree) is None
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert file.read_bytes() == data
    assert kept(tree) is None


@pytest.mark.parametrize("what", ["pipe", "folder", "endless"])
def test_a_cache_that_is_no_file(tree: Path, tmp_path: Path, what: str) -> None:
    assert look(tree) == 0
    file = cache_file(tmp_path)
    file.unlink()
    if what == "pipe":
        os.mkfifo(file, 0o600)
    elif what == "folder":
        file.mkdir()
    else:
        file.symlink_to("/dev/zero")
    assert look(tree) == 0


def test_a_cache_that_cannot_be_written_is_ignored(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file")
    assert look(tree) == 0
    assert kept(tree) is None


def test_it_can_be_turned_off(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FI_BUMP_NO_CACHE", "1")
    assert look(tree) == 0
    assert kept(tree) is None
    assert not (tmp_path / "cache").exists()


def test_each_tree_has_its_own_cache(tree: Path, tmp_path: Path) -> None:
    assert look(tree) == 0
    (file,) = (tmp_path / "cache/fi-bump/checks").iterdir()
    other = tmp_path / "other"
    shutil.copytree(tree, other)
    shutil.copy2(file, cache._cache_file(str(other)) or "")
    assert kept(other) is None


def test_old_trees_are_forgotten(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache/fi-bump/checks"
    plant(folder, {"old": b"", "new": b""})
    os.utime(folder / "old", (1, 1))
    assert look(tree) == 0
    assert sorted(path.name for path in folder.iterdir() if len(path.name) < 10) == ["new"]


PATHS = [
    "src/a.py",
    "src/b.py",
    "docker/Dockerfile",
    "requirements/cuda.txt",
    "new/requirements.txt",
    "new/deep/values.yaml",
    "docker/broken.json",
    "notes.md",
    "third_party/requirements.txt",
]
TEXTS = [
    b"",
    b"flashinfer-python==0.6.8.post1\n",
    b"flashinfer-python==0.6.1\n",
    b"ARG X=1\n",
    b"flashinfer-python>=0.6\n",
    b"flashinfer-python\n",
    b"flashinfer_version: 0.6.8.post1\n",
    b'{"flashinfer": ',
]
LOCKS = [
    LOCK,
    LOCK.replace(b'"sites": [', b'"sites": ["notes.md#literal:flashinfer-python=={version}", '),
    LOCK.replace(b'"sites": [', b'"sites": ["notes.md#literal:flashinfer-python>={version}", '),
    EXCLUDED,
    EXCLUDED.replace(b'"sites": [', b'"sites": ["third_party/requirements.txt#literal:flashinfer-python=={version}", '),
]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(PATHS), st.sampled_from(TEXTS)),
        st.tuples(st.just("remove"), st.sampled_from(PATHS)),
        st.tuples(st.just("move"), st.sampled_from(PATHS), st.sampled_from(PATHS)),
        st.tuples(st.just("link"), st.sampled_from(PATHS), st.sampled_from(["a.py", "../src/a.py", "../../out.txt"])),
        st.tuples(st.just("lock"), st.sampled_from(LOCKS)),
        st.tuples(st.just("foreign"), st.sampled_from(["new", "src"])),
        st.just(("check",)),
    ),
    max_size=12,
)


def take(root: Path, step: tuple[Any, ...]) -> None:
    """One step of a user's work on a tree."""
    match step:
        case "write", path, data:
            (root / path).unlink(missing_ok=True)
            plant(root, {path: data})
        case "remove", path:
            (root / path).unlink(missing_ok=True)
        case "move", path, target if (root / path).is_file():
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            (root / path).rename(root / target)
        case "link", path, target:
            (root / path).unlink(missing_ok=True)
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(target)
        case "lock", data:
            (root / "versions.lock.json").write_bytes(data)
        case "foreign", folder:
            plant(root, {f"{folder}/.git": b""})


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(steps=STEPS)
def test_a_check_with_the_cache_equals_a_full_check(
    tree: Path, steps: list[tuple[Any, ...]], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def answer() -> tuple[int | str, bytes]:
        capfdbinary.readouterr()
        try:
            code: int | str = look(tree)
        except FiBumpError as error:
            code = str(error)
        return code, capfdbinary.readouterr().out

    for path in (*PATHS, "new/.git", "src/.git"):
        (tree / path).unlink(missing_ok=True)
    plant(tree, {**TREE, "versions.lock.json": LOCK})
    plant(tree.parent, {"out.txt": b"flashinfer-python==0.6.8.post1\n"})
    for step in [*steps, ("check",)]:
        take(tree, step)
        if step == ("check",):
            quick = answer()
            os.environ["FI_BUMP_NO_CACHE"] = "1"
            try:
                assert answer() == quick
            finally:
                del os.environ["FI_BUMP_NO_CACHE"]


@pytest.mark.slow
def test_from_the_command_line(tmp_path: Path) -> None:
    root = tmp_path / "engine"
    plant(root, {**TREE, "versions.lock.json": LOCK, "src/a.py": b""})
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "FI_BUMP_NO_CACHE": "", "CI": ""}
    command = [sys.executable, "-m", "fi_bump", "-C", str(root), "check"]
    time.sleep(2.1)
    for _ in range(2):
        done = subprocess.run(command, env=environment, capture_output=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, IN_STEP, b"")
    assert cache_file(tmp_path).stat().st_size > 100
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as closed:
        assert closed.stdout is not None
        closed.stdout.close()
        assert closed.stderr is not None
        assert closed.stderr.read() == b""
    assert closed.returncode == 0
