"""HTTP: retries, limits, compressed answers, and who gets credentials."""

from __future__ import annotations

import gc
import json
import os
import re
import socket
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from fi_bump.errors import PackageIndexError
from fi_bump.index import connections, retries
from fi_bump.index.address import split
from fi_bump.index.cache import Cache
from fi_bump.index.client import Client
from fi_bump.index.http import Http
from fi_bump.index.trust import AUTHORITIES
from tests.index.server import (
    AUTHORITY,
    JSON,
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
    monkeypatch.setattr(retries, "RETRIES", 1)
    index.routes["/simple/kit/"] = hanging
    with pytest.raises(PackageIndexError) as caught:
        client.project("kit", [f"{index.url}/simple"])
    assert str(caught.value) == f"{index.url}/simple/kit/: did not answer in time"
    assert caught.value.hint == "check the network and the index's URL"
    assert index.seen["/simple/kit/"] == 2


def test_no_server(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "RETRIES", 0)
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


def listing(*urls: str) -> Reply:
    """Return a JSON page with one file of kit at each address."""
    files = [{"filename": f"kit-{number}.0-py3-none-any.whl", "url": url} for number, url in enumerate(urls, 1)]
    return Reply(200, {"Content-Type": JSON}, json.dumps({"files": files}).encode())


def test_credentials_do_not_follow_to_another_port(index: Index, client: Client) -> None:
    with running() as other:
        package = Package("kit", RELEASES)
        package.serve(other)
        index.routes["/simple/kit/"] = answering(listing(f"{other.url}/files/kit-0.6.8.post1-py3-none-any.whl"))
        address = index.url.replace("//", f"//{USERINFO}") + "/simple"
        (file,) = client.project("kit", [address]).files
        client.metadata(file)
        assert "authorization" in index.log[0].headers
        assert ["authorization" in request.headers for request in other.log] == [False]


@pytest.mark.parametrize("how", ["link", "redirect"])
def test_no_way_leads_from_https_to_http(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_CERT", *AUTHORITIES):
        monkeypatch.setenv(name, str(AUTHORITY))
    with running() as plain, running(tls=True) as index:
        target = f"{plain.url}/files/kit-1.0-py3-none-any.whl?token=s3cr3t"
        redirect = Reply(302, {"Location": target}, b"")
        index.routes["/simple/kit/"] = answering(listing(target) if how == "link" else redirect)
        client = Client(Http(Cache(None)))
        with pytest.raises(PackageIndexError) as caught:
            client.project("kit", [index.url.replace("//", f"//{USERINFO}") + "/simple"])
        shown = target.replace("s3cr3t", "****")
        assert str(caught.value) == f"{index.url}/simple/kit/: " + (
            f"the index lists a file at '{shown}', without the encryption of its own page"
            if how == "link"
            else f"redirects to '{shown}', without encryption"
        )
        assert caught.value.exit == 3
        assert plain.log == []
        index.routes["/simple/kit/"] = answering(listing(f"{index.url}/files/kit-1.0-py3-none-any.whl"))
        assert len(client.project("kit", [f"{index.url}/simple"]).files) == 1
        assert index.log[-1].headers["authorization"] == BASIC


def test_a_redirect_gives_no_credentials(index: Index, client: Client) -> None:
    with running() as other:
        Package("kit", RELEASES).serve(other)
        moved = other.url.replace("//", "//planted:s3cr3t@") + "/simple/kit/"
        index.routes["/simple/kit/"] = answering(Reply(302, {"Location": moved}, b""))
        assert len(client.project("kit", [f"{index.url}/simple"]).files) == 3
        assert ["authorization" in request.headers for request in other.log] == [False]


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("file:///etc/hostname", "file:///etc/hostname"),
        ("ftp://user:s3cr3t@127.0.0.1/x", "ftp://127.0.0.1/x"),
        ("http://[::1/x", "http://[::1/x"),
        # What is no port may be a password.
        ("http://127.0.0.1:port/?auth=s3cr3t", "http://127.0.0.1:****/?auth=****"),
    ],
)
def test_a_redirect_to_no_web_server(index: Index, client: Client, location: str, shown: str) -> None:
    index.routes["/simple/kit/"] = answering(Reply(302, {"Location": location}, b""))
    with pytest.raises(PackageIndexError) as caught:
        client.project("kit", [f"{index.url}/simple"])
    assert str(caught.value) == f"{index.url}/simple/kit/: redirects to '{shown}', which is not on a web server"


