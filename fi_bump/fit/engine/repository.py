"""All uses of a package in the Python files of a repository, names that its modules hand to each other included."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from fi_bump.fit.engine.by_text import imported_by_text
from fi_bump.fit.engine.reader import EngineModule, Reader
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.engine.statements import Exports
from fi_bump.fit.engine.uses import PrivateCall, Reference, Use
from fi_bump.fit.syntax import parsed

# What imports a module, or asks for one, by its name as a text.
_ASKING = re.compile(rb"import_module|find_spec|__import__|importorskip|version\(|patch\(|setattr\(")
_WORD = re.compile(rb"[A-Za-z0-9_]+")
# A line end that is written out is found many times faster than `^`.
_IMPORT_LINE = re.compile(rb"\n[ \t]*(?:from|import)[ \t][^\n]*")
# How often names may be handed on from module to module.
_ROUNDS = 4


class EngineUses(NamedTuple):
    """The uses of a package, and in how many files; `unreadable` are the files that this Python cannot parse.

    `stored` are the attributes that the repository itself gives to objects, `private` the calls through private ones.
    """

    uses: tuple[Use, ...]
    stored: frozenset[str]
    private: tuple[PrivateCall, ...]
    files: int
    unreadable: tuple[str, ...]


def engine_uses(
    read: Callable[[str], bytes],
    paths: Iterable[str],
    subject: Subject,
    announce: Callable[[frozenset[Reference]], None] | None = None,
) -> EngineUses:
    """Every use of the package in the files at `paths`, whose bytes `read` gives.

    `announce` is told early what their texts import of it, before any file is parsed.
    """
    return _Repository(read, tuple(paths), subject).uses(announce)


class _Repository:
    def __init__(self, read: Callable[[str], bytes], paths: tuple[str, ...], subject: Subject) -> None:
        self._paths = paths
        self._bytes_of = read
        self._subject = subject
        self._names = _module_names(paths)
        self._by_name = {name: path for path, name in self._names.items()}
        self._readers: dict[str, Reader] = {}
        self._asked: dict[str, set[str]] = {}
        self._reading: list[str] = []
        self._early: set[str] = set()
        self._candidates: set[str] = set()
        self._imported: dict[str, frozenset[bytes]] = {}
        self._found: dict[str, list[Use]] = {}
        self._unreadable: list[str] = []

    def uses(self, announce: Callable[[frozenset[Reference]], None] | None) -> EngineUses:
        """The uses in all files, in the order of their paths."""
        new = self._mentioning(self._subject.tops)
        if announce is not None:
            announce(imported_by_text(map(self._bytes_of, sorted(new)), self._subject.tops))
        for _ in range(_ROUNDS):
            self._candidates |= new
            # What asked for a module before it was a candidate, or while it was read itself, got nothing.
            again = {path for path in self._found if self._asked[path] & {self._names[each] for each in new}}
            self._read_all(new | again)
            early, self._early = self._early, set()
            self._read_all(early)
            new = self._importing() - self._candidates
            if not new:
                break
        uses = [use for path in sorted(self._found) for use in sorted(self._found[path], key=_place)]
        stored = frozenset().union(*(reader.stored for reader in self._readers.values()))
        private = sorted({call for reader in self._readers.values() for call in reader.private})
        return EngineUses(tuple(uses), stored, tuple(private), len(self._found), tuple(sorted(self._unreadable)))

    def _mentioning(self, tops: Iterable[str]) -> set[str]:
        """The files that import the package, or name one of its modules in a text that something can import."""
        words = [top.encode() for top in tops]
        listed = _any(tops)
        imports = re.compile(rb"(?:\bimport|\bfrom)\s+(?:%s)\b|[\"'](?:%s)\.[A-Za-z_]" % (listed, listed))
        by_text = re.compile(rb"[\"'](?:%s)[\"']" % listed)
        found = set()
        for path in self._paths:
            data = self._bytes_of(path)
            if any(word in data for word in words) and (
                imports.search(data) or (by_text.search(data) and _ASKING.search(data))
            ):
                found.add(path)
        return found

    def _importing(self) -> set[str]:
        """The files that can import a name which a file that was read exports."""
        exporters: dict[bytes, set[bytes]] = {}
        for path, reader in self._readers.items():
            names = reader.exports.keys() - self._subject.tops
            leaf = self._names[path].rpartition(".")[2]
            if names and leaf:
                exporters.setdefault(leaf.encode(), set()).update(name.encode() for name in names)
        found = set()
        for path in self._paths if exporters else ():
            if path in self._candidates:
                continue
            modules = self._words_on_import_lines(path) & exporters.keys()
            exported = {name for module in modules for name in exporters[module]}
            data = self._bytes_of(path)
            if any(name in data for name in exported) and not exported.isdisjoint(_WORD.findall(data)):
                found.add(path)
        return found

    def _words_on_import_lines(self, path: str) -> frozenset[bytes]:
        """All names on the lines of a file that import something: each file is looked through once for all of them."""
        if path not in self._imported:
            lines = _IMPORT_LINE.findall(b"\n" + self._bytes_of(path))
            self._imported[path] = frozenset(_WORD.findall(b"\n".join(lines)))
        return self._imported[path]

    def _read_all(self, paths: Iterable[str]) -> None:
        """Read files, again where they were read already."""
        for path in paths:
            self._found.pop(path, None)
        for path in sorted(paths):
            self._read(path)

    def _read(self, path: str) -> None:
        """Read a file, those that it imports from first."""
        if path in self._found or path in self._unreadable or path in self._reading:
            return
        reader = self._readers.get(path)
        if reader is None:
            data = self._bytes_of(path)
            tree = parsed(data)
            if tree is None:
                self._unreadable.append(path)
                return
            source = EngineModule(path, self._names[path], data, tree)
            reader = Reader(source, self._subject, self._exports_of)
            self._readers[path] = reader
        self._reading.append(path)
        self._asked[path] = set()
        self._found[path] = reader.read()
        self._reading.pop()

    def _exports_of(self, module: str) -> Exports:
        """What a module of the repository exports; asked by the reader that is at work."""
        self._asked[self._reading[-1]].add(module)
        path = self._by_name.get(module)
        if path is None or path not in self._candidates:
            return {}
        if path in self._reading:
            self._early.add(self._reading[-1])
        self._read(path)
        reader = self._readers.get(path)
        return reader.exports if reader is not None else {}


def _place(use: Use) -> tuple[int, int]:
    return use.place.line, use.place.column


def _any(words: Iterable[str]) -> bytes:
    return b"|".join(re.escape(word.encode()) for word in sorted(words))


def _module_names(paths: Iterable[str]) -> Mapping[str, str]:
    """The dotted name by which each file is imported: from the topmost folder above it that is a package."""
    packages = {posixpath.dirname(path) for path in paths if posixpath.basename(path) == "__init__.py"}
    names = {}
    for path in paths:
        folder = posixpath.dirname(path)
        parts = [] if posixpath.basename(path) == "__init__.py" else [posixpath.basename(path)[:-3]]
        while folder in packages and folder:
            parts.insert(0, posixpath.basename(folder))
            folder = posixpath.dirname(folder)
        names[path] = ".".join(parts)
    return names
