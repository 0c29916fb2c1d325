"""The user's cache folder: never below the current folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.errors import FileError
from fi_bump.index.cache import default_folder
from fi_bump.smoke.storage import cache_folder
from fi_bump.user_cache import user_cache


@pytest.mark.parametrize(
    ("xdg", "home", "expected"),
    [
        ("/x", "/home/a", "/x/fi-bump"),
        (None, "/home/a", "/home/a/.cache/fi-bump"),
        ("", "/home/a", "/home/a/.cache/fi-bump"),
        ("relative", "/home/a", "/home/a/.cache/fi-bump"),
        (None, "relative", None),
    ],
)
def test_the_users_cache(monkeypatch: pytest.MonkeyPatch, xdg: str | None, home: str, expected: str | None) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if xdg is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    monkeypatch.setenv("HOME", home)
    assert user_cache() == expected
    assert default_folder() == (None if expected is None else Path(expected) / "http")
    if expected is None:
        with pytest.raises(FileError) as caught:
            cache_folder(None)
        assert str(caught.value) == "there is no home folder for the cache"
        assert caught.value.hint == "name a folder with --cache DIR"
    else:
        assert cache_folder(None) == expected
