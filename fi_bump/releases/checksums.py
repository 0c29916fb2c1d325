"""New checksums for versions that have a checksum beside them: from an index's page, or from the file itself.

A checksum is only replaced if it is known what it is of: the index has a file of the old release with it, or the old
release's file at the address beside it has it. The new file is the one with the new version in the same place of its
name or address.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from packaging.version import Version

from fi_bump.boundary.addresses import shown
from fi_bump.errors import PackageIndexError
from fi_bump.index.model import File
from fi_bump.lock.records import Group, Lock
from fi_bump.ownership import agrees, assign
from fi_bump.pins import Pin
from fi_bump.releases.known import Known
from fi_bump.scanning.scan import Scan

# The new checksums: by the site of their version and their old text.
Checksums = dict[tuple[str, str], str]

_LARGEST = 256 << 20
_BY_LENGTH = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_TEXT = re.compile(
    r"(?:(?P<name>md5|sha1|sha256|sha512)(?P<mark>[:=-]))?(?P<digest>[0-9A-Fa-f]+|[0-9A-Za-z+/]+={0,2})\Z"
)


class _Digest(NamedTuple):
    """A checksum as its file spells it: the algorithm, what comes before it, whether it is base64, and its bytes."""

    algorithm: str
    before: str
    is_base64: bool
    value: bytes

    def spelled(self, value: bytes, like: str) -> str:
        """Return another checksum in the same spelling; `like` is the old text."""
        if self.is_base64:
            return self.before + base64.b64encode(value).decode("ascii")
        text = value.hex()
        return self.before + (text.upper() if like.removeprefix(self.before).isupper() else text)


class Renewed(NamedTuple):
    """The new checksums, and why the others are not known, each with the place of its version."""

    checksums: Checksums
    unknown: tuple[str, ...]


NOTHING = Renewed({}, ())


def renewed(known: Known, lock: Lock, versions: dict[str, str], scan: Scan) -> Renewed:
    """Return the new checksums of all pins that move to other versions and have a checksum beside them."""
    found: Checksums = {}
    unknown = []
    for pin, group, _ in assign(lock, scan.pins):
        version = versions.get(group.name) if group else None
        if group is None or version is None or not pin.guard or not pin.guard.checksums or agrees(pin.version, version):
            continue
        for span in pin.guard.checksums:
            text = pin.source.text(span)
            new = _renewed(known, group, pin, version, text)
            if isinstance(new, _Unknown):
                unknown.append(f"{pin.place}: the new checksum of {pin.subject} is not known: {new.reason}")
            else:
                found[pin.site, text] = new
    return Renewed(found, tuple(dict.fromkeys(unknown)))


class _Unknown(NamedTuple):
    """Why a new checksum is not known."""

    reason: str


def _renewed(known: Known, group: Group, pin: Pin, version: str, text: str) -> str | _Unknown:
    digest = _read(text)
    if digest is None:
        return _Unknown(f"'{text}' is not a checksum that fi-bump can compute")
    by_index = _from_index(known, group, pin.version, version, digest)
    if by_index is not None:
        return digest.spelled(by_index, text)
    address = pin.guard.address if pin.guard else None
    if address is None:
        return _Unknown(
            "no index has a file of the old release with this checksum, and no address of a file is beside it"
        )
    if urlsplit(address).scheme not in ("https", "http"):
        return _Unknown(f"{shown(address)} is not an address on a web server")
    old = _of_file(known, address, pin.version, digest.algorithm)
    if isinstance(old, _Unknown):
        return old
    if old != digest.value:
        where = shown(address.replace("{version}", pin.version))
        return _Unknown(f"{where} has another checksum than the one that is written here")
    new = _of_file(known, address, version, digest.algorithm)
    return new if isinstance(new, _Unknown) else digest.spelled(new, text)


def _read(text: str) -> _Digest | None:
    """Return a checksum's parts, or None for a checksum in another spelling."""
    match = _TEXT.match(text)
    if match is None:
        return None
    name, body = match["name"], match["digest"]
    before = text[: match.start("digest")]
    if re.fullmatch(r"[0-9A-Fa-f]+", body) and _BY_LENGTH.get(len(body)) == (name or _BY_LENGTH.get(len(body))):
        return _Digest(_BY_LENGTH[len(body)], before, False, bytes.fromhex(body))
    if name is None or match["mark"] != "-":
        return None
    try:
        value = base64.b64decode(body, validate=True)
    except ValueError:
        return None
    return _Digest(name, before, True, value) if len(value) == hashlib.new(name).digest_size else None


def _from_index(known: Known, group: Group, old: str, new: str, digest: _Digest) -> bytes | None:
    """Return the SHA-256 of the new release's file that has the place of the old release's file with this one."""
    if digest.algorithm != "sha256":
        return None
    for member in group.packages:
        files = known.answer(member.name).files
        before = next((file for file in files if file.sha256 == digest.value.hex()), None)
        if before is None or before.version.public != Version(old).public:
            continue
        after = next((file for file in files if _succeeds(before, file, new)), None)
        return bytes.fromhex(after.sha256) if after is not None and after.sha256 else None
    return None


def _succeeds(before: File, after: File, version: str) -> bool:
    """Whether a file is the same file of another release: the same name and label but for the version."""
    if after.version.public != Version(version).public or after.version.local != before.version.local:
        return False
    return _tags(before) == _tags(after)


def _tags(file: File) -> list[str]:
    """Return a file's name without its version."""
    return [part for number, part in enumerate(re.split(r"-|(?=\.tar\.|\.zip\Z)", file.name)) if number != 1]


def _of_file(known: Known, address: str, version: str, algorithm: str) -> bytes | _Unknown:
    """Return the checksum of the file at an address, or why it is not known."""
    url = address.replace("{version}", version)
    try:
        answer = known.client.http.get(url, limit=_LARGEST, keep=False)
    except PackageIndexError as error:
        return _Unknown(f"{shown(url)} {error.message}")
    if answer.status != 200:
        return _Unknown(f"there is no file at {shown(url)}")
    return hashlib.new(algorithm, answer.body).digest()
