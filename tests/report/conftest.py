"""Fixtures of the report tests: no variables of a CI, and a repository with many findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import plant
from tests.report.samples import BROKEN, LOCK


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove CI's variables, because the tests may run in CI themselves."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A repository with findings of many kinds, in files with difficult columns and characters to escape."""
    root = tmp_path / "broken"
    plant(root, {**BROKEN, "versions.lock.json": LOCK})
    return root
