"""The edge of the process: where errors become sentences and exit codes, and output leaves."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable

from fi_bump.errors import Exit, FiBumpError
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def say(lines: Iterable[str]) -> None:
    """Print lines to standard output; bytes that are no UTF-8 in a path come out as they are."""
    write_bytes(encoded(lines))


def encoded(lines: Iterable[str]) -> bytes:
    """What `say` writes."""
    text = "".join(f"{line}\n" for line in lines)
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte, from an escape in JSON
        return text.encode("utf-8", "backslashreplace")


def write_bytes(data: bytes, out: TextIO | None = None) -> None:
    """Write raw bytes to standard output, or to `out`.

    A reader that has seen enough (`| head`) ends neither the work nor its verdict: what follows goes nowhere.
    """
    stream = sys.stdout if out is None else out
    try:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def guard(action: Callable[[], int]) -> int:
    """Run `action` and return its exit code; every failure ends as lines on standard error and a public exit code."""
    try:
        return action()
    except FiBumpError as error:
        from fi_bump.report.text import error_lines

        _complain(error_lines(error))
        return int(error.exit)
    except KeyboardInterrupt:
        _complain(["fi-bump: interrupted"])
        return int(Exit.INTERRUPTED)
    except Exception as error:
        if os.environ.get("FI_BUMP_TRACEBACK"):
            raise
        place = f"{type(error).__name__}: {error}"
        _complain([f"fi-bump: unexpected error: {place}", "help: please report it; FI_BUMP_TRACEBACK=1 shows where"])
        return int(Exit.FAILED)


def _complain(lines: Iterable[str]) -> None:
    sys.stdout.flush()
    sys.stderr.buffer.write(encoded(lines))
    sys.stderr.flush()
