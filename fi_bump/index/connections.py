"""Connections to servers and proxies, by urllib3: certificates, and why a request failed."""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
from http.client import HTTPException
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import (
    HTTPError,
    InsecureRequestWarning,
    LocationValueError,
    MaxRetryError,
    NewConnectionError,
    ProxyError,
    ResponseError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as TimedOut

from fi_bump.errors import PackageIndexError
from fi_bump.index.address import split
from fi_bump.index.credentials import basic
from fi_bump.index.retries import retries
from fi_bump.index.tls import context_of, is_untrusted
from fi_bump.index.trust import Trust, trust_of

# In seconds, to connect, and for each piece of an answer.
CONNECT_LIMIT = 10.0
READ_LIMIT = 30.0
Response = urllib3.BaseHTTPResponse
# What urllib3 and http.client raise for the answers of a server that breaks the rules of HTTP.
BROKEN = (HTTPError, OSError, HTTPException, ValueError, LookupError)
CHECK_NETWORK = "check the network and the index's URL"
PROXY_HINT = "set HTTPS_PROXY, HTTP_PROXY or ALL_PROXY to the URL of an http proxy, or name the host in NO_PROXY"
PIP_PROXY_HINT = "run pip config list, and set proxy there to the URL of an http proxy, or unset it"


class Connections:
    """The connections of one run. Safe to use from several threads.

    `proxy` and `trust` are those of Indexes; without `trust` the variables of the environment decide.
    """

    def __init__(
        self, proxy: str | None, trust: Trust | None, connect: float | None = None, read: float | None = None
    ) -> None:
        self._timeout = urllib3.Timeout(connect=connect or CONNECT_LIMIT, read=read or READ_LIMIT)
        self._proxy = proxy
        self._proxies = getproxies()
        self._trust = trust_of(os.environ, {}) if trust is None else trust
        # By proxy, and whether the server's certificate is checked, which is None without TLS.
        self._pools: dict[tuple[str | None, bool | None], urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    def prepare(self, url: str) -> None:
        """Read the certificates for a server in a thread, so that a first request need not wait for them.

        It connects to nothing. What cannot be used is told where the server is asked.
        """

        def read() -> None:
            with contextlib.suppress(Exception):
                self._pool(url)

        threading.Thread(target=read, daemon=True).start()

    def ask(self, url: str, headers: dict[str, str]) -> Response:
        """Return the answer of a server, whose body is not read yet; redirects are answers.

        Raises PackageIndexError for certificates or a proxy that cannot be used, and what BROKEN lists.
        """
        return self._pool(url).request(
            "GET",
            url,
            headers=headers,
            retries=retries(),
            timeout=self._timeout,
            preload_content=False,
            redirect=False,
        )

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = self._proxy or None
        if self._proxy is None:
            parts = urlsplit(url)
            proxy = self._proxies.get(parts.scheme) or self._proxies.get("all")
            if proxy is not None and proxy_bypass(parts.netloc):
                proxy = None
        # Without TLS on the way, a file of certificates is not needed.
        encrypted = any(part.startswith("https:") for part in (url, proxy or ""))
        checked = self._trust.checks(url) if encrypted else None
        with self._lock:
            if (proxy, checked) not in self._pools:
                if checked is False:
                    # urllib3 would tell the user what the user's own configuration says.
                    urllib3.disable_warnings(InsecureRequestWarning)
                context = None if checked is None else context_of(self._trust, checked=checked)
                self._pools[proxy, checked] = _new_pool(proxy, context, self._proxy_hint)
            return self._pools[proxy, checked]

    @property
    def _proxy_hint(self) -> str:
        return PIP_PROXY_HINT if self._proxy else PROXY_HINT

    def reason(self, error: Exception) -> str:
        """Say why a request failed in a few words, without the URL, which may contain credentials."""
        if isinstance(_cause(error), ProxyError):
            whose = "pip's configuration" if self._proxy else "the environment"
            return f"cannot be reached through the proxy that {whose} names"
        return _reason(error)

    def hint(self, error: Exception) -> str:
        """Say what the user can do about it."""
        cause = _cause(error)
        if isinstance(cause, ProxyError):
            return self._proxy_hint
        return self._trust.hint if isinstance(cause, SSLError) and is_untrusted(cause) else CHECK_NETWORK


def _new_pool(proxy: str | None, context: ssl.SSLContext | None, hint: str) -> urllib3.PoolManager:
    """Return the connections to a proxy, or to the servers themselves. Raises PackageIndexError."""
    if proxy is None:
        return urllib3.PoolManager(maxsize=8, ssl_context=context)
    try:
        bare, user = split(proxy if "//" in proxy else f"http://{proxy}")
        auth = {"proxy-authorization": basic(user)} if user else {}
        return urllib3.ProxyManager(bare, proxy_headers=auth, maxsize=8, ssl_context=context)
    except (PackageIndexError, HTTPError, ValueError):
        message = "is not the URL of a proxy that fi-bump can use: only http and https proxies are known"
        raise PackageIndexError(message, place=proxy, hint=hint) from None


def _cause(error: Exception) -> BaseException | None:
    return error.reason if isinstance(error, MaxRetryError) else error


def _reason(error: Exception) -> str:
    cause = _cause(error)
    if isinstance(cause, ResponseError):
        return "the index answered every attempt with an error"
    if isinstance(cause, SSLError):
        return "the certificate is not trusted" if is_untrusted(cause) else "the server or its proxy broke off TLS"
    if isinstance(cause, NewConnectionError):
        return "cannot be reached"
    if isinstance(cause, TimedOut):
        return "did not answer in time"
    if isinstance(cause, LocationValueError):
        return "is not a URL"
    return f"the connection broke ({type(cause).__name__})"
