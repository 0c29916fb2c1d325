"""Read a repository's requirements, sorted into sets that are installed together."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from packaging.requirements import InvalidRequirement, Requirement

from fi_bump.audit.conflicts import Stated
from fi_bump.boundary.inside import Boundary
from fi_bump.boundary.left_out import excluder
from fi_bump.errors import FileError
from fi_bump.grammar import names_any
from fi_bump.installs.requirement_files import RequirementFiles, closure
from fi_bump.lock.records import Lock
from fi_bump.pins import Place, Source, Span
from fi_bump.scanning import files
from fi_bump.scanning.asked import needles, wanted_by
from fi_bump.untrusted import table, texts

# Paths of the tree's files, each with the format that its name suggests or None, sorted by path.
Paths: TypeAlias = Sequence[tuple[str, str | None]]


class InstalledTogether(NamedTuple):
    """Requirements that one install command installs: a requirement file with its includes, or a pyproject's extra.

    `path` is the file. `compiled` are the arguments for `uv pip compile`, with `path` first; it is empty if uv cannot
    read it.
    """

    name: str
    stated: tuple[Stated, ...]
    path: str = ""
    compiled: tuple[str, ...] = ()


def installed_together(root: str, lock: Lock, paths: Paths | None = None) -> list[InstalledTogether]:
    """Return the sets of requirements that name a member of the lock, sorted by name.

    A set is a requirement file that no other file includes, or an extra or dependency group of a pyproject.toml.
    `paths` are the tree's files, if the caller knows them already.
    """
    words = needles(wanted_by(lock.groups))
    paths = sorted(files.candidates(root, excluder(lock.exclude))) if paths is None else paths
    requirement_files = RequirementFiles()
    boundary = Boundary(root)
    found: list[InstalledTogether] = []
    for path, form in paths:
        try:
            if form == "requirements":
                requirement_files.add(files.read(root, path, boundary=boundary))
            elif form == "pyproject":
                source = files.read(root, path, boundary=boundary)
                found += _pyproject(source) if names_any(source.data, words) else []
        except FileError:
            continue  # `check` reports files that cannot be read
    naming = requirement_files.naming(words)
    closures = [_closure(path, requirement_files, words) for path in requirement_files.tops() if path in naming]
    return sorted([*(each for each in closures if each), *found])


def _closure(path: str, known: RequirementFiles, words: tuple[bytes, ...]) -> InstalledTogether | None:
    """Return a requirement file with all its includes, each file once; None if none of them names a member."""
    order = closure(path, known)
    texts = (statement.text.encode() for each in order for statement in known[each].statements)
    if not any(names_any(text, words) for text in texts):
        return None
    stated = [
        made
        for each in order
        for statement in known[each].statements
        if (made := _stated(statement.text, statement.source, statement.span)) is not None
    ]
    return InstalledTogether(path, tuple(stated), path, (path,))


def _stated(text: str, source: Source, span: Span) -> Stated | None:
    """Return a requirement with its place; None for a path, a URL or a reference."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    if requirement.url is not None:
        return None
    line, column = source.position(span.start)
    first = source.text(span).partition("\n")[0].rstrip("\\\r\t ")
    return Stated(requirement, Place(source.path, line, column, column + len(first)))


def _pyproject(source: Source) -> list[InstalledTogether]:
    """Return each extra and each dependency group of a pyproject.toml, together with the project's dependencies."""
    try:
        document = tomllib.loads(source.data.decode("utf-8-sig"))
    except ValueError:
        return []
    place = _Places(source)
    project = table(document, "project")
    uv = table(table(document, "tool"), "uv")
    overrides = place.all(uv.get("override-dependencies"))
    overridden = {each.package for each in overrides}

    # Dynamic dependencies are in no table: to know them, uv would have to build the project.
    computed = {"dependencies", "optional-dependencies"} & set(texts(project.get("dynamic")))
    given = () if computed else (source.path,)

    def together(name: str, option: tuple[str, ...], *lists: list[Stated]) -> InstalledTogether:
        stated = [each for part in lists for each in part if each.package not in overridden]
        compiled = (*given, *option) if given else ()
        return InstalledTogether(f"{source.path} {name}", tuple(stated + overrides), source.path, compiled)

    base = place.all(project.get("dependencies")) + place.all(uv.get("constraint-dependencies"))
    found = [together("project", (), base)]
    for name, listed in table(project, "optional-dependencies").items():
        found.append(together(f"extra {name}", ("--extra", name), base, place.all(listed)))
    for name, listed in table(document, "dependency-groups").items():
        found.append(together(f"group {name}", ("--group", f"{source.path}:{name}"), base, place.all(listed)))
    build = place.all(table(document, "build-system").get("requires"))
    return [*found, InstalledTogether(f"{source.path} build-system", tuple(build), path=source.path)]


class _Places:
    """The places of a document's strings. Equal strings are found one after the other, in the file's order."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.seen: dict[bytes, int] = {}

    def all(self, texts: object) -> list[Stated]:
        """Return the requirements of an array."""
        listed = texts if isinstance(texts, list) else []
        return [made for text in listed if isinstance(text, str) and (made := self._one(text)) is not None]

    def _one(self, text: str) -> Stated | None:
        raw = text.encode("utf-8")
        offset = self.source.data.find(raw, self.seen.get(raw, 0))
        if offset < 0:  # the file writes it with escapes, so its text is not found; point to the file's start
            return _stated(text, self.source, Span(0, 0))
        self.seen[raw] = offset + len(raw)
        return _stated(text, self.source, Span(offset, offset + len(raw)))
