"""The cache of the last check: a cached check gives the same report as a full one, and hides its own errors."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fi_bump.commands import check
from fi_bump.errors import FiBumpError
from fi_bump.lock import load
from fi_bump.pins import Source
from fi_bump.scanning import cache, files, scan
from fi_bump.scanning.cache_codec import decode, encode
from fi_bump.scanning.scan import watch_names
from tests.conftest import LOCK, OLD, TREE, plant

IN_STEP = b"flashinfer 0.6.8.post1: 5 pins in 4 files, in step\n"
LATER = 10 * 1_000_000_000


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an engine in step, whose files count as old, with its own cache."""
    monkeypatch.delenv("FI_BUMP_NO_CACHE")
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


def test_a_tree_in_step_is_recalled(tree: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cache.recall(str(tree)).report is None
    assert look(tree) == 0
    assert capfdbinary.readouterr().out == IN_STEP
    assert cache.recall(str(tree)).report == IN_STEP
    assert cache.recall(str(tree / ".." / "engine")).report == IN_STEP


def test_unchanged_files_without_findings_are_not_read_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tree) == 0
    read: list[str] = []
    real = files.read

    def spy(root: str, path: str, watch: Any = None, boundary: Any = None) -> Any:
        read.append(path)
        return real(root, path, watch, boundary)

    monkeypatch.setattr("fi_bump.scanning.files.read", spy)
    (tree / "src/b.py").write_bytes(b"import torch\n")
    assert look(tree) == 0
    assert sorted(read) == [
        "docker/Dockerfile",
        "docker/Dockerfile.nightly",
        "docker/versions.json",
        "requirements/cuda.txt",
        "src/b.py",
        "versions.lock.json",
    ]


