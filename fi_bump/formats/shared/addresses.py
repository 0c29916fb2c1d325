"""URLs that contain a release: wheels and archives (`…/releases/download/vV/kit-V+cu130-cp39-abi3-….whl`), git refs.

File names are read as the binary distribution format specifies (`name-version-python-abi-platform.whl`) and as source
archives are named (`name-version.tar.gz`, `archive/refs/tags/vV.tar.gz`). The folder of a release counts too
(`releases/download/vV`). fi-bump moves a URL only when every version in it is the same one: a URL in which some part
still names the old version would lead nowhere.
"""

from __future__ import annotations

import re
from itertools import chain, pairwise

from fi_bump.grammar import VERSION, LazyPattern, canonical_name, canonical_repository
from fi_bump.pins import Wanted
from fi_bump.records import NamedTuple

_END = LazyPattern(rb"[?#]")
_DIGEST = LazyPattern(rb"#(?:.*&)?(?:md5|sha[0-9]{1,3})=(?P<digest>[0-9a-f]*)", re.IGNORECASE)
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
# The page with the files of a release, as `--find-links` takes it.
_ASSETS = LazyPattern(
    rb"(?<=/)releases/(?:expanded_assets|download)/v?(?P<version>" + VERSION + rb")/?\Z", re.IGNORECASE
)
_FOLDER = LazyPattern(rb"/releases/(?:expanded_assets|download)/[^/]+/?\Z")
# Current local version labels name the CUDA version of the build, or the device, and nothing else. Older ones name the
# version of another package too.
_TODAYS_LABEL = LazyPattern(rb"(?:cu[0-9]{2,3}|cpu|xpu)\Z", re.IGNORECASE)
_OLDER_LABEL = LazyPattern(rb"cu[0-9]{2,3}[a-z]+[0-9]", re.IGNORECASE)
_NUMBER = LazyPattern(rb"[0-9]\.[0-9]")
# A folder that is named after the content of the file.
_HASH_FOLDER = LazyPattern(rb"/[0-9a-f]{32,128}/", re.IGNORECASE)
_REFERENCE = LazyPattern(rb"\$\{[^}]*\}|\$\w+|\{\{[^}]*\}\}|\$\([^)]*\)")
_ARCHIVE = LazyPattern(rb"\.(?:whl|tar\.(?:gz|bz2|xz)|zip)\Z", re.IGNORECASE)
_GIT = LazyPattern(rb"git\+(?P<url>\w+://(?:[^\s/@]+@)?[^\s@#?]+)(?:@(?P<ref>[^\s#&?]+))?", re.IGNORECASE)

NOT_MOVED = "pinned by a URL that fi-bump does not update"
HASHED = "pinned by a URL with a hash; update both together"
_MIXED = "pinned by a URL that contains other numbers too, so fi-bump does not update it"
PATH = "pinned by the path of a file, which fi-bump does not update"
_LABELLED = "pinned by a URL of an older naming scheme, which fi-bump does not update"
_OWN_BUILD = "pinned by a URL whose label is no CUDA version, which fi-bump does not update"


class Address(NamedTuple):
    """What a URL pins: the subject, the spans of its version as indices into the text, and why fi-bump cannot move it.

    `reason` is None for a URL that can be moved. A URL with a hash has both: spans and a reason; `digest` is then the
    span of the hash. `named` is the span of the version in the name of a file whose URL contains other numbers too.
    """

    subject: str
    versions: tuple[tuple[int, int], ...]
    reason: str | None = None
    digest: tuple[int, int] | None = None
    named: tuple[int, int] | None = None


def release(text: bytes, wanted: Wanted, *, downloaded: bool = False) -> Address | None:
    """Return the wanted release that a URL leads to, or None for a URL of something else. `text` contains no blanks.

    A URL whose version is a variable reference (`…/v${V}/kit-${V}-….whl`) pins nothing. The path of a file can be moved
    when the same script has `downloaded` that file.
    """
    end = _END.search(text)
    path = text[: end.start()] if end else text
    begin = path.rfind(b"/") + 1
    subject = _subject(path, path[begin:], wanted)
    if subject is None:
        return None
    named = _WHEEL.match(path, begin) or _SDIST.match(path, begin) or _tag_archive(path) or _ASSETS.search(path)
    scheme = path.find(b"://")
    host = path.find(b"/", scheme + 3) if scheme >= 0 else 0
    if named is None or b"$" in path or b"{" in path:
        return Address(subject, (), NOT_MOVED) if _NUMBER.search(_REFERENCE.sub(b"", path[host:])) else None
    if not downloaded and (scheme < 0 or path[:scheme].lower() == b"file"):
        return Address(subject, (), PATH)
    label = named.groupdict().get("label")
    if label is not None and not _TODAYS_LABEL.match(label):
        return Address(subject, (), _LABELLED if _OLDER_LABEL.match(label) else _OWN_BUILD)
    version = named["version"]
    folder = re.compile(rb"(?<=/)v?(" + re.escape(version) + rb")(?=/)", re.IGNORECASE)
    places = [match.span(1) for match in folder.finditer(path, host, named.start("version"))]
    places.append(named.span("version"))
    pieces = [path[start:stop] for start, stop in pairwise([host, *chain(*places), len(path)])]
    if any(_NUMBER.search(piece) for piece in pieces[::2]):
        return Address(subject, (), _MIXED, named=named.span("version"))
    digest = _DIGEST.search(text)
    if digest:
        return Address(subject, tuple(places), HASHED, digest.span("digest"))
    if _HASH_FOLDER.search(path, host):
        return Address(subject, tuple(places), HASHED)
    return Address(subject, tuple(places))


def file_address(text: bytes, versions: tuple[tuple[int, int], ...]) -> str | None:
    """Return a URL without its fragment and with `{version}` at each of `versions`.

    None for the path of a file, and for a URL that contains a hash.
    """
    if b"://" not in text or _HASH_FOLDER.search(text):
        return None
    end = _END.search(text)
    bounds = pairwise([0, *chain(*versions), end.start() if end else len(text)])
    return "{version}".join([text[start:stop].decode("ascii", "replace") for start, stop in list(bounds)[::2]])


def _tag_archive(path: bytes) -> re.Match[bytes] | None:
    """Return the match of the archive of a tag."""
    lowered = path.lower()
    # Without this look, the pattern would be compiled for any URL.
    return _TAG_ARCHIVE.search(path) if b"archive/" in lowered or b"ball/" in lowered else None


def _subject(path: bytes, file: bytes, wanted: Wanted) -> str | None:
    """Return the wanted package that a file belongs to, else the wanted repository that offers the file, else None."""
    if not (_ARCHIVE.search(file) or _tag_archive(path) or _FOLDER.search(path)):
        return None
    stem = file.partition(b"-")[0] if file.lower().endswith(b".whl") else file.rpartition(b"-")[0]
    package = canonical_name(stem.decode("ascii", "replace"))
    if package in wanted.packages:
        return package
    repository = canonical_repository(b"/".join(path.split(b"/")[:5]).decode("ascii", "replace"))
    return repository if repository in wanted.repositories else None


def git_release(text: bytes, wanted: Wanted) -> tuple[str, tuple[int, int] | None] | None:
    """Return the wanted repository of a `git+…` URL and the span of its ref, if it has one; None for any other URL."""
    match = _GIT.match(text)
    subject = canonical_repository(match["url"].decode("ascii", "replace")) if match else None
    if match is None or subject not in wanted.repositories:
        return None
    return subject, (match.span("ref") if match["ref"] else None)
