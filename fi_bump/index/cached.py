"""The answers that are kept, without a network: nothing here imports urllib3."""

from __future__ import annotations

from fi_bump.index.address import split
from fi_bump.index.answer import LARGEST_ANSWER, HttpAnswer, cache_key
from fi_bump.index.cache import Cache
from fi_bump.index.credentials import CredentialStore


class CachedAnswers:
    """Returns cached answers only, of any age, for commands that must not wait for a network."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.requests = 0
        self.received = 0
        # The file of every answer that was asked for, whether there is one or not.
        self.looked_for: list[str] = []
        self._credentials = CredentialStore()

    def get(
        self,
        url: str,
        *,
        accept: str = "*/*",
        limit: int = LARGEST_ANSWER,
        revalidate: bool = False,
        keep: bool = True,
    ) -> HttpAnswer:
        """Return the cached answer of a URL, or a 404 if there is none."""
        bare, credentials = split(url)
        key = cache_key(accept, bare)
        self.looked_for.append(str(self.cache.path(key)))
        cached = self.cache.get(key) if self._credentials.of(bare, credentials) is None else None
        return (
            HttpAnswer(bare, 404, {}, b"")
            if cached is None
            else HttpAnswer(bare, cached.status, cached.headers, cached.body)
        )

    def get_range(self, url: str, first: int | None, last: int) -> HttpAnswer:
        """Return a 404: parts of files are not kept."""
        return HttpAnswer(url, 404, {}, b"")