def spied(monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """Return a list to which each later call of a function of `scan` adds the path of its source."""
    seen: list[str] = []
    real = getattr(scan, name)

    def spy(source: Any, *rest: Any) -> Any:
        seen.append(source.path)
        return real(source, *rest)

    monkeypatch.setattr(scan, name, spy)
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
    whole = scan.scan(str(tree), lock)
    quick = scan.scan(str(tree), lock, watch=watching(tree))
    assert sorted(quick.skipped) == ["src/a.py", "src/b.py"]
    assert quick.all_paths == [*whole.paths]
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
    found = scan.look(source, scan.wanted_by(load(LOCK).groups))
    assert found != ((), (), ())
    data = marshal.loads(marshal.dumps(encode(found)))
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
    assert cache.recall(str(tree)).report is None
    assert look(tree) == 1


def test_a_file_replaced_by_a_link_out_of_the_repository(tree: Path) -> None:
    assert look(tree) == 0
    outside = tree.parent / "outside.txt"
    outside.write_bytes(b"flashinfer-python==0.6.1\n")
    (tree / "src" / "requirements.txt").symlink_to(outside)
    note = b"src/requirements.txt:1:1: note: this link leads out of the repository, so fi-bump does not read it [link-outside]\n"
    assert cache.recall(str(tree)).report is None
    assert look(tree) == 0
    assert cache.recall(str(tree)).report == note + IN_STEP
    (tree / "docker" / "Dockerfile").unlink()
    (tree / "docker" / "Dockerfile").symlink_to(outside)
    assert cache.recall(str(tree)).report is None
    with pytest.raises(FiBumpError, match="docker/Dockerfile: is a link to a file outside the repository"):
        look(tree)


def test_a_change_that_stays_in_step_gives_the_new_report(tree: Path) -> None:
    assert look(tree) == 0
    plant(tree, {"src/requirements.txt": b"flashinfer-python\n"})
    assert cache.recall(str(tree)).report is None
    assert look(tree) == 0
    note = b"src/requirements.txt:1:1: note: flashinfer-python: has no version specifier [unpinned]\n"
    assert cache.recall(str(tree)).report == note + IN_STEP


def test_a_file_that_changed_just_now_is_not_cached(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "time_ns", time.time_ns)
    assert look(tree) == 0
    assert cache.recall(str(tree)).report is None
    assert not watching(tree).can_skip("src/a.py")


def test_a_report_with_drift_is_not_cached(tree: Path) -> None:
    edit(tree)
    assert look(tree) == 1
    assert cache.recall(str(tree)).report is None


def test_only_a_check_without_options_is_cached(tree: Path) -> None:
    assert check.run(check.CheckOptions(str(tree), form="json")) == 0
    assert check.run(check.CheckOptions(str(tree), paths=("docker",))) == 0
    assert check.run(check.CheckOptions(str(tree), fix=True)) == 0
    assert cache.recall(str(tree)).report is None


def test_another_version_of_fi_bump_ignores_the_cache(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tree) == 0
    monkeypatch.setattr(cache, "__version__", "99")
    assert cache.recall(str(tree)).report is None
    assert not watching(tree).can_skip("src/a.py")


def test_other_wanted_names_are_found_in_cached_files(tree: Path) -> None:
    plant(tree, {"src/a.py": b"x = ['numpy==1.0']\n"})
    assert look(tree) == 0
    lock = LOCK.replace(b'"flashinfer-cubin": {}', b'"flashinfer-cubin": {},\n        "numpy": {}')
    assert lock != LOCK
    plant(tree, {"versions.lock.json": lock})
    assert look(tree) == 1


@pytest.mark.parametrize("data", [b"", b"x", b"\0\0\0\0", b"\0" * 100, marshal.dumps((1, 2))])
def test_a_broken_cache_is_ignored(tree: Path, tmp_path: Path, data: bytes) -> None:
    assert look(tree) == 0
    (file,) = (tmp_path / "cache/fi-bump/checks").iterdir()
    file.write_bytes(data)
    assert cache.recall(str(tree)).report is None
    assert look(tree) == 0
    assert cache.recall(str(tree)).report == IN_STEP


def test_a_cache_that_cannot_be_written_is_ignored(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file")
    assert look(tree) == 0
    assert cache.recall(str(tree)).report is None


def test_it_can_be_turned_off(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FI_BUMP_NO_CACHE", "1")
    assert look(tree) == 0
    assert cache.recall(str(tree)).report is None
    assert not (tmp_path / "cache").exists()


def test_each_tree_has_its_own_cache(tree: Path, tmp_path: Path) -> None:
    assert look(tree) == 0
    (file,) = (tmp_path / "cache/fi-bump/checks").iterdir()
    other = tmp_path / "other"
    shutil.copytree(tree, other)
    shutil.copy2(file, cache._cache_file(str(other)) or "")
    assert cache.recall(str(other)).report is None


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
EXCLUDED = LOCK.replace(b"\n  }\n}", b'\n  },\n  "exclude": ["third_party/**"]\n}')
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
def test_the_cached_report_equals_a_full_check(
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
            report = cache.recall(str(tree)).report
            quick = answer()
            os.environ["FI_BUMP_NO_CACHE"] = "1"
            try:
                assert answer() == quick
            finally:
                del os.environ["FI_BUMP_NO_CACHE"]
            assert report is None or quick == (0, report)


@pytest.mark.slow
def test_from_the_command_line(tmp_path: Path) -> None:
    root = tmp_path / "engine"
    plant(root, {**TREE, "versions.lock.json": LOCK})
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "FI_BUMP_NO_CACHE": ""}
    command = [sys.executable, "-X", "importtime", "-m", "fi_bump", "-C", str(root), "check"]
    time.sleep(2.1)
    first, second = (subprocess.run(command, env=environment, capture_output=True) for _ in range(2))
    assert (first.returncode, first.stdout) == (second.returncode, second.stdout) == (0, IN_STEP)
    assert b"fi_bump.commands.check\n" in first.stderr
    assert b"fi_bump.commands.check\n" not in second.stderr
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as closed:
        assert closed.stdout is not None
        closed.stdout.close()
        assert closed.stderr is not None
        assert b"Traceback" not in closed.stderr.read()
    assert closed.returncode == 0
