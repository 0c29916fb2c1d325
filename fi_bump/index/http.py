"""HTTP for all of fi-bump, done by urllib3: GET with time-outs, retries, credentials and cached answers."""

from __future__ import annotations

import json
import netrc
import os
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError, MaxRetryError, NewConnectionError, ResponseError, SSLError
from urllib3.exceptions import TimeoutError as TimedOut

from fi_bump.errors import PackageIndexError, UnreachableError
from fi_bump.index import local
from fi_bump.index.address import Credentials, host_of, redacted, split
from fi_bump.index.cache import Cache

RETRIES = 3
REDIRECTS = 5
CONNECT_LIMIT = 10.0
READ_LIMIT = 30.0
LONGEST_WAIT = 10.0
LARGEST_ANSWER = 64 << 20
_AGAIN = (429, 500, 502, 503, 504)
_BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class HttpAnswer(NamedTuple):
    """An answer: its URL after redirects, status, lower-case headers, body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Retry(urllib3.Retry):
    """urllib3's retry, with an upper bound on how long a server may make us wait."""

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        wait = super().get_retry_after(response)
        return None if wait is None else min(wait, LONGEST_WAIT)


class Http:
    """The connections of one run. Safe to use from several threads; `received` counts the bytes of all bodies."""

    def __init__(
        self,
        cache: Cache,
        *,
        connect: float | None = None,
        read: float | None = None,
    ) -> None:
        self.cache = cache
        self.received = 0
        self.requests = 0
        self._count = threading.Lock()
        self._credentials: dict[str, Credentials] = {}
        self._timeout = urllib3.Timeout(connect=connect or CONNECT_LIMIT, read=read or READ_LIMIT)
        self._pools: dict[str | None, urllib3.PoolManager] = {}
        self._proxies = getproxies()

    def get(
        self, url: str, *, accept: str = "*/*", limit: int = LARGEST_ANSWER, revalidate: bool = False
    ) -> HttpAnswer:
        """Return the answer of a URL, from the cache if HTTP allows it; with `revalidate`, ask the server in any case.

        Raises PackageIndexError for every status except 200 and 404: a 404 is an answer.
        """
        if local.is_local(url):
            return self._from_disk(url)
        bare, credentials = split(url)
        key = f"{accept} {bare}"
        cached = self.cache.get(key) if self._credentials_for(bare, credentials) is None else None
        if cached is not None and cached.is_fresh and not revalidate:
            return HttpAnswer(bare, cached.status, cached.headers, cached.body)
        headers = {"Accept": accept, **(cached.conditions if cached else {})}
        answer = self._ask(url, headers, limit)
        if answer.status == 401 and self._from_keyring(bare):
            answer = self._ask(url, headers, limit)
        if answer.status == 304 and cached is not None:
            return HttpAnswer(answer.url, cached.status, {**cached.headers, **answer.headers}, cached.body)
        if answer.status in (200, 404) and self._credentials_for(bare, credentials) is None:
            # Most indexes lack half of a family's members, so a 404 is worth caching too.
            self.cache.put(key, dict(answer.headers), answer.body, answer.status)
        return _expected(answer, (200, 404))

    def get_range(self, url: str, first: int | None, last: int) -> HttpAnswer:
        """Return bytes `first` to `last` inclusive, or the last `last` bytes if `first` is None.

        The status is 206, or 200 from a server without ranges, whose body is then not read and empty.
        """
        span = f"bytes=-{last}" if first is None else f"bytes={first}-{last}"
        # Without identity the server would count the range in the compressed text.
        if local.is_local(url):
            return self._from_disk(url, (first, last))
        headers = {"Range": span, "Accept-Encoding": "identity"}
        return _expected(self._ask(url, headers, LARGEST_ANSWER), (200, 206, 416))

    def _from_disk(self, url: str, span: tuple[int | None, int] | None = None) -> HttpAnswer:
        try:
            if span is None:
                status, kind, body = local.read(url)
                return HttpAnswer(url, status, {"content-type": kind}, body)
            start, size, body = local.read_range(url, *span)
            return HttpAnswer(url, 206, {"content-range": f"bytes {start}-{start + len(body) - 1}/{size}"}, body)
        except local.LocalFailure as error:
            raise PackageIndexError(f"cannot be read: {error}", place=redacted(url)) from None

    def _ask(self, url: str, headers: dict[str, str], limit: int) -> HttpAnswer:
        bare, credentials = split(url)
        known = self._credentials_for(bare, credentials)
        if known is not None:
            headers = {**headers, **urllib3.make_headers(basic_auth=f"{known.user}:{known.password}")}
        shown = redacted(url)
        ranged = "Range" in headers
        retry = _Retry(
            total=None,
            connect=RETRIES,
            read=RETRIES,
            status=RETRIES,
            other=0,
            redirect=REDIRECTS,
            status_forcelist=_AGAIN,
            backoff_factor=0.2,
            backoff_max=2.0,
            raise_on_status=False,
        )
        headers = {"Accept-Encoding": "gzip", "User-Agent": "fi-bump", **headers}
        try:
            response = self._pool(bare).request(
                "GET", bare, headers=headers, retries=retry, timeout=self._timeout, preload_content=False
            )
            try:
                body = b"" if ranged and response.status != 206 else _body(response, limit, shown)
            finally:
                response.close() if ranged and response.status != 206 else response.release_conn()
        except (HTTPError, OSError) as error:
            raise UnreachableError(_reason(error), place=shown, hint=_hint(error)) from None
        with self._count:
            self.requests += 1
            self.received += len(body)
        final = response.geturl() or bare
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(split(final if "//" in final else bare)[0], response.status, lowered, body)

    def _pool(self, url: str) -> urllib3.PoolManager:
        parts = urlsplit(url)
        proxy = self._proxies.get(parts.scheme) if not proxy_bypass(parts.hostname or "") else None
        with self._count:
            if proxy not in self._pools:
                context = ssl.create_default_context(cafile=_bundle())
                if proxy is None:
                    self._pools[proxy] = urllib3.PoolManager(maxsize=8, ssl_context=context)
                else:
                    bare, user = split(proxy if "//" in proxy else f"http://{proxy}")
                    auth = urllib3.make_headers(proxy_basic_auth=f"{user.user}:{user.password}") if user else {}
                    self._pools[proxy] = urllib3.ProxyManager(bare, proxy_headers=auth, maxsize=8, ssl_context=context)
            return self._pools[proxy]

    def _credentials_for(self, url: str, given: Credentials | None) -> Credentials | None:
        """Return the credentials in the URL, those given elsewhere for the same host, or netrc's; else None."""
        host = host_of(url)
        if given is not None:
            self._credentials.setdefault(host, given)
            return given
        if host in self._credentials:
            return self._credentials[host]
        try:
            found = netrc.netrc(os.environ.get("NETRC")).authenticators(urlsplit(url).hostname or "")
        except (OSError, netrc.NetrcParseError):
            return None
        return Credentials(found[0] or found[1], found[2]) if found else None

    def _from_keyring(self, url: str) -> bool:
        """Whether the keyring command, if installed, has credentials for a URL; they are stored for its host."""
        host = host_of(url)
        command = shutil.which("keyring")
        if command is None or host in self._credentials:
            return False
        asked = [command, "--mode", "creds", "--output", "json", "get", url]
        try:
            done = subprocess.run(
                asked, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL
            )
            found: Any = json.loads(done.stdout) if done.returncode == 0 else None
            self._credentials[host] = Credentials(str(found["username"]), str(found["password"]))
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
            return False
        return True


