"""HTTP answers cached between runs in the user's cache folder, and reused only as HTTP allows (RFC 9111).

An entry contains no credentials: its file name is a hash, and `http` keeps no answer with a secret in it. A broken
entry is ignored, and so is one that another user can have written. Nothing here may fail a run: a cache that cannot be
written only makes runs slower.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from pathlib import Path
from typing import NamedTuple

from fi_bump import user_files
from fi_bump.boundary.reading import read_own
from fi_bump.user_cache import user_cache

CACHED_HEADERS = ("content-type", "etag", "last-modified", "cache-control", "content-range")
# How many seconds an answer without cache headers is fresh; the large indexes give the same time for theirs.
DEFAULT_AGE = 600
# For content that can never change under its key.
UNCHANGING = "max-age=999999999"
# The sources of one wheel are the largest entry.
_LARGEST = 512 << 20
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age=([0-9]{1,9})")


class CachedAnswer(NamedTuple):
    """A cached answer: its time in seconds since the epoch, lower-case headers, body, and status, 200 or 404."""

    time: float
    headers: dict[str, str]
    body: bytes
    status: int = 200

    @property
    def is_fresh(self) -> bool:
        """Whether the answer may be used without asking the index again."""
        control = self.headers.get("cache-control")
        age = _MAX_AGE.search(control or "")
        allowed = int(age[1]) if age else DEFAULT_AGE if control is None and not self.conditions else 0
        return 0 <= time.time() - self.time < allowed

    @property
    def conditions(self) -> dict[str, str]:
        """The request headers that ask the index whether the answer is still valid."""
        names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        return {names[name]: self.headers[name] for name in names if name in self.headers}


def default_folder() -> Path | None:
    """Return the folder of the user's cached answers, or None if there is no home folder."""
    base = user_cache()
    return None if base is None else Path(base) / "http"


class Cache:
    """Cached answers by key; without a folder nothing is cached."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, key: str) -> CachedAnswer | None:
        """Return the cached answer, if there is a readable one."""
        path = self.path(key)
        if path is None:
            return None
        try:
            head, _, body = read_own(str(path), _LARGEST).partition(b"\n")
            document = json.loads(head)
            if document["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            return CachedAnswer(float(document["time"]), dict(document["headers"]), body, int(document["status"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, headers: dict[str, str], body: bytes, status: int = 200) -> None:
        """Cache an answer, unless its headers forbid it or would never let it be reused."""
        path = self.path(key)
        cached = {name: headers[name] for name in CACHED_HEADERS if name in headers}
        entry = CachedAnswer(time.time(), cached, body, status)
        if path is None or "no-store" in cached.get("cache-control", ""):
            return
        if not (entry.conditions or entry.is_fresh):
            return
        head = {"time": entry.time, "status": status, "headers": cached, "sha256": hashlib.sha256(body).hexdigest()}
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            user_files.replace(str(path), json.dumps(head).encode() + b"\n" + body, private=True, sync=False)

    def path(self, key: str) -> Path | None:
        """Return where the answer is or would be."""
        if self.folder is None:
            return None
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / name[:2] / name[2:]
