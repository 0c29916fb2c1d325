"""The pages and drawings of reports are what the raw reports say."""

from __future__ import annotations

from tools import reports


def test_no_page_is_stale() -> None:
    stale = [path.name for path, text in reports.made() if not path.exists() or path.read_text() != text]
    assert stale == []
