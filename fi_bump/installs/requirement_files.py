"""Requirement files with everything that they include, and the order in which pip reads their options."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping

from fi_bump.formats import requirements_statements as statements
from fi_bump.formats.requirements_statements import Option, RequirementFile, read
from fi_bump.formats.shared.requirement_text import named
from fi_bump.grammar import names_any
from fi_bump.installs.model import IndexAddress, IndexOptions, Installation, resolved
from fi_bump.pins import Place, Source


class RequirementFiles(Mapping[str, RequirementFile]):
    """The requirement files of a tree by path, each parsed when it is asked for: most are not."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._including: dict[str, tuple[str, ...]] | None = None

    def add(self, source: Source) -> None:
        """Add a file. Do so before the first question."""
        self._sources[source.path] = source

    def __getitem__(self, path: str) -> RequirementFile:
        """Return the content of a file."""
        return read(self._sources[path])

    def __contains__(self, path: object) -> bool:
        """Whether the tree has the file; the method that a Mapping brings would parse it."""
        return path in self._sources

    def __iter__(self) -> Iterator[str]:
        """Yield the paths in the order in which they were added."""
        return iter(self._sources)

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self._sources)

    def names(self, path: str) -> frozenset[str]:
        """Return the canonical names of the packages that a file itself requires."""
        if path not in self._names:
            heads = [named(line.text.encode()) for line in self[path].statements]
            self._names[path] = frozenset(head[0] for head in heads if head)
        return self._names[path]

    def tops(self) -> list[str]:
        """Return the paths that no other file includes."""
        inner = {other for includes in self._includes().values() for other in includes}
        return [path for path in self if path not in inner]

    def naming(self, words: tuple[bytes, ...]) -> frozenset[str]:
        """Return the files that may name a package with one of these lower-case words, also in what they include."""
        found = {path for path in self if self._may_name(path, words)}
        including = self._includes()
        while more := {path for path, others in including.items() if not found.isdisjoint(others)} - found:
            found |= more
        return frozenset(found)

    def _may_name(self, path: str, words: tuple[bytes, ...]) -> bool:
        data = self._sources[path].data
        if names_any(data, words):
            return True
        # A name may go on in the next line, after a backslash.
        return data.find(b"\\") >= 0 and any(names_any(each.text.encode(), words) for each in self[path].statements)

    def _includes(self) -> dict[str, tuple[str, ...]]:
        """Return what each file includes, without most files that include nothing."""
        if self._including is None:
            able = [path for path, source in self._sources.items() if statements.may_include(source.data)]
            self._including = {path: tuple(included(path, self[path])) for path in able}
        return self._including


def included(path: str, file: RequirementFile) -> Iterator[str]:
    """Yield the paths in the tree of the files that a file includes."""
    for name in file.includes:
        yield _below(path, name)


def _below(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name.replace(os.sep, "/")))


def closure(path: str, files: RequirementFiles) -> list[str]:
    """Return the path and those of all that it includes, each once."""
    order: list[str] = []
    left = [path]
    while left:
        each = left.pop(0)
        if each in files and each not in order:
            order.append(each)
            left += included(each, files[each])
    return order


def install(path: str, files: RequirementFiles, given: IndexOptions | None = None) -> Installation:
    """Return the installation of a requirement file; `given` are the options of the command that installs it."""
    paths = closure(path, files)
    names = frozenset().union(*map(files.names, paths))
    options = with_file(path, files, given or IndexOptions())
    return Installation(Place(path, _first_line(files[path])), names, options, frozenset(paths))


def with_file(path: str, files: RequirementFiles, options: IndexOptions) -> IndexOptions:
    """Return the options after pip or uv has read a requirement file.

    In pip an `--index-url` of a file replaces every index before it, also those of the command and of the user's
    configuration (pip/_internal/req/req_file.py, handle_option_line); in uv the command's default index stays.
    """
    is_pip = options.tool == "pip"
    for where, option in _options_in_order(path, files, set()):
        address = resolved(option.value, Place(where, option.line))
        if option.kind == statements.INDEX and is_pip:
            options = options._replace(default=address, extra=(), alone=True)
        elif option.kind == statements.INDEX:
            options = options._replace(default=options.default or address)
        elif option.kind == statements.EXTRA:
            options = options._replace(extra=(*options.extra, address))
        elif option.kind == statements.LINKS:
            options = options._replace(elsewhere=(*options.elsewhere, IndexAddress(option.value, None, address.place)))
        elif option.kind == statements.NO_INDEX:
            options = options._replace(no_index=True)
    return options


def _options_in_order(path: str, files: RequirementFiles, seen: set[str]) -> Iterator[tuple[str, Option]]:
    """Yield the options of a file, with those of each included file at the place of its `-r` or `-c`."""
    if path not in files or path in seen:
        return
    seen.add(path)
    for option in files[path].options:
        if option.kind == statements.INCLUDE:
            yield from _options_in_order(_below(path, option.value), files, seen)
        else:
            yield path, option


def _first_line(file: RequirementFile) -> int:
    lines = [statement.source.position(statement.span.start)[0] for statement in file.statements[:1]]
    return lines[0] if lines else 1


def matching(path: str, files: RequirementFiles, base: str) -> str | None:
    """Return the requirement file of the tree that a command means, or None.

    `path` is the command's own spelling. Which folder it runs in is not known, so the longest common end of both paths
    decides; between equals the file below `base`, the folder of the command's file.
    """
    wanted = [part for part in path.split("/") if part not in ("", ".", "..")]
    best: list[str] = []
    length = 1
    for each in files:
        parts = each.split("/")
        same = 0
        while same < min(len(parts), len(wanted)) and parts[-1 - same] == wanted[-1 - same]:
            same += 1
        if same >= length:
            best, length = [each] if same > length else [*best, each], same
    if len(best) > 1:
        best = [each for each in best if posixpath.dirname(each) == base] or best
    return best[0] if len(best) == 1 else None
