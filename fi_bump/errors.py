"""The base of all errors that fi-bump explains: each has a message, a place, a hint and an exit code."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """The public exit codes. `meaning` is a phrase, a colon, and what belongs to it."""

    meaning: str

    OK = 0, "success: in step, done, or nothing to do"
    FINDINGS = (
        1,
        (
            "findings: check has a finding that fails, set or undo refused, audit has a conflict or no such release, "
            "smoke or compare is red, bisect found no release for certain, or, with --exit-code, a group of latest or "
            "a checkout of fleet is behind"
        ),
    )
    USAGE = 2, "wrong usage: an unknown command, option, group or template, or a file that is in the way"
    FAILED = (
        3,
        (
            "the command could not do its job: no lock, no pin to check, an unreadable file, an index that does not "
            "answer, nothing to describe for pr-body, or a bug"
        ),
    )
    INTERRUPTED = 130, "interrupted: no file is half-written"

    def __new__(cls, value: int, meaning: str) -> Exit:
        """Make a code whose value is its number."""
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    @property
    def phrase(self) -> str:
        """What the code means in a few words."""
        return self.meaning.partition(":")[0]


class FiBumpError(Exception):
    """A failure that fi-bump explains.

    `message` says what is wrong, in lower case and without a full stop. `place` is where (`path`, `path:line:column` or
    `in 'groups.flashinfer.version'`). `hint` says what to do, in the imperative, and `below` are lines to copy that
    follow it. `printed` are lines that another program printed about it.
    """

    exit: Exit = Exit.FAILED

    def __init__(
        self,
        message: str,
        *,
        place: str | None = None,
        hint: str | None = None,
        below: Iterable[str] = (),
        printed: Iterable[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint
        self.below = tuple(below)
        self.printed = tuple(printed)

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


def reason_of(error: OSError) -> str:
    """Return the system's reason in lower case, for the text after `cannot be read: `."""
    return (error.strerror or str(error)).lower()


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return the hint for an unknown name: the nearest known ones, or `otherwise` if none is near."""
    # `check` passes this module without an unknown name.
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), cutoff=0.61)
    return f"did you mean {' or '.join(close)}?" if close else otherwise


def quoted(text: str) -> str:
    """Return a text as one word for a shell, for a command in a hint."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


FIX_OR_RESTORE = "fix it or restore it from git"
FIX_OR_EXCLUDE = "fix it, or exclude it in versions.lock.json"
REPORT_WITH_FILE = "this is a bug in fi-bump: please report it with the file"


class UsageError(FiBumpError):
    """The command line makes no sense."""

    exit = Exit.USAGE


class Interrupted(FiBumpError):
    """Somebody pressed Ctrl-C, or a signal asked fi-bump to end."""

    exit = Exit.INTERRUPTED


class LockError(FiBumpError):
    """versions.lock.json is missing or invalid."""


class ConflictError(LockError):
    """versions.lock.json has conflict markers. `data` are its bytes."""

    def __init__(self, place: str, data: bytes) -> None:
        hint = "run fi-bump resolve, which decides the lock and the pins of a merge together"
        super().__init__("the lock has a merge conflict", place=place, hint=hint)
        self.data = data


class ParseError(FiBumpError):
    """A file of a known format cannot be parsed."""


class FileError(FiBumpError):
    """A file cannot be read or must not be written."""


class PackageIndexError(FiBumpError):
    """An index cannot be asked, or its answer is not usable.

    `place` is an address, and the message may contain some: they are shown without their secrets.
    """

    def __init__(self, message: str, *, place: str | None = None, hint: str | None = None) -> None:
        # Only commands that ask an index need it.
        from fi_bump.boundary.addresses import redacted, shown

        super().__init__(redacted(message), place=None if place is None else shown(place), hint=hint)


class NoReleaseError(FiBumpError):
    """No index has the version that the user asked about."""

    exit = Exit.FINDINGS


class UnreachableError(PackageIndexError):
    """An index does not answer, so its content is unknown."""


class BusyError(FiBumpError):
    """Another fi-bump is writing in this repository."""


class InternalError(FiBumpError):
    """A bug in fi-bump: its own plan failed a check. Nothing was written."""


class explained:
    """Turn an OSError in the block into a FileError at `place`: `with explained(path, "cannot be read")`.

    A class, since `check` uses it, and contextlib would be another import.
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
        if isinstance(error, ValueError) and "embedded null" in str(error):
            raise FileError(f"{self.what}: no file has a NUL in its name", place=self.place, hint=self.hint) from None
