"""Fixtures of the tests of commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fi_bump.audit import audit, breakages
from fi_bump.commands import bisect, check_online
from fi_bump.index import retries
from tests.conftest import Result, Run
from tests.index.server import Index

Ask = Callable[..., Result]


@pytest.fixture(autouse=True)
def _nothing_is_known_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what is known of releases alone: the data grows, and test_known_failures.py has its own tests."""
    beside = tuple(each for each in breakages.known_breakages() if each.breaks_with is not None)
    # In each module that has the function by its name: whether it was imported before does not count.
    for module in (breakages, audit, bisect):
        monkeypatch.setattr(module, "known_breakages", lambda: beside)


@pytest.fixture(autouse=True)
def _no_git_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `check --online` ask no git server for tags: tests/releases/test_tags.py has a server of its own."""
    monkeypatch.setattr(check_online, "tag_findings", lambda *_: [])


@pytest.fixture
def ask(run: Run, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command that asks `index`, which the tests of the command make, with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr(retries, "RETRIES", 1)

    def call(root: Path, *arguments: str) -> Result:
        result = run(root, *arguments, "--index", f"{index.url}/simple", offline=False)
        return Result(result.code, result.out.replace(index.url, "URL"), result.err.replace(index.url, "URL"))

    return call
