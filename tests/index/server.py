"""A real package index on this machine, with every fault that an index can have, for the index tests.

Each folder of the path behaves in its own way. Responses are made on request, and every request is logged.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import ssl
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

# For these tests only: an authority, and the certificates with keys that it gave to 127.0.0.1 and to a client.
AUTHORITY, SERVER, CLIENT = (Path(__file__).parent / "tls" / f"{name}.pem" for name in ("ca", "server", "client"))
JSON = "application/vnd.pypi.simple.v1+json"


class Reply(NamedTuple):
    """The answer of a route."""

    status: int
    headers: dict[str, str]
    body: bytes


class Request(NamedTuple):
    """One logged request."""

    path: str
    headers: dict[str, str]


Route = Callable[["Index", Request], Reply]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that disconnects in the middle, which some tests do on purpose."""


class Index:
    """A running index: its URL, its routes by path prefix (the longest match wins), and a log of the requests."""

    def __init__(self, *, tls: bool = False, asks_clients: bool = False) -> None:
        self.routes: dict[str, Route] = {}
        self.log: list[Request] = []
        self.statuses: list[int] = []
        self.sent = 0
        self.seen: Counter[str] = Counter()
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the base class's name
                """Print no log lines."""

        self.server = _Server(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(SERVER)
            if asks_clients:
                context.load_verify_locations(AUTHORITY)
                context.verify_mode = ssl.CERT_REQUIRED
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(handler.path).path)
        request = Request(path, {name.lower(): value for name, value in handler.headers.items()})
        self.log.append(request)
        self.seen[path] += 1
        prefix = max((each for each in self.routes if path.startswith(each)), key=len, default=None)
        reply = Reply(404, {}, b"") if prefix is None else self.routes[prefix](self, request)
        self.statuses.append(reply.status)
        handler.send_response(reply.status)
        headers = {"Content-Length": str(len(reply.body)), **reply.headers}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        try:
            handler.wfile.write(reply.body)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True
        self.sent += len(reply.body)


