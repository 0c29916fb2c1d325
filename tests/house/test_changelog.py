"""CHANGELOG.md names releases, newest first, and in each the kinds of entries that CONTRIBUTING.md allows."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.version import Version

import fi_bump

TEXT = (Path(__file__).parents[2] / "CHANGELOG.md").read_text()
KINDS = ["Added", "Changed", "Fixed"]


def releases() -> dict[str, str]:
    """Each release's heading and what is under it."""
    _, *parts = re.split(r"^## (.+)\n", TEXT, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_releases_in_falling_order() -> None:
    first, *released = releases()
    assert first == "Unreleased"
    versions = [Version(re.fullmatch(r"(\S+) \(\d{4}-\d\d-\d\d\)", heading)[1]) for heading in released]  # type: ignore[index]  # a heading of another form fails the test
    assert versions == sorted(versions, reverse=True)
    assert Version(fi_bump.__version__) >= max(versions, default=Version("0"))


def test_every_entry_is_under_a_kind() -> None:
    for heading, text in releases().items():
        before, *parts = re.split(r"^### (.+)\n", text, flags=re.MULTILINE)
        assert before.strip() == "", heading
        assert parts[::2] == [kind for kind in KINDS if kind in parts[::2]], heading
        assert all(re.search(r"^- ", part, re.MULTILINE) for part in parts[1::2]), heading