@pytest.mark.parametrize(
    "tail",
    ["?X-Amz-Credential=s3cr3t&pass=s3cr3t&auth=s3cr3t", "?s3cr3t", "#access_token=s3cr3t", "?a=s3cr3t#sha256=00"],
)
def test_no_cached_answer_has_a_secret(index: Index, client: Client, tmp_path: Path, tail: str) -> None:
    index.routes["/simple/kit/"] = answering(listing(f"{index.url}/files/kit-1.0-py3-none-any.whl{tail}"))
    index.routes["/simple/other/"] = answering(listing(index.url.replace("//", "//user:s3cr3t@") + "/kit-1.0.zip"))
    index.routes["/query/kit/"] = answering(OK_PAGE)
    client.project("other", [f"{index.url}/simple"])
    (file,) = client.project("kit", [f"{index.url}/simple"]).files
    with pytest.raises(PackageIndexError) as caught:
        client.metadata(file)
    client.http.get(f"{index.url}/query/kit/?token=s3cr3t")
    assert "s3cr3t" not in f"{caught.value} {caught.value.hint}"
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept == []
    index.routes["/simple/plain/"] = answering(OK_PAGE)
    client.project("plain", [f"{index.url}/simple"])
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("tail", ["?token=s3cr3t", "?s3cr3t", "#access=s3cr3t", "?a=1&X-Amz-Credential=s3cr3t"])
def test_the_line_about_a_request_has_no_secret(index: Index, tail: str) -> None:
    index.routes["/query"] = answering(OK_PAGE)
    notes: list[str] = []
    address = index.url.replace("//", "//user:s3cr3t@") + f"/query{tail}"
    Http(Cache(None), note=notes.append).get(address)
    (note,) = notes
    assert note.startswith(f"asked {index.url}/query")
    assert note.endswith(f": 200, {len(OK_PAGE.body)} bytes")
    assert "s3cr3t" not in note


