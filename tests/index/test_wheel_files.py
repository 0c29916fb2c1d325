"""A wheel's files by ranges: what is asked, what is kept, and what a hostile or broken wheel does."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.version import Version

from fi_bump.errors import PackageIndexError
from fi_bump.index import remote_zip, wheel_files
from fi_bump.index.cache import Cache
from fi_bump.index.client import Client
from fi_bump.index.http import Http
from fi_bump.index.model import File
from fi_bump.index.wheel_files import WheelFiles
from tests.index.server import Index, Package, running

NOISE = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(8000))
FILES = {
    "kit/__init__.py": b"from .core import run\n",
    "kit/core.py": b"def run(): ...\n",
    "kit/data/large.bin": NOISE,
    "kit/deep/__init__.py": b"",
    "kit/deep/more.py": b"x = 1\n",
}


def packed(files: dict[str, bytes]) -> bytes:
    """A wheel with these files, in this order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.fixture
def index() -> Iterator[Index]:
    """A running index."""
    with running() as started:
        yield started


def served(index: Index, data: bytes, cache: Path | None = None, *, ranges: bool = True) -> tuple[Client, File]:
    """A client, and the one wheel that an index serves."""
    Package("kit", {"1.0": data}, ranges=ranges).serve(index)
    client = Client(Http(Cache(cache)))
    (file,) = client.project("kit", [f"{index.url}/simple"]).of(Version("1.0"))
    return client, file


def test_only_what_is_read_is_fetched(index: Index, tmp_path: Path) -> None:
    data = packed(FILES)
    client, file = served(index, data, tmp_path)
    before = client.http.received
    with WheelFiles(client, file) as files:
        assert files.names == FILES.keys()
        assert files.get("kit/core.py") == FILES["kit/core.py"]
        assert files.get("kit/missing.py") is None
        files.fetch(["kit/__init__.py", "kit/deep/more.py", "kit/missing.py"])
        assert files.get("kit/deep/more.py") == FILES["kit/deep/more.py"]
    assert client.http.received - before < 80_000 < len(data)


def test_what_was_read_is_kept_under_the_hash(index: Index, tmp_path: Path) -> None:
    client, file = served(index, packed(FILES), tmp_path)
    with WheelFiles(client, file) as files:
        assert (files.is_new, files.held) == (True, frozenset())
        files.fetch(["kit/core.py"])
        assert files.held == {"kit/core.py"}
    asked = index.seen.copy()
    again = Client(Http(Cache(tmp_path)))
    with WheelFiles(again, file) as files:
        assert (files.is_new, files.held) == (False, frozenset(["kit/core.py"]))
        assert files.get("kit/core.py") == FILES["kit/core.py"]
        assert files.names == FILES.keys()
        assert index.seen == asked
        assert files.get("kit/__init__.py") == FILES["kit/__init__.py"]
        assert index.seen != asked
    asked = index.seen.copy()
    with WheelFiles(again, file) as files:
        assert (files.get("kit/core.py"), files.get("kit/__init__.py")) == (
            FILES["kit/core.py"],
            FILES["kit/__init__.py"],
        )
    assert index.seen == asked


def test_what_was_worked_out_is_kept_under_the_hash(index: Index, tmp_path: Path) -> None:
    client, file = served(index, packed(FILES), tmp_path)
    WheelFiles(client, file).remember("sums", b"1 2 3")
    again = Client(Http(Cache(tmp_path)))
    assert WheelFiles(again, file).recall("sums") == b"1 2 3"
    assert WheelFiles(again, file).recall("other sums") is None
    other = file._replace(sha256="0" * 64)
    assert WheelFiles(again, other).recall("sums") is None
    unnamed = file._replace(sha256=None)
    WheelFiles(again, unnamed).remember("sums", b"4")
    assert WheelFiles(again, unnamed).recall("sums") is None


def test_near_files_come_in_one_request(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_zip, "TAIL", 1 << 10)
    monkeypatch.setattr(remote_zip, "GAP", 1 << 10)
    many = {f"kit/m{number}.py": NOISE[number * 100 : number * 100 + 3000] for number in range(50)}
    client, file = served(index, packed({**many, "kit/data/large.bin": NOISE, "kit/z.py": b"z"}))
    files = WheelFiles(client, file)
    before = client.http.requests
    files.fetch([*many, "kit/z.py"])
    assert client.http.requests - before == 2
    assert {name: files.get(name) for name in many} == many
    assert (files.get("kit/z.py"), client.http.requests - before) == (b"z", 2)


def test_a_server_without_ranges_gives_the_whole_wheel(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    client, file = served(index, packed(FILES), ranges=False)
    assert WheelFiles(client, file).get("kit/core.py") == FILES["kit/core.py"]
    monkeypatch.setattr(wheel_files, "LARGEST_DOWNLOAD", 10)
    with pytest.raises(PackageIndexError) as error:
        WheelFiles(client, file)
    assert error.value.message == (
        "its sources cannot be read: the server does not serve ranges, and the whole file has 0 MiB"
    )


def test_a_broken_wheel(index: Index) -> None:
    client, file = served(index, b"no zip at all")
    with pytest.raises(PackageIndexError, match="its sources cannot be read: file is not a zip file"):
        WheelFiles(client, file)


def test_a_member_that_is_spoiled(index: Index) -> None:
    data = packed(FILES)
    at = data.index(b"kit/core.py") + len(b"kit/core.py")
    client, file = served(index, data[:at] + b"\xff\xff\xff" + data[at + 3 :])
    with pytest.raises(PackageIndexError, match="its sources cannot be read"):
        WheelFiles(client, file).get("kit/core.py")


def test_too_much_is_refused(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    client, file = served(index, packed(FILES))
    monkeypatch.setattr(wheel_files, "LARGEST_TEXTS", 10)
    with pytest.raises(PackageIndexError, match="more than 0 MiB of it are source files"):
        WheelFiles(client, file).get("kit/core.py")
    monkeypatch.setattr(wheel_files, "LARGEST_TEXT", 10)
    assert WheelFiles(client, file).get("kit/core.py") is None


def test_a_spoiled_cache_is_no_cache(index: Index, tmp_path: Path) -> None:
    client, file = served(index, packed(FILES), tmp_path)
    client.http.cache.put(f"wheel files {file.sha256}", {"cache-control": "max-age=99"}, b"no zip")
    assert WheelFiles(client, file).get("kit/core.py") == FILES["kit/core.py"]
