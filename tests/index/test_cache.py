"""Kept answers: validated, reused, and fresh for as long as the index says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fi_bump.index.cache import Cache
from fi_bump.index.client import Client
from fi_bump.index.http import Http
from tests.index.server import JSON, RELEASES, Index, Package, Reply, answering, with_etag


def test_cached_answers_are_validated_and_reused(index: Index, tmp_path: Path) -> None:
    package = Package("kit", RELEASES)
    index.routes["/simple/kit/"] = with_etag(package.page)
    cache = Cache(tmp_path / "cache")
    for _ in range(2):
        assert len(Client(Http(cache)).project("kit", [f"{index.url}/simple"]).files) == 3
    assert index.statuses == [200, 304]
    package.files.clear()
    assert Client(Http(cache)).project("kit", [f"{index.url}/simple"]).files == ()
    for entry in (tmp_path / "cache").rglob("*"):
        if entry.is_file():
            assert entry.stat().st_mode & 0o777 == 0o600
            entry.write_bytes(b"broken")
    assert Client(Http(cache)).project("kit", [f"{index.url}/simple"]).files == ()
    assert index.statuses == [200, 304, 200, 200]


@pytest.mark.parametrize(("control", "asked"), [("max-age=600", 1), ("max-age=0", 2), ("no-store", 2), (None, 1)])
def test_how_long_an_answer_is_fresh(index: Index, tmp_path: Path, control: str | None, asked: int) -> None:
    headers = {"Content-Type": JSON} | ({"Cache-Control": control} if control else {})
    reply = Reply(200, headers, b'{"files": []}')
    index.routes["/simple/kit/"] = answering(reply)
    for _ in range(2):
        Client(Http(Cache(tmp_path))).project("kit", [f"{index.url}/simple"])
    assert len(index.log) == asked


@pytest.mark.parametrize("how", ["writable by others", "a link", "a pipe"])
def test_only_a_file_of_the_user_is_believed(index: Index, tmp_path: Path, how: str) -> None:
    index.routes["/simple/kit/"] = Package("kit", RELEASES).page
    Client(Http(Cache(tmp_path / "cache"))).project("kit", [f"{index.url}/simple"])
    (entry,) = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    if how == "writable by others":
        entry.chmod(0o666)
    else:
        entry.rename(tmp_path / "elsewhere")
        entry.symlink_to(tmp_path / "elsewhere") if how == "a link" else os.mkfifo(entry)
    assert len(Client(Http(Cache(tmp_path / "cache"))).project("kit", [f"{index.url}/simple"]).files) == 3
    assert index.statuses == [200, 200]
