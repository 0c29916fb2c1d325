"""What a release changed against another one: its public API, its files, and what it requires. Nothing is installed.

The public API is every function, class and method without a leading underscore, with its signature, in modules whose
names have none. Files are compared by the checksums of the wheel's RECORD.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.releases import PackageReleases
from fi_bump.fit.sources import ReleaseSources
from fi_bump.fit.wheel.class_body import members
from fi_bump.fit.wheel.library import Library, Thing, ThingKind
from fi_bump.fit.wheel.modules import Binding
from fi_bump.releases.known import Known

_KINDS = {
    ".py": "Python",
    ".pyi": "Python",
    ".cu": "CUDA and C++",
    ".cuh": "CUDA and C++",
    ".c": "CUDA and C++",
    ".cc": "CUDA and C++",
    ".cpp": "CUDA and C++",
    ".h": "CUDA and C++",
    ".hpp": "CUDA and C++",
    ".inl": "CUDA and C++",
    ".jinja": "CUDA and C++",
    ".so": "compiled",
    ".a": "compiled",
    ".cubin": "compiled",
    ".ptx": "compiled",
}
_NOT_API = frozenset(["test", "tests", "testing", "benchmarks", "examples"])
_PAGE_LINE = re.compile(r"^(?:Home-page: *|Project-URL: *[^,\n]+, *)(https?://\S+)", re.MULTILINE | re.IGNORECASE)


class SignatureChange(NamedTuple):
    """A function, class or method that is called in another way."""

    name: str
    before: str
    after: str


class FileChanges(NamedTuple):
    """How many files of one kind came, went, and have other contents."""

    kind: str
    added: int
    removed: int
    changed: int


class ReleaseChanges(NamedTuple):
    """What a release of a package changed against an earlier or later one.

    Packages that a release requires at its own version, such as those that hold its libraries, are part of it: `parts`
    names those of the new release. `requires` are requirements that only the new release has, `required` those that
    only the old one had. `page` is the project's page as the wheel's metadata names it, `date` the day of the new
    release's first upload.
    """

    package: str
    old: str
    new: str
    date: str | None
    page: str | None
    parts: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    signatures: tuple[SignatureChange, ...]
    files: tuple[FileChanges, ...]
    requires: tuple[str, ...]
    required: tuple[str, ...]


class _Contents(NamedTuple):
    """A release with all its parts: signatures by name, checksums by file, and the requirements of other packages."""

    parts: tuple[str, ...]
    api: dict[str, str | None]
    record: dict[str, str]
    requires: set[str]
    page: str | None
    date: str | None


def release_changes(known: Known, package: str, old: str, new: str) -> ReleaseChanges:
    """Compare two releases of a package on its indexes.

    Raises NoSourceError for a release without a wheel, and PackageIndexError for one that cannot be read.
    """
    before, after = _contents(known, package, old), _contents(known, package, new)
    both = before.api.keys() & after.api.keys()
    return ReleaseChanges(
        package=package,
        old=old,
        new=new,
        date=after.date,
        page=after.page,
        parts=after.parts,
        added=tuple(sorted(after.api.keys() - both)),
        removed=tuple(sorted(before.api.keys() - both)),
        signatures=tuple(
            SignatureChange(name, was, now)
            for name in sorted(both)
            if (was := before.api[name]) is not None and (now := after.api[name]) is not None and was != now
        ),
        files=tuple(_files(before.record, after.record)),
        requires=tuple(sorted(after.requires - before.requires)),
        required=tuple(sorted(before.requires - after.requires)),
    )


def _contents(known: Known, package: str, version: str) -> _Contents:
    parts = _parts(known, package, version)
    api: dict[str, str | None] = {}
    record: dict[str, str] = {}
    page = date = None
    for part in parts:
        with ReleaseSources(PackageReleases(known, part)) as sources:
            side = sources.side(version)
            api |= public_api(side)
            record |= _record(side.library)
            if part == package:
                page, date = _page(side.library), sources.releases.uploaded(version)
    requires = {
        str(each)
        for part in parts
        for each in known.requires(part, Version(version))
        if canonicalize_name(each.name) not in parts
    }
    return _Contents(parts=parts, api=api, record=record, requires=requires, page=page, date=date)


def _parts(known: Known, package: str, version: str) -> tuple[str, ...]:
    """Return a package and all that it requires at its own version, without what only an extra requires."""
    found = [package]
    for part in found:
        for each in known.requires(part, Version(version)):
            optional = each.marker is not None and "extra" in str(each.marker)
            name = str(canonicalize_name(each.name))
            if str(each.specifier) == f"=={version}" and not optional and name not in found:
                found.append(name)
    return tuple(found)


def public_api(side: ReleaseSide) -> dict[str, str | None]:
    """Return every public function, class and method by its dotted name, with its signature where it can be told."""
    found: dict[str, str | None] = {}
    roots = _roots(side.library)
    for module in side.library.modules():
        imported = next((module.removeprefix(root) for root in roots if module.startswith(root)), module)
        if any(part.startswith("_") or part in _NOT_API for part in imported.split(".")):
            continue
        code = side.library.code(module)
        if code is None:
            continue
        for name, definitions in code.names.items():
            node = definitions[-1].node
            if not name.startswith("_") and definitions[-1].binding in (Binding.FUNCTION, Binding.CLASS) and node:
                found |= {f"{imported}.{path}": text for path, text in _named(side, module, name, node)}
    return found


def _roots(library: Library) -> list[str]:
    """Return the folders that the wheel adds to the import path with a .pth file, as the beginnings of names."""
    files = [name for name in library.files.names if name.endswith(".pth") and "/" not in name]
    lines = [line.strip() for name in sorted(files) for line in _text(library, name).split("\n")]
    folders = [line.strip("/") for line in lines if line and not line.startswith(("#", "import ", "import\t"))]
    return [f"{folder.replace('/', '.')}." for folder in folders]


def _named(side: ReleaseSide, module: str, name: str, node: ast.AST) -> Iterator[tuple[str, str | None]]:
    if not isinstance(node, ast.ClassDef):
        yield name, _signature(side, Thing(ThingKind.FUNCTION, module, node), bound=False)
        return
    yield name, _signature(side, Thing(ThingKind.CLASS, module, node), bound=False)
    for member, body in members(node):
        if isinstance(body, (ast.FunctionDef, ast.AsyncFunctionDef)) and not member.startswith("_"):
            method = Thing(ThingKind.FUNCTION, module, body, node)
            yield f"{name}.{member}", _signature(side, method, bound=True)


def _signature(side: ReleaseSide, thing: Thing, *, bound: bool) -> str | None:
    shape = side.shape(thing, bound=bound)
    return None if shape is None else str(shape.signature)


def _record(library: Library) -> dict[str, str]:
    """Return the checksum of each file of the wheel, without the wheel's own metadata; empty without a RECORD."""
    name = next((each for each in library.files.names if each.endswith(".dist-info/RECORD")), None)
    fields = [row.rsplit(",", 2) for row in _text(library, name).split("\n")]
    return {row[0]: row[1] for row in fields if len(row) == 3 and ".dist-info/" not in row[0]}


def _files(before: dict[str, str], after: dict[str, str]) -> Iterator[FileChanges]:
    counts: Counter[tuple[str, str]] = Counter()
    for name in before.keys() | after.keys():
        what = "added" if name not in before else "removed" if name not in after else "changed"
        if what != "changed" or before[name] != after[name]:
            counts[_kind(name), what] += 1
    for kind in sorted({kind for kind, _ in counts}):
        added, removed, changed = (counts[kind, what] for what in ("added", "removed", "changed"))
        yield FileChanges(kind, added, removed, changed)


def _kind(name: str) -> str:
    return _KINDS.get(posixpath.splitext(name)[1].lower(), "other")


def _page(library: Library) -> str | None:
    """Return the address of the project's sources that the wheel's metadata names, or else its first address."""
    name = next((each for each in library.files.names if each.endswith(".dist-info/METADATA")), None)
    pages = _PAGE_LINE.findall(_text(library, name).partition("\n\n")[0])
    return next((each for each in pages if "//github.com/" in each), pages[0] if pages else None)


def _text(library: Library, name: str | None) -> str:
    """Return the text of a file of the wheel; nothing for one that is not there."""
    data = None if name is None else library.files.get(name)
    return (data or b"").decode("utf-8", "replace").replace("\r", "")
