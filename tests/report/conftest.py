"""What the report tests share: no CI around them, and a repository in which much is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import plant
from tests.report.samples import BROKEN, LOCK


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run in a CI of their own."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A repository with a finding of many a kind, in files that are hard on columns and on escapes."""
    root = tmp_path / "broken"
    plant(root, {**BROKEN, "versions.lock.json": LOCK})
    return root
