"""The names of all files of a wheel and the bytes of those that are read, by ranges and kept in the user's cache.

They are kept under the wheel's hash, as the index names it, for no release ever changes what it holds. The hash itself
cannot be verified: that would take the whole wheel. Each file's own checksum is that of the zip.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from types import TracebackType

from fi_bump.errors import PackageIndexError
from fi_bump.index import remote_wheel, remote_zip
from fi_bump.index.cache import UNCHANGING
from fi_bump.index.client import Client
from fi_bump.index.model import File
from fi_bump.untrusted import one_line

# A wheel from a server without ranges is downloaded up to this size.
LARGEST_DOWNLOAD = 64 << 20
# A larger file is treated as one that is not there; a wheel of which more is read is refused as hostile.
LARGEST_TEXT = 8 << 20
LARGEST_TEXTS = 256 << 20
# The list of all names, among the kept files: no name in a wheel begins with a slash.
_NAMES = "/names"
_BROKEN = remote_zip.BROKEN


class WheelFiles:
    """One wheel on an index. As a context manager it keeps at its end what it has read.

    `names` are those of all its files. Every method raises PackageIndexError where the wheel cannot be read.
    """

    def __init__(self, client: Client, file: File) -> None:
        self.file = file
        self._client = client
        self._remote: zipfile.ZipFile | None = None
        self._pieces: remote_zip.Pieces | None = None
        self._kept: zipfile.ZipFile | None = None
        # What came over the network in this run, and what was unpacked of an earlier one's.
        self._read: dict[str, bytes] = {}
        self._unpacked: dict[str, bytes] = {}
        self._left = LARGEST_TEXTS
        self._known: dict[str, zipfile.ZipInfo] = {}
        self.names: frozenset[str] = self._from_cache() or frozenset(self._opened())

    def __enter__(self) -> WheelFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.keep()

    @property
    def version(self) -> str:
        """The release that the wheel is of."""
        return str(self.file.version)

    @property
    def is_new(self) -> bool:
        """Whether nothing of it was kept by an earlier run."""
        return self._kept is None

    @property
    def held(self) -> frozenset[str]:
        """The names of the files that were read, in this run or an earlier one."""
        kept = self._kept.namelist() if self._kept is not None else []
        return frozenset((*self._read, *kept)) & self.names

    def get(self, name: str) -> bytes | None:
        """The bytes of a file; None for one that is not there."""
        if name not in self.names:
            return None
        held = self._held(name)
        if held is None:
            self.fetch([name])
            held = self._read.get(name)
        return held

    def fetch(self, names: Iterable[str]) -> None:
        """Read several files ahead, with as few requests as their places in the wheel allow."""
        wanted = {name for name in names if name in self.names and self._held(name) is None}
        if not wanted:
            return
        try:
            known = self._opened()
            asked = [known[name] for name in wanted if known[name].file_size <= LARGEST_TEXT]
            self._left -= sum(info.file_size for info in asked)
            if self._left < 0:
                raise ValueError(f"more than {LARGEST_TEXTS >> 20} MiB of it are source files")
            assert self._remote is not None
            assert self._pieces is not None
            chosen = set(map(id, asked))
            spans = remote_zip.spans_of(self._remote, lambda info: id(info) in chosen)
            self._pieces.fetch(spans, self._client.each)
            self._read |= {info.filename: remote_zip.read(self._remote, info) for info in asked}
        except _BROKEN as error:
            raise self._wrong(error) from None

    def keep(self) -> None:
        """Keep what was read for later runs."""
        if not self._read or not self.file.sha256:
            return
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            packed.writestr(_NAMES, "\n".join(sorted(self.names)))
            for name in self._kept.namelist() if self._kept else []:
                if name != _NAMES and self._kept and name not in self._read:
                    packed.writestr(name, self._kept.read(name))
            for name, data in self._read.items():
                packed.writestr(name, data)
        self._client.http.cache.put(self._key, {"cache-control": UNCHANGING}, stream.getvalue())

    def recall(self, name: str) -> bytes | None:
        """What an earlier run worked out from the wheel and kept under a name; None where it kept nothing."""
        entry = self._client.http.cache.get(f"wheel {name} {self.file.sha256}") if self.file.sha256 else None
        return None if entry is None else entry.body

    def remember(self, name: str, data: bytes) -> None:
        """Keep what was worked out from the wheel for later runs, under a name."""
        if self.file.sha256:
            self._client.http.cache.put(f"wheel {name} {self.file.sha256}", {"cache-control": UNCHANGING}, data)

    @property
    def _key(self) -> str:
        return f"wheel files {self.file.sha256}"

    def _held(self, name: str) -> bytes | None:
        if name in self._read:
            return self._read[name]
        if self._kept is not None and name not in self._unpacked:
            try:
                self._unpacked[name] = self._kept.read(name)
            except (*_BROKEN, KeyError):
                return None
        return self._unpacked.get(name)

    def _from_cache(self) -> frozenset[str]:
        """The names, where the wheel was read before; nothing for what is not or cannot be used."""
        entry = self._client.http.cache.get(self._key) if self.file.sha256 else None
        if entry is None:
            return frozenset()
        try:
            self._kept = zipfile.ZipFile(io.BytesIO(entry.body))
            return frozenset(self._kept.read(_NAMES).decode("utf-8").split("\n"))
        except (*_BROKEN, KeyError):
            self._kept = None
            return frozenset()

    def _opened(self) -> dict[str, zipfile.ZipInfo]:
        """The remote wheel's members by name; of two of one name the last counts, as for Python's importer."""
        if self._remote is None:
            try:
                self._pieces = remote_wheel.opened(self._client.http, self.file, LARGEST_DOWNLOAD)
                self._remote = zipfile.ZipFile(io.BufferedReader(self._pieces, 1 << 12))
            except _BROKEN as error:
                raise self._wrong(error) from None
            infos = self._remote.infolist()
            self._known = {info.filename: info for info in infos if not info.filename.endswith("/")}
        return self._known

    def _wrong(self, error: Exception) -> PackageIndexError:
        reason = one_line(str(error)) or type(error).__name__
        return PackageIndexError(f"its sources cannot be read: {reason[:1].lower()}{reason[1:]}", place=self.file.url)
