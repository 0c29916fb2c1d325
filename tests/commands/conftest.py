"""Fixtures of the tests of commands."""

from __future__ import annotations

import pytest

from fi_bump.audit import breakages


@pytest.fixture(autouse=True)
def _nothing_is_known_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what is known of releases: the data grows, and test_known_failures.py has its own tests."""
    monkeypatch.setattr(breakages, "known_breakages", lambda: ())
