"""Requirement files with everything that they include, and the order in which pip reads their options."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping

from fi_bump.formats import requirements_statements as statements
from fi_bump.formats.requirements_statements import Option, RequirementFile
from fi_bump.formats.shared.requirement_text import named
from fi_bump.installs.model import IndexAddress, IndexOptions, Installation, resolved
from fi_bump.pins import Place

Files = Mapping[str, RequirementFile]


def included(path: str, file: RequirementFile) -> Iterator[str]:
    """Yield the paths in the tree of the files that a file includes."""
    for name in file.includes:
        yield _below(path, name)


def _below(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name.replace(os.sep, "/")))


def closure(path: str, files: Files) -> list[str]:
    """Return the path and those of all that it includes, each once."""
    order: list[str] = []
    left = [path]
    while left:
        each = left.pop(0)
        if each in files and each not in order:
            order.append(each)
            left += included(each, files[each])
    return order


def tops(files: Files) -> list[str]:
    """Return the paths that no other file includes."""
    inner = {other for path, file in files.items() for other in included(path, file)}
    return [path for path in files if path not in inner]


def install(path: str, files: Files, given: IndexOptions | None = None) -> Installation:
    """Return the installation of a requirement file; `given` are the options of the command that installs it."""
    paths = closure(path, files)
    names = {head[0] for each in paths for line in files[each].statements if (head := named(line.text.encode()))}
    options = with_file(path, files, given or IndexOptions())
    return Installation(Place(path, _first_line(files[path])), frozenset(names), options, frozenset(paths))


def with_file(path: str, files: Files, options: IndexOptions) -> IndexOptions:
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


def _options_in_order(path: str, files: Files, seen: set[str]) -> Iterator[tuple[str, Option]]:
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


def matching(path: str, files: Files, base: str) -> str | None:
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