@contextmanager
def running(*, tls: bool = False, asks_clients: bool = False) -> Iterator[Index]:
    """Run an index until the block ends. With `tls` its certificate is from `AUTHORITY`; with `asks_clients` it serves
    a client with a certificate from there only."""
    index = Index(tls=tls, asks_clients=asks_clients)
    thread = threading.Thread(target=index.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        index.released.set()
        index.server.shutdown()
        index.server.server_close()
        thread.join()


# What packages are imported as, where that is not their own name.
MODULES = {"flashinfer-python": "flashinfer"}


def wheel(name: str, version: str, *requires: str, filler: int = 0, python: str | None = None) -> bytes:
    """Return a wheel with METADATA and, before it, `filler` bytes that do not compress."""
    stem = name.replace("-", "_")
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    lines += [f"Requires-Python: {python}"] if python else []
    lines += [f"Requires-Dist: {each}" for each in requires]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        if filler:
            noise = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(filler // 32))
            archive.writestr(f"{stem}/data.bin", noise)
        archive.writestr(f"{MODULES.get(name, stem)}/__init__.py", "")
        archive.writestr(f"{stem}-{version}.dist-info/METADATA", "\n".join(lines) + "\n\nText.\n")
    return stream.getvalue()


class Package:
    """The releases of one package as routes of an index: its page in JSON or HTML, and its files."""

    def __init__(
        self, name: str, releases: dict[str, bytes], *, html: bool = False, ranges: bool = True, sidecar: bool = False
    ) -> None:
        self.name = name
        self.files = {
            f"{name.replace('-', '_')}-{version}-py3-none-any.whl": data for version, data in releases.items()
        }
        self.html = html
        self.ranges = ranges
        self.sidecar = sidecar
        self.extra: dict[str, dict[str, object]] = {}

    def uploaded(self, times: dict[str, str]) -> None:
        """Say when releases were uploaded, by their versions."""
        for version, when in times.items():
            self.extra[f"{self.name.replace('-', '_')}-{version}-py3-none-any.whl"] = {"upload-time": when}

    def serve(self, index: Index, below: str = "") -> None:
        """Add the page and the files to an index; the page is below `below/simple/`."""
        index.routes[f"{below}/simple/{self.name}/"] = self.page
        index.routes[f"{below}/files/{self.name.replace('-', '_')}-"] = self.file
        self.below = below

    def page(self, index: Index, request: Request) -> Reply:
        """Answer with the project page."""
        entries = []
        for name, data in self.files.items():
            entry: dict[str, object] = {
                "filename": name,
                "url": f"../../files/{name}",
                "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
                "size": len(data),
                "upload-time": "2026-05-01T10:00:00.000000Z",
            }
            if self.sidecar:
                entry["core-metadata"] = {"sha256": hashlib.sha256(metadata_of(data)).hexdigest()}
            entries.append({**entry, **self.extra.get(name, {})})
        if not self.html:
            document = {"meta": {"api-version": "1.1"}, "name": self.name, "files": entries}
            return Reply(200, {"Content-Type": JSON}, json.dumps(document).encode())
        links = []
        for entry in entries:
            yanked = f' data-yanked="{entry["yanked"]}"' if "yanked" in entry else ""
            python = f' data-requires-python="{entry["requires-python"]}"' if "requires-python" in entry else ""
            digest = hashlib.sha256(self.files[str(entry["filename"])]).hexdigest()
            links.append(f'<a href="{entry["url"]}#sha256={digest}"{yanked}{python}>{entry["filename"]}</a><br/>')
        body = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
        return Reply(200, {"Content-Type": "text/html; charset=utf-8"}, body)

    def file(self, index: Index, request: Request) -> Reply:
        """Answer with a wheel, a part of it, or its metadata."""
        name = request.path.rpartition("/")[2]
        if name.endswith(".metadata"):
            return Reply(200, {}, metadata_of(self.files[name.removesuffix(".metadata")]))
        return part(self.files[name], request) if self.ranges else Reply(200, {}, self.files[name])


def part(data: bytes, request: Request) -> Reply:
    """Return the bytes that a Range header asks for, or all of them."""
    wanted = request.headers.get("range", "").removeprefix("bytes=")
    if not wanted:
        return Reply(200, {}, data)
    first, _, last = wanted.partition("-")
    start = int(first) if first else max(len(data) - int(last), 0)
    end = min(int(last), len(data) - 1) if first and last else len(data) - 1
    span = f"bytes {start}-{end}/{len(data)}"
    return Reply(206, {"Content-Range": span}, data[start : end + 1])


def metadata_of(data: bytes) -> bytes:
    """Return METADATA for a wheel."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("METADATA")))


def answering(*replies: Reply) -> Route:
    """Return a route that gives these answers in turn, and repeats the last one."""

    def route(index: Index, request: Request) -> Reply:
        return replies[min(index.seen[request.path], len(replies)) - 1]

    return route


def hanging(index: Index, request: Request) -> Reply:
    """Return a route that does not answer until the index stops."""
    index.released.wait(30)
    return Reply(200, {}, b"")


def with_etag(route: Route) -> Route:
    """Return a route whose answers are validated by an ETag."""

    def tagged(index: Index, request: Request) -> Reply:
        reply = route(index, request)
        tag = f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == tag:
            return Reply(304, {"ETag": tag}, b"")
        return reply._replace(headers={**reply.headers, "ETag": tag})

    return tagged


def zipped(route: Route) -> Route:
    """Return a route whose answers are compressed."""

    def compressed(index: Index, request: Request) -> Reply:
        reply = route(index, request)
        assert "gzip" in request.headers["accept-encoding"]
        return Reply(reply.status, {**reply.headers, "Content-Encoding": "gzip"}, gzip.compress(reply.body))

    return compressed


def guarded(route: Route, authorization: str) -> Route:
    """Return a route that demands a certain Authorization header."""

    def checked(index: Index, request: Request) -> Reply:
        if request.headers.get("authorization") != authorization:
            return Reply(401, {"WWW-Authenticate": 'Basic realm="index"'}, b"")
        return route(index, request)

    return checked


def slowly(route: Route, seconds: float) -> Route:
    """Return a route that answers slowly."""

    def delayed(index: Index, request: Request) -> Reply:
        time.sleep(seconds)
        return route(index, request)

    return delayed


REQUIRES = ("nvidia-cutlass-dsl>=4.5.0", "torch", "nvidia-cutlass-dsl[cu13]>=4.5.0; extra == 'cu13'")
RELEASES = {version: wheel("kit", version, *REQUIRES) for version in ("0.6.8.post1", "0.6.11.post2", "0.7.0rc1")}
OK_PAGE = Reply(200, {"Content-Type": JSON}, b'{"files": []}')