def test_a_password_of_any_characters(index: Index, client: Client) -> None:
    basic = "Basic " + "dTrigqzDqQ=="
    index.routes["/simple/kit/"] = guarded(Package("kit", RELEASES).page, basic)
    for password in ("€é", "%E2%82%AC%C3%A9"):
        address = index.url.replace("//", f"//u:{password}@") + "/simple"
        assert len(Client(Http(Cache(None))).project("kit", [address]).files) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"machine 127.0.0.1 login u password \xff\xfe\n", "not UTF-8"),
        (b"machine 127.0.0.1 login\npassword my s3cr3t\n", "line 2 has an error"),
        (b"nonsense default\n", "line 1 has an error"),
    ],
)
def test_a_netrc_that_cannot_be_read(
    index: Index, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes, reason: str
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_bytes(text)
    monkeypatch.setenv("NETRC", str(netrc))
    index.routes["/simple/kit/"] = answering(OK_PAGE)
    with pytest.raises(PackageIndexError) as caught:
        client.project("kit", [f"{index.url}/simple"])
    assert str(caught.value) == f"{netrc}: cannot be read: {reason}"
    assert caught.value.exit == 3
    assert index.log == []
    # It does no harm to an index that it does not name.
    netrc.write_bytes(b"machine elsewhere.invalid login\n\xff")
    assert client.project("kit", [f"{index.url}/simple"]).files == ()


def test_a_netrc_that_is_a_pipe(index: Index, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "netrc")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(PackageIndexError) as caught:
        client.project("kit", [f"{index.url}/simple"])
    assert str(caught.value) == f"{tmp_path}/netrc: cannot be read: not a regular file"
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    assert client.project("kit", [f"{index.url}/simple"]).files == ()


def test_a_keyring_that_leaves_a_process_running(
    index: Index, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'sleep 60 &\necho $! > "$0.child"\necho \'{"username": "some-user", "password": "s3cr3t/@:pass"}\''
    keyring = tmp_path / "bin" / "keyring"
    keyring.parent.mkdir()
    keyring.write_text(f"#!/bin/sh\n{script}\n")
    keyring.chmod(0o755)
    monkeypatch.setenv("PATH", f"{keyring.parent}:/usr/bin:/bin")
    index.routes["/simple/kit/"] = guarded(Package("kit", RELEASES).page, BASIC)
    assert len(client.project("kit", [f"{index.url}/simple"]).files) == 3
    # It still runs, and nobody waited for it.
    os.kill(int((keyring.parent / "keyring.child").read_text()), 9)


@pytest.mark.slow
def test_a_page_that_would_hang_the_standard_parser(index: Index, client: Client) -> None:
    body = b"<html>" + b"<a " * 700_000
    index.routes["/simple/kit/"] = answering(Reply(200, {"Content-Type": "text/html"}, body))
    start = time.monotonic()
    assert client.project("kit", [f"{index.url}/simple"]).files == ()
    assert time.monotonic() - start < 20


class Raw:
    """A server that sends what it is told, as slowly as it is told, to every connection."""

    def __init__(self, head: bytes, drip: bytes = b"", seconds: float = 0.05) -> None:
        self.head, self.drip, self.seconds = head, drip, seconds
        self.ended = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(1 << 16)
            connection.sendall(self.head)
            while self.drip and not self.ended.is_set():
                connection.sendall(self.drip)
                self.ended.wait(self.seconds)

    def close(self) -> None:
        self.ended.set()
        self.server.close()


SLOW = {
    "a body at one byte at a time": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
    "a header at one byte at a time": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "a status at one byte at a time": (b"HTTP/1.1 ", b" "),
    "an endless 100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "an endless chunked body": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "a chunk extension without an end": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", SLOW)
def test_no_server_is_waited_for_longer_than_the_limit(case: str) -> None:
    server = Raw(*SLOW[case])
    start = time.monotonic()
    with closing(server), pytest.raises(PackageIndexError) as caught:
        Http(Cache(None), total=1).get(f"{server.url}/simple/kit/")
    assert time.monotonic() - start < 5
    assert str(caught.value) == f"{server.url}/simple/kit/: did not send a whole answer within 1 seconds"
    assert caught.value.hint == "check the network and the index's URL"
    assert caught.value.exit == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"9" * 5000 + b"\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 99999999 OK\r\n\r\n",
        b"nothing\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"",
    ],
)
# http.client leaves the file of such an answer to the collector, which warns about it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_answers_that_break_the_rules_of_http(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "RETRIES", 0)
    server = Raw(answer)
    with closing(server), pytest.raises(PackageIndexError) as caught:
        Http(Cache(None), total=5).get(f"{server.url}/simple/kit/")
    assert re.fullmatch(
        r"the connection broke \(\w+\)|did not answer in time|the index's answer is not a number of bytes",
        caught.value.message,
    )
    del caught
    gc.collect()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for each in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setattr(retries, "RETRIES", 0)
    with running() as stopped:
        proxy = stopped.url
    monkeypatch.setenv(name, proxy)
    with pytest.raises(PackageIndexError) as caught:
        Http(Cache(None)).get("http://index.invalid/simple/kit/")
    assert caught.value.message == "cannot be reached through the proxy that the environment names"
    assert caught.value.hint == connections.PROXY_HINT


def test_a_proxy_is_asked_and_gets_its_own_credentials(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "all_proxy"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("ALL_PROXY", index.url.replace("//", "//u:%E2%82%AC@"))
    assert Http(Cache(None)).get("http://index.invalid/simple/kit/").status == 404
    assert index.log[0].headers["proxy-authorization"] == "Basic dTrigqw="
    assert "authorization" not in index.log[0].headers
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert Http(Cache(None)).get(f"{index.url}/simple/kit/").status == 404
    assert "proxy-authorization" not in index.log[1].headers


@pytest.mark.parametrize("proxy", ["socks5://u:s3cr3t@127.0.0.1:1", "http://u:s3cr3t@[x"])
def test_another_kind_of_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    for each in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "all_proxy"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(PackageIndexError) as caught:
        Http(Cache(None)).get("http://index.invalid/simple/kit/")
    message = "is not the URL of a proxy that fi-bump can use: only http and https proxies are known"
    assert str(caught.value) == f"{proxy.replace('u:s3cr3t@', '')}: {message}"
