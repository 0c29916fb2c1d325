"""The kept versions of TAB: they are those that the cached answers show now, whatever has changed since."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fi_bump.index.cache import Cache, default_folder
from fi_bump.index.pages import ACCEPT
from fi_bump.lock.records import Group, Member
from fi_bump.releases import known_versions
from tests.conftest import plant

INDEX, OTHER = "http://index.invalid/simple", "http://other.invalid/simple"
GROUP = Group("kit", "1.0", (Member("kit"),), (), ())
NETRC = b"machine index.invalid login me password secret\n"


def cached(index: str, *versions: str) -> None:
    """Put the page of the package into the cache of answers."""
    files = [{"filename": f"kit-{each}-py3-none-any.whl", "url": f"{each}.whl", "hashes": {}} for each in versions]
    page = {"meta": {"api-version": "1.0"}, "name": "kit", "files": files}
    headers = {"content-type": "application/vnd.pypi.simple.v1+json"}
    Cache(default_folder()).put(f"{ACCEPT} {index}/kit/", headers, json.dumps(page).encode())


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, and an index with one version in the cache."""
    ours = [name for name in os.environ if name.startswith(("PIP_", "UV_", "XDG_"))]
    for name in (*ours, "FI_BUMP_NO_CACHE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_INDEX_URL", INDEX)
    cached(INDEX, "1.1")
    cached(OTHER, "1.2")
    plant(tmp_path / "tree", {"a": b""})
    return tmp_path / "tree"


def kept(root: Path) -> list[Path]:
    return [*(root.parent / "home/.cache/fi-bump/completions").iterdir()]


def test_the_answers_are_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert known_versions.newest_versions(str(root), GROUP) == ["1.1", "1.0"]
    monkeypatch.setattr(known_versions, "_read", lambda *_: pytest.fail("it was kept"))
    assert known_versions.newest_versions(str(root), GROUP) == ["1.1", "1.0"]
    assert [path.stat().st_mode & 0o777 for path in kept(root)] == [0o600]


def variable(name: str, value: str) -> Callable[[Path, pytest.MonkeyPatch], None]:
    return lambda _, monkeypatch: monkeypatch.setenv(name, value)


def file(path: str, data: bytes) -> Callable[[Path, pytest.MonkeyPatch], None]:
    return lambda root, _: plant(root.parent, {path: data})


@pytest.mark.parametrize(
    ("change", "versions"),
    [
        (lambda *_: cached(INDEX, "1.1", "2.0"), ["2.0", "1.1", "1.0"]),
        (lambda root, _: [path.write_bytes(b"{") for path in kept(root)], ["1.1", "1.0"]),
        (lambda root, _: kept(root)[0].chmod(0o666), ["1.1", "1.0"]),
        (variable("PIP_INDEX_URL", OTHER), ["1.2", "1.0"]),
        (variable("UV_DEFAULT_INDEX", OTHER), ["1.2", "1.0"]),
        (variable("UV_NO_INDEX", "1"), ["1.0"]),
        (file("home/.config/uv/uv.toml", f'index-url = "{OTHER}"'.encode()), ["1.1", "1.0"]),
        (file("tree/uv.toml", f'[[index]]\nurl = "{OTHER}"'.encode()), ["1.2", "1.0"]),
        (file("tree/pyproject.toml", b"[tool.uv]\nno-index = true"), ["1.0"]),
        (file("home/.config/pip/pip.conf", b"[global]\nno-index = true"), ["1.0"]),
        (file("home/.pip/pip.conf", b"[global]\nno-index = true"), ["1.0"]),
        (file("home/.netrc", NETRC), ["1.0"]),
    ],
)
def test_what_changes_is_seen(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, pytest.MonkeyPatch], object],
    versions: list[str],
) -> None:
    assert known_versions.newest_versions(str(root), GROUP) == ["1.1", "1.0"]
    change(root, monkeypatch)
    assert known_versions.newest_versions(str(root), GROUP) == versions
    assert known_versions.newest_versions(str(root), GROUP) == versions


def test_another_group_and_another_lock_have_their_own(root: Path) -> None:
    assert known_versions.newest_versions(str(root), GROUP) == ["1.1", "1.0"]
    assert known_versions.newest_versions(str(root), GROUP._replace(version="1.1")) == ["1.1"]
    moved = GROUP._replace(packages=(Member("other"),))
    assert known_versions.newest_versions(str(root), moved) == ["1.0"]
    assert known_versions.newest_versions(str(root), GROUP._replace(name="second")) == ["1.1", "1.0"]
    assert len(kept(root)) == 2


def test_without_a_cache_nothing_is_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FI_BUMP_NO_CACHE", "1")
    assert known_versions.newest_versions(str(root), GROUP) == ["1.1", "1.0"]
    assert not (root.parent / "home/.cache/fi-bump/completions").exists()


OPENED = """
import os, sys
from fi_bump.releases import known_versions
from fi_bump.index import configuration
from fi_bump.index.consulted import consulted
from fi_bump.lock.records import Group, Member
known_versions._read(sys.argv[1], Group("kit", "1.0", (Member("kit"),), (), ()))
opened = set()
sys.addaudithook(lambda event, arguments: opened.add(arguments[0]) if event == "open" else None)
found, answers = known_versions._read(sys.argv[1], Group("kit", "1.0", (Member("kit"),), (), ()))
print(found, sorted(map(str, opened - {*consulted(sys.argv[1])[0], *answers})))
"""


def test_every_file_that_is_read_is_among_those_that_may_change(root: Path) -> None:
    plant(root, {"pyproject.toml": b'[project]\nrequires-python = ">=3.10"\n'})
    plant(root.parent, {"home/.netrc": NETRC.replace(b"index", b"another"), "home/.config/pip/pip.conf": b""})
    done = subprocess.run([sys.executable, "-c", OPENED, str(root)], capture_output=True, text=True, check=True)
    assert done.stdout == "['1.1'] []\n"
