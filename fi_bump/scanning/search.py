"""Which files of a tree may contain a word: the system's grep reads them while fi-bump lists and imports.

Most files of a tree name nothing that is wanted, and reading all of them takes most of a check. GNU grep reads and
searches them in a fifth of the time, and in two processes at once. fi-bump alone decides which files there are: grep is
given their paths, and only says which of them contain none of the words. All other files are read by fi-bump itself,
and so are the files of a batch in which grep reports any error, or does not find the word in a text that has it.
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
# What grep prints for its standard input, and the options that say: list files, whatever bytes they have, in any case,
# with fixed words; print names as they are; be silent about errors, which the exit code has; never wait for a pipe.
_INPUT = b"(standard input)"
_OPTIONS = ("-l", "-a", "-i", "-F", "--null", "-s", "-D", "skip")


class WordSearch:
    """A search of files below `root` for lower-case words, in any case of ASCII letters.

    `add` takes the paths one by one and starts grep for a batch of them; `maybe` ends the search.
    """

    def __init__(self, root: str, words: tuple[bytes, ...]) -> None:
        self._root = root
        self._words = words
        self._places = list(_PLACES) if sys.platform == "linux" and words else []
        self._batch: list[str] = []
        self._size = 0
        # The bytes of a path beside its own: the root, a slash and the zero at its end.
        self._around = len(root) + 2
        self._running: list[_Grep] = []
        self._maybe: set[str] = set()

    def add(self, *paths: str) -> None:
        """Take regular files, relative to the root; their content is read at any time until `maybe` returns."""
        for path in paths:
            self._batch.append(path)
            self._size += len(path) + self._around
            if self._size > _BATCH:
                self._start()

    def begin(self) -> None:
        """Start grep for the last paths too, so that it runs while the caller does something else before `maybe`."""
        if len(self._batch) >= _FEWEST and len(self._running) < _AT_ONCE:
            self._start()

    def maybe(self) -> set[str]:
        """Wait for the answers, and return every path that may lead to a file with one of the words."""
        if len(self._batch) < _FEWEST:
            self._maybe.update(self._batch)
        else:
            self._start()
        while self._running:
            self._maybe.update(self._running.pop(0).answer())
        return self._maybe

    def _start(self) -> None:
        batch, self._batch, self._size = self._batch, [], 0
        if len(self._running) == _AT_ONCE:
            self._maybe.update(self._running.pop(0).answer())
        while self._places:
            try:
                self._running.append(_Grep(self._places[0], self._root, batch, self._words))
            except OSError:
                del self._places[0]
            else:
                return
        self._maybe.update(batch)


class _Grep:
    """One running grep. Raises OSError if it cannot be started."""

    def __init__(self, program: str, root: str, batch: list[str], words: tuple[bytes, ...]) -> None:
        self._batch = batch
        self._prefix = os.fsencode(root) + b"/"
        arguments: list[str | bytes] = ["grep", *_OPTIONS, *(b"-e" + word for word in words), "--"]
        arguments += [f"{root}/{path}" for path in batch]
        self._output, output = os.pipe()
        try:
            given = _text_with(words[0])
            try:
                self._process = os.posix_spawn(
                    program,
                    [*arguments, "-"],
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

    def answer(self) -> list[str]:
        """Wait for the end, and return the paths of the files that may contain a word."""
        pieces = []
        try:
            while piece := os.read(self._output, 1 << 16):
                pieces.append(piece)
        finally:
            os.close(self._output)
            status = os.waitpid(self._process, 0)[1]
        names = b"".join(pieces).split(b"\0")
        if status != 0 or names[-2:] != [_INPUT, b""]:
            return self._batch
        return [os.fsdecode(name[len(self._prefix) :]) for name in names[:-2]]


def _text_with(word: bytes) -> int:
    """Return a pipe with a word after bytes that are not text, for a grep that stops at those or minds the case."""
    reader, writer = os.pipe()
    os.write(writer, b"\xff\0\xfe\n\0" + word.swapcase() + b"\0")
    os.close(writer)
    return reader
