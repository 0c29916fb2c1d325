"""Which files of a repository can hold pins, and reading them into sources: the only reader of target files.

Discovery asks no git: it walks the tree. It passes over version-control folders, environments, caches and nested
checkouts, and what the lock excludes.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator

from fi_bump.errors import MEND_OR_EXCLUDE, MEND_OR_RESTORE, FileError, UsageError, reason_of
from fi_bump.lock import LOCK_NAME
from fi_bump.pins import Source
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from fi_bump.scanning.cache import Watch

_SKIPPED_FOLDERS = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        ".tox",
        ".nox",
        ".eggs",
        ".fi-bump",
        "node_modules",
        "site-packages",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
    ]
)
# What builds write about a package; a source distribution has its own copy at the top.
_METADATA = (".egg-info", ".dist-info")
# A folder that holds one of these is another checkout, or a virtual environment.
_NOT_OURS = frozenset([".git", "pyvenv.cfg"])
_ENDINGS = (
    *(".json", ".txt", ".in", ".yml", ".yaml", ".toml", ".py", ".lock"),
    *(".sh", ".bash", ".mk", ".hcl", ".nix", "makefile", ".env", "pipfile", ".cmake"),
)
_NAMED = re.compile(r"(?:docker|container)file|\A\.env\.")
_LOCK_FILES = frozenset(["uv.lock", "poetry.lock", "pdm.lock", "pipfile.lock", "conda-lock.yml"])
# pnpm-lock.yaml and its like: made by a command, never edited.
_LOCKED = re.compile(r"(?:^|[-_.])lock\.ya?ml\Z")
_DOCKERFILE = re.compile(r"\.(?:docker|container)file(?:\.(?:j2|jinja2?|tmpl|tpl|template))?\Z")
# uv's overrides and pip's constraints have the requirements' format.
_REQUIREMENTS = re.compile(r"requirement|constraint|override")
_CHUNK = 1 << 16
_NO_DOCKERFILE = (".md", ".rst", ".txt", ".png", ".svg", ".py", ".sh", ".json", ".yml", ".yaml", ".dockerignore")


def format_of(path: str) -> str | None:
    """The format a file's name promises, as `formats.finder` knows it, or None.

    A script without an ending (`build`, its first line `#!/bin/sh`) promises nothing: only a literal reaches it.
    """
    folder, _, name = path.rpartition("/")
    name = name.lower()
    if name.endswith(".py"):  # first, since most are
        return "python"
    if name in _LOCK_FILES or (name.startswith("pylock.") and name.endswith(".toml")):
        return "lockfile"
    if name.endswith(".json"):
        return "bake" if name != LOCK_NAME else None
    if name == "cmakelists.txt" or name.endswith(".cmake"):
        return "cmake"
    if name.endswith((".txt", ".in")):
        if name.endswith(".in") or _REQUIREMENTS.search(name):
            return "requirements"
        return "requirements" if "requirements" in folder.lower().split("/") else None
    if name.endswith((".yml", ".yaml")):
        return None if _LOCKED.search(name) else "yaml"
    if name.endswith(".toml"):
        # Some projects keep one for each platform: pyproject_xpu.toml.
        return "pyproject" if name.startswith("pyproject") or name == "pixi.toml" else None
    if name == "pipfile":
        return "pyproject"
    if name.startswith(("dockerfile", "containerfile")) or _DOCKERFILE.search(name):
        return None if name.endswith(_NO_DOCKERFILE) else "dockerfile"
    if name.endswith((".sh", ".bash", ".env")) or name.startswith(".env."):
        return "shell"
    if name.endswith(".mk") or name in ("makefile", "gnumakefile"):
        return "makefile"
    if name.endswith((".hcl", ".nix")):
        return name[-3:]
    return None


def find_root(start: str) -> str:
    """`start` as an existing folder. Raises UsageError when it is none."""
    if not os.path.isdir(start):
        raise UsageError("there is no such folder", place=start, hint="name a repository's folder after -C")
    return start


def excluder(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for all excluded paths: `*` stays in a folder, `**` crosses folders, a folder takes all below it."""
    bodies = [_glob(pattern) for pattern in patterns]
    return re.compile(f"(?:{'|'.join(bodies)})(?:/.*)?\\Z") if bodies else None


def _glob(pattern: str) -> str:
    tokens = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.rstrip("/"))
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(token, re.escape(token)) for token in tokens)


