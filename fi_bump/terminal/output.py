"""Write to the process's streams, and turn errors into lines on standard error and exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable

from fi_bump.errors import Exit, FiBumpError, Interrupted, reason_of
from fi_bump.records import TYPE_CHECKING
from fi_bump.terminal.wanted import OutputChoices, on_terminal
from fi_bump.untrusted import encodable, visible

if TYPE_CHECKING:
    from typing import TextIO

# The errors that mean, without a file name, that output cannot be written. Errors of other files have a file name.
_OF_OUTPUT = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])


def say(lines: Iterable[str]) -> None:
    """Print lines to standard output, each made visible: a name cannot add a line or a command to the output."""
    write_bytes(_in_colour(lines, sys.stdout) if on_terminal() else encoded(lines))


def say_next(command: str) -> None:
    """Print the next sensible command, for a person at a terminal only: a log or a program has no use for it."""
    if sys.stdout.isatty():
        say([f"next: run {command}"])


def say_verbose(line: str) -> None:
    """With -v, print a line about what fi-bump does to standard error."""
    if OutputChoices.verbose:
        _complain([line])


def encoded(lines: Iterable[str]) -> bytes:
    """Return the bytes that `say` writes for these lines."""
    return "".join([f"{visible(line)}\n" for line in lines]).encode("utf-8")


def write_bytes(data: bytes, out: TextIO | None = None) -> None:
    """Write raw bytes to standard output, or to `out`. Raises FiBumpError when they cannot be written.

    A reader that stops reading (`| head`) does not stop the command or change its exit code: further output is
    discarded.
    """
    stream = sys.stdout if out is None else out
    if out is None and OutputChoices.quiet:
        return
    try:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()
    except BrokenPipeError:
        _drop_output(stream)
    except OSError as error:
        raise _unwritable(error) from None


def write_text(text: str, out: TextIO | None = None) -> None:
    """Like `write_bytes`, for a document of several lines, whose format has escaped what is not fi-bump's."""
    write_bytes(encodable(text).encode("utf-8"), out)


def write_document(text: str) -> None:
    """Print the one JSON document of this command line; after it, `guard` prints none for an error."""
    OutputChoices.documented = True
    write_text(text)


def write_patch(data: bytes, out: TextIO | None = None) -> None:
    """Print a patch, whose lines must not change, so that neither a terminal nor GitHub takes them for commands.

    It goes to standard output, or to `out`.
    On a terminal each line is made visible. In a job of GitHub, if a line looks like a command, two lines around the
    patch turn commands off; `git apply` and `patch` ignore both.
    """
    if (out or sys.stdout).isatty():
        from fi_bump.terminal.paint import painted_patch, wanted

        lines = data.decode("utf-8", "surrogateescape").split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        shown = painted_patch if wanted(out or sys.stdout) else str
        write_bytes("".join([f"{shown(visible(line))}\n" for line in lines]).encode("utf-8"), out)
        return
    if os.environ.get("GITHUB_ACTIONS") == "true" and (b"::" in data or b"##[" in data):
        token = os.urandom(16).hex().encode()
        data = b"::stop-commands::%s\n%s::%s::\n" % (token, data, token)
    write_bytes(data, out)


def _drop_output(stream: TextIO | None = None) -> None:
    """Discard all further output, also what the interpreter flushes when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())


def _unwritable(error: OSError) -> FiBumpError:
    _drop_output()
    reason = reason_of(error)
    hint = "write the output to another place; the files that the command changed stay changed"
    return FiBumpError(f"cannot be written: {reason}", place="standard output", hint=hint)


def open_missing_streams() -> None:
    """Connect streams that the caller closed (`>&-`) to the null device.

    Otherwise the next file that fi-bump opens would get the descriptor of a standard stream.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8")
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")


def guard(action: Callable[[], int]) -> int:
    """Run `action` and return its exit code. A failure becomes lines on standard error and a public exit code."""
    try:
        return action()
    except FiBumpError as error:
        return _explain(error)
    except KeyboardInterrupt:
        return _explain(Interrupted("interrupted"))
    except BrokenPipeError:
        _drop_output()
        return int(Exit.OK)
    except SystemExit as leaving:
        # rich and typer exit with 1 when the reader of their output is gone, but 1 means findings here.
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        _drop_output()
        return int(Exit.OK)
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and error.errno in _OF_OUTPUT:
            return _explain(_unwritable(error))
        if os.environ.get("FI_BUMP_TRACEBACK") or OutputChoices.verbose:
            raise
        hint = "please report this bug with the traceback that FI_BUMP_TRACEBACK=1 shows"
        return _explain(FiBumpError(f"unexpected error: {type(error).__name__}: {error}", hint=hint))


def _explain(error: FiBumpError) -> int:
    _document(error)
    _complain(error_lines(error))
    return int(error.exit)


def _document(error: FiBumpError) -> None:
    """With --format json, print the error as a document too, so that a program always gets one."""
    if OutputChoices.document_of is not None and not OutputChoices.documented:
        OutputChoices.document_of(error)


def _complain(lines: Iterable[str]) -> None:
    try:
        sys.stdout.flush()
        sys.stderr.buffer.write(_in_colour(lines, sys.stderr) if sys.stderr.isatty() else encoded(lines))
        sys.stderr.flush()
    except OSError:  # standard error is closed; the exit code still tells of the failure
        pass


def _in_colour(lines: Iterable[str], stream: TextIO) -> bytes:
    """Return lines as `encoded` does, in colour if this terminal is to have any. A pipe never needs the import."""
    from fi_bump.terminal.paint import painted, wanted

    if not wanted(stream):
        return encoded(lines)
    return "".join([f"{painted(visible(line))}\n" for line in lines]).encode("utf-8")


def error_lines(error: FiBumpError) -> list[str]:
    """Return an error's lines: `place: message`, what another program printed, `help: hint`, what is to be copied."""
    place = f"{error.place}: " if error.place else "fi-bump: "
    printed = [f"  {line}" for line in error.printed]
    return [f"{place}{error.message}", *printed, *([f"help: {error.hint}"] if error.hint else []), *error.below]
