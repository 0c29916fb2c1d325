"""What an index answers, and what can ask one: the network, or the answers that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from fi_bump.index.cache import Cache

# In bytes: an answer that is longer is refused.
LARGEST_ANSWER = 64 << 20


class HttpAnswer(NamedTuple):
    """An answer: its URL after redirects, status, lower-case headers, body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def cache_key(accept: str, url: str) -> str:
    """Return the name under which the cache has the answer of a URL without its credentials."""
    return f"{accept} {url}"


class Asking(Protocol):
    """What `Client` needs of HTTP; `requests` were sent, and `received` bytes of bodies came back."""

    cache: Cache
    requests: int
    received: int

    def get(
        self,
        url: str,
        *,
        accept: str = "*/*",
        limit: int = LARGEST_ANSWER,
        revalidate: bool = False,
        keep: bool = True,
    ) -> HttpAnswer:
        """Return the answer of a URL, whose status is 200 or 404. Raises PackageIndexError."""

    def get_range(self, url: str, first: int | None, last: int) -> HttpAnswer:
        """Return bytes `first` to `last` inclusive, or the last `last` bytes if `first` is None."""
