"""The one exception root: every failure fi-bump explains carries where, what, a hint and an exit code."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The public exit codes."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    FAILED = 3
    INTERRUPTED = 130


class FiBumpError(Exception):
    """A failure with a place and a remedy.

    `message` says what is wrong, in lower case and without a full stop. `place` is where
    (`path`, `path:line:column` or `in 'groups.flashinfer.version'`), `hint` is what to do.
    """

    exit: Exit = Exit.FAILED

    def __init__(self, message: str, *, place: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


def reason_of(error: OSError) -> str:
    """The system's reason in lower case, to follow `cannot be read: `."""
    return (error.strerror or str(error)).lower()


MEND_OR_RESTORE = "mend it or restore it from git"
MEND_OR_EXCLUDE = "mend it, or exclude it in versions.lock.json"
REPORT_WITH_FILE = "this is a bug in fi-bump: please report it with the file"


class UsageError(FiBumpError):
    """The command line asks for something that cannot be meant."""

    exit = Exit.USAGE


class LockError(FiBumpError):
    """versions.lock.json is missing or says something that is not allowed."""


class ParseError(FiBumpError):
    """A file of a known format cannot be read as that format."""


class FileError(FiBumpError):
    """A file cannot be read or must not be written."""


class PackageIndexError(FiBumpError):
    """An index cannot be asked, or gave an answer that is none."""


class NoReleaseError(FiBumpError):
    """No index has the version that was asked about."""

    exit = Exit.FINDINGS


class UnreachableError(PackageIndexError):
    """An index does not answer now: what it would have said is not known."""


class BusyError(FiBumpError):
    """Another fi-bump works in this repository."""


class InternalError(FiBumpError):
    """fi-bump's own plan does not hold; nothing was written."""


class explained:
    """Turn the system's errors inside the block into a FileError at `place`: `with explained(path, "cannot be read")`.

    A class because `check` passes here, and contextlib would cost it another import.
    """

    def __init__(self, place: str, what: str = "cannot be written", hint: str | None = None) -> None:
        self.place = place
        self.what = what
        self.hint = hint

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise FileError(f"{self.what}: {reason_of(error)}", place=self.place, hint=self.hint) from None
