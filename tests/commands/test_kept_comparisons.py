"""What `audit --api` and `set` keep of a comparison: used again for the same tree and releases, and for nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fi_bump.fit import compare, kept, tree_code
from fi_bump.fit.engine.ahead import UsesAhead
from fi_bump.fit.packages import KnownApi
from fi_bump.index.cache import Cache, CachedAnswer
from fi_bump.scanning import cache
from tests.commands.conftest import Ask
from tests.commands.test_audit_api import AFTER, BEFORE, ENGINE, LOCK, TESTS, WHEELS, index, wheel
from tests.conftest import plant
from tests.index.server import Index, Package, Reply

__all__ = ["index"]
LATER = 10 * 1_000_000_000
AUDIT = ("audit", "2.0", "--api")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine that calls kit 1.0, whose files count as old."""
    monkeypatch.delenv("FI_BUMP_NO_CACHE")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(cache, "time_ns", lambda: time.time_ns() + LATER)
    root = tmp_path / "engine"
    engine = {"requirements.txt": b"kit==1.0\n", "engine/step.py": ENGINE, "tests/test_step.py": TESTS}
    plant(root, {**engine, "versions.lock.json": LOCK})
    return root


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The label of each comparison that is made and not recalled."""
    made: list[str] = []
    real = compare.fit

    def spy(*arguments: object) -> object:
        found = real(*arguments)  # type: ignore[arg-type]  # whatever it takes is handed on
        made.append(found.label)
        return found

    monkeypatch.setattr(compare, "fit", spy)
    return made


def test_a_second_run_prints_the_same_without_a_comparison(root: Path, ask: Ask, compared: list[str]) -> None:
    for form in ("text", "json", "markdown", "sarif"):
        first = ask(root, *AUDIT, "--format", form)
        again = ask(root, *AUDIT, "--format", form)
        assert (again, len(compared)) == (first, 1)
    assert ask(root, "audit", "--api") == ask(root, "audit", "--api")
    assert compared == ["kit 1.0 -> 2.0", "kit 1.0"]


def test_set_recalls_what_audit_kept(root: Path, ask: Ask, compared: list[str]) -> None:
    ask(root, *AUDIT)
    shown = ask(root, "set", "2.0", "--dry-run")
    assert "run() does not take the keyword tile in kit 2.0" in shown.err
    assert ask(root, "set", "latest", "--dry-run") == shown
    assert compared == ["kit 1.0 -> 2.0"]
    assert "run() does not take the keyword tile in kit 2.0" in ask(root, "set", "2.0").out
    assert compared == ["kit 1.0 -> 2.0"]


def touched(root: Path) -> None:
    """Another text of the same length with the same time of its last change."""
    path = root / "engine/step.py"
    before = path.stat()
    path.write_bytes(ENGINE.replace(b"tile=8", b"tile=9"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(root: Path) -> None:
    """Another file of the same length and times in the place of one."""
    path, new = root / "engine/step.py", root / "engine/new"
    before = path.stat()
    new.write_bytes(ENGINE.replace(b"tile=8", b"tile=9"))
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


def swapped(root: Path) -> None:
    """Two files that exchange their paths."""
    one, other, third = root / "engine/step.py", root / "tests/test_step.py", root / "third"
    one.rename(third)
    other.rename(one)
    third.rename(other)


def linked(root: Path) -> None:
    """A link to the same bytes in the place of a file."""
    (root / "engine/step.py").rename(root / "step.svg")
    (root / "engine/step.py").symlink_to("../step.svg")


CHANGES: list[Callable[[Path], object]] = [
    touched,
    replaced,
    swapped,
    linked,
    lambda root: plant(root, {"engine/more.py": b"from kit import run\n\nrun(1, tile=2)\n"}),
    lambda root: (root / "tests/test_step.py").unlink(),
    lambda root: plant(root, {"versions.lock.json": LOCK.replace(b"kit/kit", b"kit/moved")}),
    lambda root: plant(root, {"versions.lock.json": LOCK.replace(b"}}}\n", b'}}, "exclude": ["tests/**"]}\n')}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_tree(root: Path, ask: Ask, compared: list[str], change: Callable[[Path], object]) -> None:
    ask(root, *AUDIT)
    change(root)
    now = ask(root, *AUDIT)
    assert len(compared) == 2
    os.environ["FI_BUMP_NO_CACHE"] = "1"
    try:
        assert ask(root, *AUDIT) == now
    finally:
        del os.environ["FI_BUMP_NO_CACHE"]
    assert len(compared) == 3


def test_a_link_whose_target_changes(root: Path, ask: Ask, compared: list[str]) -> None:
    linked(root)
    first = ask(root, *AUDIT)
    assert (ask(root, *AUDIT), len(compared)) == (first, 1)
    plant(root, {"step.svg": b"import kit\n"})
    assert ask(root, *AUDIT) != first


def other_wheel(index: Index) -> None:
    """The same release with another wheel, which no index may do."""
    Package("kit", {**WHEELS, "2.0": wheel("kit", "2.0", BEFORE)}).serve(index)


def other_between(index: Index) -> None:
    """A release comes between the two, in which the change came up."""
    Package("kit", {**WHEELS, "1.1.1": wheel("kit", "1.1.1", AFTER)}).serve(index)


@pytest.mark.parametrize("change", [other_wheel, other_between])
def test_a_change_of_the_releases(
    root: Path, ask: Ask, index: Index, compared: list[str], change: Callable[[Index], None]
) -> None:
    before = ask(root, *AUDIT)
    change(index)
    now = ask(root, *AUDIT)
    assert now != before
    assert compared == ["kit 1.0 -> 2.0"] * 2
    assert ask(root, *AUDIT) == now
    assert len(compared) == 2


def test_releases_that_it_did_not_ask_for_change_nothing(
    root: Path, ask: Ask, index: Index, compared: list[str]
) -> None:
    before = ask(root, *AUDIT).out
    Package("kit", {**WHEELS, "2.1": wheel("kit", "2.1", AFTER)}).serve(index)
    assert (ask(root, *AUDIT).out, len(compared)) == (before, 1)


def test_other_options_are_other_comparisons(root: Path, ask: Ask, compared: list[str]) -> None:
    asked = [AUDIT, (*AUDIT, "--trace-notes"), ("audit", "1.2", "--api"), (*AUDIT, "--against", "1.2")]
    first = [ask(root, *each) for each in asked]
    assert [ask(root, *each) for each in asked] == first
    assert compared == ["kit 1.0 -> 2.0", "kit 1.0 -> 2.0", "kit 1.0 -> 1.2", "kit 1.2 -> 2.0"]


def test_an_index_that_does_not_answer(root: Path, ask: Ask, index: Index, compared: list[str]) -> None:
    ask(root, *AUDIT)
    index.routes.clear()
    index.routes["/"] = lambda *_: Reply(500, {}, b"")
    result = ask(root, *AUDIT)
    assert (result.code, "kit.core.gone" in result.out, len(compared)) == (3, False, 1)


def test_a_release_that_cannot_be_read_keeps_nothing(root: Path, ask: Ask, index: Index, compared: list[str]) -> None:
    Package("kit", {**WHEELS, "1.1": b"no wheel"}).serve(index)
    first = ask(root, *AUDIT)
    assert ask(root, *AUDIT) == first
    assert "since: 1.2" in first.out
    assert len(compared) == 2


@pytest.mark.parametrize("variable", ["FI_BUMP_NO_CACHE", "CI"])
def test_where_checks_are_not_cached_comparisons_are_not_kept(
    root: Path, ask: Ask, compared: list[str], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    ask(root, *AUDIT)
    monkeypatch.setenv(variable, "1")
    assert ask(root, *AUDIT) == ask(root, *AUDIT)
    assert len(compared) == 3


def test_files_that_have_just_changed_keep_nothing(
    root: Path, ask: Ask, compared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "time_ns", time.time_ns)
    assert ask(root, *AUDIT) == ask(root, *AUDIT)
    assert len(compared) == 2


def test_another_fi_bump_compares_again(
    root: Path, ask: Ask, compared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(root, *AUDIT)
    monkeypatch.setattr(kept, "_code", lambda: b"another")
    assert ask(root, *AUDIT) == first
    assert len(compared) == 2


@pytest.mark.parametrize(
    "body", [b"", b"no JSON", b"[]", b'{"state": "x"}', b'{"state": STATE, "fits": [[1, 2, 3]]}', b"[" * 100_000]
)
def test_a_damaged_entry_is_ignored(
    root: Path, ask: Ask, compared: list[str], monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    first = ask(root, *AUDIT)
    real = Cache.get

    def damaged(self: Cache, key: str) -> CachedAnswer | None:
        entry = real(self, key)
        if entry is None or not key.startswith("comparisons "):
            return entry
        state = entry.body.partition(b'"state": ')[2].partition(b",")[0]
        return entry._replace(body=body.replace(b"STATE", state))

    monkeypatch.setattr(Cache, "get", damaged)
    assert ask(root, *AUDIT) == first
    assert len(compared) == 2


def test_a_cache_that_cannot_be_written(
    root: Path, ask: Ask, compared: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(tmp_path, {"file": b""})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert ask(root, *AUDIT) == ask(root, *AUDIT)
    assert len(compared) == 2


def test_no_second_process_reads_code_that_is_not_needed(root: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tree_code, compare):
        monkeypatch.setattr(module, "known_api", lambda package: KnownApi(package, frozenset([package])))
    started: list[UsesAhead] = []
    real = UsesAhead.__enter__

    def spy(reading: UsesAhead) -> UsesAhead:
        started.append(reading)
        return real(reading)

    monkeypatch.setattr(UsesAhead, "__enter__", spy)
    for _ in range(2):
        ask(root, *AUDIT)
        assert len(started) == 1
    ask(root, "set", "latest", "--dry-run")
    assert len(started) == 1
    ask(root, "audit", "1.1", "--api")
    assert len(started) == 2


def test_the_last_comparisons_are_kept(
    root: Path, ask: Ask, compared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_MOST", 2)
    for version in ("1.1", "1.2", "2.0", "1.2", "1.1"):
        ask(root, "audit", version, "--api")
    assert compared == ["kit 1.0 -> 1.1", "kit 1.0 -> 1.2", "kit 1.0 -> 2.0", "kit 1.0 -> 1.1"]
