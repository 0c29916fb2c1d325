"""HTTP for all of fi-bump: GET with a limit in time, redirects, credentials and cached answers.

`connections.py` opens the connections, and `retries.py` says when a request that failed is repeated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from urllib.parse import urljoin

from fi_bump.boundary.addresses import has_secrets, redacted
from fi_bump.errors import PackageIndexError, UnreachableError
from fi_bump.index import local
from fi_bump.index.address import is_downgrade, split
from fi_bump.index.answer import LARGEST_ANSWER, HttpAnswer, cache_key
from fi_bump.index.cache import Cache
from fi_bump.index.connections import BROKEN, CHECK_NETWORK, Connections, Response
from fi_bump.index.credentials import CredentialStore, basic
from fi_bump.index.retries import TRY_AGAIN
from fi_bump.index.trust import Trust
from fi_bump.untrusted import one_line

REDIRECTS = 5
TOTAL_LIMIT = 120.0
_REDIRECTS = (301, 302, 303, 307, 308)


class _TooLate(Exception):
    """A body is not complete at the end of the time for its request."""


class Http:
    """The connections of one run. Safe to use from several threads; `received` counts the bytes of all bodies.

    A request takes at most `total` seconds, with its retries and redirects, the name lookup, headers and body. `proxy`
    and `trust` are those of Indexes. `note` receives a line about each answer from the network. Without
    `credentials` those of the user are used.
    """

    def __init__(
        self,
        cache: Cache,
        *,
        connect: float | None = None,
        read: float | None = None,
        total: float | None = None,
        proxy: str | None = None,
        trust: Trust | None = None,
        note: Callable[[str], None] | None = None,
        credentials: CredentialStore | None = None,
    ) -> None:
        self.cache = cache
        self._note = note
        self.received = 0
        self.requests = 0
        self._count = threading.Lock()
        self._credentials = credentials or CredentialStore()
        self._total = total or TOTAL_LIMIT
        self._connections = Connections(proxy, trust, connect, read)

    def prepare(self, url: str) -> None:
        """Read in a thread what a request to a server needs, without a connection to it.

        What is wrong with the URL is told where the server is asked.
        """
        if url.startswith("https:"):
            with suppress(PackageIndexError):
                self._connections.prepare(split(url)[0])

    def get(
        self,
        url: str,
        *,
        accept: str = "*/*",
        limit: int = LARGEST_ANSWER,
        revalidate: bool = False,
        keep: bool = True,
    ) -> HttpAnswer:
        """Return the answer of a URL, from the cache if HTTP allows it; with `revalidate`, ask the server in any case.

        Without `keep` the answer is not cached. Raises PackageIndexError for every status except 200 and 404: a 404 is
        an answer.
        """
        if local.is_local(url):
            return self._from_disk(url, limit)
        bare, credentials = split(url)
        keep = keep and self._credentials.of(bare, credentials) is None and not has_secrets(bare.encode())
        key = cache_key(accept, bare)
        cached = self.cache.get(key) if keep else None
        if cached is not None and cached.is_fresh and not revalidate:
            return HttpAnswer(bare, cached.status, cached.headers, cached.body)
        headers = {"Accept": accept, **(cached.conditions if cached else {})}
        answer = self._ask(url, headers, limit)
        if answer.status == 401 and self._credentials.ask_keyring(bare):
            keep = False
            answer = self._ask(url, headers, limit)
        if answer.status == 304 and cached is not None:
            return HttpAnswer(answer.url, cached.status, {**cached.headers, **answer.headers}, cached.body)
        # Most indexes lack half of a family's members, so a 404 is worth caching too. The links of some pages have
        # tokens, which nothing may store, and which no longer work when the page is read again.
        if answer.status in (200, 404) and keep and not has_secrets(answer.body):
            self.cache.put(key, dict(answer.headers), answer.body, answer.status)
        return _expected(answer, (200, 404))

    def get_range(self, url: str, first: int | None, last: int) -> HttpAnswer:
        """Return bytes `first` to `last` inclusive, or the last `last` bytes if `first` is None.

        The status is 206, or 200 from a server without ranges, whose body is then not read and empty.
        """
        span = f"bytes=-{last}" if first is None else f"bytes={first}-{last}"
        # Without identity the server would count the range in the compressed text.
        if local.is_local(url):
            return self._from_disk(url, LARGEST_ANSWER, (first, last))
        headers = {"Range": span, "Accept-Encoding": "identity"}
        return _expected(self._ask(url, headers, LARGEST_ANSWER), (200, 206, 416))

    def _from_disk(self, url: str, limit: int, span: tuple[int | None, int] | None = None) -> HttpAnswer:
        try:
            if span is None:
                status, kind, body = local.read(url, limit)
                return HttpAnswer(url, status, {"content-type": kind}, body)
            start, size, body = local.read_range(url, *span)
            return HttpAnswer(url, 206, {"content-range": f"bytes {start}-{start + len(body) - 1}/{size}"}, body)
        except local.LocalFailure as error:
            raise PackageIndexError(f"cannot be read: {error}", place=url) from None

    def _ask(self, url: str, headers: dict[str, str], limit: int) -> HttpAnswer:
        """Ask in a thread of its own, and do not wait for it longer than the limit.

        The time-outs of a connection start again with each byte, and a name lookup has none.
        """
        answer: Future[HttpAnswer] = Future()
        end = time.monotonic() + self._total

        def ask() -> None:
            try:
                answer.set_result(self._follow(url, headers, limit, end))
            except BaseException as error:
                answer.set_exception(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            return answer.result(self._total)
        except FutureTimeout:
            raise _too_late(self._total, url) from None

    def _follow(self, url: str, headers: dict[str, str], limit: int, end: float) -> HttpAnswer:
        """Ask a URL, and then the addresses to which it redirects. Credentials are looked up for each of them."""
        current = url
        for _ in range(REDIRECTS + 1):
            answer = self._exchange(current, headers, limit, end)
            where = answer.headers.get("location")
            if answer.status not in _REDIRECTS or where is None:
                return answer
            try:
                # A user in the address of a redirect comes from the server, not from the user.
                following = split(urljoin(answer.url, where))[0]
            except (PackageIndexError, ValueError):
                following = ""
            if not following.startswith(("http://", "https://")):
                shown = one_line(redacted(where))
                raise PackageIndexError(f"redirects to '{shown}', which is not on a web server", place=url)
            if is_downgrade(current, following):
                shown = one_line(redacted(following))
                raise PackageIndexError(f"redirects to '{shown}', without encryption", place=url)
            current = following
        raise UnreachableError("redirects too often", place=url, hint=CHECK_NETWORK)

    def _exchange(self, url: str, headers: dict[str, str], limit: int, end: float) -> HttpAnswer:
        bare, credentials = split(url)
        known = self._credentials.of(bare, credentials)
        headers = {"Accept-Encoding": "gzip", "User-Agent": "fi-bump", **headers}
        if known is not None:
            headers["Authorization"] = basic(known)
        ranged = "Range" in headers
        try:
            response = self._connections.ask(bare, headers)
            unwanted = response.status in _REDIRECTS or (ranged and response.status != 206)
            body = b""
            try:
                if not unwanted:
                    body = _body(response, limit, url, end)
                    response.release_conn()
            finally:
                # A connection that was released stays open; one with an unread rest is of no use.
                response.close() if response.connection is not None else None
        except _TooLate:
            raise _too_late(self._total, url) from None
        except BROKEN as error:
            reason, hint = self._connections.reason(error), self._connections.hint(error)
            raise UnreachableError(reason, place=url, hint=hint) from None
        if self._note is not None:
            self._note(f"asked {one_line(redacted(bare))}: {response.status}, {len(body)} bytes")
        with self._count:
            self.requests += 1
            self.received += len(body)
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(bare, response.status, lowered, body)


def _body(response: Response, limit: int, url: str, end: float) -> bytes:
    """Return the decoded body. Raises PackageIndexError for more than `limit` bytes, _TooLate at `end`."""
    pieces = []
    size = 0
    for piece in response.stream(1 << 16, decode_content=True):
        size += len(piece)
        pieces.append(piece)
        if size > limit:
            raise PackageIndexError(f"the answer is larger than {limit >> 20} MiB", place=url)
        if time.monotonic() > end:
            # `_ask` no longer waits, or is about to give up; this ends the thread.
            raise _TooLate
    return b"".join(pieces)


def _too_late(seconds: float, url: str) -> UnreachableError:
    return UnreachableError(f"did not send a whole answer within {seconds:.0f} seconds", place=url, hint=CHECK_NETWORK)


def _expected(answer: HttpAnswer, statuses: tuple[int, ...]) -> HttpAnswer:
    if answer.status in statuses:
        return answer
    message, place = f"the index answered with status {answer.status}", answer.url
    if answer.status in TRY_AGAIN:
        raise UnreachableError(message, place=place, hint="try again later")
    guarded = answer.status in (401, 403)
    hint = "put the index's credentials into its URL or into netrc, or remove the index" if guarded else None
    raise PackageIndexError(message, place=place, hint=hint)
