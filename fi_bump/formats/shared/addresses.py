"""Addresses that hold a release: wheels and archives (`…/releases/download/vV/kit-V+cu130-cp39-abi3-….whl`), git refs.

A file's name is read by the binary distribution format (`name-version-python-abi-platform.whl`) and as sources are
named (`name-version.tar.gz`, `archive/refs/tags/vV.tar.gz`); a release's folder counts too (`releases/download/vV`). An
address is moved when all that looks like a version in it is the one version, since a part that stayed behind would make
it lead nowhere.
"""

from __future__ import annotations

import re
from itertools import chain, pairwise

from fi_bump.grammar import VERSION, LazyPattern, canonical_name, canonical_repository
from fi_bump.pins import Wanted
from fi_bump.records import NamedTuple

_END = LazyPattern(rb"[?#]")
_DIGEST = LazyPattern(rb"#(?:.*&)?(?:md5|sha[0-9]{1,3})=", re.IGNORECASE)
_LABEL = rb"(?:\+|%2[Bb])(?P<label>[A-Za-z0-9.]+)"
_WHEEL = LazyPattern(
    rb"(?P<name>[A-Za-z0-9_.]+)-(?P<version>"
    + VERSION.replace(rb"[-_.]?", rb"[_.]?").replace(rb"(?:-[0-9]+|", rb"(?:")
    + rb")(?:"
    + _LABEL
    + rb")?(?:-[0-9]\w*)?-[\w.]+-[\w.]+-[\w.]+\.whl\Z",
    re.IGNORECASE,
)
_SDIST = LazyPattern(
    rb"(?P<name>[A-Za-z0-9][\w.-]*?)-v?(?P<version>"
    + VERSION
    + rb")(?:"
    + _LABEL
    + rb")?\.(?:tar\.(?:gz|bz2|xz)|zip)\Z",
    re.IGNORECASE,
)
_TAG_ARCHIVE = LazyPattern(
    rb"(?<=/)(?:archive|tarball|zipball)/(?:refs/tags/)?v?(?P<version>" + VERSION + rb")(?:\.(?:tar\.gz|zip))?\Z",
    re.IGNORECASE,
)
# Where the files of a release lie, as `--find-links` takes it.
_ASSETS = LazyPattern(
    rb"(?<=/)releases/(?:expanded_assets|download)/v?(?P<version>" + VERSION + rb")/?\Z", re.IGNORECASE
)
_FOLDER = LazyPattern(rb"/releases/(?:expanded_assets|download)/[^/]+/?\Z")
# Today's labels name the CUDA they were built for, and nothing else.
_TODAYS_LABEL = LazyPattern(rb"cu[0-9]{2,3}\Z", re.IGNORECASE)
_NUMBER = LazyPattern(rb"[0-9]\.[0-9]")
_REFERENCE = LazyPattern(rb"\$\{[^}]*\}|\$\w+|\{\{[^}]*\}\}|\$\([^)]*\)")
_ARCHIVE = LazyPattern(rb"\.(?:whl|tar\.(?:gz|bz2|xz)|zip)\Z", re.IGNORECASE)
_GIT = LazyPattern(rb"git\+(?P<url>\w+://(?:[^\s/@]+@)?[^\s@#?]+)(?:@(?P<ref>[^\s#&?]+))?", re.IGNORECASE)

NOT_MOVED = "pinned by a URL, which is not moved"
HASHED = "pinned by a URL with a hash, and both must change together"
_MIXED = "pinned by a URL that holds other numbers too, which is not moved"
_PATH = "pinned by a file's path, which is not moved"
_LABELLED = "pinned by a URL of an older naming scheme, which is not moved"


class Address(NamedTuple):
    """What an address holds: a subject and the places of its version in the text; and why it cannot be moved.

    Without a reason it can. Only one with a hash has both places and a reason.
    """

    subject: str
    versions: tuple[tuple[int, int], ...]
    reason: str | None = None


def release(text: bytes, wanted: Wanted, *, downloaded: bool = False) -> Address | None:
    """The release of something wanted that an address without blanks leads to; None for one of something else.

    An address whose version is a reference (`…/v${V}/kit-${V}-….whl`) holds none. A file's path can be moved when the
    file is `downloaded` beside it.
    """
    end = _END.search(text)
    path = text[: end.start()] if end else text
    begin = path.rfind(b"/") + 1
    named = _WHEEL.match(path, begin) or _SDIST.match(path, begin) or _TAG_ARCHIVE.search(path) or _ASSETS.search(path)
    subject = _subject(path, path[begin:], wanted)
    if subject is None:
        return None
    scheme = path.find(b"://")
    host = path.find(b"/", scheme + 3) if scheme >= 0 else 0
    if named is None or b"$" in path or b"{" in path:
        return Address(subject, (), NOT_MOVED) if _NUMBER.search(_REFERENCE.sub(b"", path[host:])) else None
    if not downloaded and (scheme < 0 or path[:scheme].lower() == b"file"):
        return Address(subject, (), _PATH)
    label = named.groupdict().get("label")
    if label is not None and not _TODAYS_LABEL.match(label):
        return Address(subject, (), _LABELLED)
    version = named["version"]
    folder = re.compile(rb"(?<=/)v?(" + re.escape(version) + rb")(?=/)", re.IGNORECASE)
    places = [match.span(1) for match in folder.finditer(path, host, named.start("version"))]
    places.append(named.span("version"))
    pieces = [path[start:stop] for start, stop in pairwise([host, *chain(*places), len(path)])]
    if any(_NUMBER.search(piece) for piece in pieces[::2]):
        return Address(subject, (), _MIXED)
    if _DIGEST.search(text):
        return Address(subject, tuple(places), HASHED)
    return Address(subject, tuple(places))


def _subject(path: bytes, file: bytes, wanted: Wanted) -> str | None:
    """The wanted package that a file is of, else the wanted repository that offers it."""
    if not (_ARCHIVE.search(file) or _TAG_ARCHIVE.search(path) or _FOLDER.search(path)):
        return None
    stem = file.partition(b"-")[0] if file.lower().endswith(b".whl") else file.rpartition(b"-")[0]
    package = canonical_name(stem.decode("ascii", "replace"))
    if package in wanted.packages:
        return package
    repository = canonical_repository(b"/".join(path.split(b"/")[:5]).decode("ascii", "replace"))
    return repository if repository in wanted.repositories else None


def git_release(text: bytes, wanted: Wanted) -> tuple[str, tuple[int, int] | None] | None:
    """The wanted repository of a `git+…` address and the place of its ref; None for one of something else."""
    match = _GIT.match(text)
    subject = canonical_repository(match["url"].decode("ascii", "replace")) if match else None
    if match is None or subject not in wanted.repositories:
        return None
    return subject, (match.span("ref") if match["ref"] else None)
