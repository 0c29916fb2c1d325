"""The folder .git under another name of it, which some file systems know."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fi_bump.boundary.inside import Boundary

# The short name on NTFS, and a name in which HFS+ does not count an empty character.
OTHER_NAMES = ("GIT~1", ".g\u200cit")


@pytest.mark.parametrize("path", ["GIT~1/config", "GIT~1/hooks/pre-commit", ".g\u200cit/config"])
def test_git_under_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    for folder in (".git", "src", *OTHER_NAMES):
        (tmp_path / folder).mkdir()
    real = os.lstat

    def lstat(asked: Any, **options: Any) -> os.stat_result:
        head, name = os.path.split(asked)
        return real(os.path.join(head, ".git") if name in OTHER_NAMES else asked, **options)

    assert Boundary(str(tmp_path)).refusal(path) is None
    monkeypatch.setattr(os, "lstat", lstat)
    assert Boundary(str(tmp_path)).refusal(path) == "is in .git, where fi-bump reads and changes no file"
    assert Boundary(str(tmp_path)).refusal("src/config") is None
