"""Answers kept between runs, in the user's cache folder, and used again only as HTTP allows (RFC 9111).

An entry holds no address and no credentials: its name is a hash, its content what the index sent. A broken or foreign
entry is none. Nothing here may fail a run: a cache that cannot be written is a slower one.
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
from fi_bump.user_cache import user_cache

KEPT_HEADERS = ("content-type", "etag", "last-modified", "cache-control", "content-range")
# How long an answer is fresh that says nothing of it, in seconds; what the large indexes say of theirs.
UNSAID_AGE = 600
# For what can never change under its key.
UNCHANGING = "max-age=999999999"
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age=([0-9]{1,9})")


class CachedAnswer(NamedTuple):
    """A kept answer: when it came, its headers in lower case, its body, and its status, 200 or 404."""

    time: float
    headers: dict[str, str]
    body: bytes
    status: int = 200

    @property
    def is_fresh(self) -> bool:
        """Whether it may be used without asking again."""
        control = self.headers.get("cache-control")
        age = _MAX_AGE.search(control or "")
        allowed = int(age[1]) if age else UNSAID_AGE if control is None and not self.conditions else 0
        return 0 <= time.time() - self.time < allowed

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask whether it still holds."""
        names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        return {names[name]: self.headers[name] for name in names if name in self.headers}


def default_folder() -> Path | None:
    """Where answers are kept for this user, if anywhere."""
    base = user_cache()
    return None if base is None else Path(base) / "http"


class Cache:
    """Kept answers by key; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, key: str) -> CachedAnswer | None:
        """The kept answer, if there is one that can be read."""
        path = self._path(key)
        if path is None:
            return None
        try:
            head, _, body = path.read_bytes().partition(b"\n")
            document = json.loads(head)
            if document["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            return CachedAnswer(float(document["time"]), dict(document["headers"]), body, int(document["status"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, headers: dict[str, str], body: bytes, status: int = 200) -> None:
        """Keep an answer, unless its headers forbid it or nothing in them would ever let it be used."""
        path = self._path(key)
        kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
        entry = CachedAnswer(time.time(), kept, body, status)
        if path is None or "no-store" in kept.get("cache-control", ""):
            return
        if not (entry.conditions or entry.is_fresh):
            return
        head = {"time": entry.time, "status": status, "headers": kept, "sha256": hashlib.sha256(body).hexdigest()}
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            user_files.replace(str(path), json.dumps(head).encode() + b"\n" + body, private=True, sync=False)

    def _path(self, key: str) -> Path | None:
        if self.folder is None:
            return None
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / name[:2] / name[2:]