def walk(
    root: str,
    exclude: re.Pattern[str] | None,
    below: str = "",
    *,
    promising: bool = False,
    watch: Watch | None = None,
) -> Iterator[str]:
    """Every file's path relative to `root`, folder by folder; with `promising` only names that a format can have.

    What a `watch` knows of a folder is not listed again; it knows of promising names only.

    Raises FileError for a folder that cannot be listed.
    """
    folders = [below]
    while folders:
        folder = folders.pop()
        prefix = f"{folder}/" if folder else ""
        known = watch.listing(folder) if watch is not None else None
        if known is not None:
            folders += known[0]
            yield from known[1]
            continue
        try:
            entries = list(os.scandir(f"{root}/{folder}"))
        except OSError as error:
            raise unreadable(folder or ".", error) from None
        if folder != below and not _NOT_OURS.isdisjoint([entry.name for entry in entries]):
            continue
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if (
                    name not in _SKIPPED_FOLDERS
                    and not name.endswith(_METADATA)
                    and not (exclude and exclude.match(prefix + name))
                ):
                    folders.append(prefix + name)
                continue
            if promising:
                lowered = name.lower()
                if not (lowered.endswith(_ENDINGS) or _NAMED.search(lowered)):
                    continue
            path = prefix + name
            if exclude is not None and exclude.match(path):
                continue
            if entry.is_file(follow_symlinks=False):
                yield path
            elif entry.is_symlink():
                if watch is not None:
                    watch.linked(folder)
                if not _is_alias(root, path):
                    yield path


def _is_alias(root: str, path: str) -> bool:
    """Whether a link leads to a file of this tree, which is met under its own path, or to something that is no file."""
    target = os.path.realpath(os.path.join(root, path))
    if not os.path.exists(target):
        return False
    return not os.path.isfile(target) or target.startswith(os.path.realpath(root) + os.sep)


def unreadable(path: str, error: OSError) -> FileError:
    """The sentence for a file or folder the system does not give us."""
    return FileError(f"cannot be read: {reason_of(error)}", place=path, hint=MEND_OR_EXCLUDE)


def read(root: str, path: str, watch: Watch | None = None) -> Source:
    """The file as it is, of which a `watch` is told. Raises FileError when it is missing, a folder or unreadable."""
    try:
        # Not blocking: a pipe of a promising name must not hold us. Plain calls: a file object costs more than a read.
        descriptor = os.open(f"{root}/{path}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            now = os.fstat(descriptor)
            if not stat.S_ISREG(now.st_mode):
                raise FileError("is not a regular file", place=path, hint=MEND_OR_EXCLUDE)
            if watch is not None:
                watch.read(path, now)
            data = os.read(descriptor, _CHUNK)
            if len(data) == _CHUNK or len(data) < now.st_size:
                pieces = [data]
                while more := os.read(descriptor, max(now.st_size, _CHUNK)):
                    pieces.append(more)
                data = b"".join(pieces)
            return Source(path, data)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(path, error) from None


def read_optional(root: str, path: str) -> Source | None:
    """The file as it is, or None where there is none."""
    try:
        return read(root, path)
    except FileError as error:
        if not os.path.lexists(os.path.join(root, path)):
            return None
        error.hint = MEND_OR_RESTORE if path == LOCK_NAME else error.hint
        raise


def is_regular(root: str, path: str) -> bool:
    """Whether the path ends at an ordinary file (pipes and devices are never opened)."""
    try:
        return stat.S_ISREG(os.stat(os.path.join(root, path)).st_mode)
    except OSError:
        return False


def candidates(
    root: str,
    exclude: re.Pattern[str] | None,
    below: Iterable[str] = (),
    watch: Watch | None = None,
) -> Iterator[tuple[str, str]]:
    """`(path, format)` of each file whose name promises a format, below the paths (see `relative`) or the root.

    What a `watch` passes over is left out.
    """
    unwalked = watch.tree() if watch is not None else None
    for path in tuple(below) or ("",):
        if unwalked is not None:
            found = unwalked
        elif path and not os.path.isdir(os.path.join(root, path)):
            found = [path] if not (exclude and exclude.match(path)) else []
        else:
            found = list(walk(root, exclude, path, promising=True, watch=watch))
        for each in found:
            if watch is not None and watch.passes(each):
                continue
            form = format_of(each)
            if form is not None:
                yield each, form


def below(root: str, path: str) -> str:
    """A path from the command line, relative to the root; `.` is the root. Raises UsageError outside it."""
    result = os.path.relpath(os.path.join(root, path), root).replace(os.sep, "/")
    if result == ".." or result.startswith("../"):
        raise UsageError("lies outside the repository", place=path, hint="name paths below the repository's folder")
    return result


def relative(root: str, path: str) -> str:
    """An existing path from the command line, relative to the root, in the lock's spelling. Raises UsageError."""
    result = below(root, path)
    if not os.path.lexists(os.path.join(root, result)):
        raise UsageError("there is no such file or folder", place=path)
    return "" if result == "." else result
