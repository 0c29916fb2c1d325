"""The uses that a second process reads are those that this one reads; without it they are read here."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from fi_bump.fit.engine import ahead
from fi_bump.fit.engine.ahead import UsesAhead
from fi_bump.fit.engine.files import RepositoryFiles, python_files
from fi_bump.fit.engine.repository import EngineUses, engine_uses
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.engine.uses import Reference
from tests.conftest import plant

# Python 3.12 and later warn of a fork beside other threads, such as those of a server that another test started.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
KIT = Subject(frozenset(["kit"]), frozenset(["kit"]), frozenset(["_cached_module"]))
FILES = {
    "engine/__init__.py": b"",
    "engine/a.py": b"import kit\nrun = kit.run\nkit.Plan()._cached_module.plan(1, 2)\n",
    "engine/b.py": b"from engine.a import run\nrun(1, scale=2)\n",
    "engine/c.py": b"import kit\nthis cannot be parsed\n",
    "out/d.py": b"import kit\n",
}


@pytest.fixture
def can_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forks whatever threads the tests have, which the second process does not need."""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    monkeypatch.setattr(ahead, "_can_fork", lambda: True)


def paths(root: Path) -> list[str]:
    """The Python files of a tree."""
    return python_files(str(root), ["out/"])


def read_here(root: Path) -> EngineUses:
    """What this process reads."""
    return engine_uses(RepositoryFiles(str(root)).read, paths(root), KIT)


@pytest.mark.usefixtures("can_fork")
def test_the_second_process_reads_the_same(tmp_path: Path) -> None:
    plant(tmp_path, FILES)
    with UsesAhead(str(tmp_path), paths(tmp_path), KIT) as reading:
        found = reading.uses(KIT)
        assert found == read_here(tmp_path)
        assert (len(found.uses), len(found.private), found.unreadable) == (5, 1, ("engine/c.py",))
        assert reading.uses(KIT) is None  # they are handed over once


@pytest.mark.usefixtures("can_fork")
def test_what_it_imports_is_known_before_its_uses(tmp_path: Path) -> None:
    plant(tmp_path, FILES)
    with UsesAhead(str(tmp_path), paths(tmp_path), KIT) as reading:
        assert reading.imported(KIT._replace(tops=frozenset(["other"]))) == frozenset()
        assert reading.imported(KIT) == {Reference("kit")}
        assert reading.uses(KIT) == read_here(tmp_path)
        assert reading.imported(KIT) == frozenset()


@pytest.mark.usefixtures("can_fork")
def test_another_package_was_not_read_ahead(tmp_path: Path) -> None:
    plant(tmp_path, FILES)
    other = KIT._replace(tops=frozenset(["other"]))
    with UsesAhead(str(tmp_path), paths(tmp_path), KIT) as reading:
        assert reading.uses(other) is None
        assert reading.uses(KIT) is not None


@pytest.mark.usefixtures("can_fork")
def test_a_process_that_nobody_asks_is_ended(tmp_path: Path) -> None:
    # More than a pipe holds: the process waits for a reader that never comes.
    plant(tmp_path, {"a.py": b"import kit\n" + b"kit.run(1)\n" * 20_000})
    with UsesAhead(str(tmp_path), paths(tmp_path), KIT) as reading:
        pid = reading._process
        assert pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.usefixtures("can_fork")
def test_a_process_that_fails_leaves_it_to_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, FILES)

    def failing(*_: object) -> EngineUses:
        raise RuntimeError("no uses")

    monkeypatch.setattr(ahead, "engine_uses", failing)
    with UsesAhead(str(tmp_path), paths(tmp_path), KIT) as reading:
        assert reading.uses(KIT) is None


@pytest.mark.usefixtures("can_fork")
def test_a_system_without_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refused)
    with UsesAhead(str(tmp_path), paths(tmp_path), KIT) as reading:
        assert reading.uses(KIT) is None


def test_a_process_with_other_threads_is_not_copied(tmp_path: Path) -> None:
    plant(tmp_path, FILES)
    ready = threading.Event()
    thread = threading.Thread(target=ready.wait)
    thread.start()
    try:
        with UsesAhead(str(tmp_path), paths(tmp_path), KIT) as reading:
            assert reading._process is None
            assert reading.uses(KIT) is None
    finally:
        ready.set()
        thread.join()
