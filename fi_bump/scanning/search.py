"""Which files of a tree may contain a word: the system's grep reads them while fi-bump lists and imports.

Most files of a tree name nothing that is wanted, and reading all of them takes most of a check. GNU grep reads and
searches them in a fifth of the time, and in two processes at once. fi-bump alone decides which files there are: grep is
given their paths, and only says which of them contain none of the words. All other files are read by fi-bump itself,
and so are the files of a batch in which grep reports any error, or does not find a text that it must find. Of the files
with a word, a second search with patterns rules out those in which no finder would find anything.
"""

from __future__ import annotations

import os
import sys

# Where systems keep it; the search path may lead into the repository. Other systems' grep is slower than Python.
_PLACES = ("/usr/bin/grep", "/bin/grep")
# The bytes of the paths of one process. Linux takes 128 KiB in all from every process, whatever its limits.
_BATCH = 96 * 1024
# Starting a process takes as long as reading this many files.
_FEWEST = 300
# The processes at one time; each has its answer read before another one starts.
_AT_ONCE = 4
# What grep prints for its standard input, and the options that say: list files, whatever bytes they have, in any case;
# print names as they are; be silent about errors, which the exit code has; never wait for a pipe.
_INPUT = b"(standard input)"
_OPTIONS = ("-l", "-a", "-i", "--null", "-s", "-D", "skip")
# A pattern with each part of the syntax that the patterns of formats have, and a text with it that must be found.
_TRIAL = "(^|[^a-z])[j-l]no?(xx|w+)n*x{2}[.]\\[[0-9][\\\\]$"
_TRIAL_TEXT = b"\xffKNOWNXX.[7\\\n"


class FileSearch:
    """A search of files below `root`, which rules out those that have none of what is searched for.

    `add` takes paths and starts grep for each batch of them; `maybe` ends the search.
    """

    def __init__(self, root: str, kind: str, patterns: tuple[bytes, ...], sure: bytes, fewest: int) -> None:
        """Make a search for patterns of grep's option `kind`, one of which is in the text `sure`, in another case."""
        self._root = root
        self._arguments: list[str | bytes] = ["grep", *_OPTIONS, kind]
        self._arguments += [*(b"-e" + pattern for pattern in patterns), "--"]
        self._sure = sure
        self._fewest = fewest
        self._places = list(_PLACES) if sys.platform == "linux" and patterns else []
        self._batch: list[str] = []
        self._size = 0
        # The bytes of a path beside its own: the root, a slash and the zero at its end.
        self._around = len(root) + 2
        self._running: list[_Grep] = []
        self._maybe: set[str] = set()

    def add(self, *paths: str) -> None:
        """Take regular files, relative to the root; their content is read at any time until `maybe` returns."""
        # Most calls fit into the batch: to count each path by itself would take longer than to list its folder.
        size = sum(map(len, paths)) + len(paths) * self._around
        if self._size + size <= _BATCH:
            self._batch += paths
            self._size += size
            return
        for path in paths:
            self._batch.append(path)
            self._size += len(path) + self._around
            if self._size > _BATCH:
                self._start()

    def begin(self) -> None:
        """Start grep for the last paths too, so that it runs while the caller does something else before `maybe`."""
        if len(self._batch) >= self._fewest and len(self._running) < _AT_ONCE:
            self._start()

    def answered(self) -> set[str]:
        """Return the paths that may lead to a file with what is searched for, as far as answers are there already."""
        ended = [each for each in self._running if each.has_ended()]
        self._running = [each for each in self._running if each not in ended]
        for each in ended:
            self._maybe.update(each.answer())
        return self._maybe

    def maybe(self) -> set[str]:
        """Wait for the answers, and return every path that may lead to a file with what is searched for."""
        if len(self._batch) < self._fewest:
            self._maybe.update(self._batch)
        else:
            self._start()
        while self._running:
            self._maybe.update(self._running.pop(0).answer())
        return self._maybe

    def end(self) -> None:
        """Wait for the processes that an error left running, whatever they say."""
        while self._running:
            self._running.pop().answer()

    def _start(self) -> None:
        batch, self._batch, self._size = self._batch, [], 0
        if len(self._running) == _AT_ONCE:
            self._maybe.update(self._running.pop(0).answer())
        while self._places:
            try:
                self._running.append(_Grep(self._places[0], self._root, batch, self._arguments, self._sure))
            except OSError:
                del self._places[0]
            else:
                return
        self._maybe.update(batch)


def word_search(root: str, words: tuple[bytes, ...]) -> FileSearch:
    """Return a search for lower-case words, in any case of ASCII letters."""
    return FileSearch(root, "-F", words, words[0].swapcase() if words else b"", _FEWEST)


def pattern_search(root: str, patterns: tuple[str, ...]) -> FileSearch:
    """Return a search for lower-case extended regular expressions on a line, in any case of ASCII letters.

    They have only what `re` reads alike: brackets without classes, groups, `|`, `*`, `+`, `?`, `{2}`, `^`, `$`, and
    a backslash before a bracket.
    """
    expressions = tuple(pattern.encode("ascii") for pattern in (*patterns, _TRIAL))
    return FileSearch(root, "-E", expressions, _TRIAL_TEXT, 1)


class _Grep:
    """One running grep. Raises OSError if it cannot be started."""

    def __init__(self, program: str, root: str, batch: list[str], arguments: list[str | bytes], sure: bytes) -> None:
        self._batch = batch
        self._prefix = os.fsencode(root) + b"/"
        self._status: int | None = None
        paths = [f"{root}/{path}" for path in batch]
        self._output, output = os.pipe()
        try:
            given = _bytes_with(sure)
            try:
                self._process = os.posix_spawn(
                    program,
                    [*arguments, *paths, "-"],
                    # Letters and bytes mean the same in every locale, and no variable adds an option.
                    {"LC_ALL": "C"},
                    file_actions=[(os.POSIX_SPAWN_DUP2, given, 0), (os.POSIX_SPAWN_DUP2, output, 1)],
                )
            finally:
                os.close(given)
        except OSError:
            os.close(self._output)
            raise
        finally:
            os.close(output)

    def has_ended(self) -> bool:
        """Whether the answer is there. A long one is not, until it is read."""
        if self._status is None:
            ended, status = os.waitpid(self._process, os.WNOHANG)
            self._status = status if ended else None
        return self._status is not None

    def answer(self) -> list[str]:
        """Wait for the end, and return the paths of the files that may have what is searched for."""
        pieces = []
        try:
            while piece := os.read(self._output, 1 << 16):
                pieces.append(piece)
        finally:
            os.close(self._output)
            status = os.waitpid(self._process, 0)[1] if self._status is None else self._status
        names = b"".join(pieces).split(b"\0")
        if status != 0 or names[-2:] != [_INPUT, b""]:
            return self._batch
        return [os.fsdecode(name[len(self._prefix) :]) for name in names[:-2]]


def _bytes_with(sure: bytes) -> int:
    """Return a pipe with a text after bytes that are none, for a grep that stops at those."""
    reader, writer = os.pipe()
    os.write(writer, b"\xff\0\xfe\n\0" + sure + b"\0")
    os.close(writer)
    return reader
