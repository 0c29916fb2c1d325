"""Compiled modules that travel: what is copied, what is refused, and that nothing half-written is loaded."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fi_bump.errors import FileError
from fi_bump.smoke import modules
from fi_bump.smoke.modules import MANIFEST, CopiedModules
from fi_bump.smoke.probes.protocol import COMPLETE

KEY = "0.7.2.post1-sm_90-quick-0123456789abcdef"
OLDER = "0.6.8.post1-sm_90-quick-0123456789abcdef"
BELOW = ".cache/flashinfer/0.7.2.post1/90a/cached_ops"
TREE = {
    f"{BELOW}/fused_moe_90/fused_moe_90.so": b"\x7fELF moe",
    f"{BELOW}/fused_moe_90/trapped-quick": b"223",
    f"{BELOW}/decode/decode.so": b"\x7fELF decode",
    f"{BELOW}/decode/decode.so{COMPLETE}": b"",
}
LEFT_BEHIND = {
    f"{BELOW}/fused_moe_90/a.cuda.o": b"object",
    f"{BELOW}/fused_moe_90/build.ninja": b"rule",
    f"{BELOW}/half/half.so": b"half",
}
HINT = "export the modules again with fi-bump smoke --export-modules DIR"


def planted(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    root = tmp_path / "jit"
    planted(root / KEY, TREE | LEFT_BEHIND)
    planted(root / OLDER, {"a/a.so": b"older", f"a/a.so{COMPLETE}": b""})
    planted(root / "something else", {"a.so": b"", f"a.so{COMPLETE}": b""})
    return root


@pytest.fixture
def exported(kept: Path, tmp_path: Path) -> Path:
    assert modules.export(str(kept), str(tmp_path / "out"), "0.7.2.post1") == CopiedModules(1, 4)
    return tmp_path / "out"


def test_what_is_complete_travels(exported: Path, tmp_path: Path) -> None:
    assert sorted(path.name for path in exported.iterdir()) == [KEY, f"{KEY}.lock"]
    found = files(exported / KEY)
    assert sorted(json.loads(found.pop(MANIFEST))["files"]) == sorted(TREE)
    assert found == TREE
    assert modules.take(str(exported), str(tmp_path / "there")) == CopiedModules(1, 4)
    assert files(tmp_path / "there" / KEY) == TREE
    # A second time there is nothing to do.
    assert modules.take(str(exported), str(tmp_path / "there")) == CopiedModules(1, 0)


def test_what_another_run_exported_stays(exported: Path, kept: Path, tmp_path: Path) -> None:
    # Two parts of a run compiled one library each, and both the library that is there.
    other = planted(
        tmp_path / "other", {f"{KEY}/{BELOW}/norm/norm.so": b"norm", f"{KEY}/{BELOW}/norm/trapped-path": b"0"}
    )
    (kept / KEY / BELOW / "decode/decode.so").write_bytes(b"\x7fELF compiled twice")
    assert modules.export(str(kept), str(exported), "0.7.2.post1") == CopiedModules(1, 4)
    assert modules.export(str(other), str(exported), "0.7.2.post1") == CopiedModules(1, 2)
    assert modules.take(str(exported), str(tmp_path / "there")) == CopiedModules(1, 6)
    assert files(tmp_path / "there" / KEY) == TREE | files(other / KEY)


@pytest.mark.parametrize("spoilt", [f"{BELOW}/decode/decode.so", f"{BELOW}/decode/decode.so{COMPLETE}", MANIFEST])
def test_what_is_broken_is_exported_again(spoilt: str, exported: Path, kept: Path, tmp_path: Path) -> None:
    (exported / KEY / spoilt).write_bytes(b"half")
    assert modules.export(str(kept), str(exported), "0.7.2.post1") == CopiedModules(1, 4)
    assert modules.take(str(exported), str(tmp_path / "there")) == CopiedModules(1, 4)
    assert files(tmp_path / "there" / KEY) == TREE


def test_what_is_gone_is_no_longer_named(exported: Path, tmp_path: Path) -> None:
    # Somebody removed a library to save room, and the next run did not compile it.
    (exported / KEY / BELOW / "decode/decode.so").unlink()
    other = planted(
        tmp_path / "other", {f"{KEY}/{BELOW}/norm/norm.so": b"norm", f"{KEY}/{BELOW}/norm/trapped-path": b"0"}
    )
    modules.export(str(other), str(exported), "0.7.2.post1")
    assert modules.take(str(exported), str(tmp_path / "there")) == CopiedModules(1, 4)
    assert not (tmp_path / "there" / KEY / BELOW / "decode").exists()


def test_parts_that_export_at_once(kept: Path, tmp_path: Path) -> None:
    parts = [
        planted(tmp_path / f"part{number}", {f"{KEY}/m{number}/m.so": b"m", f"{KEY}/m{number}/trapped-path": b"0"})
        for number in range(8)
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda part: modules.export(str(part), str(tmp_path / "out"), "0.7.2.post1"), parts))
    assert modules.take(str(tmp_path / "out"), str(tmp_path / "there")) == CopiedModules(1, 16)


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace", "mkdir"])
def test_an_export_that_fails_leaves_what_was_there(
    call: str, exported: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(exported)
    planted(kept / KEY, {"new/new.so": b"new", "new/trapped-path": b"0"})
    failures = 0
    for step in itertools.count(1):
        target = tmp_path / str(step)
        shutil.copytree(exported, target)
        with monkeypatch.context() as patch:
            calls = failing(patch, call, step)
            try:
                modules.export(str(kept), str(target), "0.7.2.post1")
            except FileError:
                failures += 1
                assert files(target) == before, step
        if len(calls) < step:
            break
    assert failures
    assert len(files(target)) == len(before) + 2


def failing(patch: pytest.MonkeyPatch, name: str, step: int) -> list[str]:
    """Let the call number `step` of a function of `os` fail; return the list of its calls."""
    real, calls = getattr(os, name), []

    def call(*arguments: Any, **options: Any) -> Any:
        calls.append(name)
        if len(calls) == step:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments, **options)

    patch.setattr(os, name, call)
    return calls


def test_what_is_there_is_left_alone(exported: Path, tmp_path: Path) -> None:
    there = planted(tmp_path / "there", {f"{KEY}/{BELOW}/decode/decode.so": b"own"})
    assert modules.take(str(exported), str(there)) == CopiedModules(1, 3)
    assert (there / KEY / BELOW / "decode/decode.so").read_bytes() == b"own"


def test_a_release_without_modules(kept: Path, tmp_path: Path) -> None:
    assert modules.export(str(kept), str(tmp_path / "out"), "0.7.2") == CopiedModules(0, 0)
    assert not (tmp_path / "out").exists()


def test_a_library_that_was_changed_on_the_way(exported: Path, tmp_path: Path) -> None:
    library = exported / KEY / BELOW / "decode/decode.so"
    library.write_bytes(b"\x7fELF evil")
    with pytest.raises(FileError) as caught:
        modules.take(str(exported), str(tmp_path / "there"))
    assert str(caught.value) == f"{library}: is not the file that its manifest describes"
    assert caught.value.hint == HINT
    assert not (tmp_path / "there" / KEY / BELOW / "decode/decode.so").exists()


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        "{}",
        '{"format": 2, "files": {"a.so": "00"}}',
        '{"format": 1, "files": {}}',
        '{"format": 1, "files": {"../a.so": "00"}}',
        '{"format": 1, "files": {"/etc/a.so": "00"}}',
        '{"format": 1, "files": {"a//b.so": "00"}}',
        '{"format": 1, "files": {"a.so": 5}}',
        '{"format": 1, "files": {"sitecustomize.py": "00"}}',
        '{"format": 1, "files": ["a.so"]}',
        "[" * 100_000,
    ],
)
def test_a_manifest_that_export_would_not_write(exported: Path, tmp_path: Path, document: str) -> None:
    manifest = exported / KEY / MANIFEST
    manifest.write_text(document)
    with pytest.raises(FileError) as caught:
        modules.take(str(exported), str(tmp_path / "there"))
    assert str(caught.value) == f"{manifest}: is not a manifest of modules"
    assert not (tmp_path / "there").exists()


def test_a_folder_without_modules(tmp_path: Path) -> None:
    (tmp_path / KEY).mkdir()
    with pytest.raises(FileError) as caught:
        modules.take(str(tmp_path), str(tmp_path / "there"))
    assert (str(caught.value), caught.value.hint) == (f"{tmp_path}: has no exported modules", HINT)
    # A folder that runs share is empty before the first of them.
    assert modules.take(str(tmp_path), str(tmp_path / "there"), filled=False) == CopiedModules(0, 0)
    with pytest.raises(FileError) as caught:
        modules.take(str(tmp_path / "nowhere"), str(tmp_path / "there"))
    assert str(caught.value) == f"{tmp_path}/nowhere: cannot be read: no such file or directory"
