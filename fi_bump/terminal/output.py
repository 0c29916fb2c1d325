"""The edge of the process: where errors become sentences and exit codes, and output leaves."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable

from fi_bump.errors import Exit, FiBumpError, reason_of
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

# What says of an error without a file's name that output cannot be written; those of files carry one, or are explained.
_OF_OUTPUT = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])


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

    A reader that has seen enough (`| head`) ends neither the work nor its verdict: what follows goes nowhere. Raises
    FiBumpError when they cannot be written.
    """
    stream = sys.stdout if out is None else out
    try:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()
    except BrokenPipeError:
        _drop_output(stream)
    except OSError as error:
        raise _unwritable(error) from None


def _drop_output(stream: TextIO | None = None) -> None:
    """Let what is still to be written, by the interpreter at its end too, go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())


def _unwritable(error: OSError) -> FiBumpError:
    _drop_output()
    reason = reason_of(error)
    hint = "only the report is lost: what the command changed stays changed"
    return FiBumpError(f"cannot be written: {reason}", place="standard output", hint=hint)


def open_missing_streams() -> None:
    """Give streams that the caller closed (`>&-`) to the null device, lest a file of ours takes their number."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8")
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")


def guard(action: Callable[[], int]) -> int:
    """Run `action` and return its exit code; every failure ends as lines on standard error and a public exit code."""
    try:
        return action()
    except FiBumpError as error:
        return _explain(error)
    except KeyboardInterrupt:
        _complain(["fi-bump: interrupted"])
        return int(Exit.INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        return int(Exit.OK)
    except SystemExit as leaving:
        # Libraries that print a table or a help text leave with 1 when nobody reads it, which is our word for findings.
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        _drop_output()
        return int(Exit.OK)
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and error.errno in _OF_OUTPUT:
            return _explain(_unwritable(error))
        if os.environ.get("FI_BUMP_TRACEBACK"):
            raise
        place = f"{type(error).__name__}: {error}"
        _complain([f"fi-bump: unexpected error: {place}", "help: please report it; FI_BUMP_TRACEBACK=1 shows where"])
        return int(Exit.FAILED)


def _explain(error: FiBumpError) -> int:

    _complain(error_lines(error))
    return int(error.exit)


def _complain(lines: Iterable[str]) -> None:
    try:
        sys.stdout.flush()
        sys.stderr.buffer.write(encoded(lines))
        sys.stderr.flush()
    except OSError:  # nobody is left to tell; the exit code says it
        pass


def error_lines(error: FiBumpError) -> list[str]:
    """An error as `place: message` and, where there is one, its remedy."""
    place = f"{error.place}: " if error.place else "fi-bump: "
    return [f"{place}{error.message}"] + ([f"help: {error.hint}"] if error.hint else [])
