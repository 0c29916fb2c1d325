"""Fixtures of the tests of commands."""

from __future__ import annotations

import pytest

from fi_bump.audit import breakages


@pytest.fixture(autouse=True)
def _nothing_is_known_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what is known of releases alone: the data grows, and test_known_failures.py has its own tests."""
    beside = tuple(each for each in breakages.known_breakages() if each.breaks_with is not None)
    monkeypatch.setattr(breakages, "known_breakages", lambda: beside)
