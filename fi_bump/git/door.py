"""The one door to git: every call goes through `run`, so that no repository's configuration starts a program.

A repository may come from anyone, and its `.git/config` may name programs: a file-system monitor, hooks, an external
diff, a transport that fetches missing objects. `run` turns all of them off. Only `git commit` runs the user's hooks,
because a commit without them would not be the user's commit.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Collection, Mapping

from fi_bump.boundary import programs
from fi_bump.boundary.programs import Done
from fi_bump.errors import FiBumpError, quoted
from fi_bump.git import pipes

# Options before the subcommand; the last value of a setting counts, and those of the command line come last.
# --literal-pathspecs: git must not read a `*` or `:(top)` in a path as a pattern.
# A bare repository inside the tree, which anyone can commit, is not taken for the repository.
_PLAIN = ("--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit")
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}", "-c", "protocol.allow=never")
# With log.showSignature, `log` and `show` start gpg.program for a signed commit; with log.mailmap they read a file that
# the configuration may name.
_PLAIN_LOG = ("-c", "log.showSignature=false", "-c", "log.mailmap=false")
_FILTER = r"^filter\..*\.(clean|smudge|process|required)$"
# No lock only to refresh the index, no question at the terminal, no fetch of an object that a partial clone lacks.
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}


# Seconds for a call that only reads the repository; git on a slow network disk may take a minute.
READING = 300.0


class GitTimeoutError(FiBumpError):
    """Git did not end in time, and was ended with the programs that it waited for."""


class AwaitedFileError(GitTimeoutError):
    """Git waits for a pipe or a device, or would wait for it: `place` names it."""


def run(
    root: str,
    *arguments: str,
    given: bytes = b"",
    hooks: bool = False,
    settings: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    seconds: float = READING,
) -> Done:
    """Run git in `root`, with `given` on its standard input, and return its exit code and its output.

    `settings` replace the configuration's, and `variables` the environment's. Raises FiBumpError if there is no git,
    AwaitedFileError for a pipe or a device that git would read, GitTimeoutError if git has not ended after `seconds`.
    """
    paths = arguments[arguments.index("--") + 1 :] if "--" in arguments else ()
    _refuse(pipes.beside(root, paths))
    command = ["git", "-C", root, *_PLAIN, *(() if hooks else (*_NO_HOOKS, *_PLAIN_LOG)), *arguments]
    environment = {**os.environ, **({} if hooks else _QUIET), **_variables(settings or {}), **(variables or {})}

    def look() -> None:
        _refuse(pipes.anywhere(root, hooks=hooks))

    try:
        return programs.run(command, seconds=seconds, message=given, environment=environment, look=look)
    except FileNotFoundError:
        raise FiBumpError("git is not on PATH") from None
    except subprocess.TimeoutExpired:
        message = f"git {arguments[0]} did not end within {seconds:g} seconds"
        raise GitTimeoutError(message, place=root, hint="look for a disk or a program that git waits for") from None


def _refuse(path: str | None) -> None:
    """Raise AwaitedFileError for a file, if there is one, that git opens by itself and waits for."""
    if path is not None:
        hint = f"look at it with ls -l {quoted(path)}, and remove it if you do not need it"
        raise AwaitedFileError("is a pipe or a device, and git would wait for it", place=path, hint=hint)


def tags(repository: str, names: Collection[str], seconds: float) -> set[str]:
    """Return which of these tags a repository (`host/owner/name`) has. Raises FiBumpError if git cannot ask it.

    git runs in an empty folder, so that the settings of no repository count, and asks over HTTPS only, unless the
    user's GIT_ALLOW_PROTOCOL names other ways. The user's own settings and credentials count.
    """
    ways = os.environ.get("GIT_ALLOW_PROTOCOL", "https")
    with tempfile.TemporaryDirectory() as empty:
        variables = {"GIT_ALLOW_PROTOCOL": ways, "GIT_CEILING_DIRECTORIES": os.path.dirname(empty), "GIT_ASKPASS": ""}
        refs = [f"refs/tags/{name}" for name in sorted(names)]
        address = f"https://{repository}.git"
        done = run(empty, "ls-remote", "--tags", "--", address, *refs, variables=variables, seconds=seconds)
    if done.returncode != 0:
        raise FiBumpError(f"git cannot ask it for its tags: {words(done)}", place=address)
    found = {line.partition(b"\t")[2].decode("utf-8", "replace") for line in done.stdout.split(b"\n")}
    return {name for name in names if f"refs/tags/{name}" in found}


def without_filters(root: str) -> dict[str, str]:
    """Return settings that switch off each filter of git's configuration: an empty command changes nothing.

    Every call that may compare a file of the work tree with the index needs them, because git then starts the filter.
    """
    listed = run(root, "config", "-z", "--name-only", "--get-regexp", _FILTER).stdout.split(b"\0")
    names = sorted({os.fsdecode(name) for name in listed if name})
    return {name: "false" if name.endswith(".required") else "" for name in names}


def _variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables for settings. Not `-c NAME=VALUE`: git cuts a name at its first `=`."""
    count = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))} if settings else {}
    for number, (name, value) in enumerate(settings.items(), start=first):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def words(done: Done) -> str:
    """Return what git printed, on one line."""
    return "; ".join(printed(done)) or f"git exited with {done.returncode} and printed nothing"


def printed(done: Done) -> list[str]:
    """Return the lines that git and the hooks that it ran printed."""
    text = b"\n".join([done.stdout, done.stderr]).decode("utf-8", "surrogateescape")
    return [line.rstrip() for line in text.split("\n") if line.strip()]
