"""How often a request to a package index is repeated, for which answers, and how long fi-bump waits in between."""

from __future__ import annotations

import urllib3

RETRIES = 3
# The answers after which a request is repeated: the server is busy, or has a fault that may pass.
TRY_AGAIN = (429, 500, 502, 503, 504)
# The longest wait in seconds: what a server asks for, and between attempts without its word.
LONGEST_WAIT = 10.0
_BACKOFF = 0.2
_LONGEST_BACKOFF = 2.0


class _Retry(urllib3.Retry):
    """urllib3's retry, with an upper bound on how long a server may make us wait."""

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        wait = super().get_retry_after(response)
        return None if wait is None else min(wait, LONGEST_WAIT)


def retries() -> urllib3.Retry:
    """Return the rule for one request: RETRIES attempts more for each kind of failure, and none for redirects."""
    return _Retry(
        total=None,
        connect=RETRIES,
        read=RETRIES,
        status=RETRIES,
        other=0,
        status_forcelist=TRY_AGAIN,
        backoff_factor=_BACKOFF,
        backoff_max=_LONGEST_BACKOFF,
        raise_on_status=False,
    )
