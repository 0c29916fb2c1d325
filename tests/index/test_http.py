"""HTTP: retries, limits, compressed answers, and who gets credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.errors import PackageIndexError
from fi_bump.index import http as http_module
from fi_bump.index.address import split
from fi_bump.index.cache import Cache
from fi_bump.index.client import Client
from fi_bump.index.http import Http
from tests.index.server import (
    OK_PAGE,
    RELEASES,
    Index,
    Package,
    Reply,
    answering,
    guarded,
    hanging,
    running,
    zipped,
)


def test_temporary_errors_are_retried(index: Index, client: Client) -> None:
    busy = Reply(503, {"Retry-After": "0"}, b"")
    index.routes["/simple/kit/"] = answering(busy, busy, OK_PAGE)
    assert client.project("kit", [f"{index.url}/simple"]).files == ()
    assert index.statuses == [503, 503, 200]
    index.routes["/simple/gone/"] = answering(Reply(404, {}, b""))
    client.project("gone", [f"{index.url}/simple"])
    assert index.seen["/simple/gone/"] == 1


@pytest.mark.slow
def test_an_index_that_hangs(index: Index, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "RETRIES", 1)
    index.routes["/simple/kit/"] = hanging
    with pytest.raises(PackageIndexError) as caught:
        client.project("kit", [f"{index.url}/simple"])
    assert str(caught.value) == f"{index.url}/simple/kit/: did not answer in time"
    assert caught.value.hint == "check the network and the index's URL"
    assert index.seen["/simple/kit/"] == 2


def test_no_server(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "RETRIES", 0)
    with running() as index:
        address = index.url
    with pytest.raises(PackageIndexError) as caught:
        client.project("kit", [f"{address}/simple"])
    assert str(caught.value) == f"{address}/simple/kit/: cannot be reached"
    for wrong in ("https://[broken", "https:///x", "nonsense"):
        with pytest.raises(PackageIndexError) as caught:
            client.project("kit", [wrong])
        assert str(caught.value) == f"{wrong}/kit/: is not a URL"
        assert caught.value.hint == "write https://HOST/simple or file:///FOLDER"
    with pytest.raises(PackageIndexError) as caught:
        client.project("kit", ["user:planted@host/simple"])
    assert str(caught.value) == "host/simple/kit/: is not a URL"


def test_an_answer_too_large(index: Index, client: Client) -> None:
    index.routes["/"] = answering(Reply(200, {}, b"x" * 3_000_000))
    with pytest.raises(PackageIndexError) as caught:
        client.http.get(f"{index.url}/a", limit=1 << 20)
    assert str(caught.value) == f"{index.url}/a: the answer is larger than 1 MiB"


def test_compressed_answers(index: Index, client: Client) -> None:
    package = Package("kit", RELEASES)
    index.routes["/simple/kit/"] = zipped(package.page)
    assert len(client.project("kit", [f"{index.url}/simple"]).files) == 3


SECRET = "s3cr3t/@:pass"
USERINFO = "some-user:s3cr3t%2F%40%3Apass@"
BASIC = "Basic c29tZS11c2VyOnMzY3IzdC9AOnBhc3M="


def test_credentials_are_sent_and_never_shown(index: Index, client: Client, tmp_path: Path) -> None:
    package = Package("kit", RELEASES, ranges=True)
    index.routes["/simple/kit/"] = guarded(package.page, BASIC)
    index.routes["/files/"] = guarded(package.file, BASIC)
    address = index.url.replace("//", f"//{USERINFO}") + "/simple"
    project = client.project("kit", [address])
    assert project.index_url == f"{index.url}/simple"
    # The files are on the same host, whose credentials are known by then.
    assert len(client.metadata(project.files[0]).requires) == 3
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    wrong = index.url.replace("//", "//some-user:wr0ng@") + "/simple"
    with pytest.raises(PackageIndexError) as caught:
        Client(Http(Cache(None))).project("kit", [wrong])
    assert (str(caught.value), caught.value.hint) == (
        f"{index.url}/simple/kit/: the index answered with status 401",
        "put the index's credentials into its URL or into netrc, or remove the index",
    )
    for text in (str(project), str(caught.value), repr(client), kept.decode("latin-1"), repr(split(address))):
        assert "s3cr3t" not in text
        assert "wr0ng" not in text


def test_credentials_from_netrc(index: Index, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login some-user password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    index.routes["/simple/kit/"] = guarded(Package("kit", RELEASES).page, BASIC)
    assert len(client.project("kit", [f"{index.url}/simple"]).files) == 3


@pytest.mark.parametrize(
    ("script", "known"),
    [
        ('echo \'{"username": "some-user", "password": "s3cr3t/@:pass"}\'', True),
        ("exit 1", False),
        ("echo nothing", False),
        ("echo '{}'", False),
    ],
)
def test_credentials_from_a_keyring(
    index: Index, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, known: bool
) -> None:
    keyring = tmp_path / "bin" / "keyring"
    keyring.parent.mkdir()
    keyring.write_text(f"#!/bin/sh\n{script}\n")
    keyring.chmod(0o755)
    monkeypatch.setenv("PATH", f"{keyring.parent}:/usr/bin:/bin")
    index.routes["/simple/kit/"] = guarded(Package("kit", RELEASES).page, BASIC)
    if known:
        assert len(client.project("kit", [f"{index.url}/simple"]).files) == 3
        return
    with pytest.raises(PackageIndexError) as caught:
        client.project("kit", [f"{index.url}/simple"])
    assert caught.value.message == "the index answered with status 401"


def test_credentials_do_not_follow_to_another_host(index: Index, client: Client) -> None:
    with running() as other:
        package = Package("kit", RELEASES)
        package.serve(other)
        moved = other.url.replace("127.0.0.1", "localhost") + "/simple/kit/"
        index.routes["/simple/kit/"] = answering(Reply(302, {"Location": moved}, b""))
        address = index.url.replace("//", f"//{USERINFO}") + "/simple"
        assert len(client.project("kit", [address]).files) == 3
        assert "authorization" in index.log[0].headers
        assert ["authorization" in request.headers for request in other.log] == [False]
