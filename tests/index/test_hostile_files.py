"""Wheels, metadata and local indexes that were made to break their reader: a clear sentence each, and no long wait."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.version import Version

from fi_bump.errors import PackageIndexError
from fi_bump.index import metadata
from fi_bump.index.cache import Cache
from fi_bump.index.client import Client
from fi_bump.index.http import Http
from fi_bump.index.model import File
from fi_bump.index.targets import Targets, unfit
from fi_bump.index.wheel_files import WheelFiles
from tests.index.server import Index, Package, Reply, Request, part, wheel

TEXT = b"Metadata-Version: 2.1\nName: kit\nVersion: 1.0\n"


def packed(method: int, text: bytes = TEXT + b"Requires-Dist: torch\n" * 20) -> bytearray:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("kit-1.0.dist-info/METADATA", text)
    return bytearray(stream.getvalue())


def refusal(index: Index, data: bytes, *, sources: bool = True) -> str:
    """Return why the metadata of a wheel cannot be read; its sources cannot either."""
    Package("kit", {"1.0": data}).serve(index)
    client = Client(Http(Cache(None)))
    (file,) = client.project("kit", [f"{index.url}/simple"]).files
    with pytest.raises(PackageIndexError) as caught:
        client.metadata(file)
    assert caught.value.exit == 3
    assert str(caught.value).startswith(f"{file.url}: its METADATA cannot be read: ")
    if sources:
        with pytest.raises(PackageIndexError), WheelFiles(client, file) as files:
            files.fetch(files.names)
    return caught.value.message.removeprefix("its METADATA cannot be read: ")


@pytest.mark.slow
@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("offset", [None, 4, 9, 14, 24, 39])
def test_a_member_of_another_compression(index: Index, method: int, offset: int | None) -> None:
    data = packed(method)
    if offset is not None:
        start = data.find(b"METADATA") + 8 + offset
        data[start : start + 3] = b"\xff\xff\xff"
    assert refusal(index, bytes(data)) == "it is compressed with a method that wheels do not have"


@pytest.mark.slow
@pytest.mark.parametrize("offset", range(0, 40, 3))
def test_a_broken_member(index: Index, offset: int) -> None:
    data = packed(zipfile.ZIP_DEFLATED)
    start = data.find(b"METADATA") + 8 + offset
    data[start : start + 3] = b"\xff\x07\xff"
    assert refusal(index, bytes(data)).startswith("it is not a complete zip file (")


@pytest.mark.slow
def test_a_member_that_expands_to_more_than_the_directory_says(index: Index) -> None:
    data = packed(zipfile.ZIP_DEFLATED, TEXT + b"A" * (100 << 20))
    assert refusal(index, bytes(data), sources=False) == "its .dist-info/METADATA is larger than 1 MiB"
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (1000).to_bytes(4, "little")
    start = time.monotonic()
    assert refusal(index, bytes(data)).startswith("it is not a complete zip file (bad crc-32")
    assert time.monotonic() - start < 10


WHEEL = wheel("kit", "1.0", "torch")


@pytest.mark.parametrize(
    "lie",
    [
        lambda start, end, size, body: (f"bytes {start}-{end}/{10**30}", body),
        lambda start, end, size, body: (f"bytes {start}-{end}/5", body),
        lambda start, end, size, body: (f"bytes {'9' * 5000}-{end}/{size}", body),
        lambda start, end, size, body: (f"bytes {start}-{end}/{'9' * 5000}", body),
        lambda start, end, size, body: (f"bytes {start}-{end}/{size}", body[:-3]),
        lambda start, end, size, body: (f"bytes {start}-{end}/{size}", body + b"xxx"),
        lambda start, end, size, body: ("nothing", body),
    ],
)
def test_a_server_that_lies_about_a_range(
    index: Index, client: Client, lie: Callable[[int, int, int, bytes], tuple[str, bytes]]
) -> None:
    Package("kit", {"1.0": WHEEL}).serve(index)

    def lying(index: Index, request: Request) -> Reply:
        reply = part(WHEEL, request)
        first, _, last = reply.headers["Content-Range"].removeprefix("bytes ").partition("/")[0].partition("-")
        span, body = lie(int(first), int(last), len(WHEEL), reply.body)
        return Reply(206, {"Content-Range": span}, body)

    index.routes["/files/kit-"] = lying
    (file,) = client.project("kit", [f"{index.url}/simple"]).files
    for ask in (lambda: client.metadata(file), lambda: WheelFiles(client, file)):
        with pytest.raises(PackageIndexError) as caught:
            ask()
        assert caught.value.exit == 3
        assert "cannot be read: " in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "a; " + "(" * 1500 + "python_version>'3'" + ")" * 1500,
        "a; " + "(" * 50_000 + "python_version>'3'" + ")" * 50_000,
        "a>=" + "9" * 6000,
        "a>=" + "9" * 3990 + "." + "9" * 3990,
        "a; python_version >= '" + "9" * 6000 + "'",
        "a; extra == '" + "a" * 100_000 + "'",
        "a>=\x1b[2J",
        "a; python_version",
    ],
)
def test_a_requirement_that_cannot_be_compared_is_set_aside(text: str) -> None:
    start = time.monotonic()
    found = metadata.parse(TEXT + f"Requires-Dist: torch\nRequires-Dist: {text}\nRequires-Dist: numpy\n\n".encode())
    assert [str(each) for each in found.requires] == ["torch", "numpy"]
    assert len(found.bad) == 1
    assert time.monotonic() - start < 5


def test_a_required_python_of_thousands_of_digits() -> None:
    file = File("kit-1.0-py3-none-any.whl", "", Version("1.0"), requires_python=">=" + "9" * 6000)
    assert unfit([file], Targets()) is None


@pytest.mark.parametrize("name", [f"kit-{'9' * 4299}.zip", f"kit-{'1.' * 200}1-py3-none-any.whl"])
def test_a_file_with_a_name_that_no_file_system_has(index: Index, client: Client, name: str) -> None:
    Package("kit", {"1.0": WHEEL}).serve(index)
    page = index.routes["/simple/kit/"]
    index.routes["/simple/kit/"] = lambda index, request: page(index, request)._replace(
        headers={"Content-Type": "text/html"}, body=f'<a href="{name}">x</a>'.encode()
    )
    assert client.project("kit", [f"{index.url}/simple"]).files == ()


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a sparse file", "a pipe for a page"])
def test_an_index_of_files_that_are_none(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "simple/kit"
    folder.mkdir(parents=True)
    page = folder / "index.html"
    name = "kit-1.0-py3-none-any.whl"
    if kind == "a pipe for a page":
        os.mkfifo(page)
    else:
        page.write_text(f'<a href="{name}" data-core-metadata="true">kit</a>')
        for target in (folder / name, folder / f"{name}.metadata"):
            if kind == "a pipe":
                os.mkfifo(target)
            elif kind == "a device":
                target.symlink_to("/dev/zero")
            else:
                with target.open("wb") as stream:
                    stream.truncate(8 << 30)
    client = Client(Http(Cache(None)))
    start = time.monotonic()

    def ask() -> None:
        (file,) = client.project("kit", [(tmp_path / "simple").as_uri()]).files
        client.metadata(file)

    with pytest.raises(PackageIndexError) as caught:
        ask()
    reason = "larger than 8 mib" if kind == "a sparse file" else "not a regular file"
    assert caught.value.message == f"cannot be read: {reason}"
    assert caught.value.exit == 3
    assert time.monotonic() - start < 5
