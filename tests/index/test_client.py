"""The client with an index on this machine: every form of page, every fault, and the requests it takes."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import pytest
from packaging.version import Version

from fi_bump.errors import PackageIndexError
from fi_bump.index import remote_zip
from fi_bump.index.cache import Cache
from fi_bump.index.client import Client, newest, wheel_for_metadata
from fi_bump.index.http import Http
from fi_bump.index.model import File, Project
from tests.index.server import (
    JSON,
    OK_PAGE,
    RELEASES,
    REQUIRES,
    Index,
    Package,
    Reply,
    answering,
    hanging,
    wheel,
)


def versions(project: Project) -> list[str]:
    """Return the versions of a project as texts."""
    return [str(version) for version in project.versions()]


@pytest.mark.parametrize("html", [False, True])
def test_a_page(index: Index, client: Client, html: bool) -> None:
    package = Package("kit", RELEASES, html=html)
    name = "kit-0.6.8.post1-py3-none-any.whl"
    package.extra[name] = {"yanked": "wrong layout", "requires-python": "&gt;=3.9" if html else ">=3.9"}
    package.serve(index)
    project = client.project("kit", [f"{index.url}/simple/"])
    assert (project.package, project.index_url) == ("kit", f"{index.url}/simple/")
    assert versions(project) == ["0.6.8.post1", "0.6.11.post2", "0.7.0rc1"]
    assert project.of(Version("0.6.8.post1")) == (
        File(
            name=name,
            url=f"{index.url}/files/{name}",
            version=Version("0.6.8.post1"),
            sha256=hashlib.sha256(RELEASES["0.6.8.post1"]).hexdigest(),
            size=None if html else len(RELEASES["0.6.8.post1"]),
            uploaded=None if html else "2026-05-01T10:00:00.000000Z",
            yanked="wrong layout",
            requires_python=">=3.9",
            metadata_sha256=None,
        ),
    )
    assert newest(project.versions()) == Version("0.6.11.post2")
    assert newest(project.versions(), prereleases=True) == Version("0.7.0rc1")
    assert project.of(Version("0.6.9")) == ()


def test_files_of_other_packages_are_left_out(index: Index, client: Client) -> None:
    files = ("kit-1.0-py3-none-any.whl", "kit-1.0.tar.gz", "kit_extra-2.0-py3-none-any.whl", "kit-1.0.exe", "kit-x.whl")
    entries = ", ".join(f'{{"filename": "{name}", "url": "{name}"}}' for name in files)
    index.routes["/simple/kit/"] = answering(Reply(200, {"Content-Type": JSON}, f'{{"files": [{entries}]}}'.encode()))
    project = client.project("kit", [f"{index.url}/simple"])
    assert [file.name for file in project.files] == ["kit-1.0-py3-none-any.whl", "kit-1.0.tar.gz"]


def test_local_labels() -> None:
    files = tuple(
        File(name, "", Version(name.split("-")[1])) for name in ("kit-1.0+cu130-x", "kit-1.0+cu129-x", "kit-0.9-x")
    )
    project = Project("kit", "", files)
    assert [file.name for file in project.of(Version("1.0"), "cu130")] == ["kit-1.0+cu130-x"]
    # `==1.0` accepts 1.0+cu130 (PEP 440), so without a label all count, but only where there is none without a label.
    assert [file.name for file in project.of(Version("1.0"))] == ["kit-1.0+cu130-x", "kit-1.0+cu129-x"]
    plain = File("kit-1.0-x", "", Version("1.0"))
    assert Project("kit", "", (*files, plain)).of(Version("1")) == (plain,)
    assert project.versions("cu129") == [Version("1.0")]
    assert project.versions() == [Version("0.9"), Version("1.0")]


def test_the_first_index_that_knows_a_package_answers_for_it(index: Index, client: Client) -> None:
    Package("kit", {"1.0": wheel("kit", "1.0")}).serve(index, "/second")
    Package("kit", {"9.0": wheel("kit", "9.0")}).serve(index, "/third")
    indexes = [f"{index.url}/{name}/simple" for name in ("first", "second", "third")]
    project = client.project("kit", indexes)
    assert (versions(project), project.index_url) == (["1.0"], indexes[1])
    assert client.project("none", indexes).files == ()
    client.project("kit", indexes)
    assert index.seen["/second/simple/kit/"] == 1


def test_metadata_beside_the_wheel(index: Index, client: Client) -> None:
    package = Package("kit", {"1.0": wheel("kit", "1.0", *REQUIRES, "not a requirement", filler=300_000)}, sidecar=True)
    package.serve(index)
    file = wheel_for_metadata(client.project("kit", [f"{index.url}/simple"]).files)
    assert file is not None
    metadata = client.metadata(file)
    assert [str(each) for each in metadata.requires] == [
        "nvidia-cutlass-dsl>=4.5.0",
        "torch",
        'nvidia-cutlass-dsl[cu13]>=4.5.0; extra == "cu13"',
    ]
    assert metadata.bad == ("not a requirement",)
    assert [request.path for request in index.log] == ["/simple/kit/", f"/files/{file.name}.metadata"]
    wrong = file._replace(metadata_sha256="0" * 64)
    with pytest.raises(PackageIndexError) as caught:
        Client(Http(Cache(None))).metadata(wrong)
    assert caught.value.message == "its metadata file does not have the hash that the index gives"


@pytest.mark.parametrize("filler", [0, 50_000, 2_000_000])
def test_metadata_from_inside_the_remote_wheel(index: Index, client: Client, filler: int) -> None:
    data = wheel("kit", "1.0", *REQUIRES, filler=filler)
    Package("kit", {"1.0": data}).serve(index)
    (file,) = client.project("kit", [f"{index.url}/simple"]).files
    before = client.http.received
    assert len(client.metadata(file).requires) == 3
    assert client.http.received - before <= min(len(data), remote_zip.TAIL)
    asked = client.http.requests
    again = Client(Http(client.http.cache))
    assert len(again.metadata(file).requires) == 3
    assert (client.http.requests, again.http.requests) == (asked, 0)


def test_metadata_deep_in_a_large_directory(index: Index, client: Client) -> None:
    import io
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(
            "kit-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: kit\nVersion: 1.0\nRequires-Dist: torch\n"
        )
        for number in range(3000):
            archive.writestr(f"kit/{'x' * 60}{number}.py", b"")
    Package("kit", {"1.0": stream.getvalue()}).serve(index)
    (file,) = client.project("kit", [f"{index.url}/simple"]).files
    assert [str(each) for each in client.metadata(file).requires] == ["torch"]


def test_a_server_without_ranges(index: Index, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from fi_bump.index import metadata

    Package("kit", {"1.0": wheel("kit", "1.0", *REQUIRES)}, ranges=False).serve(index)
    (file,) = client.project("kit", [f"{index.url}/simple"]).files
    assert len(client.metadata(file).requires) == 3
    Package("kit", {"1.0": wheel("kit", "1.0", *REQUIRES)}, ranges=False, html=True).serve(index, "/html")
    (unsized,) = client.project("kit", [f"{index.url}/html/simple"]).files
    assert len(Client(Http(Cache(None))).metadata(unsized).requires) == 3
    monkeypatch.setattr(metadata, "LARGEST_DOWNLOAD", 10)
    with pytest.raises(PackageIndexError) as caught:
        Client(Http(Cache(None))).metadata(file)
    assert str(caught.value) == (
        f"{file.url}: its METADATA cannot be read: the server does not serve ranges, and the whole file has 0 MiB"
    )


BROKEN = wheel("kit", "1.0", "torch")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no zip at all", "it is not a complete zip file (file is not a zip file)"),
        (BROKEN[:-30], "it is not a complete zip file (file is not a zip file)"),
        (
            BROKEN.replace(b"PK\x01\x02", b"PK\x09\x09"),
            "it is not a complete zip file (bad magic number for central directory)",
        ),
        (
            BROKEN.replace(b"PK\x03\x04", b"PK\x09\x09"),
            "it is not a complete zip file (bad magic number for file header)",
        ),
        (BROKEN.replace(b"METADATA", b"METABATA"), "it contains 0 files named *.dist-info/METADATA"),
    ],
)
def test_a_broken_wheel(index: Index, client: Client, data: bytes, reason: str) -> None:
    Package("kit", {"1.0": data}).serve(index)
    (file,) = client.project("kit", [f"{index.url}/simple"]).files
    with pytest.raises(PackageIndexError) as caught:
        client.metadata(file)
    assert str(caught.value) == f"{file.url}: its METADATA cannot be read: {reason}"
    assert caught.value.exit == 3


def _listing(name: object = "kit-1.0-py3-none-any.whl", url: object = "a", **more: object) -> Reply:
    """Return a JSON page with one file."""
    entry = {"filename": name, "url": url, "hashes": {}, **more}
    return Reply(200, {"Content-Type": JSON}, json.dumps({"files": [entry]}).encode())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("replies", "message"),
    [
        (
            [Reply(200, {"Content-Type": JSON}, b'{"files": [')],
            "the index's answer is not valid JSON, although its content type is JSON",
        ),
        (
            [Reply(200, {"Content-Type": JSON}, b"<html></html>")],
            "the index's answer is not valid JSON, although its content type is JSON",
        ),
        (
            [Reply(200, {"Content-Type": JSON}, b"[]")],
            "the index's JSON is not a project page: it has no list of files",
        ),
        (
            [Reply(200, {"Content-Type": JSON}, b'{"files": [{}]}')],
            "the index's JSON lists a file without a name or a URL",
        ),
        (
            [Reply(200, {"Content-Type": "text/html"}, b"nothing")],
            "the index's answer is not HTML, although its content type is HTML",
        ),
        (
            [Reply(200, {"Content-Type": "image/png"}, b"x")],
            "the index answered with image/png, not with a project page in JSON or HTML",
        ),
        ([Reply(200, {}, b"x")], "the index answered with no content type, not with a project page in JSON or HTML"),
        (
            [Reply(200, {"Content-Type": JSON}, b"[" * 100_000)],
            "the index's answer is not valid JSON, although its content type is JSON",
        ),
        (
            [Reply(200, {"Content-Type": JSON}, b'{"meta": {"api-version": "2.0"}, "files": []}')],
            "the index uses version 2.0 of the simple API, and fi-bump knows only 1",
        ),
        (
            [Reply(200, {"Content-Type": "text/html"}, b'<meta name="pypi:repository-version" content="2.0">')],
            "the index uses version 2.0 of the simple API, and fi-bump knows only 1",
        ),
        ([_listing(url="http://[bad")], "the index lists a file at 'http://[bad', which is not a URL"),
        ([_listing(url="ftp://user:planted@host/a")], "the index lists a file at 'ftp://host/a', which is not a URL"),
        (
            [_listing(url="file:///etc/hostname")],
            "the index lists a file at 'file:///etc/hostname', which is not on a web server",
        ),
        (
            [Reply(200, {"Content-Type": "text/html"}, b'<base href="http://[x"><a href="kit-1.0.zip">a</a>')],
            "the index lists a file at 'http://[x', which is not a URL",
        ),
        ([Reply(403, {}, b"")], "the index answered with status 403"),
        ([Reply(418, {}, b"")], "the index answered with status 418"),
        ([Reply(503, {}, b"")], "the index answered with status 503"),
        ([Reply(302, {"Location": "/simple/kit/"}, b"")], "redirects too often"),
    ],
)
def test_bad_answers(index: Index, client: Client, replies: list[Reply], message: str) -> None:
    index.routes["/simple/kit/"] = answering(*replies)
    with pytest.raises(PackageIndexError) as caught:
        client.project("kit", [f"{index.url}/simple"])
    assert str(caught.value) == f"{index.url}/simple/kit/: {message}"
    assert caught.value.exit == 3


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"hashes": {"sha256": "AB" * 32}}, ("ab" * 32, None)),
        ({"hashes": {"sha256": "zz"}}, (None, None)),
        ({"hashes": {"sha256": 5}, "size": "x", "requires-python": 3, "core-metadata": {"sha256": 5}}, (None, None)),
        ({"yanked": "wrong\n\x1b[31mresults \ud800"}, (None, "wrong [31mresults")),
        ({"yanked": "x" * 400}, (None, "x" * 300 + "…")),
        ({"yanked": True}, (None, "")),
    ],
)
def test_fields_of_a_wrong_type_are_ignored(
    index: Index, client: Client, more: dict[str, object], expected: tuple[str | None, str | None]
) -> None:
    index.routes["/simple/kit/"] = answering(_listing(**more))
    (file,) = client.project("kit", [f"{index.url}/simple"]).files
    assert (file.sha256, file.yanked) == expected


@pytest.mark.parametrize("name", [f"kit-{'9' * 5000}-py3-none-any.whl", "kit-1.0-py3-none-an\x1b.whl", "a/kit-1.0.zip"])
def test_a_file_with_an_impossible_name_is_left_out(index: Index, client: Client, name: str) -> None:
    index.routes["/simple/kit/"] = answering(_listing(name))
    assert client.project("kit", [f"{index.url}/simple"]).files == ()


def test_an_index_of_files(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "simple" / "kit"
    folder.mkdir(parents=True)
    (folder / "kit-1.0-py3-none-any.whl").write_bytes(wheel("kit", "1.0", *REQUIRES, filler=200_000))
    address = (tmp_path / "simple").as_uri()
    project = client.project("kit", [address])
    assert versions(project) == ["1.0"]
    assert len(client.metadata(project.files[0]).requires) == 3
    assert client.project("none", [address]).files == ()
    (folder / "index.html").write_text('<a href="kit-2.0.tar.gz#sha256=00">x</a>')
    assert versions(Client(Http(Cache(None))).project("kit", [address])) == ["2.0"]


def test_the_first_failure_of_many_is_raised(index: Index, client: Client) -> None:
    index.routes["/simple/"] = answering(OK_PAGE)
    index.routes["/simple/bad/"] = answering(Reply(403, {}, b""))
    names = ["a", "b", "bad", "c"]
    with pytest.raises(PackageIndexError):
        client.each(lambda name: client.project(name, [f"{index.url}/simple"]), names)
    found = client.each(lambda name: client.project(name, [f"{index.url}/simple"]).package, ["a", "b", "c"])
    assert found == ["a", "b", "c"]


def test_nothing_waits_for_an_index_that_hangs(index: Index) -> None:
    client = Client(Http(Cache(None), connect=2, read=60))
    index.routes["/simple/"] = hanging
    index.routes["/simple/bad/"] = answering(Reply(403, {}, b""))
    with pytest.raises(PackageIndexError) as caught:
        client.each(lambda name: client.project(name, [f"{index.url}/simple"]), ["slow", "slower", "bad"])
    assert str(caught.value) == f"{index.url}/simple/bad/: the index answered with status 403"
    # The interpreter joins every thread except daemon threads before it ends.
    assert [each for each in threading.enumerate() if not each.daemon] == [threading.main_thread()]
    assert not index.released.is_set()