class CachedHttp(Http):
    """Returns cached answers only, of any age, for commands that must not wait for a network."""

    def get(
        self, url: str, *, accept: str = "*/*", limit: int = LARGEST_ANSWER, revalidate: bool = False
    ) -> HttpAnswer:
        """Return the cached answer of a URL, or a 404 if there is none."""
        bare, credentials = split(url)
        cached = self.cache.get(f"{accept} {bare}") if self._credentials_for(bare, credentials) is None else None
        return (
            HttpAnswer(bare, 404, {}, b"")
            if cached is None
            else HttpAnswer(bare, cached.status, cached.headers, cached.body)
        )


def _bundle() -> str | None:
    """Return the certificate file that the user's other tools are configured to trust, or None."""
    return next((path for name in _BUNDLES if (path := os.environ.get(name)) and os.path.isfile(path)), None)


def _body(response: urllib3.BaseHTTPResponse, limit: int, shown: str) -> bytes:
    """Return the decoded body. Raises PackageIndexError if it is larger than `limit` bytes or takes over 2 minutes."""
    pieces = []
    size = 0
    end = time.monotonic() + 120
    for piece in response.stream(1 << 16, decode_content=True):
        size += len(piece)
        pieces.append(piece)
        if size > limit:
            raise PackageIndexError(f"the answer is larger than {limit >> 20} MiB", place=shown)
        if time.monotonic() > end:
            raise PackageIndexError("the answer took longer than 2 minutes", place=shown)
    return b"".join(pieces)


def _expected(answer: HttpAnswer, statuses: tuple[int, ...]) -> HttpAnswer:
    if answer.status in statuses:
        return answer
    message, place = f"the index answered with status {answer.status}", redacted(answer.url)
    if answer.status in _AGAIN:
        raise UnreachableError(message, place=place, hint="try again later")
    guarded = answer.status in (401, 403)
    hint = "put the index's credentials into its URL or into netrc, or remove the index" if guarded else None
    raise PackageIndexError(message, place=place, hint=hint)


def _reason(error: Exception) -> str:
    """Describe what went wrong in a few words, without the URL, which may contain credentials."""
    cause: BaseException | None = error.reason if isinstance(error, MaxRetryError) else error
    if isinstance(cause, ResponseError):
        return "redirects too often" if "redirect" in str(cause) else "the index answered every attempt with an error"
    if isinstance(cause, SSLError):
        return "the certificate is not trusted"
    if isinstance(cause, NewConnectionError):
        return "cannot be reached"
    if isinstance(cause, TimedOut):
        return "did not answer in time"
    if isinstance(cause, LocationValueError):
        return "is not a URL"
    return f"the connection broke ({type(cause).__name__})"


def _hint(error: Exception) -> str:
    cause = error.reason if isinstance(error, MaxRetryError) else error
    if isinstance(cause, SSLError):
        return "set SSL_CERT_FILE to the file with the index's certificates"
    return "check the network and the index's URL"
